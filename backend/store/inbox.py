"""Received webhooks: stored first, handled after."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.store.tables import inbox
from protocol.vocabulary import AccountId


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    id: int
    source: str
    """Who sent it: `bitrix24`, `amocrm`."""
    external_id: str
    received_at: datetime
    body: dict[str, Any]
    done_at: datetime | None


class InboxStore:
    def __init__(self, tx: AsyncConnection) -> None:
        self._tx = tx

    async def put(
        self, account_id: AccountId, *, source: str, external_id: str, body: dict[str, Any]
    ) -> int | None:
        """Its number here, to queue a job with; None when it had arrived before."""
        done = await self._tx.execute(
            insert(inbox)
            .values(account_id=account_id, source=source, external_id=external_id, body=body)
            .on_conflict_do_nothing(index_elements=["account_id", "source", "external_id"])
            .returning(inbox.c.id)
        )
        row = done.one_or_none()
        return None if row is None else int(row[0])

    async def take(self, account_id: AccountId, inbox_id: int) -> Received | None:
        """The message if it is still to do, locked until the transaction ends."""
        query = (
            select(inbox)
            .where(
                inbox.c.account_id == account_id, inbox.c.id == inbox_id, inbox.c.done_at.is_(None)
            )
            .with_for_update()
        )
        row = (await self._tx.execute(query)).mappings().one_or_none()
        if row is None:
            return None
        return Received(
            id=row["id"],
            source=row["source"],
            external_id=row["external_id"],
            received_at=row["received_at"],
            body=row["body"],
            done_at=row["done_at"],
        )

    async def done(self, account_id: AccountId, inbox_id: int) -> None:
        await self._tx.execute(
            update(inbox)
            .where(inbox.c.account_id == account_id, inbox.c.id == inbox_id)
            .values(done_at=func.now())
        )

    async def prune(self, account_id: AccountId, *, before: datetime) -> None:
        """Forget handled messages received before; what is still to do stays."""
        await self._tx.execute(
            delete(inbox).where(
                inbox.c.account_id == account_id,
                inbox.c.received_at < before,
                inbox.c.done_at.is_not(None),
            )
        )
