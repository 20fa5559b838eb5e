"""The job that brings a CRM in line with a customer who is to be called back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from sqlalchemy.ext.asyncio import AsyncConnection

from backend.jobs.queue import JobQueue
from backend.services.callback_tasks import CrmCallbacks
from protocol.vocabulary import AccountId, CallId

NAME = "crm.callback_task"
Told = Callable[[AccountId], Awaitable[None]]


def register(jobs: JobQueue, tasks: CrmCallbacks, told: Told) -> None:
    """`told` hears whenever a task's state may have changed."""

    @jobs.task(NAME)
    async def bring(*, account_id: str, call_id: str) -> None:
        try:
            await tasks.bring(AccountId(account_id), CallId(call_id))
        finally:
            await told(AccountId(account_id))


def announce(jobs: JobQueue) -> None:
    """For processes that only queue it."""
    jobs.announce(NAME)


async def defer(jobs: JobQueue, tx: AsyncConnection, account_id: str, call_id: str) -> None:
    """Queue it in the caller's transaction. Tries of one task never overlap, and one that waits
    reads the newest truth: it speaks for all that would come after it."""
    key = f"callback:{account_id}:{call_id}"
    await jobs.defer_in(tx, NAME, lock=key, once=key, account_id=account_id, call_id=call_id)
