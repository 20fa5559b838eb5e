"""What waits to be written to one socket. Bounded; putting never waits.

The usual case is a socket that takes everything: the ASGI `send` then returns without suspending,
and is driven right here, with no task and no queue. Only when it suspends (the transport's buffer
is above its high-water mark) a task takes over, and frames queue until it is through.
"""

from __future__ import annotations

import asyncio
import sys
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, MutableMapping
from types import CoroutineType
from typing import Any

Message = MutableMapping[str, Any]
AsgiSend = Callable[[Message], Awaitable[None]]


def text_message(frame: bytes) -> Message:
    """The ASGI message of a frame. Made once for all readers of a push; servers only read it."""
    return {"type": "websocket.send", "text": frame.decode()}


class Outbox:
    """Frames on their way to one tab."""

    __slots__ = ("_bytes", "_drainer", "_on_full", "_send", "_spawn", "_waiting", "closed")

    def __init__(
        self,
        send: AsgiSend,
        on_full: Callable[[], None],
        spawn: Callable[[Coroutine[Any, Any, None]], asyncio.Task[None]],
    ) -> None:
        self._send = send
        self._on_full = on_full
        """Called when a frame found no room: the session is to be closed as slow, by `finish`."""
        self._spawn = spawn
        """Starts the task that waits for a slow socket."""
        self._waiting: deque[Message] | None = None
        self._drainer: asyncio.Task[None] | None = None
        """Lives while the socket is slow."""
        self._bytes = 0
        """Of the waiting frames, in characters: ours are mostly ASCII."""
        self.closed = False

    def put(self, message: Message, max_frames: int, max_bytes: int) -> None:
        """Write the message, now or when the socket takes it. Dropped when closed."""
        if self.closed:
            return
        if self._drainer is None:
            coroutine = self._send(message)
            # The exact type first: asking an abstract class costs more than the rest of this.
            if type(coroutine) is not CoroutineType and not isinstance(coroutine, Coroutine):
                raise TypeError("the ASGI send is no coroutine function")
            try:
                waits_for = coroutine.send(None)
            except StopIteration:
                return
            except Exception:
                self.closed = True
                return
            self._waiting = deque()
            self._drainer = self._spawn(self._drain(coroutine, waits_for))
            return
        waiting = self._waiting
        if waiting is None:
            return
        size = len(message.get("text", ""))
        if len(waiting) >= max_frames or self._bytes + size > max_bytes:
            self._on_full()
            return
        waiting.append(message)
        self._bytes += size

    def finish(self, message: Message, *, drop: bool) -> None:
        """Put the last message, a close, and take nothing more. `drop` forgets what waits."""
        if self.closed:
            return
        if drop and self._waiting is not None:
            self._waiting.clear()
            self._bytes = 0
        self.put(message, sys.maxsize, sys.maxsize)
        self.closed = True

    async def _drain(self, coroutine: Coroutine[Any, Any, None], waits_for: Any) -> None:
        """Finish the send that suspended, then everything that came meanwhile, in order."""
        try:
            await _Resumed(coroutine, waits_for)
            while self._waiting:
                message = self._waiting.popleft()
                self._bytes -= len(message.get("text", ""))
                await self._send(message)
        except Exception:
            self.closed = True
        finally:
            self._waiting = None
            self._bytes = 0
            self._drainer = None

    def discard(self) -> None:
        """Take nothing more and forget what waits; a send under way is given up."""
        self.closed = True
        self._waiting = None
        self._bytes = 0
        if self._drainer is not None:
            self._drainer.cancel()

    async def flushed(self) -> None:
        """Everything put so far is written, or the socket is over."""
        if self._drainer is not None:
            await asyncio.wait([self._drainer])

    @property
    def draining(self) -> bool:
        """The socket is slow: a task waits for it."""
        return self._drainer is not None

    @property
    def waiting_bytes(self) -> int:
        return self._bytes


class _Resumed:
    """The rest of a coroutine that was begun outside a task and suspended on `waits_for`."""

    __slots__ = ("_coroutine", "_waits_for")

    def __init__(self, coroutine: Coroutine[Any, Any, None], waits_for: Any) -> None:
        self._coroutine = coroutine
        self._waits_for = waits_for

    def __await__(self) -> Any:
        waits_for = self._waits_for
        while True:
            # The task that runs this now waits for what the coroutine waited for.
            try:
                sent = yield waits_for
            except BaseException as error:
                try:
                    waits_for = self._coroutine.throw(error)
                except StopIteration:
                    return
                continue
            try:
                waits_for = self._coroutine.send(sent)
            except StopIteration:
                return
