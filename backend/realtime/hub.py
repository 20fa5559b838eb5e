"""Streams this process follows, and who of its sessions reads each.

The bus is asked once per stream, however many sessions read it, and a push becomes a message once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextlib import AbstractAsyncContextManager, suppress
from functools import partial
from typing import Any, Protocol, cast

from backend.realtime.outbox import Message, text_message
from backend.services.ports import Bus, Delivery, StreamKey, StreamRead
from protocol.frames import Position

Spawn = Callable[[Coroutine[Any, Any, None]], asyncio.Task[None]]
Positions = Mapping[StreamKey, Position | None]
Reads = dict[StreamKey, StreamRead]


class Reader(Protocol):
    """A session, as the hub sees it. None of these may wait, or leave a stream at once."""

    def deliver(self, delivery: Delivery, message: Message) -> None: ...
    def start_over(self, key: StreamKey, read: StreamRead) -> None: ...


class Prompt(Protocol):
    """A membership that can be begun without a task of its own; both buses' are."""

    def begin(self) -> asyncio.Future[None] | None:
        """Enter, or be about to: None when that is done, else what tells it. A reading asked for
        from now on is answered after the membership has taken effect. Raises ConnectionError when
        that cannot be promised now; nothing was done then."""


class _Channel:
    """One followed stream."""

    __slots__ = ("joining", "key", "membership", "opening", "readers", "slow")

    def __init__(self, key: StreamKey) -> None:
        self.key = key
        self.readers: dict[Reader, None] = {}
        self.joining: dict[object, list[Delivery | tuple[StreamKey, StreamRead]]] = {}
        """Readers between following and reading, with what came meanwhile."""
        self.membership: AbstractAsyncContextManager[None] | None = None
        self.opening: asyncio.Future[None] | None = None
        """While the bus has not confirmed; whoever joins meanwhile waits for it, too."""
        self.slow = False
        """Reading has to wait for the confirmation (see `Prompt`)."""

    def on_delivery(self, delivery: Delivery) -> None:
        if self.readers:
            message = text_message(delivery.frame)
            for reader in self.readers:
                reader.deliver(delivery, message)
        for kept in self.joining.values():
            kept.append(delivery)

    def on_reset(self, read: StreamRead) -> None:
        for reader in self.readers:
            reader.start_over(self.key, read)
        for kept in self.joining.values():
            kept.append((self.key, read))


class Hub:
    """Hands what the bus delivers to the sessions of this process."""

    def __init__(self, bus: Bus, spawn: Spawn) -> None:
        self._bus = bus
        self._spawn = spawn
        self._channels: dict[StreamKey, _Channel] = {}

    async def join(
        self,
        reader: Reader,
        positions: Positions,
        start: Callable[[Reads], None],
        read: Callable[[Positions], Awaitable[Reads]] | None = None,
    ) -> None:
        """Read the streams from `positions` on and go on live, missing and doubling nothing.

        `read` is the bus's own reading unless something else has to be asked in the same step;
        what it raises ends the joining. `start` is called with what was read, right before the
        first live push. Following comes before reading, and what arrives between is kept: a push is
        then in the snapshot, or kept, or both, and the session's position drops the double.
        """
        token = object()
        kept: list[Delivery | tuple[StreamKey, StreamRead]] = []
        channels = {key: self._channel(key) for key in positions}
        for channel in channels.values():
            channel.joining[token] = kept
        joined = False
        try:
            opening = [c.opening for c in channels.values() if c.opening is not None]
            for channel in channels.values():
                if channel.slow and channel.opening is not None:
                    # Shielded: others wait for the same; it must outlive this socket.
                    await asyncio.shield(channel.opening)
            reads = await (read or self._bus.read_all)(positions)
            for confirmed in opening:
                # Mostly done by now: it was asked before the reading was.
                if confirmed.done():
                    confirmed.result()
                else:
                    await asyncio.shield(confirmed)
            start(reads)
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
            channel = self._channels[key] = _Channel(key)
            self._open(channel)
        return channel

    def _open(self, channel: _Channel) -> None:
        membership = self._bus.follow(channel.key, channel.on_delivery, channel.on_reset)
        if hasattr(membership, "begin"):
            with suppress(ConnectionError):
                channel.opening = cast(Prompt, membership).begin()
                channel.membership = membership
                if channel.opening is not None:
                    channel.opening.add_done_callback(partial(self._begun, channel))
                return
        channel.slow = True
        channel.opening = self._spawn(self._enter(channel, membership))

    def _begun(self, channel: _Channel, opening: asyncio.Future[None]) -> None:
        channel.opening = None
        if opening.cancelled() or opening.exception() is not None:
            # The next who joins tries anew; those who wait now hear of it.
            channel.membership = None
            if self._channels.get(channel.key) is channel:
                del self._channels[channel.key]
        else:
            self._close_unread(channel.key, channel)

    async def _enter(
        self, channel: _Channel, membership: AbstractAsyncContextManager[None]
    ) -> None:
        try:
            await membership.__aenter__()
        except BaseException:
            if self._channels.get(channel.key) is channel:
                del self._channels[channel.key]
            raise
        channel.membership = membership
        channel.opening = None
        channel.slow = False
        self._close_unread(channel.key, channel)

    def _close_unread(self, key: StreamKey, channel: _Channel) -> None:
        if (
            channel.readers
            or channel.joining
            or channel.membership is None
            or channel.opening is not None
        ):
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
