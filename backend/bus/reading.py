"""A question for several streams over Redis, and what its answer means for those just followed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from backend.bus import keys
from backend.bus.fanout import Followed, read_of
from backend.bus.line import Word
from backend.bus.memory import new_epoch
from backend.services.ports import StreamKey, StreamRead
from protocol.frames import Position


class Following(Protocol):
    """The bus, as far as a reading touches what it follows."""

    followed: dict[bytes, Followed]

    def ask_place(self, channel: bytes, followed: Followed) -> None: ...
    def placed(self, channel: bytes, followed: Followed, epoch: str, seq: int) -> None: ...


class Reading:
    """A question for several streams. Those that are just begun to be followed learn their place
    from its answer."""

    __slots__ = ("_beginning", "_bus", "_positions", "args", "names")

    def __init__(self, bus: Following, positions: Mapping[StreamKey, Position | None]) -> None:
        self._bus = bus
        self._positions = positions
        self._beginning: list[tuple[bytes, Followed]] = []
        self.names: list[str] = []
        self.args: list[Word] = [new_epoch()]
        for key, position in positions.items():
            stream = keys.stream(key)
            self.names += (stream.state, stream.entities, stream.log)
            self.args += position or ("", 0)
            channel = keys.channel(key).encode()
            followed = bus.followed.get(channel)
            if followed is not None and not followed.asked:
                followed.asked = True
                self._beginning.append((channel, followed))

    def failed(self) -> None:
        """Others may wait for these streams: their place is asked for all the same."""
        for channel, followed in self._beginning:
            followed.asked = False
            self._bus.ask_place(channel, followed)

    def done(self, answers: list[Any]) -> dict[StreamKey, StreamRead]:
        reads = {
            key: read_of(key, answer) for key, answer in zip(self._positions, answers, strict=True)
        }
        for channel, followed in self._beginning:
            read = reads[followed.key]
            self._bus.placed(channel, followed, read.epoch, read.seq)
        return reads
