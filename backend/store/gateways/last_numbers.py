"""Which number somebody was in touch with last, out of the history."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import func, select

from backend.store.database import Database
from backend.store.tables import calls
from protocol.vocabulary import AccountId


class SqlLastNumbers:
    """`services.ports.last_numbers.LastNumbers`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def last(self, account_id: AccountId, number: str, among: Collection[str]) -> str | None:
        if not among:
            return None
        # What a call of ours showed, or what the customer dialled.
        ours = func.coalesce(calls.c.shown, calls.c.virtual_number)
        query = (
            select(ours)
            .where(calls.c.account_id == account_id, calls.c.number == number)
            .where(ours.in_(list(among)))
            .order_by(calls.c.started_at.desc())
            .limit(1)
        )
        async with self._database.begin(account_id) as tx:
            found: str | None = (await tx.execute(query)).scalar_one_or_none()
        return found
