"""Browser lines on an Asterisk (`SwitchLines`): PJSIP objects pushed through ARI.

An endpoint, its authentication and its address of record are written to the `memory` wizard of
`res_pjsip` (sorcery.conf, as `dozvon asterisk init` writes it). Of an endpoint that stands in
pjsip.conf only the authentication is pushed: what an administrator wrote down there wins, and
Asterisk answers 403 to a change of it.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit, urlunsplit

import httpx

from backend.errors import NotFound, SwitchRefused
from backend.services.ports import BrowserLine
from backend.telephony.asterisk import names
from backend.telephony.asterisk.client import AriClient
from backend.telephony.asterisk.socket import base_url

CONTEXT: Final = "dozvon-lines"
"""Where a line's own dialling would end up: refused there, since calls are begun by the server."""

AOR_FIELDS: Final = {
    # One tab is the phone: whoever registers last is it, and nobody else rings.
    "max_contacts": "1",
    "remove_existing": "yes",
    # A laptop that went to sleep keeps its contact: ask every 15 s, give it 3 s to answer.
    "qualify_frequency": "15",
    "qualify_timeout": "3",
    "default_expiration": "120",
    "maximum_expiration": "600",
}
ENDPOINT_FIELDS: Final = {
    "context": CONTEXT,
    # AVPF, ICE, rtcp-mux, bundle and DTLS-SRTP with a generated certificate.
    "webrtc": "yes",
    "direct_media": "no",
    "dtmf_mode": "rfc4733",
    # Transfers are ours (`call.transfer`): a REFER would move the call past its owner.
    "allow_transfer": "no",
    # 0 means never, and a browser that died would hold its leg for good. A muted browser goes on
    # sending; our hold leaves the line itself alone, so the longer limit is for a paused SDP.
    "rtp_timeout": "10",
    "rtp_timeout_hold": "120",
    "identify_by": "username",
}


class AsteriskLines:
    """Apart from the switch connection: any process may issue, only one hears the events."""

    def __init__(
        self,
        url: str,
        user: str,
        password: str,
        *,
        request_timeout_s: float = 5.0,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._client = AriClient(
            base_url(url), user, password, timeout_s=request_timeout_s, transport=transport
        )

    async def issue(self, line: BrowserLine, password: str) -> None:
        """The endpoint last: with it the line exists, and then all of it does."""
        name = line.username
        await self._write("aor", name, AOR_FIELDS)
        await self._client.put_object(
            # `userpass` is what every version understands; 22 takes it for `digest`.
            "auth",
            name,
            {"auth_type": "userpass", "username": name, "password": password},
        )
        caller_id = names.caller_id(line.caller_name, line.caller_number)
        fields = {
            **ENDPOINT_FIELDS,
            "aors": name,
            "auth": name,
            "allow": f"!all,{','.join(line.codecs)}",
            "callerid": caller_id,
            "accountcode": line.account,
        }
        written = await self._write("endpoint", name, fields)
        if not written:
            await self._must_take_it(name)

    async def withdraw(self, line: BrowserLine) -> None:
        for kind in ("endpoint", "auth", "aor"):
            await self._client.delete_object(kind, line.username)

    async def aclose(self) -> None:
        await self._client.aclose()

    async def _write(self, kind: str, name: str, fields: dict[str, str]) -> bool:
        """False: one of pjsip.conf stands there. Raises SwitchRefused when none does."""
        try:
            await self._client.put_object(kind, name, fields)
        except SwitchRefused as refused:
            try:
                await self._client.object_fields(kind, name)
            except NotFound:
                raise SwitchRefused(
                    f"Asterisk takes no {kind} object ({refused}): sorcery.conf needs the lines "
                    "that `dozvon asterisk init` writes"
                ) from None
            return False
        return True

    async def _must_take_it(self, name: str) -> None:
        """An endpoint of pjsip.conf that names another authentication would never let us in."""
        known = await self._client.object_fields("endpoint", name)
        if known.get("auth", "") != name or known.get("aors", "") != name:
            raise SwitchRefused(
                f"pjsip.conf has an endpoint {name} of its own: its auth and aors must be {name}"
            )


def websocket_url(ari_url: str) -> str:
    """Where Asterisk's HTTP server speaks SIP over WebSocket: `/ws` beside `/ari`."""
    parts = urlsplit(base_url(ari_url))
    scheme = "wss" if parts.scheme == "https" else "ws"
    path = parts.path.removesuffix("/ari") + "/ws"
    return urlunsplit((scheme, parts.netloc, path, "", ""))
