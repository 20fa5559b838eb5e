"""Sessions and legs of the cloud."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

DIALING = "Дозвон"
QUEUED = "На очереди"
TALKING = "Разговор"
AMONG_US = "Разговор операторов"
ON_HOLD = "На удержании"
OVER = "Разъединено"


@dataclass(slots=True, kw_only=True)
class Leg:
    id: int
    number: str
    """Whose connection it is."""
    calling: str
    called: str
    is_operator: bool
    is_coach: bool = False
    """Listens to a talk, and is heard by the employee only."""
    employee_id: int | None
    employee_name: str | None
    caption: str
    started_at: datetime
    connected_at: datetime | None = None
    ended_at: datetime | None = None
    reason: str | None = None

    @property
    def live(self) -> bool:
        return self.ended_at is None

    def row(self) -> dict[str, Any]:
        """As `list.calls` shows it."""
        return {
            "leg_id": self.id,
            "calling_phone_number": self.calling,
            "called_phone_number": self.called,
            "is_operator": self.is_operator,
            "employee_id": self.employee_id,
            "employee_full_name": self.employee_name,
            "record_call_enabled": True,
            "state": self.caption,
        }


@dataclass(slots=True, kw_only=True)
class Session:
    id: int
    direction: str
    virtual: str
    contact: str
    external_id: str | None
    started_at: datetime
    state: str = "session"
    """session, talk, hold, dialing, operator_talk, finished."""
    legs: list[Leg] = field(default_factory=list)
    third: Leg | None = None
    """Who is asked for while the contact waits."""
    talked_at: datetime | None = None
    ended_at: datetime | None = None
    reason: str | None = None
    recording: bool = False
    records: list[tuple[int, float]] = field(default_factory=list)
    """Id and seconds of each piece recorded."""
    record_began: datetime | None = None
    keys: list[tuple[datetime, str]] = field(default_factory=list)
    """What the contact's line was sent, and when."""
    said: list[str] = field(default_factory=list)
    """Messages the caller heard, by name or text."""
    blind: bool = False
    """The third party gets the contact as soon as it answers."""
    waiting: list[str] = field(default_factory=list)
    """The employee's numbers still to be tried."""
    step: int = -1
    """Where the scenario of an inbound call is."""

    @property
    def live(self) -> list[Leg]:
        return [leg for leg in self.legs if leg.live]

    @property
    def contact_leg(self) -> Leg | None:
        return next((leg for leg in self.legs if leg.live and leg.number == self.contact), None)

    def talker(self) -> Leg | None:
        """The employee whose talk it is."""
        own = [
            leg
            for leg in self.live
            if leg.connected_at is not None
            and leg.number != self.contact
            and leg is not self.third
            and not leg.is_coach
        ]
        return own[0] if own else None

    def row(self) -> dict[str, Any]:
        return {
            "call_session_id": self.id,
            "direction": self.direction,
            # Milliseconds and no zone, as the documentation's example has it.
            "start_time": self.started_at.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3],
            "virtual_phone_number": self.virtual,
            "contact_phone_number": self.contact,
            "external_id": self.external_id,
            "tags": [],
            "legs": [leg.row() for leg in self.live],
        }
