"""Files of recordings on an Asterisk (`SwitchRecordings`)."""

from __future__ import annotations

from pathlib import Path

import httpx

from backend.telephony.asterisk.client import AriClient
from backend.telephony.asterisk.socket import base_url

FETCH_TIMEOUT_S = 60.0
"""Between two pieces of a file, not for all of it."""


class AsteriskRecordings:
    """Apart from the switch connection: any worker may fetch, only one hears the events."""

    def __init__(
        self,
        url: str,
        user: str,
        password: str,
        *,
        request_timeout_s: float = 10.0,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._client = AriClient(
            base_url(url), user, password, timeout_s=request_timeout_s, transport=transport
        )

    async def fetch(self, name: str, into: Path) -> bool:
        """A file can be had while it is still being written: the recording is ended first."""
        await self._client.stop_recording(name)
        return await self._client.stored_recording(name, into, timeout_s=FETCH_TIMEOUT_S)

    async def forget(self, name: str) -> None:
        await self._client.delete_recording(name)

    async def aclose(self) -> None:
        await self._client.aclose()
