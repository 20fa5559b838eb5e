"""The worker's part in people: synchronised with their CRM, their working day followed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from backend.bootstrap.foundation import Foundation
from backend.bootstrap.leased import Held, under_lease
from backend.bootstrap.sources import Sources
from backend.domain.account_settings import CrmSettings, PeopleSettings
from backend.errors import CrmError
from backend.jobs import employees_sync, workday_write
from backend.jobs.queue import JobQueue
from backend.services.crm_events import CrmEvent, CrmEvents
from backend.services.employee_sync import EmployeeSync, due_in_s
from backend.services.ports import Leases, PeopleSource
from backend.services.statuses import StatusService
from backend.services.workday import WorkdayImport, WorkdayWriter
from backend.store.account_settings import AccountSettingsStore
from backend.store.database import Database
from backend.store.gateways.people import SqlPeople
from backend.store.gateways.workdays import SqlWorkdays
from protocol.vocabulary import AccountId, CrmKind

log = structlog.get_logger(__name__)

ROUND_S = 5.0
"""How often it is looked who is due."""
LOOK_AGAIN_S = 60.0
"""An account that is not due is looked at again after this long at most: somebody may have asked
meanwhile, or switched the synchronisation on."""
AT_A_TIME = 10
"""Accounts read at once; a slow CRM holds up its own."""
ROLL_S = 60.0
"""How often it is asked whether anybody left: whoever is dismissed must not phone on until the
next synchronisation (X10)."""
ROLL_WITHIN_S = 20.0


class PeopleWork:
    """Jobs, events and the schedule around `EmployeeSync` and the working day."""

    def __init__(
        self,
        base: Foundation,
        jobs: JobQueue,
        sources: Sources,
        statuses: StatusService,
        events: CrmEvents,
    ) -> None:
        self._base = base
        self._jobs = jobs
        self._sources = sources
        self._book = SqlPeople(base.database)
        self.employees = EmployeeSync(
            sources=self._source,
            book=self._book,
            bus=base.bus,
            clock=base.clock,
            observe=lambda state: base.metrics.employee_syncs.labels(state.value).inc(),
        )
        workdays = SqlWorkdays(base.database)
        self.workday_import = WorkdayImport(
            sources=sources.workdays, book=workdays, statuses=statuses, clock=base.clock
        )
        writer = WorkdayWriter(sources=sources.workdays, book=workdays, clock=base.clock)
        employees_sync.register(jobs, self.employees)
        workday_write.register(jobs, writer)
        events.on(CrmKind.BITRIX24.value, "ONUSERADD", self._user_added)
        self._sync_due: dict[AccountId, float] = {}
        self._poll_due: dict[AccountId, float] = {}
        self.rolls: dict[AccountId, str] = {}
        """What the last call of the roll said."""
        self.roll_due = 0.0
        """Monotonic second of the next."""

    async def run(self, leases: Leases, holder: str) -> None:
        """Keep the schedule for as long as this process is the one that does. Until cancelled."""

        async def work(_held: Held) -> None:
            self._sync_due.clear()
            self._poll_due.clear()
            self.rolls.clear()
            self.roll_due = 0.0
            async with asyncio.TaskGroup() as group:
                group.create_task(self._rounds(self._ask_due, "people.schedule_failed"))
                group.create_task(self._rounds(self._poll_due_days, "workday.round_failed"))
                group.create_task(self._rounds(self._call_rolls, "people.roll_failed"))

        await under_lease(leases, self._base.clock, "people", holder, work)

    async def _rounds(self, one: Callable[[], Awaitable[None]], failure: str) -> None:
        while True:
            try:
                await one()
            except Exception as error:
                log.warning(failure, error=str(error))
            await self._base.clock.sleep(ROUND_S)

    async def _ask_due(self) -> None:
        clock = self._base.clock
        for account_id in self._sources.accounts():
            if clock.monotonic() < self._sync_due.get(account_id, 0.0):
                continue
            wait_s = LOOK_AGAIN_S
            if await wants_people(self._base.database, account_id):
                wait_s = due_in_s(await self.employees.last(account_id), clock.now())
                if wait_s <= 0:
                    await employees_sync.ask(self._jobs, account_id, "schedule")
            self._sync_due[account_id] = clock.monotonic() + min(max(wait_s, ROUND_S), LOOK_AGAIN_S)

    async def _call_rolls(self) -> None:
        clock = self._base.clock
        if clock.monotonic() < self.roll_due:
            return
        self.roll_due = clock.monotonic() + ROLL_S
        turn = asyncio.Semaphore(AT_A_TIME)

        async def call(account_id: AccountId) -> None:
            async with turn:
                source = self._sources.people(account_id)
                if source is None or not await wants_people(self._base.database, account_id):
                    return
                try:
                    async with asyncio.timeout(ROLL_WITHIN_S):
                        roll = await source.roll()
                except (CrmError, TimeoutError):
                    # The synchronisation itself says so where somebody looks.
                    return
            if self.rolls.setdefault(account_id, roll) != roll:
                self.rolls[account_id] = roll
                await employees_sync.ask(self._jobs, account_id, "event")

        await asyncio.gather(*(call(account_id) for account_id in self._sources.accounts()))

    async def _poll_due_days(self) -> None:
        now = self._base.clock.monotonic()
        due = [
            account_id
            for account_id in self._sources.accounts()
            if now >= self._poll_due.get(account_id, 0.0)
        ]
        turn = asyncio.Semaphore(AT_A_TIME)

        async def poll(account_id: AccountId) -> None:
            async with turn:
                try:
                    pause_s = await self.workday_import.poll(account_id)
                except Exception as error:
                    # One account's trouble must not keep the others from theirs.
                    log.warning("workday.poll_failed", account=account_id, error=str(error))
                    pause_s = ROUND_S
                self._poll_due[account_id] = now + pause_s

        await asyncio.gather(*(poll(account_id) for account_id in due))

    async def _source(self, account_id: AccountId) -> PeopleSource | None:
        """An installation of a moment ago may be unknown to this process."""
        if self._sources.people(account_id) is None:
            await self._sources.refresh()
        return self._sources.people(account_id)

    async def _user_added(self, event: CrmEvent) -> None:
        """A hint, whatever it carries: the reading tells who is there."""
        if await wants_people(self._base.database, event.account_id):
            await employees_sync.ask(self._jobs, event.account_id, "event")


async def wants_people(database: Database, account_id: AccountId) -> bool:
    """Whether the account wants to be synchronised without somebody pressing a button."""
    async with database.begin(account_id) as tx:
        settings = AccountSettingsStore(tx)
        if not (await settings.get(account_id, CrmSettings)).on:
            return False
        return (await settings.get(account_id, PeopleSettings)).sync
