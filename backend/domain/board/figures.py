"""The day's figures as sums over calls that are over. Pure.

A call adds what it is known to be; when a late report changes it, what it added is taken back
first. The same sums are made from stored calls, so both can be compared at any minute (R13).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from backend.domain.board.scope import ALL, Scope
from backend.domain.call import Call
from protocol.vocabulary import CallId, Direction, EmployeeId, Outcome

REMEMBERED = 20_000
"""Calls whose part can still be taken back; reports come late by seconds, this is hours."""
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class LegPart:
    """One leg of an employee's in a call that is over."""

    leg_id: str
    employee_id: EmployeeId
    started_at: datetime
    joined_at: datetime | None
    """When it came into the talk; None: it never did."""
    left_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EndedCall:
    """What the figures need of a call, the same from memory and from storage."""

    call_id: CallId
    direction: Direction
    outcome: Outcome
    started_at: datetime
    answered_at: datetime | None
    ended_at: datetime
    talk_s: int
    callback: bool
    legs: tuple[LegPart, ...]

    @property
    def people(self) -> frozenset[EmployeeId]:
        return frozenset(leg.employee_id for leg in self.legs)

    @property
    def placed_by(self) -> EmployeeId | None:
        """Whose call it is that goes out: his telephone was the first to be there."""
        if self.direction is not Direction.OUTBOUND or self.callback or not self.legs:
            return None
        return min(self.legs, key=lambda leg: (leg.started_at, leg.leg_id)).employee_id

    def talked_s(self, employee_id: EmployeeId) -> int | None:
        """Seconds somebody was in the talk; None: he never was."""
        spans = [
            leg.left_at - leg.joined_at
            for leg in self.legs
            if leg.employee_id == employee_id
            and leg.joined_at is not None
            and leg.left_at is not None
        ]
        if not spans:
            return None
        return max(0, round(sum((s.total_seconds() for s in spans), 0.0)))


def ended_call(call: Call) -> EndedCall | None:
    """None while it lives."""
    if call.ended_at is None or call.outcome is None:
        return None
    return EndedCall(
        call_id=call.call_id,
        direction=call.direction,
        outcome=call.outcome,
        started_at=call.started_at,
        answered_at=call.answered_at,
        ended_at=call.ended_at,
        talk_s=call.talk_s,
        callback=call.callback,
        legs=tuple(
            LegPart(
                leg_id=leg.leg_id,
                employee_id=leg.employee_id,
                started_at=leg.first_seen_at or call.started_at,
                joined_at=call.entered_at(leg),
                left_at=None
                if call.entered_at(leg) is None
                else leg.left_at or leg.ended_at or call.ended_at,
            )
            for leg in call.legs
            if leg.employee_id is not None
        ),
    )


@dataclass(slots=True)
class Tally:
    """One person's day."""

    answered: int = 0
    missed: int = 0
    placed: int = 0
    reached: int = 0
    talk_s: int = 0

    def join(self, other: Tally) -> None:
        """Another day's on top."""
        self.answered += other.answered
        self.missed += other.missed
        self.placed += other.placed
        self.reached += other.reached
        self.talk_s += other.talk_s

    def add(self, call: EndedCall, employee_id: EmployeeId, sign: int) -> None:
        talked = call.talked_s(employee_id)
        self.talk_s += sign * (talked or 0)
        if call.placed_by == employee_id:
            self.placed += sign
            self.reached += sign * (call.outcome is Outcome.ANSWERED)
        elif talked is not None:
            self.answered += sign
        elif call.outcome is not Outcome.ANSWERED:
            self.missed += sign


