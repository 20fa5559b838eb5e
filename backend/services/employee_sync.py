"""Employees kept in step with the CRM (B3, A2): read whole, compared, written in one go.

    asked (every half hour, by hand, by an event, by a page of somebody unknown)
      └─► job ─► run ─► read ─┬─ failed, empty, shorter than it says ─► nothing changes, reported
                              └─ complete ─► `domain.people_plan` ─► one transaction
                                    └─► sessions of who left end, routing is woken, reported

A reading that leaves people in doubt (`held`) is repeated sooner (`due_in_s`).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Protocol

import structlog

from backend.domain.account_settings import PeopleSettings
from backend.domain.people import Known, PeopleReading, PersonKind, Plan, Remark
from backend.domain.people_plan import plan
from backend.errors import CrmAuthExpired, CrmError, CrmRejected, NotFound
from backend.kit.clock import Clock
from backend.kit.ids import new_id
from backend.services.ports import Bus, PeopleSource
from backend.services.routing import ROUTING_TOPIC
from backend.services.sessions import REVOKED
from protocol.vocabulary import AccountId, CrmKind, EmployeeId, SessionId

log = structlog.get_logger(__name__)

EVERY_S = 1800.0
"""B3."""
RETRY_AFTER_S = 120.0
"""After a reading that failed or came short; one without a grant waits for its turn."""


HELD_S = 900.0
"""While people are missing: one answer that has them again clears it up."""


class SyncState(StrEnum):
    """running ► done | held | partial | empty | failed | refused | reconnect"""

    RUNNING = "running"
    DONE = "done"
    HELD = "held"
    """Done, but too many people are missing over there: asked again before they leave."""
    PARTIAL = "partial"
    """The CRM gave fewer people than it says it has; nothing was changed."""
    EMPTY = "empty"
    """The CRM gave nobody; nothing was changed."""
    FAILED = "failed"
    """The CRM did not answer; nothing was changed."""
    REFUSED = "refused"
    """The CRM refuses to tell: whoever connected it may not see the users; nothing was changed."""
    RECONNECT = "reconnect"
    """The grant is gone; an administrator has to connect again."""

    @property
    def good(self) -> bool:
        return self in (SyncState.DONE, SyncState.HELD)


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncReport:
    """What became of one synchronisation (B2)."""

    id: str
    kind: CrmKind
    asked_by: str
    """`schedule`, `event`, `installed`, `page`, or the id of the employee who asked."""
    started_at: datetime
    finished_at: datetime | None = None
    state: SyncState = SyncState.RUNNING
    counts: Mapping[str, int] = field(default_factory=dict)
    """`seen`, `added`, `linked`, `updated`, `revived`, `left`, `left_out`, `teams`, as far as there
    were any."""
    remarks: tuple[Remark, ...] = ()
    error: str | None = None
    """What the CRM said, for whoever looks into it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    plan: Plan
    signed_out: tuple[tuple[EmployeeId, SessionId], ...]
    """Sessions that ended with the transaction."""


class PeopleBook(Protocol):
    """An account's people on disk; each method is a transaction."""

    async def report(self, account_id: AccountId, report: SyncReport) -> None:
        """Keep it, in place of an earlier state of the same."""

    async def reports(self, account_id: AccountId, *, limit: int = 20) -> list[SyncReport]:
        """Newest first."""

    async def apply(
        self,
        account_id: AccountId,
        kind: CrmKind,
        decide: Callable[[Known, PeopleSettings], Plan],
        *,
        at: datetime,
    ) -> Applied:
        """Carry out what `decide` makes of the account as it is; nobody changes it meanwhile."""


