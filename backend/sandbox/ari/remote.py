"""Sounds played from an address, as Asterisk's media cache has them (res_http_media_cache): fetched
before they are heard, once. What cannot be had, or is no 8 kHz WAV, is not heard at all."""

from __future__ import annotations

import array
import io
import sys
import wave

import httpx

from backend.sandbox.ari.sound import RATE

_WITHIN_S = 10.0
_MOST_BYTES = 4_000_000
_SOUND = "sound:"


def address(media: str) -> str | None:
    """Where this medium is fetched; None: it is one of the switch's own."""
    named = media.removeprefix(_SOUND)
    return named if named != media and named.startswith(("http://", "https://")) else None


class RemoteSounds:
    def __init__(self, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self.transport = transport
        self._samples: dict[str, array.array[int]] = {}

    async def fetch(self, url: str) -> bool:
        """Whether it can be played now."""
        if url not in self._samples:
            found = await self._fetched(url)
            if found is None:
                return False
            self._samples[url] = found
        return True

    def seconds(self, media: str) -> float | None:
        found = self._samples.get(address(media) or "")
        return None if found is None else len(found) / RATE

    def samples(self, media: str, first: int, count: int) -> array.array[int] | None:
        """Some of it, silence past its end; None: it was not fetched from anywhere."""
        found = self._samples.get(address(media) or "")
        if found is None:
            return None
        part = found[first : first + count]
        return part + array.array("h", bytes(2 * (count - len(part))))

    async def _fetched(self, url: str) -> array.array[int] | None:
        try:
            async with httpx.AsyncClient(transport=self.transport, timeout=_WITHIN_S) as http:
                answer = await http.get(url)
            answer.raise_for_status()
            if len(answer.content) > _MOST_BYTES:
                return None
            with wave.open(io.BytesIO(answer.content)) as file:
                shape = (file.getframerate(), file.getnchannels(), file.getsampwidth())
                if shape != (RATE, 1, 2):
                    return None
                samples = array.array("h", file.readframes(file.getnframes()))
        except (httpx.HTTPError, httpx.InvalidURL, wave.Error, EOFError):
            return None
        if sys.byteorder == "big":
            samples.byteswap()
        return samples
