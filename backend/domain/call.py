"""A call as the sum of what was reported about it.

Nothing here remembers the order of reports. Each fact is joined into the call so that doubling or
swapping reports changes nothing: instants keep the earliest, causes the strongest, hold the latest
by its own time. State, outcome, who talked and for how long are read off the facts.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from backend.domain.leg_id import CUSTOMER, leg_name
from protocol.vocabulary import (
    AccountId,
    CallId,
    CallState,
    Direction,
    EmployeeId,
    HangupCause,
    LegId,
    LegState,
    Outcome,
)

_STRENGTH: dict[HangupCause, int] = {
    cause: strength
    for strength, cause in enumerate(
        (
            HangupCause.LOST_CONTACT,
            HangupCause.FAILURE,
            HangupCause.CONGESTION,
            HangupCause.NORMAL,
            HangupCause.CANCELLED,
            HangupCause.NO_ANSWER,
            HangupCause.UNREACHABLE,
            HangupCause.INVALID_NUMBER,
            HangupCause.BUSY,
            HangupCause.REJECTED,
            HangupCause.ANSWERED_ELSEWHERE,
        )
    )
}
"""The more a cause explains, the stronger it is: `lost_contact` only says that we looked away."""

_FAILURES = frozenset(
    {
        HangupCause.LOST_CONTACT,
        HangupCause.FAILURE,
        HangupCause.CONGESTION,
        HangupCause.UNREACHABLE,
        HangupCause.INVALID_NUMBER,
    }
)
"""Ends without an answer that are nobody's choice: the call failed rather than was lost."""


# ── facts ────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """We are about to ring this leg."""

    leg_id: LegId
    number: str
    device: str | None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    leg_id: LegId
    state: LegState
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    leg_id: LegId
    cause: HangupCause
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    on: bool
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """The owner's verdict in the race of those who picked up: this leg has the talk."""

    leg_id: LegId
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """The owner's verdict in a call-back: this employee came first and calls the customer."""

    employee_id: EmployeeId
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Over:
    """The owner's verdict that the call ends now (nobody answers, given up, gone)."""

    cause: HangupCause
    at: datetime


