"""Who asks: the person behind a socket, as handlers see them, and what they may do to it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from backend.domain.tab_phone import TabPhone
from backend.services.presence import Seat
from protocol.frames import Position
from protocol.vocabulary import AccountId, EmployeeId, SessionId, StreamName


class Link(Protocol):
    """The asker's own connection."""

    async def subscribe(
        self, command_id: str, stream: StreamName, position: Position | None
    ) -> None:
        """Answers the command by itself: the reply has to leave before the first live push."""

    def unsubscribe(self, stream: StreamName) -> None: ...

    async def report(self, *, visible: bool, sound: bool) -> None: ...

    @property
    def seat(self) -> Seat | None:
        """The tab as presence knows it; None while it is being welcomed."""

    async def be_phone(self, phone: TabPhone | None) -> None:
        """What this tab is as a phone from now on."""

    def prolong(self, expires_at: datetime) -> None: ...


@dataclass(frozen=True, slots=True)
class Agent:
    """An employee at one tab."""

    account_id: AccountId
    employee_id: EmployeeId
    name: str
    extension: str | None
    is_supervisor: bool
    session_id: SessionId
    link: Link
