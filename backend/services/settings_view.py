"""What the settings pages show beside the settings: the connection, the newest reading of people,
what is bound over there, the log of changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

from backend.services.employee_sync import SyncReport
from protocol.vocabulary import AccountId, CrmKind, EmployeeId

BOTH_WITHIN: Final = timedelta(days=7)
"""A working week: who used the working day once and the widget ever since need not be warned for
good, nor is a single day off the end of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionView:
    """An account's CRM; people by name where that is known."""

    kind: CrmKind
    address: str
    state: str
    connected_by: str | None
    """Who let us in last; where nobody wrote that down, whose access is used."""
    connected_at: datetime | None
    acting: str | None
    """Whose access is used, where another administrator's took over since."""
    renewed_at: datetime
    """When the access was last renewed, which happens by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BindingView:
    """Something of ours over there, as of the last look."""

    name: str
    state: str
    detail: str
    lost: int
    checked_at: datetime
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LogView:
    at: datetime
    who: str
    subject: str
    before: Any
    after: Any


class SettingsViews(Protocol):
    async def connection(self, account_id: AccountId) -> ConnectionView | None:
        """The one that takes part in calls."""

    async def bindings(self, account_id: AccountId) -> Sequence[BindingView]: ...

    async def statuses_from_both(
        self, account_id: AccountId, *, since: datetime
    ) -> Mapping[EmployeeId, str]:
        """Names of those whose status the CRM's working day set since then, and they themselves
        too, while it may."""

    async def last_sync(self, account_id: AccountId) -> SyncReport | None: ...

    async def log(self, account_id: AccountId, *, limit: int) -> Sequence[LogView]:
        """Newest first."""
