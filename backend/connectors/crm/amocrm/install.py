"""Installing: the authorize link, a code's exchange, and whose code it was (reference §4)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import httpx
import jwt

from backend.connectors.crm.amocrm import errors
from backend.connectors.crm.amocrm.limits import INSTALL_TIMEOUT_S
from backend.errors import CrmAuthExpired, CrmRejected, CrmUnavailable
from backend.services.amocrm_install import Client, Installer
from backend.services.ports import Grant

if TYPE_CHECKING:
    from collections.abc import Mapping

    from backend.connectors.crm.amocrm.hosts import Hosts
    from backend.kit.clock import Clock


def authorize_url(site: str, *, client_id: str, state: str) -> str:
    """The consent page an administrator opens (§4.2)."""
    query = urlencode({"client_id": client_id, "state": state, "mode": "popup"})
    return f"{site.rstrip('/')}/oauth?{query}"


@dataclass(frozen=True, slots=True)
class Returned:
    """What came to the redirect address, checked for form only."""

    code: str = field(repr=False)
    account_url: str
    state: str
    client_id: str
    """Seen, though not in the list of parameters: '' when absent."""
    from_widget: bool
    """The platform itself calls, after an administrator pressed Install: answered within three
    seconds, its answer looked at by nobody, never repeated."""


def returned(query: Mapping[str, str], hosts: Hosts) -> Returned:
    """Raises BadRequest for a host that is not amoCRM's, CrmRejected when the user refused."""
    if query.get("error"):
        raise CrmRejected(query["error"][:100])
    return Returned(
        code=query.get("code", "")[:4096],
        account_url=hosts.url(query.get("referer", "")),
        state=query.get("state", "")[:1024],
        client_id=query.get("client_id", "")[:100],
        from_widget=bool(query.get("from_widget")),
    )


class Installation:
    """`services.amocrm_install.Vendor`: both steps ask the account's own host."""

    def __init__(self, http: httpx.AsyncClient, clock: Clock) -> None:
        self._http = http
        self._clock = clock

    async def exchange(self, account_url: str, code: str, client: Client) -> Grant:
        """The first pair of tokens. Raises CrmRejected with amoCRM's hint, CrmUnavailable."""
        body = {
            "client_id": client.client_id,
            "client_secret": client.client_secret,
            "redirect_uri": client.redirect_uri,
            "grant_type": "authorization_code",
            "code": code,
        }
        try:
            answer = await self._ask("POST", f"{account_url}/oauth2/access_token", json=body)
        except CrmAuthExpired as refused:
            raise CrmRejected(str(refused)) from None
        if not answer.get("access_token") or not answer.get("refresh_token"):
            raise CrmUnavailable("token endpoint: an answer without tokens")
        return Grant(
            access_token=str(answer["access_token"]),
            refresh_token=str(answer["refresh_token"]),
            expires_at=self._clock.now() + timedelta(seconds=int(answer.get("expires_in", 86_400))),
            base_url=account_url,
            auth_url=account_url,
        )

    async def describe(self, grant: Grant, client: Client) -> Installer:
        """Whose account it is and who consented. Raises CrmError.

        The number of the account comes from the account itself, not from the token, which nobody
        can verify. Users are shown to administrators alone, and never to external integrations.
        """
        account = await self._api(grant, "/account")
        hidden = client.via == "external"
        user_id = str(account.get("current_user_id") or claims(grant.access_token).get("sub") or "")
        try:
            user = await self._api(grant, f"/users/{user_id}") if not hidden else {}
        except CrmRejected:
            # Users are shown to administrators: this is none.
            user = {"rights": {"is_admin": False}}
        rights = user.get("rights") or {}
        return Installer(
            external_id=str(int(account["id"])),
            account_name=str(account.get("name") or ""),
            user_id=user_id,
            user_name=str(user.get("name") or ""),
            email=str(user.get("email") or ""),
            is_admin=bool(rights["is_admin"]) if "is_admin" in rights else None,
        )

    async def _api(self, grant: Grant, path: str) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {grant.access_token}"}
        return await self._ask("GET", f"{grant.base_url}/api/v4{path}", headers=headers)

    async def _ask(self, method: str, url: str, **more: Any) -> dict[str, Any]:
        try:
            response = await self._http.request(method, url, timeout=INSTALL_TIMEOUT_S, **more)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise CrmUnavailable(f"{url}: {type(error).__name__}") from None
        return errors.decode(response)


def claims(access_token: str) -> dict[str, Any]:
    """What an access token says of itself (§4.4); `{}` when it says nothing. Not verified."""
    try:
        found: dict[str, Any] = jwt.decode(access_token, options={"verify_signature": False})
    except jwt.PyJWTError:
        return {}
    return found
