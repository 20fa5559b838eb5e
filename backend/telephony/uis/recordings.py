"""Files of the cloud's own recordings (`SwitchRecordings`)."""

from __future__ import annotations

import asyncio
import io
import wave
from datetime import timedelta
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import httpx

from backend.errors import SwitchRefused, SwitchUnavailable
from backend.kit.clock import Clock
from backend.telephony.uis import names
from backend.telephony.uis.data_api import DataApi
from backend.telephony.uis.rpc import RpcClient
from protocol.vocabulary import CallId

MEDIA_URL: Final = "https://app.comagic.ru/system/media"
_BACK: Final = timedelta(days=30)
_EXTERNAL: Final = "call_api_external_id"


class UisRecordings:
    """The cloud records by its own rules; its files are looked up by call, after the talk.

    A name of ours ends in the call's id: the session can be read off an inbound one, and was given
    the other kind as `external_id`.
    """

    def __init__(
        self,
        data_url: str,
        token: str,
        *,
        clock: Clock,
        identity: str,
        media_url: str = MEDIA_URL,
        request_timeout_s: float = 60.0,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._clock = clock
        self._identity = identity
        self._media_url = media_url.rstrip("/")
        self._rpc = RpcClient(data_url, token, timeout_s=request_timeout_s, transport=transport)
        self._data = DataApi(self._rpc)

    async def fetch(self, name: str, into: Path) -> bool:
        """The call's wav file; its pieces one after another when a pause split it. Of several
        attempts of a call the longest counts. False: none."""
        if not urlsplit(self._rpc.url).scheme:
            return False
        now = self._clock.now()
        session_id = names.session_of(name)
        external = names.external_id(self._identity, CallId(name.rpartition("-")[2]))
        field, value = ("id", session_id) if session_id else (_EXTERNAL, external)
        found = await self._data.recordings(field, value, since=now - _BACK, now=now)
        best = b""
        for session, records in found:
            pieces = [await self._file(session, record) for record in records]
            best = max(best, joined([piece for piece in pieces if piece]), key=len)
        if not best:
            return False
        await asyncio.to_thread(into.write_bytes, best)
        return True

    async def _file(self, session_id: int, record: str) -> bytes:
        answer = await self._rpc.file(f"{self._media_url}/wav/{session_id}/{record}/")
        if answer.status_code == 404:
            return b""
        if answer.status_code in (401, 403):
            raise SwitchRefused(f"the file of session {session_id} is not for us")
        if answer.status_code != 200:
            raise SwitchUnavailable(f"the file: HTTP {answer.status_code}")
        return answer.content

    async def forget(self, name: str) -> None:
        """The cloud keeps its files as long as its tariff says; nothing deletes them by API."""

    async def aclose(self) -> None:
        await self._rpc.aclose()


def joined(pieces: list[bytes]) -> bytes:
    """WAV files as one, in their order. What is no PCM or unlike the first is left out: a talk
    without a piece is worth more than none."""
    if len(pieces) < 2:
        return pieces[0] if pieces else b""
    out, shape = io.BytesIO(), None
    with wave.open(out, "wb") as whole:
        for piece in pieces:
            try:
                with wave.open(io.BytesIO(piece)) as part:
                    own = (part.getnchannels(), part.getsampwidth(), part.getframerate())
                    if shape is None:
                        shape = own
                        whole.setnchannels(own[0])
                        whole.setsampwidth(own[1])
                        whole.setframerate(own[2])
                    if own == shape:
                        whole.writeframes(part.readframes(part.getnframes()))
            except (wave.Error, EOFError):
                continue
        if shape is None:
            return b""
    return out.getvalue()
