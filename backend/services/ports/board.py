"""What the supervisor's board keeps, and asks of storage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol

from backend.domain.board.figures import EndedCall, Sum
from backend.domain.board.scope import TeamPeople
from protocol.vocabulary import AccountId, CallId, EmployeeId

BoardDeed = Literal[
    "status", "listen", "whisper", "barge", "stop", "hand_raised", "hand_lowered", "hand_answered",
    "export", "replay", "list",
]  # fmt: skip
"""What is written down: who did what from the board, or asked for help."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogRow:
    """A piece of the board's past. `body` is what `services.board.past` packs: a whole view, or
    the pushes between two instants."""

    kind: Literal["whole", "pushes"]
    began_at: datetime
    ended_at: datetime
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    at: datetime
    by: EmployeeId
    what: BoardDeed
    employee_id: EmployeeId | None = None
    call_id: CallId | None = None
    detail: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonFigures:
    employee_id: EmployeeId
    name: str
    answered: int
    missed: int
    placed: int
    reached: int
    talk_s: int


class BoardRows(Protocol):
    """The board's own tables, and what it reads of others. Every call is one transaction."""

    async def teams(self, account_id: AccountId) -> tuple[TeamPeople, ...]: ...

    async def names(self, account_id: AccountId) -> Mapping[EmployeeId, str]:
        """Everybody, people who left included."""

    async def ended(
        self, account_id: AccountId, since: datetime, until: datetime
    ) -> Sequence[EndedCall]:
        """Calls that began in the span and are over."""

    async def sum(self, account_id: AccountId, since: datetime, ended_before: datetime) -> Sum:
        """Over calls that began since then and ended before that."""

    async def append(self, account_id: AccountId, rows: Sequence[LogRow]) -> None: ...

    async def past(
        self, account_id: AccountId, since: datetime, until: datetime
    ) -> Sequence[LogRow]:
        """Oldest first: the last whole view at or before `since`, and everything after it."""

    async def note(self, account_id: AccountId, deed: Deed) -> None: ...

    async def deeds(self, account_id: AccountId, *, limit: int) -> Sequence[Deed]:
        """Newest first."""