Fact = Planned | Moved | Ended | Held | Taken | Claimed | Over


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """One party's connection, one attempt. Instants are the earliest reported."""

    leg_id: LegId
    number: str = ""
    device: str | None = None
    started_at: datetime | None = None
    ringing_at: datetime | None = None
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    cause: HangupCause | None = None

    @property
    def employee_id(self) -> EmployeeId | None:
        return leg_name(self.leg_id).employee_id

    @property
    def attempt(self) -> int:
        return leg_name(self.leg_id).attempt

    @property
    def is_customer(self) -> bool:
        return leg_name(self.leg_id).kind == CUSTOMER

    @property
    def state(self) -> LegState:
        if self.ended_at is not None:
            return LegState.ENDED
        if self.answered_at is not None:
            return LegState.UP
        return LegState.DIALING if self.ringing_at is None else LegState.RINGING

    @property
    def first_seen_at(self) -> datetime | None:
        seen = (self.started_at, self.ringing_at, self.answered_at, self.ended_at)
        return min((at for at in seen if at is not None), default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One conversation. Build it with its birth certificate, then `apply` facts.

    `placed_by` is the employee who dialled; None for an inbound call. A `callback` is an outbound
    call the customer asked for: employees are rung first, and who is `claimed` has placed it.
    `version` counts effective changes and never goes back; it is not part of what two histories
    have to agree on.
    """

    call_id: CallId
    account_id: AccountId
    direction: Direction
    number: str
    """The outside party, or the extension of an internal call's target; empty when withheld."""
    dialed: str
    started_at: datetime
    placed_by: EmployeeId | None = None
    callback: bool = False
    claimed: tuple[datetime, EmployeeId] | None = None
    legs: tuple[Leg, ...] = ()
    """In the order of their ids: the order of reports must not show."""
    hold: tuple[datetime, bool] | None = None
    taken: tuple[datetime, LegId] | None = None
    over: tuple[datetime, HangupCause] | None = None
    version: int = 1

    # ── parties ──

    def leg(self, leg_id: LegId) -> Leg | None:
        return next((leg for leg in self.legs if leg.leg_id == leg_id), None)

    @property
    def customer(self) -> Leg | None:
        return next((leg for leg in self.legs if leg.is_customer), None)

    def is_origin(self, leg: Leg) -> bool:
        """Whether this leg is on the side the call came from."""
        if self.direction is Direction.INBOUND:
            return leg.is_customer
        return leg.employee_id is not None and leg.employee_id == self.placed_by

    @property
    def origin_up(self) -> Leg | None:
        """The leg of the side the call came from that picked up first."""
        up = [leg for leg in self.legs if self.is_origin(leg) and leg.answered_at is not None]
        return min(up, key=_pick_up_order, default=None)

    @property
    def answered_leg(self) -> Leg | None:
        """Who was called and talks: the owner's choice, else who picked up first."""
        if self.taken is not None:
            chosen = self.leg(self.taken[1])
            if chosen is not None:
                return chosen
        up = [leg for leg in self.legs if not self.is_origin(leg) and leg.answered_at is not None]
        if self.callback:
            # An operator who picks up is the side it comes from, even when another was quicker.
            up = [leg for leg in up if leg.is_customer]
        return min(up, key=_pick_up_order, default=None)

    @property
    def first_operator(self) -> Leg | None:
        """Who picked up first in a call-back nobody has claimed yet."""
        if not self.callback or self.claimed is not None:
            return None
        up = [leg for leg in self.legs if not leg.is_customer and leg.answered_at is not None]
        return min(up, key=_pick_up_order, default=None)

    @property
    def answered_by(self) -> EmployeeId | None:
        """The employee who took the call; None when an outside party answered."""
        leg = self.answered_leg
        return None if leg is None else leg.employee_id

    @property
    def rung(self) -> tuple[EmployeeId, ...]:
        """Employees the call was offered to, in the order they began to ring."""
        first: dict[EmployeeId, datetime] = {}
        for leg in self.legs:
            seen = leg.first_seen_at
            if leg.employee_id is None or self.is_origin(leg) or seen is None:
                continue
            first[leg.employee_id] = min(first.get(leg.employee_id, seen), seen)
        return tuple(sorted(first, key=lambda employee: (first[employee], employee)))

    def leg_of(self, employee_id: EmployeeId) -> Leg | None:
        """This employee's own leg: the one that talks, else the newest attempt."""
        own = [leg for leg in self.legs if leg.employee_id == employee_id]
        for talking in (self.answered_leg, self.origin_up):
            if talking is not None and talking.employee_id == employee_id:
                return talking
        return max(own, key=lambda leg: leg.attempt, default=None)

    def next_attempt(self, employee_id: EmployeeId) -> int:
        """A number no leg of this employee has had."""
        own = [leg.attempt for leg in self.legs if leg.employee_id == employee_id]
        return max(own, default=0) + 1

    @property
    def live_legs(self) -> tuple[Leg, ...]:
        return tuple(leg for leg in self.legs if leg.state is not LegState.ENDED)

    def concerned(self) -> frozenset[EmployeeId]:
        """Whose card may live: who talks or dialled; before an answer, who is ringing too.

        Read off the call, never off reports about single legs: one lost "cancelled" report must
        not leave a card ringing at a colleague's (a known fault of other systems).
        """
        found = set() if self.placed_by is None else {self.placed_by}
        if self.answered_leg is not None:
            if self.answered_by is not None:
                found.add(self.answered_by)
        elif self.state is not CallState.ENDED:
            found.update(leg.employee_id for leg in self.live_legs if leg.employee_id is not None)
        return frozenset(found)

    # ── what became of it ──

    @property
    def ended_at(self) -> datetime | None:
        """When it was over, or None while it lives. Any one of its ends ends it for good."""
        return min((at for at, _ in self._ends()), default=None)

    def _ends(self) -> list[tuple[datetime, HangupCause | None]]:
        """What ended the call: a verdict, or a party it cannot go on without."""
        ends: list[tuple[datetime, HangupCause | None]] = []
        if self.over is not None:
            ends.append(self.over)
        origin = self.origin_up
        for leg in self.legs:
            needed = leg.is_customer or (self.taken is not None and leg.leg_id == self.taken[1])
            if leg.ended_at is not None and (needed or leg == origin):
                ends.append((leg.ended_at, leg.cause))
        return ends

    @property
    def is_held(self) -> bool:
        return self.hold is not None and self.hold[1]

    @property
    def state(self) -> CallState:
        if self.ended_at is not None:
            return CallState.ENDED
        if self.answered_leg is None:
            return CallState.RINGING
        return CallState.HELD if self.is_held else CallState.TALKING

    @property
    def answered_at(self) -> datetime | None:
        leg = self.answered_leg
        if leg is None:
            return None
        return leg.answered_at or (None if self.taken is None else self.taken[0])

    @property
    def talk_s(self) -> int:
        """Whole seconds from the answer to the end; 0 while it lives."""
        if self.answered_at is None or self.ended_at is None:
            return 0
        return max(0, (self.ended_at - self.answered_at) // timedelta(seconds=1))

    @property
    def cause(self) -> HangupCause | None:
        """Why it ended: the cause of what ended it first, the strongest if several did."""
        at = self.ended_at
        if at is None:
            return None
        causes = [cause for end, cause in self._ends() if end == at and cause is not None]
        return max(causes, key=_STRENGTH.__getitem__, default=HangupCause.NORMAL)

    @property
    def outcome(self) -> Outcome | None:
        """None while it lives. Answered needs only that somebody picked up, whatever else was
        reported and in whatever order: a missed leg never makes an answered call missed."""
        if self.ended_at is None:
            return None
        if self.answered_leg is not None:
            return Outcome.ANSWERED
        return Outcome.FAILED if self.cause in _FAILURES else Outcome.LOST


def apply(call: Call, fact: Fact) -> Call:
    """The call with `fact` joined in; the very same object when it says nothing new."""
    match fact:
        case Planned() | Moved() | Ended():
            changed = _with_leg(call, fact)
        case Held(on=on, at=at):
            changed = replace(call, hold=max(call.hold or (at, on), (at, on)))
        case Taken(leg_id=leg_id, at=at):
            # Who has the talk did pick up, even if that report was lost.
            up = _with_leg(call, Moved(leg_id=leg_id, state=LegState.UP, at=at))
            changed = replace(up, taken=min(call.taken or (at, leg_id), (at, leg_id)))
        case Claimed(employee_id=employee_id, at=at):
            claimed = min(call.claimed or (at, employee_id), (at, employee_id))
            changed = replace(call, claimed=claimed, placed_by=claimed[1])
        case Over(cause=cause, at=at):
            changed = replace(call, over=_earlier(call.over, (at, cause)))
    return call if changed == call else replace(changed, version=call.version + 1)


def raised(call: Call, version: int) -> Call:
    """The call with at least this version: a new owner begins above whatever was told before."""
    return call if version <= call.version else replace(call, version=version)


def _with_leg(call: Call, fact: Planned | Moved | Ended) -> Call:
    after = _joined(call.leg(fact.leg_id) or Leg(leg_id=fact.leg_id), fact)
    others = [leg for leg in call.legs if leg.leg_id != fact.leg_id]
    return replace(call, legs=tuple(sorted([*others, after], key=lambda leg: leg.leg_id)))


def _joined(leg: Leg, fact: Planned | Moved | Ended) -> Leg:
    match fact:
        case Planned(number=number, device=device, at=at):
            return replace(
                leg,
                number=max(leg.number, number),
                device=max(leg.device or "", device or "") or None,
                started_at=_earliest(leg.started_at, at),
            )
        case Moved(state=LegState.RINGING, at=at):
            return replace(leg, ringing_at=_earliest(leg.ringing_at, at))
        case Moved(state=LegState.UP, at=at):
            return replace(leg, answered_at=_earliest(leg.answered_at, at))
        case Moved(state=LegState.DIALING, at=at):
            return replace(leg, started_at=_earliest(leg.started_at, at))
        case Moved(at=at):
            return replace(leg, ended_at=_earliest(leg.ended_at, at))
        case Ended(cause=cause, at=at):
            known = leg.cause or cause
            return replace(
                leg,
                ended_at=_earliest(leg.ended_at, at),
                cause=max(known, cause, key=_STRENGTH.__getitem__),
            )


def _earliest(known: datetime | None, at: datetime) -> datetime:
    return at if known is None else min(known, at)


def _earlier(
    known: tuple[datetime, HangupCause] | None, new: tuple[datetime, HangupCause]
) -> tuple[datetime, HangupCause]:
    if known is None:
        return new
    return min(known, new, key=lambda verdict: (verdict[0], -_STRENGTH[verdict[1]]))


def _pick_up_order(leg: Leg) -> tuple[datetime, LegId]:
    if leg.answered_at is None:
        raise ValueError(f"{leg.leg_id} did not pick up")
    return leg.answered_at, leg.leg_id
