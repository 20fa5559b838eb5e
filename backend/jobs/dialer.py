"""The job that moves a record to the stage of what was said of its call."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from backend.jobs.queue import JobQueue
from backend.services.dialer.stages import Stages
from protocol.vocabulary import AccountId, CallId

NAME = "dialer.stage"


def register(jobs: JobQueue, stages: Stages) -> None:
    @jobs.task(NAME)
    async def move(*, account_id: str, call_id: str) -> None:
        await stages.follow(AccountId(account_id), CallId(call_id))


def announce(jobs: JobQueue) -> None:
    """For processes that only queue it."""
    jobs.announce(NAME)


async def defer(
    jobs: JobQueue, tx: AsyncConnection, account_id: AccountId, call_id: CallId
) -> None:
    """Queue it in the caller's transaction."""
    await jobs.defer_in(tx, NAME, account_id=account_id, call_id=call_id)
