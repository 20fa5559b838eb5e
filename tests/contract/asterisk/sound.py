"""A telephone's sound over plain RTP: it speaks a tone, and knows what it hears."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from array import array
from collections.abc import Callable
from typing import Final

from backend.sandbox.media import g711, rtp, tones
from backend.sandbox.media.meter import Meter, Sound

DEADLINE_S: Final = 10.0
_PCMA, _KEYS = 8, 101
_FRAME_S: Final = 0.02
_PAUSE_S: Final = 0.8
"""Keys further apart than this had a comma between them, which is a second."""


class RtpSound(asyncio.DatagramProtocol):
    """G.711 A-law and keys (RFC 4733) on a port of its own."""

    def __init__(self, hz: int) -> None:
        self.hz = hz
        self.port = 0
        self.keys = ""
        """All that was pressed towards us, pauses as commas."""
        self._key_at = 0.0
        self._stamps: set[int] = set()
        self._meter = Meter()
        self._to: tuple[str, int] | None = None
        self._transport: asyncio.DatagramTransport | None = None
        self._speaking: asyncio.Task[None] | None = None

    @classmethod
    async def open(cls, hz: int) -> RtpSound:
        loop = asyncio.get_running_loop()
        transport, made = await loop.create_datagram_endpoint(
            lambda: cls(hz), local_addr=("127.0.0.1", 0)
        )
        made._transport = transport
        made.port = transport.get_extra_info("sockname")[1]
        return made

    @property
    def sdp(self) -> bytes:
        lines = (
            "v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "c=IN IP4 127.0.0.1", "t=0 0",
            f"m=audio {self.port} RTP/AVP {_PCMA} {_KEYS}", "a=rtpmap:8 PCMA/8000",
            "a=rtpmap:101 telephone-event/8000", "a=fmtp:101 0-15", "a=ptime:20", "a=sendrecv",
        )  # fmt: skip
        return "".join(f"{line}\r\n" for line in lines).encode()

    def speak_to(self, sdp: bytes) -> None:
        """Where the other side's description wants the sound; asked again, there from now on."""
        host, port = "127.0.0.1", 0
        for line in sdp.decode().split("\r\n"):
            if line.startswith("c=IN IP4 "):
                host = line.removeprefix("c=IN IP4 ")
            if line.startswith("m=audio "):
                port = int(line.split()[1])
        self._to = (host, port)
        if self._speaking is None:
            self._speaking = asyncio.create_task(self._speak())

    def read(self) -> Sound:
        return self._meter.read()

    async def hears(self, hz: int) -> None:
        """Wait until the strongest tone is this one; 0 is silence."""
        await self.until(lambda sound: abs(sound.hz - hz) <= 6, f"a tone of {hz} Hz")

    async def until(self, condition: Callable[[Sound], bool], what: str) -> Sound:
        """Wait for what is heard. Raises AssertionError with what was heard instead."""
        try:
            async with asyncio.timeout(DEADLINE_S):
                while not condition(sound := self.read()):  # noqa: ASYNC110  # sound has no event
                    await asyncio.sleep(_FRAME_S)
                return sound
        except TimeoutError:
            raise AssertionError(f"{what} was never heard, but {self.read()}") from None

    async def close(self) -> None:
        if self._speaking is not None:
            self._speaking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._speaking
        if self._transport is not None:
            self._transport.close()

    def datagram_received(self, data: bytes, _addr: tuple[str, int]) -> None:
        packet = rtp.parse(data)
        if packet is None or rtp.is_control(data):
            return
        if packet.payload_type == _KEYS:
            self._pressed(packet)
        elif packet.payload_type == _PCMA:
            self._meter.add(g711.decode("PCMA", packet.payload))

    def _pressed(self, packet: rtp.Packet) -> None:
        told = rtp.key(packet.payload)
        if told is None or packet.timestamp in self._stamps:
            return
        self._stamps.add(packet.timestamp)
        now = asyncio.get_running_loop().time()
        if self._key_at and now - self._key_at > _PAUSE_S:
            self.keys += ","
        self._key_at = now
        self.keys += told[0]

    async def _speak(self) -> None:
        loop = asyncio.get_running_loop()
        began, ssrc = loop.time(), secrets.randbits(32)
        for frame in range(10**9):
            await asyncio.sleep(max(0.0, began + frame * _FRAME_S - loop.time()))
            if self._transport is None or self._transport.is_closing() or self._to is None:
                return
            said = g711.encode("PCMA", list(self._voice(frame)))
            stamp = frame * g711.FRAME & 0xFFFFFFFF
            packet = rtp.Packet(_PCMA, frame & 0xFFFF, stamp, ssrc, said, marker=frame == 0)
            if self._to[1]:
                self._transport.sendto(bytes(packet), self._to)

    def _voice(self, frame: int) -> array[int]:
        return tones.voice(self.hz, frame)
