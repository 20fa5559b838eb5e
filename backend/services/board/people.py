"""What the board knows of each person, heard from the same stream colleagues hear (R1): status,
whether he is there, whether he talks, and what his browser lacks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import msgspec

from backend.services.ports import Delivery
from backend.services.routing import EmployeeRoute
from protocol.board import BoardHand, BoardPerson, HandChanged
from protocol.phone import ColleaguePhoneChanged
from protocol.pushes import (
    ColleagueBusyChanged,
    ColleaguePresenceChanged,
    ColleagueStatusChanged,
)
from protocol.vocabulary import AgentStatus, EmployeeId, PhonePart, StreamName

_Heard = (
    ColleagueStatusChanged | ColleaguePresenceChanged | ColleagueBusyChanged | ColleaguePhoneChanged
)
_TAGS = frozenset(str(kind.__struct_config__.tag) for kind in _Heard.__args__)
_heard: msgspec.json.Decoder[_Heard] = msgspec.json.Decoder(_Heard)
_hand = msgspec.json.Decoder(HandChanged)


@dataclass(slots=True)
class Person:
    """Versions are of each part by itself: their owners count apart."""

    name: str = ""
    extension: str | None = None
    works_here: bool = False
    """False: something was heard of somebody whom the account's map does not know (yet)."""
    status: AgentStatus = AgentStatus.AVAILABLE
    status_since: datetime | None = None
    online: bool = False
    busy: Literal["free", "ringing", "talking"] = "free"
    busy_since: datetime | None = None
    missing: list[PhonePart] | None = None
    hand: BoardHand | None = None


class People:
    """Everybody of one account."""

    def __init__(self) -> None:
        self.known: dict[EmployeeId, Person] = {}

    def employ(self, routes: Mapping[EmployeeId, EmployeeRoute]) -> set[EmployeeId]:
        """The account's map as it is now; who changed, came or went."""
        changed: set[EmployeeId] = set()
        for employee_id, route in routes.items():
            person = self.known.setdefault(employee_id, Person())
            before = (person.works_here, person.name, person.extension)
            if before != (True, route.name, route.extension):
                person.works_here = True
                person.name, person.extension = route.name, route.extension
                changed.add(employee_id)
        for gone in self.known.keys() - routes.keys():
            if self.known[gone].works_here:
                self.known[gone].works_here = False
                changed.add(gone)
        return changed

    def forget_heard(self) -> None:
        """The stream begins anew: what is true is told again."""
        for employee_id, person in self.known.items():
            self.known[employee_id] = Person(
                name=person.name,
                extension=person.extension,
                works_here=person.works_here,
                hand=person.hand,
            )

    def hear(self, delivery: Delivery) -> EmployeeId | None:
        """Whose view changed by this push of the colleagues' stream."""
        if delivery.tag not in _TAGS:
            return None
        push = _heard.decode(delivery.frame)
        person = self.known.setdefault(push.employee_id, Person())
        match push:
            case ColleagueStatusChanged(status=status, since=since):
                # Version 0 is what nobody ever set: its instant is when it was asked for.
                person.status, person.status_since = status, since if push.version else None
            case ColleaguePresenceChanged(online=online):
                person.online = online
            case ColleagueBusyChanged(busy=busy, since=since):
                person.busy, person.busy_since = busy, since
            case ColleaguePhoneChanged(missing=missing):
                person.missing = missing
        return push.employee_id

    def hear_hand(self, delivery: Delivery) -> EmployeeId:
        push = _hand.decode(delivery.frame)
        employee_id = EmployeeId(push.entity.partition(":")[2])
        self.known.setdefault(employee_id, Person()).hand = (
            BoardHand(
                reason=push.reason,
                call_id=push.call_id,
                since=push.since,
                answered_by=push.answered_by,
            )
            if push.raised
            else None
        )
        return employee_id

    def here(self) -> Iterable[EmployeeId]:
        return (employee_id for employee_id, p in self.known.items() if p.works_here)

    def push(self, employee_id: EmployeeId, version: int) -> BoardPerson | None:
        """None: he does not work here (any more)."""
        person = self.known.get(employee_id)
        if person is None or not person.works_here:
            return None
        return BoardPerson(
            stream=StreamName.BOARD,
            entity=f"person:{employee_id}",
            version=version,
            employee_id=employee_id,
            name=person.name,
            extension=person.extension,
            status=person.status,
            status_since=person.status_since,
            online=person.online,
            busy=person.busy,
            busy_since=person.busy_since,
            missing=person.missing,
            hand=person.hand,
        )
