"""Who is looking at the page. Every field a portal posts can be forged by anyone, so the token in
it is shown to the authorization server, which alone knows whose it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx

from backend.connectors.crm.bitrix24 import errors
from backend.errors import BadProof, CrmError, CrmUnavailable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

TIMEOUT_S = 8.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What the authorization server says of an access token."""

    client_id: str
    member_id: str
    user_id: str
    domain: str
    """Host and port of the portal's pages."""
    api_url: str
    """`client_endpoint`: where its REST is."""
    scope: str
    installed: bool


async def look(http: httpx.AsyncClient, token: str, *, auth_url: str) -> Proof:
    """Whose token it is, of which application and portal.

    `auth_url` is an authorization server we trust (never one a page names). Raises BadProof, or
    CrmUnavailable when the server does not answer.
    """
    try:
        response = await http.post(
            f"{auth_url.rstrip('/')}/app.info", json={"auth": token}, timeout=TIMEOUT_S
        )
    except httpx.HTTPError as error:
        raise CrmUnavailable(f"authorization server: {type(error).__name__}") from None
    try:
        info: Mapping[str, Any] = errors.decode(response)["result"]
    except CrmUnavailable:
        raise
    except (CrmError, KeyError):
        raise BadProof("the authorization server does not know this token") from None
    install = info.get("install") or {}
    user_id = str(info.get("user_id") or "")
    if not user_id.isdigit():
        raise BadProof("the token belongs to nobody")
    return Proof(
        client_id=str(info.get("client_id") or ""),
        member_id=str(install.get("member_id") or ""),
        user_id=user_id,
        domain=str(install.get("domain") or ""),
        api_url=str(install.get("client_endpoint") or ""),
        scope=str(info.get("scope") or ""),
        installed=bool(install.get("installed")),
    )


async def check(
    http: httpx.AsyncClient, token: str, *, auth_url: str, client_id: str, member_id: str
) -> Proof:
    """`look`, and BadProof unless the token is of this application and this portal."""
    found = await look(http, token, auth_url=auth_url)
    if found.client_id != client_id:
        raise BadProof("the token is of another application")
    if found.member_id != member_id:
        raise BadProof("the token is of another portal")
    return found


async def profile(http: httpx.AsyncClient, token: str, *, api_url: str) -> dict[str, Any]:
    """What the portal says of the token's user; `ADMIN` tells whether he administers it.

    `api_url` as `look` found it. Raises BadProof, CrmUnavailable.
    """
    url = f"{api_url.rstrip('/')}/profile.json"
    try:
        response = await http.post(url, json={"auth": token}, timeout=TIMEOUT_S)
        result = errors.decode(response)["result"]
    except httpx.HTTPError as error:
        raise CrmUnavailable(f"portal: {type(error).__name__}", retry_after_s=None) from None
    except CrmUnavailable:
        raise
    except (CrmError, KeyError) as refused:
        raise BadProof(f"the portal does not take its own token: {refused}") from None
    return result if isinstance(result, dict) else {}
