"""Jobs are queued with their cause, run once each, survive upgrades, and give up visibly."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from backend.errors import CrmRejected, CrmUnavailable, NotFound
from backend.jobs.queue import JobQueue
from backend.jobs.retry import GrowingDelay
from backend.jobs.worker import JobWorker
from backend.store.database import Database, as_app
from tests.integration.conftest import ALPHA
from tests.integration.jobs.worker_process import TIMES


@asynccontextmanager
async def _working(queue: JobQueue) -> AsyncIterator[JobWorker]:
    worker = JobWorker(queue, name="test", times=TIMES)
    task = asyncio.create_task(worker.run())
    try:
        yield worker
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _until(condition: Callable[[], Any], *, within_s: float = 10) -> None:
    async with asyncio.timeout(within_s):
        while True:
            if condition():
                return
            await asyncio.sleep(0.01)


async def _until_idle(queue: JobQueue) -> None:
    async with asyncio.timeout(10):
        while True:
            if not await queue.waiting():
                return
            await asyncio.sleep(0.02)


@pytest.fixture
async def queue(database_url: str) -> AsyncIterator[JobQueue]:
    queue = JobQueue(as_app(database_url), pool_size=3)
    async with queue.opened():
        yield queue


async def test_a_job_comes_with_its_fact_or_not_at_all(queue: JobQueue, database: Database) -> None:
    done: list[str] = []

    @queue.task("note")
    async def note(what: str) -> None:
        done.append(what)

    async def fails_after_queueing() -> None:
        async with database.begin(ALPHA) as tx:
            await queue.defer_in(tx, "note", what="rolled back")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fails_after_queueing()
    assert await queue.waiting() == 0
    async with database.begin(ALPHA) as tx:
        await queue.defer_in(tx, "note", what="committed")
        assert await queue.waiting() == 0
    async with _working(queue):
        await _until(lambda: done)
        await _until_idle(queue)
    assert done == ["committed"]


async def test_a_job_wanted_once_is_queued_once_and_harms_no_transaction(
    queue: JobQueue, database: Database
) -> None:
    @queue.task("sync")
    async def sync() -> None: ...

    async with database.begin(ALPHA) as tx:
        assert await queue.defer_in(tx, "sync", once="sync:alpha") is not None
        assert await queue.defer_in(tx, "sync", once="sync:alpha") is None
        await tx.execute(text("update accounts set name = 'still written'"))
    async with database.begin(ALPHA) as tx:
        assert (await tx.execute(text("select name from accounts"))).scalar() == "still written"
    assert await queue.defer("sync", once="sync:alpha") is None
    assert await queue.waiting() == 1


async def test_a_failure_whose_successor_waits_already_leaves_it_the_work(queue: JobQueue) -> None:
    """One of a `once` may wait: put back beside its successor, the first counted as running for
    ever, and its lock held up every later one."""
    ran: list[int] = []

    @queue.task("look")
    async def look() -> None:
        ran.append(len(ran))
        if len(ran) == 1:
            assert await queue.defer("look", lock="account", once="account") is not None
            raise CrmUnavailable("away")

    await queue.defer("look", lock="account", once="account")
    async with _working(queue):
        await _until_idle(queue)
    assert ran == [0, 1]
    assert await queue.parked() == []


async def test_a_dead_workers_job_does_not_come_back_beside_its_successor(queue: JobQueue) -> None:
    ran: list[str] = []

    @queue.task("look")
    async def look(who: str) -> None:
        ran.append(who)

    @queue.task("other")
    async def other() -> None:
        ran.append("other")

    await queue.defer("other")
    await queue.defer("look", lock="account", once="account", who="dead")
    # As a worker leaves them that was killed.
    await queue.app.connector.execute_query_async(
        "UPDATE procrastinate_jobs SET status = 'doing', worker_id = NULL"
    )
    await queue.defer("look", lock="account", once="account", who="successor")
    async with _working(queue) as worker:
        assert await worker.sweep() == 2
        await _until_idle(queue)
    assert sorted(ran) == ["other", "successor"]


async def test_an_unknown_task_is_refused_when_it_is_queued(queue: JobQueue) -> None:
    with pytest.raises(NotFound):
        await queue.defer("no.such.task")


async def test_jobs_of_one_lock_run_in_order_even_when_the_first_fails_at_first(
    queue: JobQueue,
) -> None:
    ran: list[int] = []

    @queue.task("step", retry=GrowingDelay(first_delay_s=0.05))
    async def step(n: int) -> None:
        ran.append(n)
        if n == 0 and ran.count(0) == 1:
            raise CrmUnavailable

    for n in range(3):
        await queue.defer("step", lock="call-1", n=n)
    async with _working(queue):
        await _until(lambda: len(ran) == 4)
    assert ran == [0, 0, 1, 2]


async def test_a_refusal_that_is_an_answer_is_parked_and_can_be_given_another_life(
    queue: JobQueue,
) -> None:
    ran: list[str] = []

    @queue.task("write")
    async def write(call: str) -> None:
        ran.append(call)
        if len(ran) == 1:
            raise CrmRejected("no such deal")

    await queue.defer("write", call="c1")
    async with _working(queue):
        await _until(lambda: ran)
        await _until_idle(queue)
        (parked,) = await queue.parked()
        assert (parked.task, parked.args, parked.attempts) == ("write", {"call": "c1"}, 1)
        await queue.retry_parked(parked.id)
        await _until(lambda: len(ran) == 2)
        await _until_idle(queue)
    assert await queue.parked() == []


async def test_a_hundred_jobs_queued_before_an_upgrade_finish_after_it(
    database_url: str, queue: JobQueue
) -> None:
    @queue.task("crm.write")
    async def old(call: str) -> None: ...

    for n in range(100):
        await queue.defer("crm.write", call=f"c{n}")

    # The next release renamed the task and changed its arguments twice.
    done: list[tuple[str, str, bool]] = []
    newer = JobQueue(as_app(database_url), pool_size=3)

    @newer.task(
        "crm.write_call",
        version=3,
        upgrades={
            1: lambda args: {"call_id": args["call"], "kind": "finish"},
            2: lambda args: {**args, "quiet": False},
        },
        aliases=("crm.write",),
    )
    async def new(call_id: str, kind: str, quiet: bool) -> None:
        done.append((call_id, kind, quiet))

    async with newer.opened():
        await newer.defer("crm.write_call", call_id="c100", kind="finish", quiet=True)
        async with _working(newer):
            await _until(lambda: len(done) == 101)
            await _until_idle(newer)
        assert await newer.parked() == []
    assert sorted(done) == sorted(
        [(f"c{n}", "finish", False) for n in range(100)] + [("c100", "finish", True)]
    )


async def test_a_newer_releases_job_waits_for_a_newer_worker(queue: JobQueue) -> None:
    ran: list[str] = []

    @queue.task("write")
    async def write(call: str) -> None:
        ran.append(call)

    await queue.defer("write", call="c1", v=2)
    async with _working(queue):
        async with asyncio.timeout(5):
            while True:
                (job,) = await queue.app.job_manager.list_jobs_async()
                if job.attempts:
                    break
                await asyncio.sleep(0.02)
    assert job.status == "todo"
    assert ran == []


async def test_a_job_for_later_waits(queue: JobQueue) -> None:
    ran: list[str] = []

    @queue.task("note")
    async def note(what: str) -> None:
        ran.append(what)

    await queue.defer("note", at=datetime.now(UTC) + timedelta(hours=1), what="later")
    await queue.defer("note", what="now")
    async with _working(queue):
        await _until(lambda: ran)
        await _until(lambda: ran == ["now"])
    assert await queue.waiting() == 1
