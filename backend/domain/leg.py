"""One party's connection to a call, as the sum of what was reported about it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from backend.domain.call_facts import (
    STRENGTH,
    Ended,
    Joined,
    LegFact,
    Moved,
    Muted,
    Parted,
    Planned,
    Side,
)
from backend.domain.leg_id import CUSTOMER, leg_name
from protocol.vocabulary import EmployeeId, HangupCause, LegId, LegState


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
    joined: tuple[datetime, Side] | None = None
    """It came into a talk that was under way."""
    parted_at: datetime | None = None
    """It left the talk without ending it."""
    mute: tuple[datetime, bool] | None = None

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

    @property
    def has_parted(self) -> bool:
        """It left before it ended: its end is nobody's loss."""
        if self.parted_at is None:
            return False
        return self.ended_at is None or self.parted_at <= self.ended_at

    @property
    def left_at(self) -> datetime | None:
        """When it was no longer in the talk, by whichever way."""
        return self.parted_at if self.has_parted else self.ended_at

    @property
    def is_muted(self) -> bool:
        return self.mute is not None and self.mute[1]


def with_fact(leg: Leg, fact: LegFact) -> Leg:
    """The leg with `fact` joined in."""
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
                cause=max(known, cause, key=STRENGTH.__getitem__),
            )
        case Muted(on=on, at=at):
            return replace(leg, mute=max(leg.mute or (at, on), (at, on)))
        case Joined(side=side, at=at):
            # Who is in the talk did pick up, even if that report was lost.
            return replace(
                leg,
                joined=min(leg.joined or (at, side), (at, side)),
                answered_at=_earliest(leg.answered_at, at),
            )
        case Parted(at=at):
            return replace(leg, parted_at=_earliest(leg.parted_at, at))


def _earliest(known: datetime | None, at: datetime) -> datetime:
    return at if known is None else min(known, at)


def last_out(members: list[Leg]) -> list[tuple[datetime, HangupCause | None]]:
    """How those who were last on a side ended the call, once everybody left it. Whoever parted
    ended nothing."""
    if not members or any(leg.left_at is None for leg in members):
        return []
    last = max(leg.left_at for leg in members if leg.left_at is not None)
    return [(last, leg.cause) for leg in members if leg.ended_at == last and not leg.has_parted]


def pick_up_order(leg: Leg) -> tuple[datetime, LegId]:
    if leg.answered_at is None:
        raise ValueError(f"{leg.leg_id} did not pick up")
    return leg.answered_at, leg.leg_id
