"""The job that tells the CRM of a break and of its end. It reads what is so now, so a late or
repeated run writes nothing that is over."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from backend.jobs.queue import JobQueue
from backend.services.workday import WorkdayWriter
from protocol.vocabulary import AccountId, EmployeeId

NAME = "workday.write"


def register(jobs: JobQueue, writer: WorkdayWriter) -> None:
    @jobs.task(NAME)
    async def write(*, account_id: str, employee_id: str) -> None:
        await writer.write(AccountId(account_id), EmployeeId(employee_id))


def announce(jobs: JobQueue) -> None:
    """For processes that only queue it."""
    jobs.announce(NAME)


async def defer(
    jobs: JobQueue, tx: AsyncConnection, account_id: AccountId, employee_id: EmployeeId
) -> None:
    """Queue it in the transaction that keeps the choice. One that waits serves a later choice."""
    name = f"workday:{account_id}:{employee_id}"
    await jobs.defer_in(
        tx, NAME, lock=name, once=name, account_id=account_id, employee_id=employee_id
    )
