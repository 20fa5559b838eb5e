"""The job that gives a portal its copy of a recording (B9)."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from procrastinate import BaseRetryStrategy, RetryDecision
from procrastinate.exceptions import JobAborted
from procrastinate.jobs import Job
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.errors import CrmAuthExpired, NotYet
from backend.jobs.queue import JobQueue
from backend.jobs.retry import LONGEST_DELAY_S, MAX_ATTEMPTS, not_yet
from backend.services.portal_recordings import PortalRecordings
from protocol.vocabulary import AccountId, CallId

NAME = "portal.attach_recording"
EVERY_S = 30 * 60.0
ATTEMPTS = 8
"""Every half hour, eight attempts in all (L2049)."""


class EveryHalfHour(BaseRetryStrategy):
    """Whatever was answered: portals refuse files for reasons that pass.

    Without a grant nothing was attempted: once its eight are used up, the job looks in every six
    hours for as long as other jobs wait for an administrator.
    """

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        """None parks the job: it stays with status `failed`."""
        now = datetime.now(UTC)
        if isinstance(exception, JobAborted | asyncio.CancelledError):
            return RetryDecision(retry_at=now)
        if isinstance(exception, NotYet):
            return not_yet(exception)
        if job.attempts + 1 < ATTEMPTS:
            return RetryDecision(retry_at=now + timedelta(seconds=EVERY_S))
        if isinstance(exception, CrmAuthExpired) and job.attempts + 1 < MAX_ATTEMPTS:
            return RetryDecision(retry_at=now + timedelta(seconds=LONGEST_DELAY_S))
        return None


def register(jobs: JobQueue, recordings: PortalRecordings) -> None:
    @jobs.task(NAME, retry=EveryHalfHour())
    async def attach(*, account_id: str, call_id: str) -> None:
        await recordings.attach(AccountId(account_id), CallId(call_id))


async def defer(jobs: JobQueue, tx: AsyncConnection, account_id: str, call_id: str) -> None:
    """Jobs of one call run one after another."""
    await jobs.defer_in(
        tx, NAME, lock=f"attach:{account_id}:{call_id}", account_id=account_id, call_id=call_id
    )
