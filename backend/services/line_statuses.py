"""Statuses of employees kept in step with an engine that has statuses of its own (R9).

The engine tells nobody when a status changes, so it is read. What both sides were when they last
agreed is kept: whoever differs from that has changed, and the other follows. When both have, the
choice made here wins, for it is the one the person sees.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import structlog

from backend.errors import AppError
from backend.kit.clock import Clock
from backend.services.statuses import StatusService, StatusStore
from protocol.vocabulary import AccountId, AgentStatus, EmployeeId, StatusSource

log = structlog.get_logger(__name__)

ROUND_S: Final = 20.0
"""Between two readings: each costs the engine's account a point."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OnLine:
    """An employee and who that is on the engine."""

    account_id: AccountId
    employee_id: EmployeeId
    vendor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreed:
    """Both sides when they last were the same."""

    vendor_status: AgentStatus
    version: int
    """Of our status (`KeptStatus.version`); 0 for one nobody ever set."""


class StatusEngine(Protocol):
    """The engine's side. Raises SwitchError."""

    async def statuses(self) -> dict[int, AgentStatus]:
        """By its employee; those whose status has no word of ours are missing."""

    async def set_status(self, vendor: int, status: AgentStatus) -> None: ...


class AgreedBook(Protocol):
    async def load(self) -> dict[int, Agreed]: ...

    async def keep(self, vendor: int, agreed: Agreed) -> None: ...


class LineStatuses:
    def __init__(
        self,
        *,
        engine: StatusEngine,
        book: AgreedBook,
        store: StatusStore,
        statuses: StatusService,
        people: Callable[[], Sequence[OnLine]],
        clock: Clock,
    ) -> None:
        self._engine = engine
        self._book = book
        self._store = store
        self._statuses = statuses
        self._people = people
        self._clock = clock
        self._failing = False

    async def run(self) -> None:
        """Until cancelled. Trouble is told once, and its end."""
        while True:
            try:
                await self.round()
            except AppError as error:
                if not self._failing:
                    log.warning("line_statuses.not_in_step", error=str(error))
                self._failing = True
            except Exception:
                log.exception("line_statuses.broke")
            else:
                if self._failing:
                    log.info("line_statuses.in_step_again")
                self._failing = False
            await self._clock.sleep(ROUND_S)

    async def round(self) -> None:
        """Compare everybody once. Raises SwitchError; who was done before stays done."""
        people = self._people()
        if not people:
            return
        read_at = self._clock.now()
        theirs, agreed = await self._engine.statuses(), await self._book.load()
        for person in people:
            status = theirs.get(person.vendor)
            kept = await self._store.load(person.account_id, person.employee_id)
            version = 0 if kept is None else kept.version
            ours = AgentStatus.AVAILABLE if kept is None else kept.status
            before = agreed.get(person.vendor)
            if before is not None and version != before.version and ours is not status:
                await self._engine.set_status(person.vendor, ours)
                log.info("line_statuses.told", employee=person.employee_id, status=ours.value)
                status = ours
            elif status is None:
                continue
            elif status is not ours and (before is None or status is not before.vendor_status):
                followed = await self._statuses.follow(
                    person.account_id,
                    person.employee_id,
                    status,
                    read_at=read_at,
                    first=before is None,
                    source=StatusSource.SYSTEM,
                )
                # What a person chose meanwhile is told in the next round.
                version = followed.version if followed.status is status else -1
            wanted = Agreed(vendor_status=status, version=version)
            if wanted != before:
                await self._book.keep(person.vendor, wanted)
