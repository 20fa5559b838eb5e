"""The job that brings an account's employees in step with its CRM. Running it twice changes what
running it once does."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from backend.errors import NotFound
from backend.jobs.queue import JobQueue
from backend.services.employee_sync import EmployeeSync
from protocol.vocabulary import AccountId

NAME = "employees.sync"


def register(jobs: JobQueue, employees: EmployeeSync) -> None:
    @jobs.task(NAME)
    async def sync(*, account_id: str, asked_by: str) -> None:
        # A CRM in trouble ends in the report, and the schedule comes back to it: nothing here is
        # worth a parked job. An account that lost its CRM meanwhile has nothing to synchronise.
        try:
            await employees.run(AccountId(account_id), asked_by=asked_by)
        except NotFound:
            return


def announce(jobs: JobQueue) -> None:
    """For processes that only queue it."""
    jobs.announce(NAME)


async def defer(jobs: JobQueue, tx: AsyncConnection, account_id: AccountId, why: str) -> None:
    """Queue it in the caller's transaction. `why` ends up in the report as `asked_by`.

    One waits at most, one runs at most: whoever asks while one waits is served by it.
    """
    await jobs.defer_in(
        tx,
        NAME,
        lock=_lock(account_id),
        once=_lock(account_id),
        account_id=account_id,
        asked_by=why,
    )


async def ask(jobs: JobQueue, account_id: AccountId, why: str) -> None:
    """Queue it where no fact of ours asks for it."""
    await jobs.defer(
        NAME, lock=_lock(account_id), once=_lock(account_id), account_id=account_id, asked_by=why
    )


def _lock(account_id: AccountId) -> str:
    return f"employees:{account_id}"
