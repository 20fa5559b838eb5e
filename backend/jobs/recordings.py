"""The jobs around recordings: bring the file, let the switch delete its own."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from backend.jobs.queue import JobQueue
from backend.jobs.retry import GrowingDelay
from backend.services.history_teller import Told
from backend.services.recordings import Recordings
from protocol.vocabulary import AccountId, CallId

FETCH = "recordings.fetch"
FORGET = "recordings.forget"
FIRST_DELAY_S = 2.0
"""The switch closes the file within a moment of the call's end."""


def register(jobs: JobQueue, recordings: Recordings, told: Told) -> None:
    """`told` hears when a call's recording is there, or is given up."""

    @jobs.task(FETCH, retry=GrowingDelay(first_delay_s=FIRST_DELAY_S))
    async def fetch(*, account_id: str, recording_id: str, call_id: str) -> None:
        await recordings.fetch(AccountId(account_id), recording_id)
        await told(AccountId(account_id), CallId(call_id))

    @jobs.task(FORGET)
    async def forget(*, connection_id: str, recording: str) -> None:
        await recordings.forget(connection_id, recording)


async def defer_fetch(
    jobs: JobQueue, tx: AsyncConnection, account_id: str, recording_id: str, call_id: str
) -> None:
    await jobs.defer_in(
        tx, FETCH, account_id=account_id, recording_id=recording_id, call_id=call_id
    )


async def defer_forget(jobs: JobQueue, tx: AsyncConnection, connection_id: str, name: str) -> None:
    await jobs.defer_in(tx, FORGET, connection_id=connection_id, recording=name)
