"""The cloud's sessions as the calls of the port. No I/O: what is heard goes in, events come out.

The cloud knows sessions and legs by numbers of its own; our legs have names that were given before
the cloud was asked (`naming`).
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Final

from backend.services.ports import (
    Arrived,
    HoldReported,
    LegEnded,
    LegMoved,
    LiveCall,
    Placed,
    SwitchEvent,
)
from backend.telephony.uis import names
from backend.telephony.uis.naming import Naming, Who
from backend.telephony.uis.session import Expected, Leg, Session, live_call
from backend.telephony.uis.wire import LegRow, Notification, SessionRow
from protocol.vocabulary import CallId, HangupCause, LegId, LegState

_RANK: Final = {LegState.DIALING: 1, LegState.RINGING: 2, LegState.UP: 3, LegState.ENDED: 4}
_OVER_KEPT: Final = 1_000
"""Sessions that are over: their late notifications are recognised this long."""

UNNUMBERED: Final = -1
"""In place of the cloud's number, for a leg it never showed."""
_Key = tuple[int, int]

Ours = Callable[[str], bool]
"""Whether a virtual number is one of ours: the account may have others, and they are nobody's
business here."""


class Sessions:
    def __init__(self, identity: str, who: Who, ours: Ours) -> None:
        self._identity = identity
        self._who = who
        self._ours = ours
        self._naming = Naming(who)
        self._live: dict[int, Session] = {}
        self._over: OrderedDict[int, None] = OrderedDict()
        self.ignored: Counter[str] = Counter()
        """What nothing was made of, by kind."""

    def know(self, kept: dict[tuple[int, int], LegId]) -> None:
        """Names given by a process before."""
        self._naming.know(kept)

    # ── reading ──

    def newly_named(self) -> list[tuple[int, int, LegId]]:
        """(session, the cloud's leg, our name) since this was last asked, to be kept."""
        named, self._naming.named = self._naming.named, []
        return named

    def all(self) -> list[Session]:
        return list(self._live.values())

    def get(self, session_id: int) -> Session | None:
        return self._live.get(session_id)

    def of_call(self, call_id: CallId) -> Session | None:
        """The newest session of a call: each attempt of a call we place is one of its own."""
        own = [session for session in self._live.values() if session.call_id == call_id]
        return max(own, key=lambda session: session.session_id, default=None)

    def waiting(self, caller: str, called: str) -> Session | None:
        """The newest inbound session of this pair that nobody talks in."""
        found = [
            session
            for session in self._live.values()
            if session.inbound
            and names.digits(session.number) == names.digits(caller)
            and names.digits(session.dialed) == names.digits(called)
            and all(leg.state is not LegState.UP or leg is session.contact for leg in session.live)
        ]
        return max(found, key=lambda session: session.session_id, default=None)

    def calls(self) -> tuple[LiveCall, ...]:
        """All that lives, for whoever connects."""
        return tuple(live_call(session) for session in self._live.values() if session.live)

    # ── what we did ──

    def started(self, session_id: int, call_id: CallId, number: str, at: datetime) -> Session:
        """A session of ours; a list may have shown it before the answer came."""
        known = self._live.get(session_id)
        if known is not None:
            return known
        session = Session(
            session_id=session_id,
            call_id=call_id,
            inbound=False,
            number=number,
            dialed="",
            began_at=at,
        )
        self._live[session_id] = session
        return session

    def expect(self, session: Session, expected: Expected, at: datetime) -> list[SwitchEvent]:
        """Give a leg its name, now if the cloud shows it already."""
        if expected.leg_id in session.legs:
            return []
        session.expected.append(expected)
        told: list[SwitchEvent] = []
        for row in list(session.strangers.values()):
            if expected.fits(row.employee, row.called):
                del session.strangers[row.leg_id]
                told += self._leg_row(session, row, at)
        return told

    # ── what was heard ──

    def heard(self, note: Notification, at: datetime) -> list[SwitchEvent]:
        """What one notification means. Its order among others is not promised."""
        if note.session_id in self._over:
            return []
        session = self._live.get(note.session_id)
        told: list[SwitchEvent] = []
        if session is None:
            strange = note.direction == "out" or not self._ours(note.virtual)
            if note.event not in ("incoming", "ringing") or strange:
                self.ignored[f"{note.event} of a strange session"] += 1
                return []
            session, told = self._arrive(note.session_id, note.contact, note.virtual, at)
        match note.event:
            case "ringing":
                return told + self._rings(session, note, at)
            case "talk_started":
                return told + self._talks(session, note, at)
        return told

    def listed(self, rows: Iterable[SessionRow], at: datetime) -> list[SwitchEvent]:
        """What `list.calls` shows. Ends are not told here: see `missing`."""
        told: list[SwitchEvent] = []
        for row in rows:
            if row.session_id in self._over:
                continue
            session = self._live.get(row.session_id)
            if session is None:
                own = names.own_call(self._identity, row.external_id)
                if row.inbound and self._ours(row.virtual):
                    session, arrived = self._arrive(row.session_id, row.contact, row.virtual, at)
                    told += arrived
                elif not row.inbound and own is not None:
                    session = self.started(row.session_id, own, row.contact, at)
                elif (by_phone := self._dialled(row, at)) is not None:
                    session = by_phone
                    told += self.dialled(session, at)
                else:
                    self.ignored["session of others"] += 1
                    continue
            session.listed = True
            for leg in row.legs:
                told += self._leg_row(session, leg, at)
            _listen(session, row)
            told += self._holds(session, row, at)
        return told

    def dialled(self, session: Session, at: datetime) -> list[SwitchEvent]:
        """What there is to tell of a call somebody dialled on his telephone."""
        own = session.legs.get(session.by_phone) if session.by_phone is not None else None
        if own is None or own.state is LegState.ENDED:
            return []
        placed = Placed(
            call_id=session.call_id,
            leg_id=own.leg_id,
            number=session.number,
            shown=session.dialed,
            at=at,
        )
        moved = [
            LegMoved(call_id=session.call_id, leg_id=leg.leg_id, state=leg.state, at=at)
            for leg in session.live
            if leg is not own
        ]
        return [placed, *moved]

    def missing(self, rows: Iterable[SessionRow], known: Iterable[_Key]) -> list[_Key]:
        """Which of the `known` legs the list shows as over or no longer shows. `known` is
        `shown()` from before the list was asked for: who is younger than that is no ghost."""
        up = {
            row.session_id: {leg.leg_id for leg in row.legs if leg.state is not LegState.ENDED}
            for row in rows
        }
        return [
            (session_id, vendor_id)
            for session_id, vendor_id in known
            if session_id not in up or (vendor_id != UNNUMBERED and vendor_id not in up[session_id])
        ]

    def shown(self) -> list[_Key]:
        """Live legs of sessions a list has shown, by session and the cloud's number."""
        return [
            (session.session_id, UNNUMBERED if leg.vendor_id is None else leg.vendor_id)
            for session in self._live.values()
            if session.listed
            for leg in session.live
        ]

    def end(
        self, session: Session, leg: Leg, cause: HangupCause, at: datetime
    ) -> list[SwitchEvent]:
        """A leg is over; with the contact's, or the last one, the session is."""
        if leg.state is LegState.ENDED:
            return []
        leg.state = LegState.ENDED
        session.forget(leg.leg_id)
        told: list[SwitchEvent] = [
            LegEnded(call_id=session.call_id, leg_id=leg.leg_id, cause=cause, at=at)
        ]
        if leg is session.contact:
            for other in session.live:
                up = other.state is LegState.UP
                over = other.asked or (HangupCause.NORMAL if up else HangupCause.CANCELLED)
                told += self.end(session, other, over, at)
        if not session.live:
            self._close(session)
        return told

    def contact_tried(self, session: Session, own: Leg, at: datetime) -> list[SwitchEvent]:
        """The contact of a call we began was rung, which nothing showed: then its caller was up."""
        contact = Leg(leg_id=names.CONTACT_LEG, number=session.number)
        session.legs[names.CONTACT_LEG] = contact
        session.forget(names.CONTACT_LEG)
        return [
            *self._move(session, own, LegState.UP, at),
            *self._move(session, contact, LegState.RINGING, at),
        ]

    def reset(self) -> None:
        """Contact was lost: what lives is read anew. Names and orders stay."""
        for session in self._live.values():
            session.listed = False

    def drop(self, known: Iterable[int], shown: Iterable[int]) -> None:
        """After contact was lost: sessions the list does not show are over, untold. `known` are
        those from before the list was asked for: what was begun meanwhile cannot be in it."""
        for session_id in set(known) - set(shown):
            if session_id in self._live:
                self._close(self._live[session_id])

    def _close(self, session: Session) -> None:
        self._live.pop(session.session_id, None)
        self._naming.forget(session.session_id)
        self._over[session.session_id] = None
        while len(self._over) > _OVER_KEPT:
            self._over.popitem(last=False)

    # ── inside ──

    def _arrive(
        self, session_id: int, number: str, dialed: str, at: datetime
    ) -> tuple[Session, list[SwitchEvent]]:
        call_id = names.inbound_call(self._identity, session_id)
        session = Session(
            session_id=session_id,
            call_id=call_id,
            inbound=True,
            number=number,
            dialed=dialed,
            began_at=at,
        )
        session.legs[names.CONTACT_LEG] = Leg(
            leg_id=names.CONTACT_LEG, number=number, state=LegState.RINGING
        )
        self._live[session_id] = session
        arrived = Arrived(
            call_id=call_id, leg_id=names.CONTACT_LEG, number=number, dialed=dialed, at=at
        )
        return session, [arrived]

    def _dialled(self, row: SessionRow, at: datetime) -> Session | None:
        """A session that somebody we know began on his telephone."""
        if row.inbound or row.external_id:
            return None
        for leg in row.legs:
            ours = self._who(leg.employee) if leg.employee is not None else None
            if ours is None or not leg.is_operator or leg.state in (None, LegState.ENDED):
                continue
            session = self.started(
                row.session_id,
                names.inbound_call(self._identity, row.session_id),
                row.contact,
                at,
            )
            own = Leg(
                leg_id=LegId(f"agent-{ours}-{leg.leg_id}"),
                vendor_id=leg.leg_id,
                employee=leg.employee,
                state=LegState.UP,
            )
            session.legs[own.leg_id] = own
            session.by_phone, session.dialed = own.leg_id, row.virtual
            return session
        return None

    def _rings(self, session: Session, note: Notification, at: datetime) -> list[SwitchEvent]:
        if not note.leg_ids or note.employee is None:
            self.ignored["ringing without a leg"] += 1
            return []
        vendor_id, number = note.leg_ids[0], note.employee_number
        if self._naming.is_aside(session, vendor_id, note.employee, number):
            return []
        leg = self._naming.of(session, vendor_id, note.employee, number)
        return [] if leg is None else self._move(session, leg, LegState.RINGING, at)

    def _talks(self, session: Session, note: Notification, at: datetime) -> list[SwitchEvent]:
        """Both sides hear each other."""
        told: list[SwitchEvent] = []
        own = [leg for leg in session.live if leg.employee == note.employee is not None]
        own += [leg for leg in session.live if leg.vendor_id in note.leg_ids and leg not in own]
        if not own and note.employee is not None:
            taken = session.contact.vendor_id if session.contact is not None else None
            numbers = [leg_id for leg_id in note.leg_ids if leg_id != taken]
            # Which of two unknown numbers is the employee's cannot be told: the list will.
            if len(numbers) == 1:
                leg = self._naming.of(session, numbers[0], note.employee, note.employee_number)
                own = [] if leg is None else [leg]
        if session.contact is not None and session.contact not in own:
            own.append(session.contact)
        for leg in own:
            told += self._move(session, leg, LegState.UP, at)
        return told

    def _leg_row(self, session: Session, row: LegRow, at: datetime) -> list[SwitchEvent]:
        if row.state is None:
            self.ignored[f"state {row.caption}"] += 1
            return []
        if row.state is LegState.ENDED and session.by_vendor(row.leg_id) is None:
            return []
        if self._naming.is_aside(session, row.leg_id, row.employee, names.digits(row.called)):
            return []
        if row.is_operator:
            leg = self._naming.of(session, row.leg_id, row.employee, names.digits(row.called))
            if leg is None:
                session.strangers[row.leg_id] = row
                return []
        else:
            leg = self._naming.outside(session, row)
        if row.state is LegState.ENDED:
            return []
        leg.apart = row.apart
        return self._move(session, leg, row.state, at)

    def _move(self, session: Session, leg: Leg, state: LegState, at: datetime) -> list[SwitchEvent]:
        if _RANK[state] <= _RANK[leg.state] or leg.state is LegState.ENDED:
            return []
        leg.state = state
        return [LegMoved(call_id=session.call_id, leg_id=leg.leg_id, state=state, at=at)]

    def _holds(self, session: Session, row: SessionRow, at: datetime) -> list[SwitchEvent]:
        """The employee's own phone, or a forerunner, may have put the contact on hold."""
        outside = [leg for leg in row.legs if not leg.is_operator]
        on = any(leg.on_hold for leg in outside)
        if on == session.held or not outside:
            return []
        session.held = on
        return [HoldReported(call_id=session.call_id, on=on, at=at)]


def _listen(session: Session, row: SessionRow) -> None:
    """How those who listen are, as the list shows them."""
    shown = {leg.leg_id: leg.state for leg in row.legs}
    for coach in session.coaches:
        if coach.vendor_id is not None:
            state = shown.get(coach.vendor_id, LegState.ENDED)
            coach.state = coach.state if state is None else state