class EmployeeSync:
    """One account at a time; whoever calls `run` sees to that (the job's lock)."""

    def __init__(
        self,
        *,
        sources: Callable[[AccountId], Awaitable[PeopleSource | None]],
        book: PeopleBook,
        bus: Bus,
        clock: Clock,
        observe: Callable[[SyncState], None] = lambda _state: None,
    ) -> None:
        self._sources = sources
        self._book = book
        self._bus = bus
        self._clock = clock
        self._observe = observe

    async def run(self, account_id: AccountId, *, asked_by: str) -> SyncReport:
        """Read the CRM and take over what changed. A CRM in trouble ends in the report.

        Raises NotFound when the account has no CRM.
        """
        source = await self._sources(account_id)
        if source is None:
            raise NotFound(f"{account_id} has no CRM")
        report = SyncReport(
            id=new_id(), kind=source.crm, asked_by=asked_by, started_at=self._clock.now()
        )
        await self._book.report(account_id, report)
        try:
            report = await self._read_and_apply(account_id, source, report)
        except BaseException as error:
            report = self._ended(report, SyncState.FAILED, error=type(error).__name__)
            await self._book.report(account_id, report)
            raise
        await self._book.report(account_id, report)
        self._tell(account_id, report)
        return report

    async def last(self, account_id: AccountId) -> SyncReport | None:
        reports = await self._book.reports(account_id, limit=1)
        return reports[0] if reports else None

    async def _read_and_apply(
        self, account_id: AccountId, source: PeopleSource, report: SyncReport
    ) -> SyncReport:
        try:
            reading = await source.read_people()
        except CrmAuthExpired as error:
            return self._ended(report, SyncState.RECONNECT, error=str(error))
        except CrmRejected as error:
            return self._ended(report, SyncState.REFUSED, error=str(error))
        except CrmError as error:
            return self._ended(report, SyncState.FAILED, error=str(error))
        trouble = _trouble(reading)
        if trouble is not None:
            return self._ended(report, trouble)
        now = self._clock.now()

        def decide(known: Known, settings: PeopleSettings) -> Plan:
            return plan(known, reading, settings, now=now, make_id=new_id)

        applied = await self._book.apply(account_id, source.crm, decide, at=now)
        await self._announce(account_id, applied)
        done = applied.plan
        report = self._ended(report, SyncState.HELD if done.held else SyncState.DONE)
        return replace(report, counts=done.counts, remarks=done.remarks)

    async def _announce(self, account_id: AccountId, applied: Applied) -> None:
        """Within a second instead of at everybody's next look (X10): sockets close, workers load
        the account anew."""
        for employee_id, session_id in applied.signed_out:
            log.info(
                "employee.signed_out",
                account=account_id,
                employee=employee_id,
                session=session_id,
            )
            await self._bus.wake(REVOKED, session_id.encode())
        if applied.plan.save or applied.plan.leave:
            await self._bus.wake(ROUTING_TOPIC, account_id.encode())

    def _ended(
        self, report: SyncReport, state: SyncState, *, error: str | None = None
    ) -> SyncReport:
        return replace(report, state=state, finished_at=self._clock.now(), error=error)

    def _tell(self, account_id: AccountId, report: SyncReport) -> None:
        self._observe(report.state)
        say = log.info if report.state is SyncState.DONE else log.warning
        say(
            "employees.synchronised" if report.state.good else "employees.kept",
            account=account_id,
            crm=report.kind.value,
            state=report.state.value,
            asked_by=report.asked_by,
            error=report.error,
            **report.counts,
        )


def due_in_s(last: SyncReport | None, now: datetime) -> float:
    """Seconds until the schedule asks again; 0 when it is time.

    A run nobody finished (its worker died) is like one that failed.
    """
    if last is None:
        return 0.0
    patient = last.state in (SyncState.DONE, SyncState.REFUSED, SyncState.RECONNECT)
    pause_s = EVERY_S if patient else RETRY_AFTER_S
    if last.state is SyncState.HELD:
        pause_s = HELD_S
    return max(0.0, pause_s - (now - last.started_at).total_seconds())


def _trouble(reading: PeopleReading) -> SyncState | None:
    """Why a reading must not change anything (P14)."""
    if not any(p.active and p.kind is not PersonKind.MACHINE for p in reading.people):
        return SyncState.EMPTY
    return None if reading.complete else SyncState.PARTIAL
