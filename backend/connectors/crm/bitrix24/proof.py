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


@dataclass(frozen=True, slots=True)
class Proof:
    member_id: str
    user_id: str
    domain: str
    scope: str


async def check(
    http: httpx.AsyncClient, token: str, *, auth_url: str, client_id: str, member_id: str
) -> Proof:
    """The proven identity behind an access token.

    `auth_url` is the authorization server kept with the portal's connection (never the one the
    page names). Raises BadProof, or CrmUnavailable when the server does not answer.
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
    if str(info.get("client_id")) != client_id:
        raise BadProof("the token is of another application")
    if str(install.get("member_id")) != member_id:
        raise BadProof("the token is of another portal")
    user_id = str(info.get("user_id") or "")
    if not user_id.isdigit():
        raise BadProof("the token belongs to nobody")
    return Proof(
        member_id=member_id,
        user_id=user_id,
        domain=str(install.get("domain") or ""),
        scope=str(info.get("scope") or ""),
    )
