"""What CRMs told us, on disk, and the job that is queued with it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from sqlalchemy.ext.asyncio import AsyncConnection

from backend.services.crm_events import CrmEvent
from backend.store.database import Database
from backend.store.inbox import InboxStore
from protocol.vocabulary import AccountId

Queue = Callable[[AsyncConnection, AccountId, int], Awaitable[None]]
"""Queues the handling of a message in the transaction that stores it."""


class SqlInbox:
    """`services.crm_events.EventInbox`. Its rows hold `{"event": …, "body": …}`."""

    def __init__(self, database: Database, queue: Queue) -> None:
        self._database = database
        self._queue = queue

    async def receive(self, event: CrmEvent) -> bool:
        async with self._database.begin(event.account_id) as tx:
            inbox_id = await InboxStore(tx).put(
                event.account_id,
                source=event.source,
                external_id=event.external_id,
                body={"event": event.event, "body": event.body},
            )
            if inbox_id is None:
                return False
            await self._queue(tx, event.account_id, inbox_id)
        return True

    async def waiting(self, account_id: AccountId, inbox_id: int) -> CrmEvent | None:
        async with self._database.begin(account_id) as tx:
            row = await InboxStore(tx).take(account_id, inbox_id)
        if row is None:
            return None
        return CrmEvent(
            account_id=account_id,
            source=row.source,
            event=str(row.body.get("event") or ""),
            external_id=row.external_id,
            received_at=row.received_at,
            body=row.body.get("body") or {},
        )

    async def done(self, account_id: AccountId, inbox_id: int) -> None:
        async with self._database.begin(account_id) as tx:
            await InboxStore(tx).done(account_id, inbox_id)
