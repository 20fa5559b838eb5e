"""What the calls ask of the CRM: who calls, and whose customer it is.

Looking a caller up never waits: ringing goes first. Only a step that asks whom to ring does."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from backend.domain.scenario import ManagerStep
from backend.domain.visits import Way
from protocol.pushes import RecordRef
from protocol.vocabulary import AccountId, CallId, EmployeeId, StepReason


@dataclass(frozen=True, slots=True, kw_only=True)
class Manager:
    """Who is responsible for the caller, or why nobody can be named."""

    employee_id: EmployeeId | None = None
    reason: StepReason | None = None


class Managers(Protocol):
    """The CRM's word on whom a customer belongs to."""

    async def find(self, account_id: AccountId, number: str, step: ManagerStep) -> Manager:
        """Within the step's waiting time, whatever the CRM does. Raises nothing expected."""


class NoManagers:
    """Where no CRM takes part in calls."""

    async def find(self, account_id: AccountId, number: str, step: ManagerStep) -> Manager:
        return Manager(reason=StepReason.NO_INTEGRATION)


BrowserReady = Callable[[AccountId, EmployeeId], bool]
"""Whether the person's browser is proven ready to be rung, without I/O."""


Passed = Callable[[AccountId, EmployeeId, str], None]
"""A call from this number could not be rung: the browser was not ready and nothing else is there.
Must not wait."""


def tell_nobody(_account_id: AccountId, _employee_id: EmployeeId, _number: str) -> None:
    """Where nobody is told but the person's tabs."""


def never_ready(_account_id: AccountId, _employee_id: EmployeeId) -> bool:
    """Where nobody says whose browser is ready."""
    return False


class Ways(Protocol):
    """What call tracking knows of callers."""

    async def find(self, account_id: AccountId, number: str, at: datetime) -> Way | None:
        """The way of whoever was shown `number` then; None when nobody was."""


class NoWays:
    """Where nobody tracks calls."""

    async def find(self, account_id: AccountId, number: str, at: datetime) -> Way | None:
        return None


class Named(Protocol):
    @property
    def name(self) -> str: ...


class Callers(Protocol):
    """Who the other party is, as far as the CRM and the local index know."""

    def known(self, account_id: AccountId, number: str) -> Named | None:
        """From the local index, without I/O."""

    def look_up(
        self, account_id: AccountId, call_id: CallId, number: str, employees: Iterable[EmployeeId]
    ) -> None:
        """Begin the search, or let more employees watch it. Tells them by itself."""

    def prefer(self, call_id: CallId, record: RecordRef) -> None:
        """Of several matches the call is this one's, unless somebody says otherwise: it was
        placed from there. After `look_up`."""

    def forget(self, call_id: CallId, employees: Iterable[EmployeeId]) -> None:
        """These no longer see the card."""

    def record_of(self, call_id: CallId) -> tuple[RecordRef, str] | None:
        """The record the call belongs to, with its address, if found by now."""

    async def choose(
        self, account_id: AccountId, call_id: CallId, record: RecordRef, by: EmployeeId
    ) -> None:
        """Say which match the caller is. Raises NotFound."""

    async def retry(self, account_id: AccountId, call_id: CallId) -> None:
        """Search once more. Raises NotFound."""
