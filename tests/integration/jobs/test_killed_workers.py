"""kill -9 of a worker: the other finishes its jobs, each with one effect."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest

from backend.jobs.queue import JobQueue
from backend.store.database import as_app

pytestmark = pytest.mark.slow

JOBS = 12


@contextmanager
def _worker(url: str, mode: str) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.integration.jobs.worker_process", url, mode]
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


async def _rows(url: str, query: str) -> list[tuple[object, ...]]:
    async with await psycopg.AsyncConnection.connect(url) as connection:
        return await (await connection.execute(query)).fetchall()


async def _until(url: str, query: str, *, within_s: float) -> None:
    """Until the query finds a row."""
    async with asyncio.timeout(within_s):
        while True:
            if await _rows(url, query):
                return
            await asyncio.sleep(0.05)


async def test_the_living_worker_finishes_the_dead_ones_jobs_once(database_url: str) -> None:
    url = database_url
    async with await psycopg.AsyncConnection.connect(url) as connection:
        await connection.execute("create table runs (key text, pid int)")
        await connection.execute("create table effects (key text)")
    queue = JobQueue(as_app(url), pool_size=2)

    @queue.task("effect")
    async def effect(key: str) -> None: ...

    async with queue.opened():
        for n in range(JOBS):
            await queue.defer("effect", key=f"k{n}", lock=f"lock{n % 3}")
    with _worker(url, "hang") as doomed:
        # It holds one job of each lock and will never end them.
        await _until(url, "select 1 from runs having count(*) = 3", within_s=30)
        with _worker(url, "work") as living:
            await _until(
                url, "select 1 from procrastinate_workers having count(*) = 2", within_s=30
            )
            os.kill(doomed.pid, signal.SIGKILL)
            await _until(url, f"select 1 from effects having count(*) = {JOBS}", within_s=30)
            # Done jobs are deleted: until then the effect is there but not yet acknowledged.
            await _until(url, "select 1 from procrastinate_jobs having count(*) = 0", within_s=30)
            before = await _rows(url, "select key, pid from runs order by key, pid")
            with _worker(url, "work"):
                await _until(
                    url,
                    "select 1 from procrastinate_workers where"
                    " last_heartbeat > now() - interval '1 second' having count(*) = 2",
                    within_s=30,
                )
                # A job of its own shows that the third worker works; old ones stay done.
                os.kill(living.pid, signal.SIGKILL)
                async with queue.opened():
                    await queue.defer("effect", key="last")
                await _until(url, "select 1 from effects where key = 'last'", within_s=30)
    after = await _rows(url, "select key, pid from runs where key <> 'last' order by key, pid")
    assert after == before
    assert await _rows(url, "select key from effects group by key having count(*) > 1") == []
    assert await _rows(url, "select count(*) from effects") == [(JOBS + 1,)]
