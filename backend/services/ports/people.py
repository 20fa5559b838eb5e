"""Reading who works in a CRM account, and the working day there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from backend.domain.people import PeopleReading
from backend.domain.workday import DayState
from protocol.vocabulary import CrmKind


class PeopleSource(Protocol):
    """One CRM account. Raises CrmAuthExpired, CrmUnavailable, CrmRejected."""

    @property
    def crm(self) -> CrmKind: ...

    async def read_people(self) -> PeopleReading:
        """Everybody, dismissed ones too where the CRM still has them, and the departments."""

    async def roll(self) -> str:
        """Something that changes when somebody comes or is dismissed, for one cheap request: no
        CRM tells of a dismissal by itself (X10)."""


class WorkdaySource(Protocol):
    """The working days of one CRM account. Raises CrmError."""

    async def days(self, user_ids: Sequence[str]) -> Mapping[str, DayState]:
        """By user. Who has no working day (dismissed, the module is missing) is missing here."""

    async def pause(self, user_id: str) -> None:
        """Only for a day that is opened: on a closed one the CRM would resume it."""

    async def resume(self, user_id: str) -> None:
        """Only for a day that is paused: on a closed one the CRM would open it."""
