"""The cloud itself: sessions move by commands of the API, by people, and by time.

People are moved by hand. What a number called from here does is read off its last digits, as on
the sandbox switch: 900 busy, 901 never answers, 902 does not exist, 905 answers at once, others
after 5 s.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from backend.sandbox.ari.customers import called_script
from backend.sandbox.ari.timers import Timers
from backend.sandbox.uis.config import STATUSES, Employee, EmployeePhone
from backend.sandbox.uis.errors import CloudError
from backend.sandbox.uis.model import (
    DIALING,
    OVER,
    QUEUED,
    TALKING,
    Leg,
    Session,
)
from backend.sandbox.uis.notices import Notices
from backend.sandbox.uis.scenario import Scenario
from backend.sandbox.uis.talks import Talks

if TYPE_CHECKING:
    from collections.abc import Iterable

    import httpx

    from backend.kit.clock import Clock
    from backend.sandbox.uis.config import CloudConfig

_REFUSED = {486: "subscriber_busy", 404: "subscriber_number_problems"}


class Cloud:
    """One account. `find` and `employee` are for the API; the rest is people and commands."""

    def __init__(
        self,
        config: CloudConfig,
        clock: Clock,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.config = config
        self.clock = clock
        self.notices = Notices(config, clock, transport)
        self.sessions: list[Session] = []
        """All there ever were, oldest first."""
        self.registered = {p.number: p.registered for e in config.employees for p in e.phones}
        self.statuses = {
            employee.id: next(s[0] for s in STATUSES if s[1] == employee.status)
            for employee in config.employees
        }
        self.down = False
        """Nothing answers, as if the network were away."""
        self._ids = itertools.count(60_001)
        self.timers = Timers(clock)
        self._scenario = Scenario(self)
        self.talks = Talks(self)

    async def close(self) -> None:
        await self._scenario.close()
        await self.timers.close()
        await self.notices.close()

    # ── reading ──

    def find(self, session_id: int) -> Session:
        """A session that lives. Raises CloudError."""
        for session in self.sessions:
            if session.id == session_id and session.ended_at is None:
                return session
        raise CloudError("call_session_not_found", "call_session_id", session_id)

    def employee(self, employee_id: int) -> Employee:
        for employee in self.config.employees:
            if employee.id == employee_id:
                return employee
        raise CloudError("employee_not_found", "employee.id", employee_id)

    def owner(self, number: str) -> tuple[Employee, EmployeePhone] | None:
        return next(
            ((e, p) for e in self.config.employees for p in e.phones if p.number == number), None
        )

    def rings(self, number: str) -> tuple[Session, Leg]:
        """The newest leg of this number that rings. Raises CloudError."""
        for session in reversed(self.sessions):
            for leg in session.live:
                if leg.number == number and leg.connected_at is None:
                    return session, leg
        raise CloudError("leg_not_found", "number", number)

    def of(self, number: str) -> Session:
        """The live session somebody takes part in. Raises CloudError."""
        for session in reversed(self.sessions):
            if session.ended_at is None and any(leg.number == number for leg in session.live):
                return session
        raise CloudError("call_session_not_found", "number", number)

    # ── people ──

    def place_call(self, number: str, virtual: str) -> Session:
        """Somebody dials a virtual number."""
        found = next((n for n in self.config.numbers if n.number == virtual), None)
        if found is None:
            raise CloudError("virtual_phone_number_not_found", "virtual_phone_number", virtual)
        session = self._session("in", virtual, number, None)
        self._leg(session, number, calling=number, called=virtual, caption=QUEUED)
        self.notices.send("incoming", session)
        self.timers.soon(lambda: self._scenario.advance(session))
        return session

    def dial(self, phone: str, number: str, virtual: str) -> Session:
        """An employee calls out on his telephone."""
        session = self._session("out", virtual, number, None)
        own = self._leg(session, phone, calling=phone, called=number, caption=TALKING)
        own.connected_at = self.clock.now()
        self._call_contact(session)
        return session

    def pick_up(self, number: str) -> None:
        session, leg = self.rings(number)
        if leg.is_coach:
            leg.connected_at, leg.caption = self.clock.now(), TALKING
        elif leg is session.third:
            self.talks.third_up(session, leg)
        elif number == session.contact:
            self._connect(session, leg)
        elif session.direction == "out":
            leg.connected_at = self.clock.now()
            leg.caption = TALKING
            self._call_contact(session)
        else:
            contact = session.contact_leg
            for other in session.live:
                if other is not leg and other is not contact:
                    self.end(session, other, "another_operator_answer")
            self._connect(session, leg)

    def decline(self, number: str, reason: str = "operator_disconnects") -> None:
        session, leg = self.rings(number)
        self.leg_failed(session, leg, reason)

    def hang_up(self, number: str) -> None:
        """Whoever it is leaves."""
        session = self.of(number)
        leg = next(leg for leg in session.live if leg.number == number)
        own = leg.is_operator
        self.disconnect(session, leg, "operator_disconnects" if own else "subscriber_disconnects")

    # ── sessions ──

    def start_employee_call(
        self,
        employee: Employee,
        phones: Iterable[str],
        *,
        contact: str,
        virtual: str,
        external_id: str | None,
        direction: str,
    ) -> Session:
        session = self._session(direction, virtual, contact, external_id)
        session.waiting = list(phones)
        self.timers.soon(lambda: self._next_phone(session, "operator_number_problems"))
        return session

    def disconnect(self, session: Session, leg: Leg, reason: str) -> None:
        """End a leg, and with the contact's or the talk's own the session."""
        if leg is session.third and session.state in ("dialing", "operator_talk"):
            self.end(session, leg, reason)
            session.third, session.state = None, "hold"
        elif leg.is_coach:
            self.end(session, leg, reason)
        elif leg.number == session.contact or leg.connected_at is not None:
            self.finish(session, reason)
        else:
            self.leg_failed(session, leg, reason)

    def finish(self, session: Session, reason: str) -> None:
        if session.ended_at is not None:
            return
        self.talks.stop_record(session)
        for leg in session.live:
            self.end(session, leg, reason)
        session.ended_at, session.reason, session.state = self.clock.now(), reason, "finished"
        if session.talked_at is None and session.direction == "in":
            self.notices.send("lost", session)
        self.notices.send("ended", session)

    def leg_failed(self, session: Session, leg: Leg, reason: str) -> None:
        """It did not come to a talk."""
        self.end(session, leg, reason)
        if leg.is_coach:
            return
        if leg is session.third:
            session.third = None
            if session.blind:
                self.finish(session, reason)
            else:
                session.state = "hold"
        elif session.direction == "out":
            if leg.number == session.contact:
                self.finish(session, reason)
            else:
                self._next_phone(session, reason)
        elif not [one for one in session.live if one.number != session.contact]:
            self._scenario.advance(session)

    # ── inside ──

    def new_id(self) -> int:
        return next(self._ids)

    def _session(
        self, direction: str, virtual: str, contact: str, external_id: str | None
    ) -> Session:
        session = Session(
            id=self.new_id(),
            direction=direction,
            virtual=virtual,
            contact=contact,
            external_id=external_id,
            started_at=self.clock.now(),
        )
        self.sessions.append(session)
        return session

    def _leg(
        self, session: Session, number: str, *, calling: str, called: str, caption: str = DIALING
    ) -> Leg:
        owner = self.owner(number)
        leg = Leg(
            id=self.new_id(),
            number=number,
            calling=calling,
            called=called,
            is_operator=owner is not None,
            employee_id=None if owner is None else owner[0].id,
            employee_name=None if owner is None else owner[0].name,
            caption=caption,
            started_at=self.clock.now(),
        )
        session.legs.append(leg)
        return leg

    def ring(self, session: Session, number: str) -> Leg:
        """A telephone rings; of an employee that is told, unless his line is not registered."""
        leg = self._leg(session, number, calling=session.contact, called=number)
        owner = self.owner(number)
        if owner is None:
            return leg
        if not self.registered[number]:
            self.timers.soon(lambda: self._unless(leg, session, "sip_offline"))
            return leg
        self.notices.send("ringing", session, leg)
        self.timers.after(
            owner[1].dial_time, lambda: self._unless(leg, session, "operator_not_responsible")
        )
        return leg

    def _unless(self, leg: Leg, session: Session, reason: str) -> None:
        if leg.live and leg.connected_at is None:
            self.leg_failed(session, leg, reason)

    def ring_all(self, session: Session, phones: Iterable[str]) -> None:
        """For an inbound call: these together; nobody to ring is as good as no answer."""
        known = [phone for phone in phones if phone]
        for phone in known:
            self.ring(session, phone)
        if not known:
            self._scenario.advance(session)

    def _next_phone(self, session: Session, reason: str) -> None:
        """Of a call begun by the API: the employee's numbers, one after another."""
        if session.ended_at is not None:
            return
        if not session.waiting:
            self.finish(session, reason)
            return
        self.ring(session, session.waiting.pop(0))

    def _call_contact(self, session: Session) -> None:
        leg = self._leg(session, session.contact, calling=session.virtual, called=session.contact)
        self.notices.send("outgoing", session, session.talker())
        if leg.is_operator:
            self.notices.send("ringing", session, leg)
        else:
            self.by_script(session, leg)

    def by_script(self, session: Session, leg: Leg) -> None:
        script = called_script(leg.number)
        if script.refuse_with is not None:
            reason = _REFUSED.get(script.refuse_with, "subscriber_disconnects")
            self.timers.after(script.refuse_after_s, lambda: self._unless(leg, session, reason))
        elif script.answer_after_s is not None:
            self.timers.after(script.answer_after_s, lambda: self._answers(session, leg))

    def _answers(self, session: Session, leg: Leg) -> None:
        if not leg.live or leg.connected_at is not None:
            return
        if leg is session.third:
            self.talks.third_up(session, leg)
        else:
            self._connect(session, leg)

    def _connect(self, session: Session, leg: Leg) -> None:
        """Contact and employee hear each other."""
        now = self.clock.now()
        leg.connected_at = leg.connected_at or now
        contact, talker = session.contact_leg, session.talker()
        for one in (leg, contact, talker):
            if one is not None:
                one.connected_at = one.connected_at or now
                one.caption = TALKING
        session.state, session.talked_at = "talk", session.talked_at or now
        if self.talks.recorded_by_rule(session) and not session.recording:
            self.talks.start_record(session)
        ids = [one.id for one in session.live if one.connected_at is not None]
        self.notices.send("talk_started", session, talker, leg_ids=ids)

    def end(self, session: Session, leg: Leg, reason: str) -> None:
        if leg.live:
            leg.ended_at, leg.reason, leg.caption = self.clock.now(), reason, OVER
