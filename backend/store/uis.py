"""Letters of the UIS cloud and names of its legs: rows of nobody, written while resolving."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.store.tables import uis_legs, uis_letters, uis_statuses

KEPT: Final = timedelta(days=7)
"""For whoever asks what the cloud sent; no call lasts as long."""
AT_ONCE: Final = 200
QUESTION: Final = "question"
UNREADABLE: Final = "unreadable"
"""Events of our own: what was asked, and what no template of ours could have sent."""


class UisStore:
    """Wants a resolving transaction."""

    def __init__(self, tx: AsyncConnection, connection_id: str) -> None:
        self._tx = tx
        self._id = connection_id

    async def put(
        self, key: str, event: str, body: dict[str, Any], *, answer: dict[str, Any] | None = None
    ) -> bool:
        """False when it had come before. What needs no reader is stored as read."""
        row: dict[str, Any] = {
            "connection_id": self._id,
            "key": key,
            "event": event,
            "body": body,
            "answer": answer,
        }
        if event == QUESTION:
            row["read_at"] = func.now()
        done = await self._tx.execute(
            insert(uis_letters)
            .values(**row)
            .on_conflict_do_nothing(index_elements=["connection_id", "key"])
            .returning(uis_letters.c.id)
        )
        return done.one_or_none() is not None

    async def unread(self) -> list[tuple[int, dict[str, Any]]]:
        rows = await self._tx.execute(
            select(uis_letters.c.id, uis_letters.c.body)
            .where(uis_letters.c.connection_id == self._id, uis_letters.c.read_at.is_(None))
            .order_by(uis_letters.c.id)
            .limit(AT_ONCE)
        )
        return [(row.id, row.body) for row in rows]

    async def newest(self) -> tuple[datetime | None, datetime | None, int]:
        """When the newest notification and the newest question came, and how many of what is kept
        could not be read."""
        c = uis_letters.c
        asked, broken = c.event == QUESTION, c.event == UNREADABLE
        row = (
            await self._tx.execute(
                select(
                    func.max(c.received_at).filter(~asked & ~broken),
                    func.max(c.received_at).filter(asked),
                    func.count().filter(broken),
                ).where(c.connection_id == self._id)
            )
        ).one()
        return row[0], row[1], int(row[2])

    async def read(self, ids: Sequence[int]) -> None:
        c = uis_letters.c
        await self._tx.execute(
            update(uis_letters)
            .where(c.connection_id == self._id, c.id.in_(ids))
            .values(read_at=func.now())
        )
        old = func.now() - KEPT
        await self._tx.execute(
            delete(uis_letters).where(c.connection_id == self._id, c.received_at < old)
        )

    async def names(self) -> dict[tuple[int, int], str]:
        """By session and the cloud's leg; those of calls long over are forgotten on the way."""
        c = uis_legs.c
        await self._tx.execute(
            delete(uis_legs).where(c.connection_id == self._id, c.at < func.now() - KEPT)
        )
        rows = await self._tx.execute(
            select(c.session_id, c.vendor_id, c.leg_id).where(c.connection_id == self._id)
        )
        return {(row.session_id, row.vendor_id): row.leg_id for row in rows}

    async def name(self, session_id: int, vendor_id: int, leg_id: str) -> None:
        statement = insert(uis_legs).values(
            connection_id=self._id, session_id=session_id, vendor_id=vendor_id, leg_id=leg_id
        )
        await self._tx.execute(
            statement.on_conflict_do_nothing(
                index_elements=["connection_id", "session_id", "vendor_id"]
            )
        )

    async def agreed(self) -> dict[int, tuple[str, int]]:
        """(status, version of ours) by the cloud's employee."""
        c = uis_statuses.c
        rows = await self._tx.execute(
            select(c.vendor, c.status, c.version).where(c.connection_id == self._id)
        )
        return {row.vendor: (row.status, row.version) for row in rows}

    async def agree(self, vendor: int, status: str, version: int) -> None:
        changed = {"status": status, "version": version}
        statement = insert(uis_statuses).values(connection_id=self._id, vendor=vendor, **changed)
        await self._tx.execute(
            statement.on_conflict_do_update(
                index_elements=["connection_id", "vendor"], set_=changed
            )
        )
