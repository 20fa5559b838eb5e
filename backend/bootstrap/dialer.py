"""The dialer: its clock in the worker, its desk in processes with sockets."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.routing import BaseRoute

from backend.api.doors import Doors
from backend.api.lists import ListsApi
from backend.api.lists_words import ListWordsApi
from backend.api.settings_door import SettingsDoor
from backend.bootstrap.foundation import Foundation
from backend.bootstrap.leased import Held, under_lease
from backend.domain.call import Call
from backend.domain.dialer import item as steps
from backend.jobs import dialer as dialer_jobs
from backend.jobs.queue import JobQueue
from backend.services.calls.orders import OrdersClient
from backend.services.dialer.asking import AskedRecords, CallLists, serve_records
from backend.services.dialer.calling import Calling
from backend.services.dialer.desk import Desk
from backend.services.dialer.engine import TOPIC, Engine
from backend.services.dialer.facts import call_finished
from backend.services.dialer.lists import Lists
from backend.services.dialer.reviewing import Records
from backend.services.dialer.seats import Seats
from backend.services.dialer.stages import StageMover, Stages
from backend.services.dialer.teller import DialerTeller
from backend.services.ports import FinishedCall, Leases
from backend.services.ports.dialer import DialerTx
from backend.services.routing import RoutingTable
from backend.services.sessions import Sessions
from backend.store.calls import CallStore
from backend.store.gateways.dialer import SqlDialer, SqlDialerTx
from protocol.vocabulary import AccountId, CallId, Direction

log = structlog.get_logger(__name__)

REMEMBERED = 5_000
"""Answered calls that need not be written down again."""
SOON_S = 0.05
"""After the transaction that keeps a call, whoever is woken finds it on disk."""


class DialerWork:
    """The worker's part: one process at a time decides, every one hears of calls."""

    def __init__(
        self,
        base: Foundation,
        *,
        routing: RoutingTable,
        accounts: Callable[[], Iterable[AccountId]],
        records: Records,
        jobs: JobQueue,
        movers: Callable[[AccountId], StageMover | None],
        call_lists: Callable[[AccountId], CallLists | None],
    ) -> None:
        self._base = base
        self._records = records
        self._call_lists = call_lists
        self._book = _book(base, jobs)
        dialer_jobs.register(jobs, Stages(self._book, movers))
        self._seats = Seats(base.bus, routing)
        self._accounts = accounts
        self._calling = Calling(self._book, OrdersClient(base.bus), base.clock)
        self.teller = DialerTeller(self._book, base.bus)
        self._answered: OrderedDict[CallId, None] = OrderedDict()
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self, leases: Leases, holder: str) -> None:
        async def decide(held: Held) -> None:
            await self.republish()
            async with serve_records(self._base.bus, self._records, self._call_lists):
                await self._engine(held).run()

        await under_lease(leases, self._base.clock, "dialer", holder, decide)

    async def republish(self) -> None:
        """Tell everybody's list anew: the bus lost its memory, or we begin."""
        self.teller.forget()
        await self.teller.everybody(self._accounts())

    def _engine(self, held: Held) -> Engine:
        return Engine(
            book=self._book,
            bus=self._base.bus,
            clock=self._base.clock,
            seats=self._seats,
            calling=self._calling,
            teller=self.teller,
            kept=self._kept,
            accounts=self._accounts,
            held=lambda: held() is not None,
        )

    async def _kept(self, tx: DialerTx, account_id: AccountId, call_id: CallId) -> bool:
        """By another transaction: the call is finished and does not change any more."""
        async with self._base.database.begin(account_id) as own:
            call = await CallStore(own).find(account_id, call_id)
        if call is None:
            return False
        await call_finished(tx, call)
        return True

    # ── what calls tell ──

    def call_changed(self, call: Call) -> None:
        """The person answered: written down beside the call, which does not wait for it."""
        customer = call.customer
        if (
            call.direction is not Direction.OUTBOUND
            or customer is None
            or customer.answered_at is None
            or call.call_id in self._answered
        ):
            return
        self._answered[call.call_id] = None
        while len(self._answered) > REMEMBERED:
            self._answered.popitem(last=False)
        self._spawn(self._write_answer(call))

    async def on_finished(self, tx: AsyncConnection, call: FinishedCall) -> None:
        """In the transaction that keeps the call: its attempt is over, too."""
        if call.direction != Direction.OUTBOUND.value:
            return
        if await call_finished(SqlDialerTx(tx, call.account_id, None), call) is not None:
            self._spawn(self._wake(call.account_id))

    async def _write_answer(self, call: Call) -> None:
        customer = call.customer
        at = None if customer is None else customer.answered_at
        if at is None:
            return
        async with self._book.begin(call.account_id) as tx:
            attempt = await tx.attempt(call.call_id)
            if attempt is None:
                return
            if attempt.outcome is None:
                await tx.put_attempt(replace(attempt, answered_at=at))
            found = await tx.item(attempt.item_id)
            if found is not None:
                list_id, one = found
                after = steps.answered(one, call.call_id, at)
                if after is not one:
                    await tx.save(list_id, one, after)
        await self._base.bus.wake(TOPIC, call.account_id.encode())

    async def _wake(self, account_id: AccountId) -> None:
        await self._base.clock.sleep(SOON_S)
        await self._base.bus.wake(TOPIC, account_id.encode())

    def _spawn(self, work: Awaitable[None]) -> None:
        async def run() -> None:
            try:
                await work
            except Exception as error:
                # The rows have it, or will from the call's end: this was only the quick way.
                log.warning("dialer.not_told", error=repr(error))

        task = asyncio.create_task(run())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def aclose(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._seats.aclose()


def _book(base: Foundation, jobs: JobQueue) -> SqlDialer:
    async def told(tx: AsyncConnection, account_id: AccountId, call_id: CallId) -> None:
        await dialer_jobs.defer(jobs, tx, account_id, call_id)

    return SqlDialer(base.database, told)


def desk(base: Foundation, jobs: JobQueue) -> Desk:
    """For processes with sockets; `jobs` is open while they are served."""
    dialer_jobs.announce(jobs)
    book = _book(base, jobs)
    return Desk(
        book=book,
        bus=base.bus,
        clock=base.clock,
        calling=Calling(book, OrdersClient(base.bus), base.clock),
        teller=DialerTeller(book, base.bus, always=True),
        records=AskedRecords(base.bus),
    )


def list_doors(base: Foundation, sessions: Sessions, doors: Doors) -> list[BaseRoute]:
    """Lists over HTTP."""
    book, door = SqlDialer(base.database), SettingsDoor(sessions, doors)
    records = AskedRecords(base.bus)
    lists = Lists(book=book, bus=base.bus, clock=base.clock, records=records)
    return [
        *ListsApi(lists, book, base.clock, door, records.people).routes(),
        *ListWordsApi(book, base.clock, door).routes(),
    ]
