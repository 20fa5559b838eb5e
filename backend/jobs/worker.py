"""Running jobs: heartbeats, and taking over what a dead worker left behind.

worker dies ─► its heartbeat grows old (`stalled_after_s`) ─► any other worker's sweep
(`sweep_s`) puts its jobs back ─► they run there.  30 s + 10 s is within the promised 60 s.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import structlog
from procrastinate.app import WorkerOptions
from prometheus_client import Counter

from backend.jobs.queue import JobQueue
from backend.jobs.retry import MAX_ATTEMPTS

log = structlog.get_logger(__name__)

TAKEN_OVER = Counter("dozvon_jobs_taken_over_total", "Jobs of dead workers put back or parked")

# The lock and SKIP LOCKED make sweeps of several workers share the work: read and written apart,
# a second sweep could put back what a third worker has just begun. A job that keeps killing its
# workers is parked in the end. One whose successor waits already (`once`) has nothing left to do:
# the database allows one of them to wait, and refusing it would end the sweep for all others.
_SWEEP = """
WITH stalled AS MATERIALIZED (
    SELECT job.id, job.attempts, EXISTS (
        SELECT FROM procrastinate_jobs AS next
        WHERE next.status = 'todo' AND next.queueing_lock = job.queueing_lock
    ) AS is_superseded
    FROM procrastinate_jobs AS job
    LEFT JOIN procrastinate_workers AS worker ON worker.id = job.worker_id
    WHERE job.status = 'doing'
      AND (worker.id IS NULL
           OR worker.last_heartbeat < now() - make_interval(secs => %(stalled_after_s)s))
    FOR UPDATE OF job SKIP LOCKED
)
SELECT id, CASE
    WHEN is_superseded THEN procrastinate_finish_job_v1(id, 'succeeded', true)::text
    WHEN attempts + 1 < %(max_attempts)s
    THEN procrastinate_retry_job_v2(id, now(), NULL, NULL, NULL)::text
    ELSE procrastinate_finish_job_v1(id, 'failed', false)::text
END FROM stalled
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerTimes:
    """How soon a dead worker is noticed, in seconds. The defaults are procrastinate's."""

    heartbeat_s: float = 10.0
    stalled_after_s: float = 30.0
    sweep_s: float = 10.0
    poll_s: float = 5.0
    """A net below LISTEN/NOTIFY, and how soon a delayed job is found due."""
    stop_s: float = 20.0
    """How long a stopping worker lets its jobs finish; then they are put back."""


class JobWorker:
    def __init__(
        self,
        queue: JobQueue,
        *,
        name: str,
        concurrency: int = 10,
        times: WorkerTimes | None = None,
        queues: tuple[str, ...] = (),
    ) -> None:
        """`queues`: those to take jobs from, none for all."""
        self._queue = queue
        self._queues = queues
        self._name = name
        self._concurrency = concurrency
        self._times = times or WorkerTimes()

    async def run(self) -> None:
        """Work until cancelled; survives the database being away. The queue must be opened."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._sweep_for_ever(), name="jobs-sweep")
            group.create_task(self._work_for_ever(), name="jobs-worker")

    async def sweep(self) -> int:
        """Put back the jobs of dead workers; returns how many there were."""
        rows = await self._queue.app.connector.execute_query_all_async(
            _SWEEP,
            stalled_after_s=self._times.stalled_after_s,
            max_attempts=MAX_ATTEMPTS,
        )
        if rows:
            TAKEN_OVER.inc(len(rows))
            log.warning("jobs_taken_over", jobs=[row["id"] for row in rows], worker=self._name)
        return len(rows)

    async def _sweep_for_ever(self) -> None:
        while True:
            await asyncio.sleep(self._times.sweep_s)
            try:
                await self.sweep()
            except Exception as error:
                log.warning("jobs_sweep_failed", error=str(error))

    def _options(self) -> WorkerOptions:
        options = WorkerOptions(
            name=self._name,
            concurrency=self._concurrency,
            install_signal_handlers=False,
            delete_jobs="successful",
            fetch_job_polling_interval=self._times.poll_s,
            update_heartbeat_interval=self._times.heartbeat_s,
            stalled_worker_timeout=self._times.stalled_after_s,
            shutdown_graceful_timeout=self._times.stop_s,
        )
        if self._queues:
            options["queues"] = list(self._queues)
        return options

    async def _work_for_ever(self) -> None:
        delay_s = 0.5
        loop = asyncio.get_running_loop()
        while True:
            began = loop.time()
            try:
                await self._queue.app.run_worker_async(**self._options())
            except Exception as error:
                log.error("jobs_worker_failed", error=str(error))
            # It also ends by itself when its heartbeat cannot be written.
            delay_s = 0.5 if loop.time() - began > 60 else min(delay_s * 2, 30.0)
            log.warning("jobs_worker_restarts", in_s=delay_s)
            await asyncio.sleep(delay_s)
