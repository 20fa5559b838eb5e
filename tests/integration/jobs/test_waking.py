"""An account that is connected again does not wait for jobs that were put off meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from backend.jobs import crm_calls
from backend.jobs.queue import JobQueue
from backend.jobs.waking import wake
from backend.jobs.worker import JobWorker
from backend.store.database import Database, as_app
from tests.integration.conftest import ALPHA
from tests.integration.jobs.put_off import ALL, LEFT_ALONE, asleep, put_off
from tests.integration.jobs.worker_process import TIMES


@pytest.fixture
async def queue(database_url: str) -> AsyncIterator[JobQueue]:
    queue = JobQueue(as_app(database_url), pool_size=3)
    async with queue.opened():
        yield queue


async def test_its_own_waiting_and_parked_jobs_are_due_at_once(
    queue: JobQueue, database: Database
) -> None:
    await put_off(queue)
    assert await asleep(queue) == ALL
    async with database.begin(ALPHA) as tx:
        assert await wake(tx, ALPHA) == 2
    assert await asleep(queue) == LEFT_ALONE
    assert [job.args["call_id"] for job in await queue.parked()] == ["stale"]


async def test_a_reconnection_that_failed_wakes_nothing(
    queue: JobQueue, database: Database
) -> None:
    await put_off(queue)
    with contextlib.suppress(KeyError):
        async with database.begin(ALPHA) as tx:
            await wake(tx, ALPHA)
            raise KeyError
    assert await asleep(queue) == ALL


async def test_a_worker_hears_of_it_and_does_not_look_at_its_clock(
    queue: JobQueue, database: Database
) -> None:
    ran: list[str] = []
    both = asyncio.Event()

    @queue.task(crm_calls.NAME)
    async def write(*, account_id: str, call_id: str, spare: bool) -> None:
        ran.append(call_id)
        if len(ran) == 2:
            both.set()

    @queue.task("probe")
    async def probe() -> None:
        up.set()

    up = asyncio.Event()
    await put_off(queue)
    worker = JobWorker(queue, name="test", times=replace(TIMES, poll_s=3600))
    task = asyncio.create_task(worker.run())
    try:
        async with asyncio.timeout(10):
            await queue.defer("probe")
            await up.wait()
            async with database.begin(ALPHA) as tx:
                await wake(tx, ALPHA)
            await both.wait()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert sorted(ran) == ["parked", "waits"]
