"""Signing requests with the account's grant: refresh once on expiry, repeat once."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import httpx

from backend.connectors.crm.bitrix24 import errors
from backend.errors import CrmAuthExpired, CrmRejected, CrmUnavailable
from backend.services.ports import Grant

if TYPE_CHECKING:
    from backend.kit.clock import Clock


def token_url(server_endpoint: str) -> str:
    """`…/oauth/token/` of the authorization server named in a token: two such servers exist."""
    base = server_endpoint.rstrip("/")
    return base.removesuffix("/rest") + "/oauth/token/"


class Refresher:
    """Exchanges a refresh token for a new pair at the authorization server, never the portal."""

    def __init__(
        self, http: httpx.AsyncClient, clock: Clock, *, client_id: str, client_secret: str
    ) -> None:
        self._http = http
        self._clock = clock
        self._client_id = client_id
        self._client_secret = client_secret

    async def __call__(self, grant: Grant) -> Grant:
        """Raises CrmAuthExpired when the grant is dead, CrmUnavailable when nobody answers."""
        try:
            # A POST: an address with secrets in it would end up in logs on the way.
            response = await self._http.post(
                token_url(grant.auth_url),
                data={
                    "grant_type": "refresh_token",
                    "client_id": self._client_id,
                    "client_secret": self._client_secret,
                    "refresh_token": grant.refresh_token,
                },
            )
        except httpx.HTTPError as error:
            # `error` is not chained into the text: its request holds the secret.
            raise CrmUnavailable(f"authorization server: {type(error).__name__}") from None
        try:
            body = errors.decode(response)
        except CrmRejected as refused:
            # invalid_request, invalid_scope: asking the same again will not help.
            raise CrmAuthExpired(str(refused)) from None
        if not body.get("access_token") or not body.get("refresh_token"):
            raise CrmUnavailable("authorization server: an answer without tokens")
        return Grant(
            access_token=str(body["access_token"]),
            refresh_token=str(body["refresh_token"]),
            expires_at=self._clock.now() + timedelta(seconds=int(body.get("expires_in", 3600))),
            base_url=str(body.get("client_endpoint") or grant.base_url),
            auth_url=str(body.get("server_endpoint") or grant.auth_url),
        )
