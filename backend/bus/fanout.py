"""Streams a process follows over Redis: in order, without gaps, across lost connections."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

import structlog

from backend.services.ports import Delivery, StreamKey, StreamRead
from protocol.frames import Position

_log = structlog.get_logger(__name__)

Listener = Callable[[Delivery], None]
OnReset = Callable[[StreamRead], None]
ReadAll = Callable[[Mapping[StreamKey, Position | None]], Awaitable[Mapping[StreamKey, StreamRead]]]

_BATCH = 200
"""Streams read in one step after a lost connection: some milliseconds of the server's time."""
_RETRY_S = 0.2


def delivery_of(key: StreamKey, message: bytes) -> Delivery:
    """From the form of channel and log: `epoch LF seq LF tag LF frame`."""
    epoch, seq, tag, frame = message.split(b"\n", 3)
    return Delivery(key, epoch.decode(), int(seq), tag.decode(), frame)


class Followed:
    """One stream, its place, and who listens."""

    __slots__ = ("asked", "epoch", "held", "key", "listeners", "ready", "seq")

    def __init__(self, key: StreamKey) -> None:
        self.key = key
        self.listeners: dict[object, tuple[Listener, OnReset | None]] = {}
        self.epoch = ""
        self.seq = 0
        self.held: list[bytes] | None = []
        """Messages that came while the place is not known; None while all is well."""
        self.ready: asyncio.Future[None] | None = asyncio.get_running_loop().create_future()
        """Until the subscription is confirmed; later followers wait for it, too."""
        self.asked = False
        """Somebody asked where the stream is: a reading, or a question of its own."""

    def take(self, message: bytes) -> bool:
        """One message of the channel. False: there is a gap; `caught_up` has to be called."""
        if self.held is not None:
            self.held.append(message)
            return True
        delivery = delivery_of(self.key, message)
        if delivery.epoch == self.epoch:
            if delivery.seq == self.seq + 1:
                self._hand_out(delivery)
                return True
            if delivery.seq <= self.seq:
                return True
        self.held = [message]
        return False

    def begin(self, epoch: str, seq: int) -> bool:
        """The place is known: go on from it with what was held. False: a gap again."""
        self.epoch, self.seq = epoch, seq
        held, self.held = self.held or [], None
        for count, message in enumerate(held):
            if not self.take(message):
                self.held = held[count:]
                return False
        return True

    def caught_up(self, read: StreamRead) -> bool:
        """What was missed, or another history. False: there is a gap again.

        Two readings may be under way at once (the connection was lost again while the first one
        was), so whatever was handed out meanwhile is not handed out again.
        """
        if read.epoch == self.epoch and read.seq <= self.seq:
            return self.begin(self.epoch, self.seq)
        if read.recovered:
            for delivery in read.deliveries:
                if delivery.seq > self.seq:
                    self._hand_out(delivery)
        else:
            for _, on_reset in tuple(self.listeners.values()):
                if on_reset is not None:
                    on_reset(read)
        return self.begin(read.epoch, read.seq)

    def _hand_out(self, delivery: Delivery) -> None:
        self.seq = delivery.seq
        for listener, _ in tuple(self.listeners.values()):
            listener(delivery)


async def catch_up(streams: list[Followed], read_all: ReadAll) -> None:
    """Read the gaps of these streams, until there are none. Cancelled with the bus."""
    while streams:
        batch, streams = streams[:_BATCH], streams[_BATCH:]
        batch = [s for s in batch if s.listeners]
        try:
            reads = await read_all({s.key: (s.epoch, s.seq) for s in batch})
        except OSError:
            await asyncio.sleep(_RETRY_S)
            streams = batch + streams
            continue
        again = [s for s in batch if not s.caught_up(reads[s.key])]
        streams = again + streams


def read_of(key: StreamKey, answer: list[Any]) -> StreamRead:
    """What the script that reads a stream answered."""
    epoch, seq, recovered, entries = answer[0].decode(), int(answer[1]), bool(answer[2]), answer[3]
    if recovered:
        deliveries: Iterable[Delivery] = (delivery_of(key, entry) for entry in entries)
    else:
        found: list[Delivery] = []
        for entry in entries:
            number, _, tag, frame = entry.split(b"\n", 3)
            if tag:
                found.append(Delivery(key, epoch, int(number), tag.decode(), frame))
        deliveries = sorted(found, key=lambda d: d.seq)
    return StreamRead(epoch, seq, recovered, tuple(deliveries))
