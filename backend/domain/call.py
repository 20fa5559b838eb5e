"""A call as the sum of what was reported about it.

Each fact is joined into the call so that doubling or swapping reports changes nothing: instants
keep the earliest, causes the strongest, hold the latest by its own time. State, outcome, who talked
and for how long are read off the facts.

Who talks may change while the call lives. Each side is held by whoever is on it: a leg joins,
another parts, and only when the last one on a side *ends* without having parted does the call end.
A side that everybody parted from is vacant: somebody is being found for it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from backend.domain.call_facts import (
    FAILURES,
    STRENGTH,
    Claimed,
    Ended,
    Fact,
    Held,
    Joined,
    LegFact,
    Moved,
    Muted,
    Over,
    Parted,
    Planned,
    Side,
    Sought,
    Taken,
    earlier,
)
from backend.domain.leg import Leg, last_out, pick_up_order, with_fact
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

__all__ = [
    "Call",
    "Claimed",
    "Ended",
    "Fact",
    "Held",
    "Joined",
    "Leg",
    "Moved",
    "Muted",
    "Over",
    "Parted",
    "Planned",
    "Side",
    "Sought",
    "Taken",
    "apply",
    "raised",
]


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
    sought: tuple[datetime, bool] | None = None
    taken: tuple[datetime, LegId] | None = None
    over: tuple[datetime, HangupCause] | None = None
    version: int = 1

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
        up = [
            leg
            for leg in self.legs
            if self.is_origin(leg) and leg.answered_at is not None and leg.joined is None
        ]
        return min(up, key=pick_up_order, default=None)

    @property
    def answered_leg(self) -> Leg | None:
        """Who was called and talked first: the owner's choice, else who picked up first."""
        if self.taken is not None:
            chosen = self.leg(self.taken[1])
            if chosen is not None:
                return chosen
        up = [
            leg
            for leg in self.legs
            if not self.is_origin(leg) and leg.answered_at is not None and leg.joined is None
        ]
        if self.callback:
            # An operator who picks up is the side it comes from, even when another was quicker.
            up = [leg for leg in up if leg.is_customer]
        return min(up, key=pick_up_order, default=None)

    @property
    def first_operator(self) -> Leg | None:
        """Who picked up first in a call-back nobody has claimed yet."""
        if not self.callback or self.claimed is not None:
            return None
        up = [leg for leg in self.legs if not leg.is_customer and leg.answered_at is not None]
        return min(up, key=pick_up_order, default=None)

    @property
    def answered_by(self) -> EmployeeId | None:
        """The employee who took the call; None when an outside party answered."""
        leg = self.answered_leg
        return None if leg is None else leg.employee_id

    def side_of(self, leg: Leg) -> Side | None:
        """The side this leg is, or was, in the talk for; None: it never was."""
        return next((side for side, known in self._seats() if known == leg), None)

    def _seats(self) -> list[tuple[Side, Leg]]:
        """Everybody who is or was in the talk with the side, the caller's first."""
        customers: Side = "caller" if self.direction is Direction.INBOUND else "callee"
        origin, answered = self.origin_up, self.answered_leg
        found: list[tuple[Side, Leg]] = []
        for leg in self.legs:
            if leg.is_customer:
                found.append((customers, leg))
            elif leg.joined is not None:
                found.append((leg.joined[1], leg))
            elif leg == origin:
                found.append(("caller", leg))
            elif leg == answered:
                found.append(("callee", leg))
        return sorted(found, key=_seat_order)

    @property
    def members(self) -> tuple[Leg, ...]:
        """Everybody who is or was in the talk, the caller's side first."""
        return tuple(leg for _, leg in self._seats())

    @property
    def talkers(self) -> tuple[Leg, ...]:
        """Who is in the talk now, the caller's side first."""
        return tuple(leg for leg in self.members if leg.left_at is None)

    @property
    def vacant(self) -> Side | None:
        """The side that everybody left while the call goes on: somebody is to be found for it."""
        nobody_left = all(leg.parted_at is None for leg in self.legs)
        if self.taken is None or nobody_left or self.ended_at is not None:
            return None
        here: dict[Side, bool] = {}
        for side, leg in self._seats():
            here[side] = here.get(side, False) or leg.left_at is None
        return next((side for side, somebody in here.items() if not somebody), None)

    @property
    def talked(self) -> tuple[EmployeeId, ...]:
        """Employees who had the talk, in the order they came into it."""
        entered: dict[EmployeeId, datetime] = {}
        for leg in self.members:
            if leg.employee_id is not None:
                at = self._entered_at(leg)
                entered[leg.employee_id] = min(entered.get(leg.employee_id, at), at)
        return tuple(sorted(entered, key=lambda who: (entered[who], who)))

    @property
    def last_talker(self) -> EmployeeId | None:
        """Who came into the talk last, of all employees; of those who are in it, if any is."""
        own = [leg for leg in self.members if leg.employee_id is not None]
        inside = [leg for leg in own if leg.left_at is None] or own
        last = max(inside, key=lambda leg: (self._entered_at(leg), leg.leg_id), default=None)
        return None if last is None else last.employee_id

    def _entered_at(self, leg: Leg) -> datetime:
        if leg.joined is not None:
            return leg.joined[0]
        return leg.answered_at or self.started_at

    def entered_at(self, leg: Leg) -> datetime | None:
        """When this leg came into the talk; None: it never did."""
        talked = self.answered_leg is not None and self.side_of(leg) is not None
        return self._entered_at(leg) if talked else None

    @property
    def at_talk(self) -> frozenset[EmployeeId]:
        """Employees whose call this is: who is in the talk or, before an answer, who placed it. Of
        a call that is over, those who were in it at its end."""
        ended_at = self.ended_at
        found: set[EmployeeId] = set()
        last: set[EmployeeId] = set()
        others = False
        for leg in self.members:
            left_at = leg.left_at
            others = others or (left_at is None and not leg.is_customer)
            if leg.employee_id is None or leg.has_parted:
                continue
            last.add(leg.employee_id)
            if left_at is None or (ended_at is not None and left_at >= ended_at):
                found.add(leg.employee_id)
        if not others:
            # The end of the last of them is known, that of the call is still to be reported.
            found = found or last
        placed_by = self.placed_by
        if placed_by is not None and placed_by not in found and self.origin_up is None:
            found.add(placed_by)
        return frozenset(found)

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
        for leg in (*self.talkers, self.answered_leg, self.origin_up):
            if leg is not None and leg.employee_id == employee_id and not leg.has_parted:
                return leg
        return max(own, key=lambda leg: leg.attempt, default=None)

    def next_attempt(self, employee_id: EmployeeId) -> int:
        """A number no leg of this employee has had."""
        own = [leg.attempt for leg in self.legs if leg.employee_id == employee_id]
        return max(own, default=0) + 1

    @property
    def live_legs(self) -> tuple[Leg, ...]:
        return tuple(leg for leg in self.legs if leg.state is not LegState.ENDED)

    def concerned(self) -> frozenset[EmployeeId]:
        """Whose card may live: who talks or dialled; while nobody does, who is ringing too.

        Read off the call, never off reports about single legs: one lost "cancelled" report must
        not leave a card ringing at a colleague's (a known fault of other systems).
        """
        found = set(self.at_talk)
        rings = () if self.state is CallState.ENDED else self.live_legs
        if self.answered_leg is not None:
            since = self.sought[0] if self.sought is not None and self.sought[1] else None
            rings = tuple(
                leg
                for leg in rings
                if since is not None and leg.started_at is not None and leg.started_at >= since
            )
        found.update(leg.employee_id for leg in rings if leg.employee_id is not None)
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
        if all(leg.ended_at is None for leg in self.legs):
            return ends
        sides: dict[Side, list[Leg]] = {"caller": [], "callee": []}
        for side, leg in self._seats():
            if not leg.is_customer:
                sides[side].append(leg)
            elif leg.ended_at is not None:
                ends.append((leg.ended_at, leg.cause))
        if self.taken is None:
            del sides["callee"]
        for members in sides.values():
            ends += last_out(members)
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
        waits = self.is_held or self.vacant is not None
        return CallState.HELD if waits else CallState.TALKING

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
        return max(causes, key=STRENGTH.__getitem__, default=HangupCause.NORMAL)

    @property
    def outcome(self) -> Outcome | None:
        """None while it lives. Answered needs only that somebody picked up, whatever else was
        reported and in whatever order: a missed leg never makes an answered call missed."""
        if self.ended_at is None:
            return None
        if self.answered_leg is not None:
            return Outcome.ANSWERED
        return Outcome.FAILED if self.cause in FAILURES else Outcome.LOST


