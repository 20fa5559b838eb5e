"""Customers who wait to be called back, kept until somebody did."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from protocol.vocabulary import AccountId, CallbackReason, CallId, EmployeeId


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackTask:
    """`employees` are told of it; any of them may do it."""

    call_id: CallId
    number: str
    """Empty when withheld: then only the recording tells who it was."""
    name: str | None
    virtual_number: str | None
    reason: CallbackReason
    employees: tuple[EmployeeId, ...]
    created_at: datetime
    recording_url: str | None = None
    """What the caller said, once it is fetched."""


class CallbackRows(Protocol):
    async def open(self, account_id: AccountId) -> Sequence[CallbackTask]:
        """Those nobody has done, newest first."""

    async def done(
        self, account_id: AccountId, call_id: CallId, employee_id: EmployeeId
    ) -> tuple[EmployeeId, ...] | None:
        """Who knew of the task that is done now; None when there is no such task of theirs."""
