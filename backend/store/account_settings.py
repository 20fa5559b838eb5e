"""What an account chose, area by area, and the log of who changed what."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import msgspec
from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.domain.account_settings import AllSettings, Area, all_kept, area_name, kept
from backend.store.tables import account_settings, accounts, settings_log
from protocol.vocabulary import AccountId

A = TypeVar("A", bound=Area)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEntry:
    """One change. `before` None: it was made; `after` None: it was removed."""

    at: datetime
    who: str
    subject: str
    before: Any
    after: Any


class AccountSettingsStore:
    def __init__(self, tx: AsyncConnection) -> None:
        self._tx = tx

    async def get(self, account_id: AccountId, kind: type[A]) -> A:
        """The area; its defaults where the account never chose."""
        return (await self.versioned(account_id, kind))[0]

    async def versioned(self, account_id: AccountId, kind: type[A]) -> tuple[A, int]:
        """The area and how often it was written; 0 for never."""
        query = select(account_settings.c.data, account_settings.c.version).where(
            account_settings.c.account_id == account_id,
            account_settings.c.area == area_name(kind),
        )
        row = (await self._tx.execute(query)).one_or_none()
        return (kind(), 0) if row is None else (kept(kind, row.data), row.version)

    async def all(self, account_id: AccountId) -> AllSettings:
        query = select(account_settings.c.area, account_settings.c.data).where(
            account_settings.c.account_id == account_id
        )
        rows = {row.area: row.data for row in await self._tx.execute(query)}
        return all_kept(rows)

    async def save(self, account_id: AccountId, value: Area, *, by: str) -> None:
        """Keep the area whole; what a newer release kept beside it stays."""
        data = msgspec.to_builtins(value)
        statement = insert(account_settings).values(
            account_id=account_id, area=area_name(type(value)), data=data, updated_by=by
        )
        await self._tx.execute(
            statement.on_conflict_do_update(
                index_elements=["account_id", "area"],
                set_={
                    "data": account_settings.c.data.op("||")(statement.excluded.data),
                    "version": account_settings.c.version + 1,
                    "updated_at": func.now(),
                    "updated_by": by,
                },
            )
        )

    async def lock(self, account_id: AccountId) -> bool:
        """Nobody else changes the account's configuration until this transaction ends; False when
        there is no such account. Rows that refer to the account can still be written."""
        found = await self._tx.execute(
            select(accounts.c.id).where(accounts.c.id == account_id).with_for_update(key_share=True)
        )
        return found.one_or_none() is not None

    async def log(
        self, account_id: AccountId, *, who: str, subject: str, before: Any, after: Any
    ) -> None:
        """Write down a change, in its transaction. Secrets have no place here."""
        await self._tx.execute(
            insert(settings_log).values(
                account_id=account_id, who=who, subject=subject, before=before, after=after
            )
        )

    async def changes(self, account_id: AccountId, *, limit: int = 100) -> list[LogEntry]:
        """Newest first."""
        rows = await self._tx.execute(
            select(settings_log)
            .where(settings_log.c.account_id == account_id)
            .order_by(settings_log.c.seq.desc())
            .limit(limit)
        )
        return [
            LogEntry(
                at=row["at"],
                who=row["who"],
                subject=row["subject"],
                before=row["before"],
                after=row["after"],
            )
            for row in rows.mappings()
        ]

    async def prune_log(self, account_id: AccountId, *, before: datetime) -> None:
        await self._tx.execute(
            delete(settings_log).where(
                settings_log.c.account_id == account_id, settings_log.c.at < before
            )
        )
