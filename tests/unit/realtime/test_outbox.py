"""The outbox on sockets that take, suspend and fail."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from backend.realtime.outbox import Message, Outbox, text_message


class Socket:
    """An ASGI send whose other end may stop reading, as uvicorn shows it: by an event."""

    def __init__(self) -> None:
        self.writable = asyncio.Event()
        self.writable.set()
        self.sent: list[str] = []
        self.broken = False
        self.full = 0
        self.tasks: list[asyncio.Task[None]] = []
        self.outbox = Outbox(self.send, self.on_full, self.spawn)

    async def send(self, message: Message) -> None:
        await self.writable.wait()
        if self.broken:
            raise OSError("gone")
        self.sent.append(message.get("text") or str(message["type"]))

    def on_full(self) -> None:
        self.full += 1
        self.outbox.finish({"type": "websocket.close"}, drop=True)

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        self.tasks.append(asyncio.get_running_loop().create_task(work))
        return self.tasks[-1]

    def put(self, *frames: str, max_frames: int = 3, max_bytes: int = 1000) -> None:
        for frame in frames:
            self.outbox.put(text_message(frame.encode()), max_frames, max_bytes)


async def test_a_socket_that_takes_everything_needs_no_task() -> None:
    socket = Socket()
    socket.put("a", "b", "c", "d", "e")
    assert (socket.sent, socket.tasks) == (["a", "b", "c", "d", "e"], [])


async def test_frames_wait_in_order_for_a_slow_socket() -> None:
    socket = Socket()
    socket.put("a")
    socket.writable.clear()
    socket.put("b", "c", "d")
    assert (socket.sent, socket.outbox.waiting_bytes) == (["a"], 2)
    socket.writable.set()
    await socket.outbox.flushed()
    socket.put("e")
    assert socket.sent == ["a", "b", "c", "d", "e"]
    assert len(socket.tasks) == 1


async def test_a_socket_that_stops_again_and_again_loses_nothing() -> None:
    socket = Socket()
    expected = []
    for n in range(20):
        socket.writable.clear()
        socket.put(f"{n}a", f"{n}b")
        expected += [f"{n}a", f"{n}b"]
        await asyncio.sleep(0)
        socket.writable.set()
        await socket.outbox.flushed()
    assert socket.sent == expected


@pytest.mark.parametrize(
    ("max_frames", "max_bytes"), [(2, 1000), (1000, 10)], ids=["frames", "bytes"]
)
async def test_a_full_outbox_says_so_and_keeps_only_the_goodbye(
    max_frames: int, max_bytes: int
) -> None:
    socket = Socket()
    socket.writable.clear()
    for _ in range(9):
        socket.put("xxxxx", max_frames=max_frames, max_bytes=max_bytes)
    assert socket.full == 1
    socket.writable.set()
    await socket.outbox.flushed()
    # The first was under way when the socket stopped.
    assert socket.sent == ["xxxxx", "websocket.close"]


async def test_a_goodbye_without_dropping_comes_last() -> None:
    socket = Socket()
    socket.writable.clear()
    socket.put("a", "b")
    socket.outbox.finish({"type": "websocket.close"}, drop=False)
    socket.put("too late")
    socket.writable.set()
    await socket.outbox.flushed()
    assert socket.sent == ["a", "b", "websocket.close"]


async def test_a_broken_socket_takes_nothing_more_and_raises_nothing() -> None:
    fast = Socket()
    fast.broken = True
    fast.put("a", "b")
    slow = Socket()
    slow.writable.clear()
    slow.put("a", "b")
    slow.broken = True
    slow.writable.set()
    await slow.outbox.flushed()
    assert (fast.outbox.closed, slow.outbox.closed, fast.sent + slow.sent) == (True, True, [])


async def test_discarding_ends_the_send_under_way() -> None:
    socket = Socket()
    socket.writable.clear()
    socket.put("a", "b")
    await asyncio.sleep(0)
    socket.outbox.discard()
    await asyncio.wait(socket.tasks)
    socket.writable.set()
    assert (socket.sent, socket.outbox.waiting_bytes) == ([], 0)
