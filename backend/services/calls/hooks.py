"""What the calls ask of the contact look-up. Nothing here may wait: ringing goes first."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from protocol.pushes import RecordRef
from protocol.vocabulary import AccountId, CallId, EmployeeId


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
