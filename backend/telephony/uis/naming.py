"""Which of our legs one of the cloud's is. No I/O."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from backend.telephony.uis import names
from backend.telephony.uis.session import Leg, Session, is_of
from backend.telephony.uis.wire import LegRow
from protocol.vocabulary import EmployeeId, LegId

LISTENS: Final = LegId("listens")
"""In place of a name, for a leg that is no part of its call."""

Who = Callable[[int], EmployeeId | None]
"""Our employee behind one of the cloud's."""


class Naming:
    """A leg we ordered is recognised by whose it is: the employee, or the number. Legs the cloud
    rings by a scenario of its own take its number for the attempt, so that their names are the same
    on every reading."""

    def __init__(self, who: Who) -> None:
        self._who = who
        self._kept: dict[int, dict[int, LegId]] = {}
        """Names of ordered legs by session and the cloud's leg, while the session lives."""
        self.named: list[tuple[int, int, LegId]] = []
        """Names given since it was last emptied, to be kept."""

    def know(self, kept: dict[tuple[int, int], LegId]) -> None:
        """Names given by a process before."""
        for (session_id, vendor_id), leg_id in kept.items():
            self._kept.setdefault(session_id, {})[vendor_id] = leg_id

    def forget(self, session_id: int) -> None:
        """The session is over."""
        self._kept.pop(session_id, None)

    def is_aside(self, session: Session, vendor_id: int, employee: int | None, number: str) -> bool:
        """Whether the leg is of somebody who listens only. It is remembered like a name, so that
        the next owner does not take him for somebody who is rung."""
        if vendor_id in session.aside:
            return True
        if self._kept.get(session.session_id, {}).get(vendor_id) == LISTENS:
            session.aside.add(vendor_id)
            return True
        if session.by_vendor(vendor_id) is not None:
            return False
        coming = (one for one in session.coaches if one.vendor_id is None)
        found = next((one for one in coming if is_of(one.target, employee, number)), None)
        if found is None:
            return False
        found.vendor_id = vendor_id
        session.aside.add(vendor_id)
        self._kept.setdefault(session.session_id, {})[vendor_id] = LISTENS
        self.named.append((session.session_id, vendor_id, LISTENS))
        return True

    def outside(self, session: Session, row: LegRow) -> Leg:
        """A leg of nobody's of ours: the contact's, or a third party's whom we asked for."""
        known = session.by_vendor(row.leg_id) or self._ordered(
            session, row.leg_id, None, names.digits(row.called)
        )
        if known is not None:
            return known
        number = names.digits(row.calling if session.inbound else row.called)
        contact = session.contact
        if contact is None or contact.vendor_id is None:
            session.forget(names.CONTACT_LEG)
            if contact is None:
                contact = Leg(leg_id=names.CONTACT_LEG, number=number)
                session.legs[names.CONTACT_LEG] = contact
            contact.vendor_id = row.leg_id
            return contact
        return contact

    def of(self, session: Session, vendor_id: int, employee: int | None, number: str) -> Leg | None:
        """The leg of an employee; None while nobody ordered it in a call of ours."""
        known = session.by_vendor(vendor_id)
        if known is not None:
            return known
        ordered = self._ordered(session, vendor_id, employee, number)
        if ordered is not None:
            return ordered
        ours = self._who(employee) if session.inbound and employee is not None else None
        if ours is None:
            return None
        leg = Leg(leg_id=LegId(f"agent-{ours}-{vendor_id}"), vendor_id=vendor_id, employee=employee)
        session.legs[leg.leg_id] = leg
        return leg

    def _ordered(
        self, session: Session, vendor_id: int, employee: int | None, number: str
    ) -> Leg | None:
        kept = self._kept.get(session.session_id, {}).get(vendor_id)
        expected = next((one for one in session.expected if one.fits(employee, number)), None)
        leg_id = kept if kept is not None else None if expected is None else expected.leg_id
        if leg_id is None:
            return None
        session.forget(leg_id)
        leg = session.legs.get(leg_id)
        if leg is None:
            leg = session.legs[leg_id] = Leg(leg_id=leg_id)
        leg.vendor_id, leg.employee = vendor_id, employee
        leg.number = number
        if kept is None:
            self._kept.setdefault(session.session_id, {})[vendor_id] = leg_id
            self.named.append((session.session_id, vendor_id, leg_id))
        return leg
