"""A worker process for the tests: `python -m tests.integration.jobs.worker_process URL MODE`.

MODE `hang`: jobs begin and never end (they wait to be killed); `work`: they do what they should.
Each run is written to `runs`, each effect to `effects`.
"""

from __future__ import annotations

import asyncio
import os
import sys

from sqlalchemy import text

from backend.jobs.queue import JobQueue
from backend.jobs.worker import JobWorker, WorkerTimes
from backend.store.database import Database, as_app

TIMES = WorkerTimes(heartbeat_s=0.2, stalled_after_s=1.0, sweep_s=0.2, poll_s=0.2, stop_s=1.0)


async def main(url: str, mode: str) -> None:
    queue = JobQueue(as_app(url), pool_size=3)
    async with Database(url, pool_size=3) as database:

        @queue.task("effect")
        async def effect(key: str) -> None:
            async with database.begin_unbound() as tx:
                await tx.execute(
                    text("insert into runs (key, pid) values (:key, :pid)"),
                    {"key": key, "pid": os.getpid()},
                )
            if mode == "hang":
                await asyncio.Event().wait()
            async with database.begin_unbound() as tx:
                await tx.execute(text("insert into effects (key) values (:key)"), {"key": key})

        async with queue.opened():
            await JobWorker(queue, name=mode, concurrency=4, times=TIMES).run()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2]))
