"""What came of a list (D6), counted from its attempts: each figure can name its calls.

Definitions as in reference/telephony §8.1: an attempt is one dial of one number; the answer rate is
answered by attempts; an operator whose own phone did not pick up made none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

from backend.domain.dialer.rules import NOT_COUNTED
from protocol.dialer_words import AttemptOutcome
from protocol.vocabulary import CallId, EmployeeId


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialled:
    """An attempt as figures need it."""

    call_id: CallId
    item: str
    employee_id: EmployeeId
    shown_at: datetime | None
    at: datetime
    ended_at: datetime | None
    wrapped_at: datetime | None
    outcome: AttemptOutcome | None
    talk_s: int
    disposition: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which calls a figure is of; what is None does not matter. `hour` is of the day, on the
    account's clock."""

    outcome: AttemptOutcome | None = None
    disposition: str | None = None
    employee_id: EmployeeId | None = None
    hour: int | None = None

    def takes(self, one: Dialled, zone: str) -> bool:
        return (
            self.outcome in (None, one.outcome)
            and self.disposition in (None, one.disposition)
            and self.employee_id in (None, one.employee_id)
            and self.hour in (None, _hour(one, zone))
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Seconds are whole and of everybody together. `idle_s`: between the end of one wrap-up and
    the next card of the same operator, breaks of more than half an hour left out."""

    attempts: int = 0
    reached: int = 0
    people: int = 0
    """Different people dialled."""
    people_reached: int = 0
    outcomes: dict[AttemptOutcome, int] = field(default_factory=dict)
    dispositions: dict[str, int] = field(default_factory=dict)
    talk_s: int = 0
    wrap_up_s: int = 0
    preview_s: int = 0
    idle_s: int = 0
    by_hour: dict[int, tuple[int, int]] = field(default_factory=dict)
    """Hour of the day → attempts, reached."""
    by_employee: dict[EmployeeId, tuple[int, int]] = field(default_factory=dict)

    @property
    def answer_rate(self) -> float | None:
        """Of 1; None before the first attempt."""
        return None if self.attempts == 0 else round(self.reached / self.attempts, 4)


K = TypeVar("K", int, EmployeeId)
_BREAK = timedelta(minutes=30)


def counted(attempts: Iterable[Dialled]) -> list[Dialled]:
    """Those that are attempts: begun for the person, and over or still going on."""
    return [one for one in attempts if one.outcome not in NOT_COUNTED]


def figures(attempts: Sequence[Dialled], *, zone: str) -> Figures:
    """`zone` is the account's, for the hours of the day."""
    real = counted(attempts)
    reached = [one for one in real if one.outcome is AttemptOutcome.REACHED]
    return Figures(
        attempts=len(real),
        reached=len(reached),
        people=len({one.item for one in real}),
        people_reached=len({one.item for one in reached}),
        outcomes=dict(Counter(one.outcome for one in real if one.outcome is not None)),
        dispositions=dict(Counter(one.disposition for one in real if one.disposition)),
        talk_s=sum(one.talk_s for one in real),
        wrap_up_s=sum(_seconds(one.ended_at, one.wrapped_at) for one in real),
        preview_s=sum(_seconds(one.shown_at, one.at) for one in real),
        idle_s=_idle(attempts),
        by_hour=_pairs(real, lambda one: _hour(one, zone)),
        by_employee=_pairs(real, lambda one: one.employee_id),
    )


def _pairs(attempts: Iterable[Dialled], key: Callable[[Dialled], K]) -> dict[K, tuple[int, int]]:
    found: dict[K, tuple[int, int]] = {}
    for one in attempts:
        made, reached = found.get(key(one), (0, 0))
        found[key(one)] = (made + 1, reached + (one.outcome is AttemptOutcome.REACHED))
    return {place: found[place] for place in sorted(found)}


def _hour(one: Dialled, zone: str) -> int:
    return one.at.astimezone(ZoneInfo(zone)).hour


def _seconds(begin: datetime | None, end: datetime | None) -> int:
    return 0 if begin is None or end is None else max(0, round((end - begin).total_seconds()))


def _idle(attempts: Sequence[Dialled]) -> int:
    last: dict[EmployeeId, datetime] = {}
    idle = timedelta()
    for one in sorted(attempts, key=lambda a: a.at):
        before, begins = last.get(one.employee_id), one.shown_at or one.at
        if before is not None and timedelta() < begins - before < _BREAK:
            idle += begins - before
        end = one.wrapped_at or one.ended_at
        if end is not None:
            last[one.employee_id] = end
    return round(idle.total_seconds())
