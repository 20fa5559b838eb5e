"""The job behind a CRM's message: everybody who wants it hears it, however often it runs."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from backend.jobs.queue import JobQueue
from backend.services.crm_events import CrmEvents, EventInbox
from protocol.vocabulary import AccountId

NAME = "inbox.handle"
QUEUE = "inbox"
"""With workers of its own: whoever clicked a number must not wait for a synchronisation."""


def register(jobs: JobQueue, events: CrmEvents, inbox: EventInbox) -> None:
    @jobs.task(NAME, queue=QUEUE)
    async def handle(*, account_id: str, inbox_id: int) -> None:
        # Not locked while it is handled: handlers ask CRMs, and a transaction must not wait for
        # one. Two workers at once leave one effect, as every handler does.
        event = await inbox.waiting(AccountId(account_id), inbox_id)
        if event is not None:
            await events.handle(event)
            await inbox.done(AccountId(account_id), inbox_id)


def announce(jobs: JobQueue) -> None:
    """For processes that only queue it."""
    jobs.announce(NAME, queue=QUEUE)


async def defer(jobs: JobQueue, tx: AsyncConnection, account_id: AccountId, inbox_id: int) -> None:
    await jobs.defer_in(tx, NAME, account_id=account_id, inbox_id=inbox_id)
