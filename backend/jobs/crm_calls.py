"""The job that brings a CRM in line with a finished call."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from backend.jobs.queue import JobQueue
from backend.services.call_records import LINK_WAIT_S, CallRecords
from protocol.vocabulary import AccountId, CallId

NAME = "crm.write_call"


def register(jobs: JobQueue, records: CallRecords) -> None:
    @jobs.task(NAME)
    async def write(*, account_id: str, call_id: str, spare: bool) -> None:
        await records.write(AccountId(account_id), CallId(call_id), spare=spare)


async def defer(
    jobs: JobQueue, tx: AsyncConnection, account_id: str, call_id: str, *, recorded: bool = False
) -> None:
    """Queue it in the caller's transaction. `recorded`: a recording is on its way, which queues
    the job too when it is there; this one is for when it takes too long."""
    at = datetime.now(UTC) + timedelta(seconds=LINK_WAIT_S) if recorded else None
    await jobs.defer_in(tx, NAME, at=at, account_id=account_id, call_id=call_id, spare=False)


async def defer_spare(jobs: JobQueue, tx: AsyncConnection, account_id: str, call_id: str) -> None:
    """The recording is there, or there will be none."""
    await jobs.defer_in(tx, NAME, account_id=account_id, call_id=call_id, spare=True)
