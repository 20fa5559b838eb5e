"""A load client: thousands of tabs in one process, as cheap as a tab can be."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

BROWSER_HEADERS = (
    "Pragma: no-cache\r\nCache-Control: no-cache\r\n"
    "User-Agent: Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/141.0.0.0 Safari/537.36\r\n"
    "Accept-Encoding: gzip, deflate, br, zstd\r\nAccept-Language: ru-RU,ru;q=0.9,en-US;q=0.8\r\n"
    "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"
    "Cookie: _ym_uid=1741000000123456789; _ym_d=1741000000; _ga=GA1.1.1234567890.1741000000\r\n"
)
ORIGIN = "http://127.0.0.1"


def masked(text: bytes) -> bytes:
    """A client's text frame; a mask of zeros changes nothing."""
    if len(text) < 126:
        return bytes([0x81, 0x80 | len(text)]) + bytes(4) + text
    return bytes([0x81, 0x80 | 126]) + len(text).to_bytes(2, "big") + bytes(4) + text


@dataclass(slots=True)
class Tally:
    """What all tabs saw."""

    frames: int = 0
    latencies_ns: list[int] = field(default_factory=list)
    target: int = 0
    reached: asyncio.Event = field(default_factory=asyncio.Event)
    stamps: set[int] | None = None
    """When not None, a stamp counts once: a call is told several times, the first matters."""

    def expect(self, more: int) -> None:
        self.target = self.frames + more
        self.reached.clear()

    def saw(self, frame: bytes) -> None:
        at = frame.find(b'"@')
        if at >= 0:
            sent = int(frame[at + 2 : frame.index(b'"', at + 2)])
            if self.stamps is not None:
                if sent in self.stamps:
                    return
                self.stamps.add(sent)
            self.latencies_ns.append(time.monotonic_ns() - sent)
        self.frames += 1
        if self.frames >= self.target:
            self.reached.set()


class Tab(asyncio.Protocol):
    """Upgrades, says hello, then counts pushes."""

    __slots__ = ("_buffer", "_hello", "_port", "_tally", "_upgraded", "transport", "welcomed")

    def __init__(self, port: int, hello: bytes, tally: Tally) -> None:
        self._port = port
        self._hello = hello
        self._tally = tally
        self._buffer = b""
        self._upgraded = False
        self.transport: asyncio.Transport | None = None
        self.welcomed: asyncio.Future[None] | None = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport) or hasattr(transport, "write")
        self.transport = transport  # type: ignore[assignment]
        self._write(
            f"GET /ws HTTP/1.1\r\nHost: 127.0.0.1:{self._port}\r\nConnection: Upgrade\r\n"
            f"Upgrade: websocket\r\nOrigin: {ORIGIN}\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{BROWSER_HEADERS}\r\n".encode()
        )

    def _write(self, data: bytes) -> None:
        if self.transport is not None:
            self.transport.write(data)

    def data_received(self, data: bytes) -> None:
        if self._buffer:
            data = self._buffer + data
            self._buffer = b""
        if not self._upgraded:
            end = data.find(b"\r\n\r\n")
            if end < 0:
                self._buffer = data
                return
            if not data.startswith(b"HTTP/1.1 101"):
                self._fail(ConnectionError(data[:80].decode("latin-1")))
                return
            self._upgraded = True
            self._write(masked(self._hello))
            self._hello = b""
            data = data[end + 4 :]
        at, size = 0, len(data)
        while size - at >= 2:
            length, start = data[at + 1], at + 2
            if length == 126:
                if size - at < 4:
                    break
                length, start = int.from_bytes(data[at + 2 : at + 4], "big"), at + 4
            elif length == 127:
                if size - at < 10:
                    break
                length, start = int.from_bytes(data[at + 2 : at + 10], "big"), at + 10
            if size - start < length:
                break
            self._frame(data[at], data[start : start + length])
            at = start + length
        if at < size:
            self._buffer = data[at:]

    def _frame(self, head: int, payload: bytes) -> None:
        if head == 0x88:
            self._fail(ConnectionError(f"closed: {payload!r}"))
        elif self.welcomed is not None:
            self.welcomed.set_result(None)
            self.welcomed = None
        elif b'"@' in payload:
            self._tally.saw(payload)
        # Presence and pings are not what is measured.

    def _fail(self, error: Exception) -> None:
        if self.welcomed is not None and not self.welcomed.done():
            self.welcomed.set_exception(error)
            self.welcomed = None

    def connection_lost(self, exc: Exception | None) -> None:
        self._fail(ConnectionError("lost before the welcome"))


async def connect(
    port: int, hellos: Sequence[bytes], tally: Tally, *, at_once: int = 64
) -> tuple[list[Tab], float]:
    """All tabs, and the seconds from the first connect to the last welcome."""
    loop = asyncio.get_running_loop()
    tabs: list[Tab] = []
    waiting = iter(hellos)

    async def lane() -> None:
        for hello in waiting:
            _, tab = await loop.create_connection(
                lambda hello=hello: Tab(port, hello, tally),  # type: ignore[misc]
                "127.0.0.1",
                port,
            )
            tabs.append(tab)
            if tab.welcomed is not None:
                await tab.welcomed

    began = time.perf_counter()
    async with asyncio.TaskGroup() as lanes:
        for _ in range(at_once):
            lanes.create_task(lane())
    return tabs, time.perf_counter() - began


def disconnect(tabs: Sequence[Tab]) -> None:
    for tab in tabs:
        if tab.transport is not None:
            tab.transport.abort()
