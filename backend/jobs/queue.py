"""The durable queue: which tasks there are, how they get in, how they are run.

procrastinate does the work in the tables of migration 0004. A job is carried out at least once:
a task must leave one effect however often it runs (an idempotency key, or a row that says done).
"""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import psycopg
import structlog
from procrastinate import App, JobContext, PsycopgConnector
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException
from procrastinate.jobs import Job, Status
from procrastinate.retry import BaseRetryStrategy
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.errors import NotFound, NotYet
from backend.jobs.retry import GrowingDelay
from backend.jobs.shares import Shares

log = structlog.get_logger(__name__)

Handler = Callable[..., Awaitable[None]]
Upgrade = Callable[[dict[str, Any]], dict[str, Any]]

VERSION_ARG = "v"
"""The version of the payload, among the arguments. A job without it is of version 1."""


class NewerPayload(Exception):
    """Queued by a newer release than this one: tried again later, by a newer worker."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParkedJob:
    """A job that gave up. It stays until somebody retries or drops it."""

    id: int
    task: str
    lock: str | None
    attempts: int
    args: dict[str, Any] = field(repr=False)


class JobQueue:
    """Register tasks with `task`, then `async with queue.opened():` around its use."""

    def __init__(self, url: str, *, pool_size: int = 5) -> None:
        """`url` is the application's own (`Database.url`), not the owner's."""
        self._connector = PsycopgConnector(
            conninfo=url, min_size=1, max_size=pool_size, timeout=10.0
        )
        self.app = App(connector=self._connector)
        self._versions: dict[str, int] = {}
        self._shares = Shares()
        self._queues: dict[str, str] = {}
        """Task → the queue its jobs wait in."""

    def task(
        self,
        name: str,
        *,
        version: int = 1,
        upgrades: Mapping[int, Upgrade] | None = None,
        aliases: tuple[str, ...] = (),
        retry: BaseRetryStrategy | None = None,
        queue: str = "default",
    ) -> Callable[[Handler], Handler]:
        """Make an async function the task `name`; it gets the job's arguments by name.

        A renamed task lists its old names as `aliases`. When arguments change shape, `version`
        goes up and `upgrades[n]` makes arguments of version n+1 from n, so that jobs queued
        before an upgrade still run. Raises ValueError when a step is missing.
        """
        steps = dict(upgrades or {})
        if set(steps) != set(range(1, version)):
            raise ValueError(f"{name} is at version {version} but has upgrades {sorted(steps)}")

        def register(handler: Handler) -> Handler:
            @functools.wraps(handler)
            async def run(context: JobContext, /, **args: Any) -> None:
                at = int(args.pop(VERSION_ARG, 1))
                if at > version:
                    raise NewerPayload(f"{name} version {at}, this release knows {version}")
                for step in range(at, version):
                    args = steps[step](args)
                try:
                    with self._shares.place(queue, args.get("account_id")):
                        await handler(**args)
                except Exception as error:
                    if not await self._is_superseded(context.job):
                        if isinstance(error, NotYet):
                            await self._give_back(context.job)
                        raise
                    log.info("job_superseded", job=context.job.id, task=name, error=str(error))

            self.app.task(
                name=name,
                aliases=list(aliases),
                retry=retry or GrowingDelay(),
                queue=queue,
                pass_context=True,
            )(run)
            self.announce(name, version=version, queue=queue)
            return handler

        return register

    def announce(self, name: str, *, version: int = 1, queue: str = "default") -> None:
        """A task this process queues and another carries out. `version`, `queue` as in `task`."""
        self._versions[name] = version
        self._queues[name] = queue

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        """Holds the pool of connections the worker and `defer` use."""
        async with self.app.open_async():
            yield

    async def defer_in(
        self,
        tx: AsyncConnection,
        name: str,
        *,
        lock: str | None = None,
        once: str | None = None,
        at: datetime | None = None,
        priority: int = 0,
        **args: Any,
    ) -> int | None:
        """Queue a job inside the caller's transaction: no commit, no job.

        `lock`: jobs of one lock run one after another, in order, even across retries.
        `once`: while one with this name waits, another is not queued and None comes back.
        `at`: not before. Arguments are JSON. Raises NotFound for an unknown task.
        """
        raw = await tx.get_raw_connection()
        connection = raw.driver_connection
        if once is None:
            return await self._defer(connection, name, lock, None, at, priority, args)
        # A clash aborts the transaction: the savepoint keeps what the caller did before.
        nested = await tx.begin_nested()
        try:
            job_id = await self._defer(connection, name, lock, once, at, priority, args)
        except AlreadyEnqueued:
            await nested.rollback()
            return None
        await nested.commit()
        return job_id

    async def defer(
        self,
        name: str,
        *,
        lock: str | None = None,
        once: str | None = None,
        at: datetime | None = None,
        priority: int = 0,
        **args: Any,
    ) -> int | None:
        """Like `defer_in`, in a transaction of its own: for jobs no fact of ours causes."""
        try:
            return await self._defer(None, name, lock, once, at, priority, args)
        except AlreadyEnqueued:
            return None

    async def parked(self) -> list[ParkedJob]:
        """Jobs that gave up, oldest first."""
        jobs = await self.app.job_manager.list_jobs_async(status=Status.FAILED.value)
        return [
            ParkedJob(
                id=job.id or 0,
                task=job.task_name,
                lock=job.lock,
                attempts=job.attempts,
                args=dict(job.task_kwargs),
            )
            for job in jobs
        ]

    async def _give_back(self, job: Job) -> None:
        """Putting the job back will count an attempt that was none."""
        await self.app.connector.execute_query_async(
            "UPDATE procrastinate_jobs SET attempts = attempts - 1 WHERE id = %(job_id)s",
            job_id=job.id,
        )

    async def counts(self) -> tuple[int, int]:
        """Jobs to do or being done, and jobs that gave up."""
        waiting = parked = 0
        for queue in await self.app.job_manager.list_queues_async():
            waiting += int(queue.get("todo") or 0) + int(queue.get("doing") or 0)
            parked += int(queue.get("failed") or 0)
        return waiting, parked

    async def waiting(self) -> int:
        """Jobs to do or being done."""
        return (await self.counts())[0]

    async def retry_parked(self, job_id: int) -> None:
        """Give a parked job another life, at once."""
        await self.app.job_manager.retry_job_by_id_async(job_id, retry_at=datetime.now(UTC))

    async def _is_superseded(self, job: Job) -> bool:
        """Whether another job of that `once` waits, queued while this one ran. It does the same,
        and of two that wait the database refuses the second: this one could not be put back, would
        count as running for ever, and its `lock` would hold up all that come after it."""
        if job.queueing_lock is None:
            return False
        waiting = await self._connector.execute_query_all_async(
            "SELECT 1 FROM procrastinate_jobs WHERE status = 'todo' AND queueing_lock = %(once)s",
            once=job.queueing_lock,
        )
        return bool(waiting)

    async def _defer(
        self,
        connection: Any,
        name: str,
        lock: str | None,
        once: str | None,
        at: datetime | None,
        priority: int,
        args: dict[str, Any],
    ) -> int:
        if name not in self._versions:
            raise NotFound(f"no task {name}")
        if self._versions[name] > 1:
            args = {**args, VERSION_ARG: self._versions[name]}
        options: dict[str, Any] = {
            "lock": lock,
            "queueing_lock": once,
            "priority": priority,
            "queue": self._queues[name],
        }
        if at is not None:
            options["schedule_at"] = at
        # Unknown to the library where it was only announced.
        deferrer = self.app.configure_task(name, connection=connection, **options)
        try:
            return await deferrer.defer_async(**args)
        except ConnectorException as error:
            # What the database said, so that callers tell an outage from a refusal.
            if isinstance(error.__cause__, psycopg.Error):
                raise error.__cause__ from error
            raise
