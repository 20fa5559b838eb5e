"""Tasks to call back: kept with the call that causes them, told by a job."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from backend.jobs.queue import JobQueue
from backend.services.callbacks import CallbackTeller
from protocol.vocabulary import AccountId, EmployeeId

NAME = "callbacks.tell"


def register(jobs: JobQueue, teller: CallbackTeller) -> None:
    @jobs.task(NAME)
    async def tell(*, account_id: str, employees: list[str]) -> None:
        await teller.tell(AccountId(account_id), [EmployeeId(who) for who in employees])


def announce(jobs: JobQueue) -> None:
    """For processes that only queue it."""
    jobs.announce(NAME)


async def defer(
    jobs: JobQueue, tx: AsyncConnection, account_id: AccountId, employees: Sequence[EmployeeId]
) -> None:
    """Have these told anew, once the caller's transaction is committed."""
    if employees:
        await jobs.defer_in(tx, NAME, account_id=account_id, employees=list(employees))
