"""One session of the cloud, as far as we know it, and its legs under our names."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from backend.services.ports import LiveCall, LiveLeg
from backend.telephony.uis import names
from backend.telephony.uis.wire import LegRow, SessionRow
from protocol.vocabulary import CallId, HangupCause, LegId, LegState


@dataclass(slots=True, kw_only=True)
class Expected:
    """A leg that was ordered and that the cloud has not shown yet."""

    leg_id: LegId
    target: names.Line | names.Outside
    doubtful: bool = False
    """The order was sent and not answered."""

    def shown_in(self, session_id: int, rows: Iterable[SessionRow]) -> bool:
        """Whether the cloud rings it."""
        legs = (leg for row in rows if row.session_id == session_id for leg in row.legs)
        live = (leg for leg in legs if leg.state is not LegState.ENDED)
        return any(self.fits(leg.employee, names.digits(leg.called)) for leg in live)

    def fits(self, employee: int | None, number: str) -> bool:
        return is_of(self.target, employee, number)


def is_of(target: names.Line | names.Outside, employee: int | None, number: str) -> bool:
    """Whether a leg of this employee and number is the one that was asked for."""
    if isinstance(target, names.Outside):
        return number == target.number
    if employee is not None:
        return employee == target.employee
    return bool(number) and number == target.number


@dataclass(slots=True, kw_only=True)
class Leg:
    leg_id: LegId
    vendor_id: int | None = None
    employee: int | None = None
    number: str = ""
    state: LegState = LegState.DIALING
    asked: HangupCause | None = None
    """We asked for its end, for this cause."""
    apart: bool = False
    """Talks to a colleague while the contact waits."""


@dataclass(slots=True, kw_only=True)
class Coach:
    """Somebody who listens to the talk and is heard by the employee only. No part of the call."""

    watch_id: str
    target: names.Line | names.Outside
    vendor_id: int | None = None
    """None until the cloud shows him."""
    state: LegState = LegState.DIALING
    unwanted: bool = False
    """His end was asked for before he was shown."""


@dataclass(slots=True, kw_only=True)
class Session:
    """One session that lives, as far as we know."""

    session_id: int
    call_id: CallId
    inbound: bool
    number: str
    dialed: str
    began_at: datetime
    legs: dict[LegId, Leg] = field(default_factory=dict)
    expected: list[Expected] = field(default_factory=list)
    strangers: dict[int, LegRow] = field(default_factory=dict)
    """Employees' legs of a session of ours that nobody has ordered yet."""
    by_phone: LegId | None = None
    """Whose leg placed it, past us: dialled on the telephone."""
    coaches: list[Coach] = field(default_factory=list)
    """Who was asked to listen to the talk."""
    aside: set[int] = field(default_factory=set)
    """The cloud's numbers of legs that are no part of the call: of those who listen."""
    leaving: bool = False
    """We asked for its end: another attempt of its call is another session."""
    held: bool = False
    passing: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Orders about who hears whom go one after another."""
    listed: bool = False
    """`list.calls` has shown it: from then on its absence means its end."""

    def by_vendor(self, vendor_id: int) -> Leg | None:
        return next((leg for leg in self.legs.values() if leg.vendor_id == vendor_id), None)

    def forget(self, leg_id: LegId) -> None:
        """An ordered leg has been shown, or is not going to be."""
        self.expected = [one for one in self.expected if one.leg_id != leg_id]

    def has(self, target: names.Line | names.Outside) -> bool:
        """Whether this employee is rung, or talks, already."""
        if isinstance(target, names.Outside):
            return False
        ordered = [one.target for one in self.expected if isinstance(one.target, names.Line)]
        return any(line.employee == target.employee for line in ordered) or any(
            leg.employee == target.employee for leg in self.live
        )

    @property
    def live(self) -> list[Leg]:
        return [leg for leg in self.legs.values() if leg.state is not LegState.ENDED]

    @property
    def contact(self) -> Leg | None:
        return self.legs.get(names.CONTACT_LEG)

    @property
    def answered(self) -> bool:
        """Somebody talks with the contact, or did."""
        return any(leg.state is LegState.UP for leg in self.live if leg is not self.contact)

    @property
    def setting_up(self) -> bool:
        """Somebody rings: the next moments matter."""
        rings = any(leg.state is not LegState.UP for leg in self.live)
        coming = any(one.state in (LegState.DIALING, LegState.RINGING) for one in self.coaches)
        return rings or coming or bool(self.expected) or not self.legs


def live_call(session: Session) -> LiveCall:
    """As whoever connects is told of it."""
    up = [leg for leg in session.live if leg.state is LegState.UP and not leg.apart]
    talking = len(up) > 1
    if session.held:
        # He hears music; whoever put him there is where the talk is.
        up = [leg for leg in up if leg is not session.contact]
    return LiveCall(
        call_id=session.call_id,
        legs=tuple(
            LiveLeg(
                leg_id=leg.leg_id,
                state=leg.state,
                number=leg.number or (session.number if leg is session.contact else ""),
                dialed=session.dialed if leg is session.contact and session.inbound else "",
                at=session.began_at,
            )
            for leg in session.live
        ),
        held=session.held,
        connected=tuple(leg.leg_id for leg in up) if talking else (),
        consulting=tuple(leg.leg_id for leg in session.live if leg.apart),
    )
