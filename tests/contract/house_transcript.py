"""What readers of a stream were told, and what they would be told had they been away (R1).

A transcript, one JSON file per employee in `tests/transcripts/`, is
`{streams: {name: {snapshot, frames, fresh, cuts}}}`: the snapshot at the beginning, every push and
reset since, the snapshot at the end, and forks. A fork `{after, seq, recovered, seqs}` is a reader
who was cut off after so many frames and comes back when the stream stands at `seq`: it is answered
with the pushes of those numbers. Each push is encoded once for all readers, so numbers suffice.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from backend.bus.memory import MemoryBus
from backend.services.ports import Delivery, StreamKey, StreamRead
from protocol.pushes import REMOVALS

ROOM = Path(__file__).parent.parent / "transcripts"
_AWAY = (0, 1, 2, 7, 30)
"""How many frames somebody who comes back has missed; besides, everybody comes back at the end."""

View = dict[str, dict[str, Any]]


def fold(view: View, push: dict[str, Any]) -> View:
    """As the widget does it."""
    known = view.get(push["entity"])
    if known is not None and known["version"] > push["version"]:
        return view
    rest = {e: p for e, p in view.items() if e != push["entity"]}
    return rest if push["type"] in REMOVALS else {**rest, push["entity"]: push}


def folded(view: View, pushes: list[dict[str, Any]]) -> View:
    for push in pushes:
        view = fold(view, push)
    return view


@dataclass(frozen=True)
class Fork:
    after: int
    seq: int
    recovered: bool
    seqs: tuple[int, ...]


@dataclass
class StreamRecord:
    """One stream, from its beginning on."""

    key: StreamKey
    bus: MemoryBus
    snapshot: list[dict[str, Any]] = field(default_factory=list)
    frames: list[dict[str, Any]] = field(default_factory=list)
    fresh: list[dict[str, Any]] = field(default_factory=list)
    forks: dict[Fork, None] = field(default_factory=dict)
    by_seq: dict[int, dict[str, Any]] = field(default_factory=dict)
    positions: list[tuple[str, int]] = field(default_factory=list)
    """After so many frames."""

    def begin(self) -> None:
        read = self.bus._read(self.key, None)
        self.snapshot = self._kept(read.deliveries)
        self.positions = [(read.epoch, read.seq)]

    def heard(self, delivery: Delivery) -> None:
        if not self.positions:
            return
        self.frames += self._kept((delivery,))
        self.positions.append((delivery.epoch, delivery.seq))
        self._fork()

    def reset(self, read: StreamRead) -> None:
        if not self.positions:
            return
        start = {
            "epoch": read.epoch, "seq": read.seq, "recovered": read.recovered,
            "pushes": self._kept(read.deliveries),
        }  # fmt: skip
        stream = self.key.partition(":")[0]
        self.frames.append({"type": "stream.reset", "stream": stream, "start": start})
        self.positions.append((read.epoch, read.seq))
        self._fork()

    def end(self) -> None:
        self.fresh = self._kept(self.bus._read(self.key, None).deliveries)
        for after in range(len(self.positions)):
            self._come_back(after)

    def _fork(self) -> None:
        for missed in _AWAY:
            if missed < len(self.positions):
                self._come_back(len(self.positions) - 1 - missed)
        # Somebody who was never here, or whose history is another one.
        self._answer(len(self.positions) - 1, self.bus._read(self.key, None))

    def _come_back(self, after: int) -> None:
        self._answer(after, self.bus._read(self.key, self.positions[after]))

    def _answer(self, after: int, read: StreamRead) -> None:
        pushes = self._kept(read.deliveries)
        seqs = tuple(push["seq"] for push in pushes)
        self.forks[Fork(after, read.seq, read.recovered, seqs)] = None

    def _kept(self, deliveries: tuple[Delivery, ...]) -> list[dict[str, Any]]:
        pushes = []
        for delivery in deliveries:
            push = json.loads(delivery.frame)
            # One encoding for all readers, live or late.
            assert self.by_seq.setdefault(delivery.seq, push) == push
            pushes.append(push)
        return pushes

    # ── replaying ──

    def replayed(self, view: View, after_seq: int) -> View:
        """What a live reader makes of the frames beyond `after_seq`."""
        for frame in self.frames:
            if frame["type"] == "stream.reset":
                if frame["start"]["seq"] > after_seq:
                    view = folded({}, frame["start"]["pushes"])
            elif frame["seq"] > after_seq:
                view = fold(view, frame)
        return view

    def views(self) -> list[View]:
        """After so many frames."""
        found = [folded({}, self.snapshot)]
        for frame in self.frames:
            if frame["type"] == "stream.reset":
                found.append(folded({}, frame["start"]["pushes"]))
            else:
                found.append(fold(found[-1], frame))
        return found

    def as_json(self) -> dict[str, Any]:
        return {
            "snapshot": self.snapshot,
            "frames": self.frames,
            "fresh": self.fresh,
            "cuts": [
                {"after": f.after, "seq": f.seq, "recovered": f.recovered, "seqs": list(f.seqs)}
                for f in self.forks
            ],
        }


def write(name: str, streams: dict[str, StreamRecord]) -> None:
    ROOM.mkdir(exist_ok=True)
    body = {"streams": {stream: record.as_json() for stream, record in streams.items()}}
    (ROOM / f"{name}.json").write_text(json.dumps(body, ensure_ascii=False), encoding="utf-8")
