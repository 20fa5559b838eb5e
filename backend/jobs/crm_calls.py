"""The job that brings a CRM in line with a finished call."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from backend.jobs.queue import JobQueue
from backend.services.call_records import LINK_WAIT_S, CallRecords
from backend.services.history_teller import Told
from protocol.vocabulary import AccountId, CallId

NAME = "crm.write_call"


def register(jobs: JobQueue, records: CallRecords, told: Told) -> None:
    """`told` hears whenever the call's state may have changed."""

    @jobs.task(NAME)
    async def write(*, account_id: str, call_id: str, spare: bool) -> None:
        account, call = AccountId(account_id), CallId(call_id)
        try:
            await records.write(account, call, spare=spare)
        finally:
            await told(account, call)


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
