"""The board's past: whole views and what was told between them, kept and played again (M5).

Kept is what was told, not why: the same pushes folded by the same rules give the same view, so a
moment that is looked at again shows what supervisors saw then.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import structlog

from backend.domain.board.scope import Scope
from backend.domain.board.view import View, Wire, digest, fold
from backend.kit.clock import Clock
from backend.services.ports.board import BoardRows, LogRow
from protocol import pushes
from protocol.frames import Push
from protocol.vocabulary import AccountId

log = structlog.get_logger(__name__)

FLUSH_S = 2.0
"""What a killed process loses of the past at most."""
WHOLE_S = 300.0
"""Between whole views: folding five busy minutes takes some 100 ms."""
MAX_WAITING = 50_000
"""Pushes kept for a database that is away, about ten busy minutes; then a whole view follows."""

_Line = tuple[int, str, msgspec.Raw]
"""Milliseconds since 1970, the one board it was told on ('' for all), the push."""
_lines = msgspec.json.Decoder(list[_Line])
_encode = msgspec.json.Encoder().encode


def _ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)


def _instant(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)


def _row(kind: Any, lines: Sequence[_Line], began: datetime, ended: datetime) -> LogRow:
    body = zlib.compress(_encode(lines), 6)
    return LogRow(kind=kind, began_at=began, ended_at=ended, body=body)


class Recorder:
    """Writes down what one account's boards are told, beside the telling."""

    def __init__(self, account_id: AccountId, rows: BoardRows, clock: Clock) -> None:
        self._account_id = account_id
        self._rows = rows
        self._clock = clock
        self._view: dict[tuple[str, str], msgspec.Raw] = {}
        self._waiting: list[_Line] = []
        self._whole_at: float | None = None
        """Monotonic second of the last whole view; None: one is due."""
        self._writing = asyncio.Lock()

    def take(self, told: Iterable[tuple[str, Push]]) -> None:
        """Pushes told just now, each with the one board it is for, '' for all."""
        at = _ms(self._clock.now())
        for only, push in told:
            raw, tag = msgspec.Raw(pushes.encode(push)), pushes.tag(push)
            self._waiting.append((at, only, raw))
            if tag.endswith("_removed"):
                self._view.pop((only, push.entity), None)
            else:
                self._view[only, push.entity] = raw
        if len(self._waiting) > MAX_WAITING:
            self._waiting.clear()
            self._whole_at = None

    async def run(self) -> None:
        failing = False
        while True:
            await self._clock.sleep(FLUSH_S)
            try:
                await self.flush()
            except Exception as error:
                if not failing:
                    log.warning("board.past_away", account=self._account_id, error=repr(error))
                failing = True
            else:
                failing = False

    async def flush(self) -> None:
        """Write what waits, and a whole view when one is due. What cannot be written waits on."""
        async with self._writing:
            now, monotonic = self._clock.now(), self._clock.monotonic()
            waiting, self._waiting = self._waiting, []
            out = []
            if self._whole_at is not None and waiting:
                out.append(
                    _row("pushes", waiting, _instant(waiting[0][0]), _instant(waiting[-1][0]))
                )
            due = self._whole_at is None or (waiting and monotonic - self._whole_at >= WHOLE_S)
            if due:
                at = _ms(now)
                whole = [(at, only, raw) for (only, _), raw in self._view.items()]
                out.append(_row("whole", whole, now, now))
            if not out:
                return
            try:
                await self._rows.append(self._account_id, out)
            except BaseException:
                self._waiting = [*waiting, *self._waiting]
                raise
            if due:
                self._whole_at = monotonic


@dataclass(frozen=True, slots=True)
class Past:
    """A span of the past. `start` is the view at its beginning, `events` what came then, each with
    its instant; `digest` is of the view at its end."""

    began_at: datetime
    ended_at: datetime
    start: list[Wire]
    events: list[tuple[datetime, Wire]]
    digest: str


def replayed(rows: Iterable[LogRow], scope: Scope, since: datetime, until: datetime) -> Past:
    """What the board `scope` showed from `since` to `until`; people who left its teams meanwhile
    are not shown, those who came are."""
    view: View = {}
    start: View | None = None
    events: list[tuple[datetime, Wire]] = []
    for row in rows:
        lines = [
            (_instant(at), msgspec.json.decode(raw))
            for at, only, raw in _lines.decode(zlib.decompress(row.body))
            if only in ("", scope.key)
        ]
        if row.kind == "whole":
            # Mostly what is known already; another owner's view may differ.
            lines = list(_changes(view, [push for _, push in lines], row.began_at))
        for at, push in lines:
            if at > until or not (scope.sees(push) or push["entity"] in view):
                continue
            if start is None and at > since:
                start = dict(view)
            fold(view, [push])
            if start is not None:
                events.append((at, push))
    return Past(
        began_at=since,
        ended_at=until,
        start=list((view if start is None else start).values()),
        events=events,
        digest=digest(view),
    )


def _changes(view: View, whole: Sequence[Wire], at: datetime) -> Iterable[tuple[datetime, Wire]]:
    """The pushes that make `view` the whole one."""
    now = {push["entity"]: push for push in whole}
    for entity in view.keys() - now.keys():
        yield at, {"type": "board.entity_removed", "entity": entity}
    for entity, push in now.items():
        if view.get(entity) != push:
            yield at, push


def span(since: datetime, until: datetime, longest: timedelta) -> tuple[datetime, datetime]:
    """`until` no later than `longest` after `since`."""
    return since, min(until, since + longest)
