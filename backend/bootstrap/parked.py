"""`dozvon jobs`: what gave up and is not in a CRM, and another life for it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from backend.bootstrap.foundation import foundation
from backend.errors import BadRequest, NotFound
from backend.jobs.queue import JobQueue, ParkedJob
from backend.settings import Settings

ALL = "all"
_SHOWN = ("account_id", "call_id", "outcome")
"""Of a job's arguments; numbers and names of people are not for a terminal's history."""


async def parked(settings: Settings) -> list[str]:
    """A line for each job that gave up, oldest first."""
    async with _queue(settings) as queue:
        return [_line(job) for job in await queue.parked()]


async def retry(settings: Settings, which: str) -> list[str]:
    """Give one (its id) or all another life; the lines of those. Raises BadRequest, NotFound."""
    if which != ALL and not which.isdecimal():
        raise BadRequest(f"{which!r} is neither a job's number nor {ALL!r}")
    async with _queue(settings) as queue:
        jobs = [job for job in await queue.parked() if which in (ALL, str(job.id))]
        if not jobs and which != ALL:
            raise NotFound(f"no job {which} gave up; `dozvon jobs` lists those that did")
        for job in jobs:
            await queue.retry_parked(job.id)
        return [_line(job) for job in jobs]


@asynccontextmanager
async def _queue(settings: Settings) -> AsyncIterator[JobQueue]:
    async with foundation(settings, single=True, migrating=False) as base:
        queue = JobQueue(base.database.url, pool_size=1)
        async with queue.opened():
            yield queue


def _line(job: ParkedJob) -> str:
    about = " ".join(f"{name}={job.args[name]}" for name in _SHOWN if name in job.args)
    return f"{job.id} {job.task} attempts={job.attempts} {about}".rstrip()