@dataclass(slots=True)
class Totals:
    """Everybody's day. `hours`: inbound, answered, lost and outbound of each hour."""

    inbound: int = 0
    answered: int = 0
    lost: int = 0
    failed: int = 0
    in_time: int = 0
    wait_s: int = 0
    longest_wait_s: int = 0
    outbound: int = 0
    reached: int = 0
    internal: int = 0
    talk_s: int = 0
    hours: list[list[int]] = field(default_factory=lambda: [[0, 0, 0, 0] for _ in range(24)])

    def join(self, other: Totals) -> None:
        """Another day's on top; hours of the day are put together."""
        self.inbound += other.inbound
        self.answered += other.answered
        self.lost += other.lost
        self.failed += other.failed
        self.in_time += other.in_time
        self.wait_s += other.wait_s
        self.longest_wait_s = max(self.longest_wait_s, other.longest_wait_s)
        self.outbound += other.outbound
        self.reached += other.reached
        self.internal += other.internal
        self.talk_s += other.talk_s
        for slot, more in zip(self.hours, other.hours, strict=True):
            slot[:] = [a + b for a, b in zip(slot, more, strict=True)]

    def add(self, call: EndedCall, sign: int, *, hour: int, answer_s: int) -> None:
        slot = self.hours[hour]
        self.talk_s += sign * call.talk_s
        if call.direction is Direction.INTERNAL:
            self.internal += sign
        elif call.direction is Direction.OUTBOUND:
            self.outbound += sign
            self.reached += sign * (call.outcome is Outcome.ANSWERED)
            slot[3] += sign
        else:
            self.inbound += sign
            slot[0] += sign
            self._came_in(call, sign, slot, answer_s)

    def _came_in(self, call: EndedCall, sign: int, slot: list[int], answer_s: int) -> None:
        if call.outcome is Outcome.ANSWERED:
            wait_s = waited_s(call)
            self.answered += sign
            self.wait_s += sign * wait_s
            self.in_time += sign * (not answer_s or wait_s <= answer_s)
            slot[1] += sign
            if sign > 0:
                self.longest_wait_s = max(self.longest_wait_s, wait_s)
        elif call.outcome is Outcome.LOST:
            self.lost += sign
            slot[2] += sign
        else:
            self.failed += sign


def waited_s(call: EndedCall) -> int:
    """Whole seconds until somebody answered, or until the caller gave up."""
    until = call.answered_at or call.ended_at
    return max(0, (until - call.started_at) // timedelta(seconds=1))


@dataclass(frozen=True, slots=True)
class Sum:
    """What memory and storage are compared by."""

    calls: int = 0
    answered: int = 0
    talk_s: int = 0

    def drift(self, other: Sum) -> int:
        """By how many calls they differ; at least 1 where only outcomes or seconds do."""
        if self == other:
            return 0
        return max(abs(self.calls - other.calls), abs(self.answered - other.answered), 1)


class Day:
    """One account's figures for one day of its own clock."""

    def __init__(self, day: date, timezone: str, scopes: Iterable[Scope], *, answer_s: int) -> None:
        self.day = day
        self._zone = ZoneInfo(timezone)
        self._scopes = tuple(scopes)
        self.answer_s = answer_s
        """Waiting up to this counts as answered in time."""
        self.totals: dict[str, Totals] = {scope.key: Totals() for scope in self._scopes}
        self.tallies: dict[EmployeeId, Tally] = {}
        self._recent: OrderedDict[CallId, EndedCall] = OrderedDict()
        self._minutes: dict[datetime, list[int]] = {}
        """Minute of the end → calls, answered, talked seconds."""

    @property
    def began_at(self) -> datetime:
        """Aware, in the account's zone."""
        return datetime(self.day.year, self.day.month, self.day.day, tzinfo=self._zone)

    def recent(self) -> Iterable[EndedCall]:
        """The calls counted last, oldest first."""
        return tuple(self._recent.values())

    def belongs(self, at: datetime) -> bool:
        return at.astimezone(self._zone).date() == self.day

    def take(self, call: EndedCall) -> frozenset[EmployeeId] | None:
        """Count it, in place of what was counted of it before. Whose figures changed; None where
        nothing did, such as for a call of another day."""
        known = self._recent.get(call.call_id)
        if known == call or not self.belongs(call.started_at):
            return None
        if known is not None:
            self._add(known, -1)
        self._add(call, 1)
        self._recent[call.call_id] = call
        while len(self._recent) > REMEMBERED:
            self._recent.popitem(last=False)
        return call.people | (frozenset() if known is None else known.people)

    def _add(self, call: EndedCall, sign: int) -> None:
        hour = call.started_at.astimezone(self._zone).hour
        for scope in self._scopes:
            if scope.key == ALL or scope.concerns(call.people):
                self.totals[scope.key].add(call, sign, hour=hour, answer_s=self.answer_s)
        for employee_id in call.people:
            self.tallies.setdefault(employee_id, Tally()).add(call, employee_id, sign)
        minute = self._minutes.setdefault(minute_of(call.ended_at), [0, 0, 0])
        minute[0] += sign
        minute[1] += sign * (call.outcome is Outcome.ANSWERED)
        minute[2] += sign * call.talk_s

    def until(self, cut: datetime) -> Sum:
        """Over calls that ended before `cut`, a whole minute."""
        rows = [row for minute, row in self._minutes.items() if minute < cut]
        return Sum(*(sum(column) for column in zip(*rows, strict=True))) if rows else Sum()


def minute_of(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)


def settled_until(now: datetime, late: timedelta) -> datetime:
    """The last whole minute whose calls have all reached the history."""
    return minute_of(now - late)
