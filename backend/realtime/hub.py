"""Streams this process follows, and who of its sessions reads each.

The bus is asked once per stream, however many sessions read it, and a push becomes a message once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

from backend.realtime.outbox import Message, text_message
from backend.services.ports import Bus, Delivery, StreamKey, StreamRead
from protocol.frames import Position

Spawn = Callable[[Coroutine[Any, Any, None]], asyncio.Task[None]]
Reads = dict[StreamKey, StreamRead]


class Reader(Protocol):
    """A session, as the hub sees it. None of these may wait, or leave a stream at once."""

    def deliver(self, delivery: Delivery, message: Message) -> None: ...
    def start_over(self, key: StreamKey, read: StreamRead) -> None: ...


class _Channel:
    """One followed stream."""

    __slots__ = ("joining", "membership", "opening", "readers")

    def __init__(self) -> None:
        self.readers: dict[Reader, None] = {}
        self.joining: dict[object, list[Delivery | tuple[StreamKey, StreamRead]]] = {}
        """Readers between following and reading, with what came meanwhile."""
        self.membership: AbstractAsyncContextManager[None] | None = None
        self.opening: asyncio.Task[None] | None = None
        """While the bus has not confirmed; whoever joins meanwhile waits for it, too."""


class Hub:
    """Hands what the bus delivers to the sessions of this process."""

    def __init__(self, bus: Bus, spawn: Spawn) -> None:
        self._bus = bus
        self._spawn = spawn
        self._channels: dict[StreamKey, _Channel] = {}

    async def join(
        self,
        reader: Reader,
        positions: Mapping[StreamKey, Position | None],
        start: Callable[[Reads], None],
    ) -> None:
        """Read the streams from `positions` on and go on live, missing and doubling nothing.

        `start` is called with what was read, right before the first live push. Following comes
        before reading, and what arrives between is kept: a push is then in the snapshot, or kept,
        or both, and the session's position drops the double.
        """
        token = object()
        kept: list[Delivery | tuple[StreamKey, StreamRead]] = []
        channels = {key: self._channel(key) for key in positions}
        for channel in channels.values():
            channel.joining[token] = kept
        joined = False
        try:
            for channel in channels.values():
                if channel.opening is not None:
                    # Shielded: others wait for the same; it must outlive this socket.
                    await asyncio.shield(channel.opening)
            start(await self._bus.read_all(positions))
            for missed in kept:
                if isinstance(missed, Delivery):
                    reader.deliver(missed, text_message(missed.frame))
                else:
                    reader.start_over(*missed)
            joined = True
        finally:
            for key, channel in channels.items():
                del channel.joining[token]
                if joined:
                    channel.readers[reader] = None
                else:
                    self._close_unread(key, channel)

    def leave(self, reader: Reader, key: StreamKey) -> None:
        channel = self._channels.get(key)
        if channel is not None and channel.readers.pop(reader, self) is None:
            self._close_unread(key, channel)

    def _channel(self, key: StreamKey) -> _Channel:
        channel = self._channels.get(key)
        if channel is None:
            channel = self._channels[key] = _Channel()
            channel.opening = self._spawn(self._open(key, channel))
        return channel

    async def _open(self, key: StreamKey, channel: _Channel) -> None:
        def on_delivery(delivery: Delivery) -> None:
            if channel.readers:
                message = text_message(delivery.frame)
                for reader in channel.readers:
                    reader.deliver(delivery, message)
            for kept in channel.joining.values():
                kept.append(delivery)

        def on_reset(read: StreamRead) -> None:
            for reader in channel.readers:
                reader.start_over(key, read)
            for kept in channel.joining.values():
                kept.append((key, read))

        membership = self._bus.follow(key, on_delivery, on_reset)
        try:
            await membership.__aenter__()
        except BaseException:
            # The next who joins tries anew; those who wait now hear of it.
            if self._channels.get(key) is channel:
                del self._channels[key]
            raise
        channel.membership = membership
        channel.opening = None
        self._close_unread(key, channel)

    def _close_unread(self, key: StreamKey, channel: _Channel) -> None:
        if channel.readers or channel.joining or channel.membership is None:
            return
        if self._channels.get(key) is channel:
            del self._channels[key]
        membership, channel.membership = channel.membership, None
        self._spawn(_leave(membership))

    @property
    def followed(self) -> int:
        return len(self._channels)


async def _leave(membership: AbstractAsyncContextManager[None]) -> None:
    await membership.__aexit__(None, None, None)
