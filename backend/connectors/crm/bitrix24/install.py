"""What an installation asks of the authorization server and of the portal itself."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx

from backend.connectors.crm.bitrix24 import errors, proof
from backend.connectors.crm.bitrix24.auth import token_url
from backend.errors import BadProof, CrmAuthExpired, CrmRejected, CrmUnavailable
from backend.services.portal_install import AppClient, Launch, PortalUser

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from backend.kit.clock import Clock

TIMEOUT_S = 10.0
"""A person looks at the page meanwhile."""


class Bitrix24Installer:
    """`services.portal_install.PortalVendor`."""

    def __init__(self, http: httpx.AsyncClient, clock: Clock, auth_urls: Sequence[str]) -> None:
        """`auth_urls`: authorization servers we trust, the usual one first."""
        self._http = http
        self._clock = clock
        self._auth_urls = tuple(url.rstrip("/") + "/" for url in auth_urls)

    async def prove(self, launch: Launch) -> PortalUser:
        auth_url = self._trusted(launch.auth_url)
        found = await proof.look(self._http, launch.access_token, auth_url=auth_url)
        if launch.member_id and found.member_id != launch.member_id:
            raise BadProof("the token is of another portal")
        if not found.client_id or not found.api_url or not found.domain:
            raise BadProof("the authorization server does not say whose portal it is")
        profile = await self._profile(found.api_url, launch.access_token)
        parts = (profile.get("NAME"), profile.get("LAST_NAME"))
        scheme = "https" if launch.secure else "http"
        return PortalUser(
            client_id=found.client_id,
            member_id=found.member_id,
            user_id=found.user_id,
            name=" ".join(str(part) for part in parts if part),
            is_admin=profile.get("ADMIN") is True,
            page_url=f"{scheme}://{found.domain}",
            api_url=found.api_url,
            auth_url=auth_url,
            scope=found.scope,
        )

    async def exchanged(self, launch: Launch, client: AppClient) -> Launch:
        auth_url = self._trusted(launch.auth_url)
        body = await self._token(
            auth_url,
            {
                "grant_type": "refresh_token",
                "client_id": client.client_id,
                "client_secret": client.client_secret,
                "refresh_token": launch.refresh_token,
            },
        )
        return self._launch(body, auth_url, launch)

    async def from_code(self, code: str, client: AppClient, auth_host: str) -> Launch:
        """`auth_host` is the `server_domain` of the redirect (section 1.5 of the reference)."""
        hosts = {urlsplit(url).netloc: url for url in self._auth_urls}
        auth_url = hosts.get(auth_host, self._auth_urls[0])
        body = await self._token(
            auth_url,
            {
                "grant_type": "authorization_code",
                "client_id": client.client_id,
                "client_secret": client.client_secret,
                "code": code,
            },
        )
        return self._launch(body, auth_url, None)

    def _trusted(self, named: str) -> str:
        """The server a token names, if it is one of ours: a forged one would vouch for anybody."""
        wished = named.rstrip("/") + "/"
        return wished if wished in self._auth_urls else self._auth_urls[0]

    async def _token(self, auth_url: str, form: Mapping[str, str]) -> dict[str, Any]:
        """A POST: an address with a secret in it would end up in logs on the way."""
        try:
            response = await self._http.post(token_url(auth_url), data=form, timeout=TIMEOUT_S)
        except httpx.HTTPError as error:
            # Without the text: its request holds the secret.
            raise CrmUnavailable(f"authorization server: {type(error).__name__}") from None
        try:
            body = errors.decode(response)
        except (CrmAuthExpired, CrmRejected) as refused:
            raise BadProof(str(refused)) from None
        if not body.get("access_token") or not body.get("refresh_token"):
            raise CrmUnavailable("authorization server: an answer without tokens")
        return body

    def _launch(self, body: Mapping[str, Any], auth_url: str, before: Launch | None) -> Launch:
        endpoint = str(body.get("client_endpoint") or "")
        return Launch(
            access_token=str(body["access_token"]),
            refresh_token=str(body["refresh_token"]),
            expires_at=self._clock.now() + timedelta(seconds=int(body.get("expires_in", 3600))),
            member_id=str(body.get("member_id") or ""),
            auth_url=auth_url,
            application_token=before.application_token if before else "",
            secure=before.secure if before else not endpoint.startswith("http:"),
        )

    async def _profile(self, api_url: str, token: str) -> dict[str, Any]:
        """The portal says who is an administrator; the authorization server does not know."""
        return await proof.profile(self._http, token, api_url=api_url)
