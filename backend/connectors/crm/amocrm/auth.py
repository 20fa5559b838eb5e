"""Tokens of an amoCRM account. A refresh token works once: losing the new pair loses the account,
so the exchange is single-flight and its result is stored before it is used (X5).

    asked ─► answered ─► stored, then used
      │ 401, 404 or `Invalid account`, and amoCRM names another host ─► asked there
      │ the answer was lost: the token may be used up
      └─► nobody asks for `DOUBT_S`; then once more: amoCRM alone can say what became of it
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import httpx

from backend.connectors.crm.amocrm import errors
from backend.connectors.crm.amocrm.hosts import Hosts
from backend.connectors.crm.amocrm.install import claims
from backend.connectors.crm.amocrm.limits import DOUBT_S
from backend.errors import AppError, CrmAuthExpired, CrmRejected, CrmUnavailable
from backend.services.ports import Grant

if TYPE_CHECKING:
    from backend.kit.clock import Clock

_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.InvalidURL)
"""Troubles before a byte of the request left: the refresh token is still good."""
_SPENT = ("revoked", "expired")
"""Words of the hints that are about the token itself, not about where it was shown (§4.3)."""


class _Unreached(CrmUnavailable):
    """Nobody at this address; the token was not shown."""


class Refresher:
    """Exchanges a refresh token at the account's own host, and finds a host that was renamed."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        clock: Clock,
        *,
        client_id: str,
        client_secret: str,
        redirect_uri: str,
        hosts: Hosts | None = None,
    ) -> None:
        """`hosts`: where a token may be shown; None: nowhere but where it came from."""
        self._http = http
        self._clock = clock
        self._hosts = hosts
        self._body = {
            "client_id": client_id,
            "client_secret": client_secret,
            "redirect_uri": redirect_uri,
        }
        self._doubted = ""
        """The refresh token whose last exchange brought no answer."""
        self._silent_until = 0.0
        """When it may be shown again, by the monotonic clock."""

    async def __call__(self, grant: Grant) -> Grant:
        """Raises CrmAuthExpired when the grant is dead, CrmUnavailable when nobody answers."""
        left_s = self._silent_until - self._clock.monotonic()
        if grant.refresh_token == self._doubted and left_s > 0:
            raise CrmUnavailable("the last answer to a refresh was lost", retry_after_s=left_s)
        moved: str | None
        try:
            return await self._exchange(grant, grant.auth_url.rstrip("/"))
        except CrmRejected as refused:
            # "Token has been revoked", "Check the `client_secret` parameter": a person is needed,
            # unless the account only moved.
            moved = None if _is_spent(refused) else await self.moved_to(grant)
            if moved is None:
                raise CrmAuthExpired(str(refused)) from None
        except _Unreached:
            moved = await self.moved_to(grant)
            if moved is None:
                raise
        try:
            return await self._exchange(grant, moved)
        except CrmRejected as again:
            raise CrmAuthExpired(str(again)) from None

    async def _exchange(self, grant: Grant, host: str) -> Grant:
        body = {
            **self._body,
            "grant_type": "refresh_token",
            "refresh_token": grant.refresh_token,
        }
        try:
            response = await self._http.post(f"{host}/oauth2/access_token", json=body)
        except _NOT_SENT as error:
            raise _Unreached(f"token endpoint: {type(error).__name__}") from None
        except httpx.HTTPError as error:
            # Sent, and nobody knows what became of it: asking again and again would only get our
            # address blocked (§5, 403).
            self._doubt(grant)
            raise CrmUnavailable(
                f"token endpoint: {type(error).__name__}", retry_after_s=DOUBT_S
            ) from None
        answer = self._decoded(response)
        if not answer.get("access_token") or not answer.get("refresh_token"):
            self._doubt(grant)
            raise CrmUnavailable("token endpoint: an answer without tokens")
        moved = host != grant.auth_url.rstrip("/")
        return Grant(
            access_token=str(answer["access_token"]),
            refresh_token=str(answer["refresh_token"]),
            expires_at=self._clock.now() + timedelta(seconds=int(answer.get("expires_in", 86_400))),
            base_url=host if moved else grant.base_url,
            auth_url=host if moved else grant.auth_url,
        )

    async def moved_to(self, grant: Grant) -> str | None:
        """Where the account lives now, if amoCRM says that it moved (§4.4)."""
        if self._hosts is None:
            return None
        shared = str(claims(grant.access_token).get("api_domain") or "")
        try:
            response = await self._http.get(
                f"{self._hosts.url(shared)}/oauth2/account/current/subdomain",
                headers={"X-Refresh-Token": grant.refresh_token},
            )
            named = self._hosts.url(str(self._decoded(response).get("domain") or ""))
        except (httpx.HTTPError, AppError):
            return None
        return None if named == grant.auth_url.rstrip("/") else named

    def _decoded(self, response: httpx.Response) -> dict[str, Any]:
        try:
            return errors.decode(response)
        except CrmAuthExpired as refused:
            raise CrmRejected(str(refused)) from None

    def _doubt(self, grant: Grant) -> None:
        self._doubted = grant.refresh_token
        self._silent_until = self._clock.monotonic() + DOUBT_S


def _is_spent(refused: CrmRejected) -> bool:
    return any(word in str(refused) for word in _SPENT)
