"""The web process's part in people: who signs on, and what they choose."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from backend.bootstrap.foundation import Foundation
from backend.bootstrap.people import wants_people
from backend.jobs import employees_sync, workday_write
from backend.jobs.queue import JobQueue
from backend.services.seen_today import SeenToday
from backend.services.statuses import KeptStatus
from backend.services.visitors import Visitors
from backend.store.gateways.people import SqlPeople, SqlSeenToday
from backend.store.gateways.statuses import OnSaved
from backend.store.gateways.workdays import must_be_written
from protocol.vocabulary import AccountId, CrmKind

FIRST_READING = timedelta(minutes=2)
"""How long after a connection unknown users are asked to wait for the first reading; later a
reading that does not come is trouble, and they are told that they are no employees."""


def seen_today(base: Foundation) -> SeenToday:
    return SeenToday(SqlSeenToday(base.database), base.clock)


def visitors(base: Foundation, jobs: JobQueue, seen: SeenToday) -> Visitors:
    """Notes who was in the CRM today; a user nobody here knows has the CRM read at once."""
    employees_sync.announce(jobs)

    async def ask(account_id: AccountId) -> bool:
        if not await wants_people(base.database, account_id):
            return False
        await employees_sync.ask(jobs, account_id, "page")
        return True

    async def unread(account_id: AccountId, kind: CrmKind) -> bool:
        since = base.clock.now() - FIRST_READING
        return await SqlPeople(base.database).unread(account_id, kind, since=since) and (
            await wants_people(base.database, account_id)
        )

    return Visitors(seen=seen, ask=ask, unread=unread, bus=base.bus)


def tell_workday(jobs: JobQueue) -> OnSaved:
    """Queues, with the choice of a break or its end, that the CRM's working day hears of it."""
    workday_write.announce(jobs)

    async def saved(tx: AsyncConnection, account_id: AccountId, status: KeptStatus) -> None:
        if await must_be_written(tx, account_id, status):
            await workday_write.defer(jobs, tx, account_id, status.employee_id)

    return saved
