"""What handlers call. Only shapes: the use cases themselves are handed in at start."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import msgspec

from backend.domain.tab_phone import TabPhone
from backend.services.ports import StreamKey, StreamRead
from backend.services.presence import Seat
from backend.services.sessions import Admission, IssuedToken
from protocol.frames import Command, Position
from protocol.phone import PhoneCredentials
from protocol.pushes import HistoryPage
from protocol.vocabulary import AccountId, AgentStatus, CallId, EmployeeId, SessionId


class CommandRunner(Protocol):
    """Hands a command to the owner of what it is about, in whatever process that lives."""

    async def run(
        self,
        account_id: AccountId,
        employee_id: EmployeeId,
        command: Command,
        *,
        timeout_s: float,
    ) -> bytes | None:
        """The result as JSON, or None. Raises the AppError the owner answered with."""


class Statuses(Protocol):
    async def choose(
        self,
        account_id: AccountId,
        employee_id: EmployeeId,
        status: AgentStatus,
        reason: str | None,
    ) -> None: ...


class History(Protocol):
    async def page(
        self,
        account_id: AccountId,
        employee_id: EmployeeId,
        *,
        before: str | None,
        limit: int,
    ) -> HistoryPage: ...


class SessionService(Protocol):
    """`backend.services.sessions.Sessions`, as far as sockets need it."""

    async def admit(
        self, ticket: str, positions: Mapping[StreamKey, Position | None]
    ) -> tuple[Admission, dict[StreamKey, StreamRead]]: ...
    async def renew(self, account_id: AccountId, session_id: SessionId) -> IssuedToken: ...
    async def revoked_since(self, at: datetime) -> Sequence[SessionId]: ...


class PresenceService(Protocol):
    """`backend.services.presence.Presence`."""

    async def arrived(self, seat: Seat) -> None: ...
    async def left(self, seat: Seat) -> None: ...
    async def stopped_phoning(self, seat: Seat) -> None: ...
    async def refresh(self, seats: Sequence[Seat]) -> None: ...
    async def sweep(self, account_id: AccountId) -> bool: ...


class PhoneService(Protocol):
    """`backend.services.phones.Phones`."""

    async def taking(self, seat: Seat) -> TabPhone: ...
    async def registering(self, seat: Seat) -> TabPhone: ...
    async def holds(self, seat: Seat) -> bool: ...
    async def issue(self, account_id: AccountId, employee_id: EmployeeId) -> PhoneCredentials: ...
    async def withdraw(self, account_id: AccountId, employee_id: EmployeeId) -> None: ...
    async def withdraw_unheld(
        self, account_id: AccountId, employee_id: EmployeeId, extension: str | None
    ) -> None: ...


class CallbackService(Protocol):
    """`backend.services.callbacks.Callbacks`."""

    async def done(
        self, account_id: AccountId, employee_id: EmployeeId, call_id: CallId
    ) -> None: ...


class DialerService(Protocol):
    """`backend.services.dialer.desk.Desk`."""

    async def ask(
        self, account_id: AccountId, employee_id: EmployeeId, command: Command
    ) -> msgspec.Struct | None: ...


class HandService(Protocol):
    """`backend.services.hands.Hands`."""

    async def up(
        self, account_id: AccountId, employee_id: EmployeeId, reason: str, call_id: CallId | None
    ) -> None: ...
    async def down(self, account_id: AccountId, employee_id: EmployeeId) -> None: ...


class SeenService(Protocol):
    """`backend.services.seen_today.SeenToday`."""

    async def in_front(self, account_id: AccountId, employee_id: EmployeeId) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    calls: CommandRunner
    contacts: CommandRunner
    """Often the same as `calls`: who owns the call knows its caller."""
    statuses: Statuses
    history: History
    sessions: SessionService
    presence: PresenceService
    phones: PhoneService
    seen: SeenService | None = None
    """None where nobody asks who was here today."""
    callbacks: CallbackService | None = None
    """None where no list of customers to call back is kept."""
    dialer: DialerService | None = None
    """None where nobody works through lists."""
    hands: HandService | None = None
    """None where no board is kept."""
