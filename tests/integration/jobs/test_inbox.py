"""A CRM's message: stored with its job or not at all, heard by everybody, done once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.errors import CrmRejected
from backend.jobs import inbox
from backend.jobs.queue import JobQueue
from backend.jobs.worker import JobWorker, WorkerTimes
from backend.services.crm_events import CrmEvent, CrmEvents
from backend.store.database import Database
from backend.store.gateways import SqlInbox
from protocol.vocabulary import AccountId
from tests.integration.conftest import ALPHA, BETA

pytestmark = pytest.mark.anyio


def event(account_id: AccountId = ALPHA, external_id: str = "e1") -> CrmEvent:
    return CrmEvent(
        account_id=account_id,
        source="bitrix24",
        event="ONCRMCONTACTUPDATE",
        external_id=external_id,
        received_at=datetime(2026, 11, 22, tzinfo=UTC),
        body={"FIELDS": {"ID": "7"}},
    )


@pytest.fixture
async def jobs(database: Database) -> AsyncIterator[JobQueue]:
    queue = JobQueue(database.url, pool_size=3)
    inbox.announce(queue)
    async with queue.opened():
        yield queue


def door(database: Database, jobs: JobQueue) -> SqlInbox:
    async def defer(tx: AsyncConnection, account_id: AccountId, inbox_id: int) -> None:
        await inbox.defer(jobs, tx, account_id, inbox_id)

    return SqlInbox(database, defer)


async def work(database: Database, jobs: JobQueue, events: CrmEvents) -> None:
    """Run what is queued until nothing is left to do."""
    queue = JobQueue(database.url, pool_size=3)
    inbox.register(queue, events, door(database, jobs))
    async with queue.opened():
        worker = JobWorker(queue, name="here", times=WorkerTimes(poll_s=0.05))
        running = asyncio.create_task(worker.run())
        try:
            async with asyncio.timeout(20):
                while await queue.waiting():  # noqa: ASYNC110 - the state is another process's
                    await asyncio.sleep(0.02)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


async def test_an_event_reaches_everybody_who_wants_it(database: Database, jobs: JobQueue) -> None:
    heard: list[tuple[str, CrmEvent]] = []
    events = CrmEvents()
    for name in ("first", "second"):

        async def hear(event: CrmEvent, name: str = name) -> None:
            heard.append((name, event))

        events.on("bitrix24", "ONCRMCONTACTUPDATE", hear)
    assert await door(database, jobs).receive(event())
    await work(database, jobs, events)
    assert [name for name, _ in heard] == ["first", "second"]
    assert heard[0][1].body == {"FIELDS": {"ID": "7"}}
    assert heard[0][1].account_id == ALPHA


async def test_a_second_delivery_changes_nothing(database: Database, jobs: JobQueue) -> None:
    heard: list[str] = []
    events = CrmEvents()

    async def hear(event: CrmEvent) -> None:
        heard.append(event.account_id)

    events.on("bitrix24", "ONCRMCONTACTUPDATE", hear)
    inbox_ = door(database, jobs)
    assert await inbox_.receive(event())
    assert not await inbox_.receive(event())
    # The same words from another tenant's portal are another message.
    assert await inbox_.receive(event(BETA))
    await work(database, jobs, events)
    assert not await inbox_.receive(event())
    assert sorted(heard) == [ALPHA, BETA]


async def test_no_job_no_row(database: Database, jobs: JobQueue) -> None:
    async def refuse(tx: AsyncConnection, account_id: AccountId, inbox_id: int) -> None:
        raise RuntimeError("the queue is away")

    with pytest.raises(RuntimeError):
        await SqlInbox(database, refuse).receive(event())
    async with database.begin(ALPHA) as tx:
        assert (await tx.execute(text("SELECT count(*) FROM inbox"))).scalar_one() == 0


async def test_one_handlers_trouble_keeps_no_other_from_its_own(
    database: Database, jobs: JobQueue
) -> None:
    heard: list[str] = []
    events = CrmEvents()

    async def fail(event: CrmEvent) -> None:
        raise CrmRejected("no such record")

    async def hear(event: CrmEvent) -> None:
        heard.append(event.external_id)

    events.on("bitrix24", "ONCRMCONTACTUPDATE", fail)
    events.on("bitrix24", "ONCRMCONTACTUPDATE", hear)
    await door(database, jobs).receive(event())
    await work(database, jobs, events)
    assert heard == ["e1"]
    assert [job.task for job in await jobs.parked()] == ["inbox.handle"]


async def test_a_click_does_not_wait_for_long_jobs(database: Database, jobs: JobQueue) -> None:
    heard = asyncio.Event()
    events = CrmEvents()

    async def hear(_event: CrmEvent) -> None:
        heard.set()

    events.on("bitrix24", "ONCRMCONTACTUPDATE", hear)
    queue = JobQueue(database.url, pool_size=4)
    inbox.register(queue, events, door(database, jobs))
    started = asyncio.Semaphore(0)

    @queue.task("long.work")
    async def work_long(*, n: int) -> None:
        started.release()
        await asyncio.Event().wait()

    times = WorkerTimes(poll_s=0.05, stop_s=0.1)
    async with queue.opened():
        workers = [
            JobWorker(queue, name="all", concurrency=2, times=times),
            JobWorker(queue, name="own", concurrency=2, times=times, queues=(inbox.QUEUE,)),
        ]
        running = [asyncio.create_task(worker.run()) for worker in workers]
        try:
            async with asyncio.timeout(20):
                for n in range(2):
                    await queue.defer("long.work", n=n)
                    await started.acquire()
                await door(database, jobs).receive(event())
                await heard.wait()
        finally:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)
