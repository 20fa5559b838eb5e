"""Tokens of an amoCRM account. A refresh token works once: losing the new pair loses the account,
so the exchange is single-flight and its result is stored before it is used (X5)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import httpx

from backend.connectors.crm.amocrm import errors
from backend.errors import CrmAuthExpired, CrmRejected, CrmUnavailable
from backend.services.ports import Grant

if TYPE_CHECKING:
    from backend.kit.clock import Clock


class Refresher:
    """Exchanges a refresh token at the account's own host."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        clock: Clock,
        *,
        client_id: str,
        client_secret: str,
        redirect_uri: str,
    ) -> None:
        self._http = http
        self._clock = clock
        self._body = {
            "client_id": client_id,
            "client_secret": client_secret,
            "redirect_uri": redirect_uri,
        }

    async def __call__(self, grant: Grant) -> Grant:
        """Raises CrmAuthExpired when the grant is dead, CrmUnavailable when nobody answers."""
        url = f"{grant.auth_url.rstrip('/')}/oauth2/access_token"
        body = {
            **self._body,
            "grant_type": "refresh_token",
            "refresh_token": grant.refresh_token,
        }
        try:
            response = await self._http.post(url, json=body)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise CrmUnavailable(f"token endpoint: {type(error).__name__}") from None
        try:
            answer = errors.decode(response)
        except CrmRejected as refused:
            # "Token has been revoked", "Check the `client_secret` parameter": a person is needed.
            raise CrmAuthExpired(str(refused)) from None
        if not answer.get("access_token") or not answer.get("refresh_token"):
            raise CrmUnavailable("token endpoint: an answer without tokens")
        return Grant(
            access_token=str(answer["access_token"]),
            refresh_token=str(answer["refresh_token"]),
            expires_at=self._clock.now() + timedelta(seconds=int(answer.get("expires_in", 86_400))),
            base_url=grant.base_url,
            auth_url=grant.auth_url,
        )