def apply(call: Call, fact: Fact) -> Call:
    """The call with `fact` joined in; the very same object when it says nothing new."""
    match fact:
        case Planned() | Moved() | Ended() | Muted() | Joined() | Parted():
            changed = _with_leg(call, fact)
        case Held(on=on, at=at):
            changed = replace(call, hold=max(call.hold or (at, on), (at, on)))
        case Sought(on=on, at=at):
            changed = replace(call, sought=max(call.sought or (at, on), (at, on)))
        case Taken(leg_id=leg_id, at=at):
            # Who has the talk did pick up, even if that report was lost.
            up = _with_leg(call, Moved(leg_id=leg_id, state=LegState.UP, at=at))
            changed = replace(up, taken=min(call.taken or (at, leg_id), (at, leg_id)))
        case Claimed(employee_id=employee_id, at=at):
            claimed = min(call.claimed or (at, employee_id), (at, employee_id))
            changed = replace(call, claimed=claimed, placed_by=claimed[1])
        case Over(cause=cause, at=at):
            changed = replace(call, over=earlier(call.over, (at, cause)))
    return call if changed == call else replace(changed, version=call.version + 1)


def raised(call: Call, version: int) -> Call:
    """The call with at least this version: a new owner begins above whatever was told before."""
    return call if version <= call.version else replace(call, version=version)


def _with_leg(call: Call, fact: LegFact) -> Call:
    after = with_fact(call.leg(fact.leg_id) or Leg(leg_id=fact.leg_id), fact)
    others = [leg for leg in call.legs if leg.leg_id != fact.leg_id]
    return replace(call, legs=tuple(sorted([*others, after], key=lambda leg: leg.leg_id)))


def _seat_order(seat: tuple[Side, Leg]) -> tuple[int, LegId]:
    """The caller's side first; an outside party before those who talk to it."""
    side, leg = seat
    return (side == "callee", leg.leg_id)
