"""Sealing anew, with the ring's current key, everything sealed at rest (`dozvon reseal`).

Safe beside running processes: a value is replaced only while it is still the one that was read, so
a token refreshed meanwhile is never put back, and no row is locked longer than its own change.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from typing import Any, Final

import structlog
from sqlalchemy import ColumnElement, RowMapping, Table, func, or_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.kit.secrets_box import SecretsBox, SecretUnreadable
from backend.store.database import Database
from backend.store.tables import (
    accounts,
    crm_clients,
    crm_connections,
    crm_grants,
    pending_installs,
    recordings,
    switch_connections,
)
from protocol.vocabulary import AccountId

log = structlog.get_logger(__name__)

PAGE: Final = 200
"""Rows read at a time. Each is written in a transaction of its own: a connection's refresh holds
several rows at once, and somebody who held several in another order could block it."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """Columns of a table that hold sealed values."""

    table: Table
    columns: tuple[str, ...]
    owner: str = "account_id"
    """The column that takes the account's part in the encryption."""

    @property
    def of_accounts(self) -> bool:
        return self.owner == "account_id"


SEALED: Final = (
    Sealed(
        crm_connections, ("client_secret", "access_token", "refresh_token", "application_token")
    ),
    Sealed(crm_grants, ("access_token", "refresh_token")),
    Sealed(crm_clients, ("client_secret",)),
    Sealed(recordings, ("secret",)),
    Sealed(pending_installs, ("sealed",), owner="id"),
    Sealed(switch_connections, ("credentials",), owner="id"),
)
"""Everything sealed at rest; a test compares it with the tables. A `state` of a link under way is
sealed, too, but lives in a browser and for minutes."""


@dataclass(frozen=True, slots=True)
class Resealed:
    """Values of one table."""

    table: str
    done: int = 0
    unreadable: int = 0
    """Damaged, or their key is not in the ring; left as they are and named in the log."""


async def reseal(database: Database, secrets: SecretsBox) -> list[Resealed]:
    """What was sealed with another key of the ring is sealed with the current one; counts by table.

    Interrupted, it goes on where it was when it is run again; run again, it finds nothing.
    """
    async with database.begin_resolving() as tx:
        found = (await tx.execute(select(accounts.c.id).order_by(accounts.c.id))).scalars()
        everybody = [AccountId(account) for account in found]
    return [await _Resealing(database, secrets, what).run(everybody) for what in SEALED]


class _Resealing:
    def __init__(self, database: Database, secrets: SecretsBox, what: Sealed) -> None:
        self._database = database
        self._secrets = secrets
        self._what = what
        self._count = Resealed(what.table.name)

    async def run(self, everybody: Sequence[AccountId]) -> Resealed:
        for account_id in everybody if self._what.of_accounts else [None]:
            async for row in self._stale(account_id):
                for column in self._what.columns:
                    await self._one(account_id, row, column)
        return self._count

    async def _stale(self, account_id: AccountId | None) -> AsyncIterator[RowMapping]:
        """Rows with a value of another key, in the order of their keys."""
        table = self._what.table
        keys = list(table.primary_key.columns)
        after: tuple[Any, ...] | None = None
        stale = or_(*(self._is_stale(table.c[name]) for name in self._what.columns))
        while True:
            query = select(table).where(stale).order_by(*keys).limit(PAGE)
            if account_id is not None:
                query = query.where(table.c.account_id == account_id)
            if after is not None:
                query = query.where(tuple_(*keys) > after)
            async with self._begin(account_id) as tx:
                rows = (await tx.execute(query)).mappings().all()
            for row in rows:
                yield row
            if len(rows) < PAGE:
                return
            after = tuple(rows[-1][key] for key in keys)

    async def _one(self, account_id: AccountId | None, row: RowMapping, column: str) -> None:
        table, known = self._what.table, row
        old = known[table.c[column]]
        while old is not None and not self._current(old):
            name = f"{table.name}.{column}"
            owner = known[table.c[self._what.owner]]
            try:
                plain = self._secrets.open(bytes(old), account_id=owner, column=name)
            except SecretUnreadable as error:
                log.warning("secrets.unreadable", column=name, owner=owner, error=str(error))
                self._count = replace(self._count, unreadable=self._count.unreadable + 1)
                return
            fresh = self._secrets.seal(plain, account_id=owner, column=name)
            this = [key == known[key] for key in table.primary_key.columns]
            async with self._begin(account_id) as tx:
                changed = await tx.execute(
                    update(table)
                    .where(*this, table.c[column] == old)
                    .values({column: fresh})
                    .returning(table.c[column])
                )
                if changed.first() is not None:
                    self._count = replace(self._count, done=self._count.done + 1)
                    return
                # Somebody was faster, perhaps a process that still has the ring of before.
                old = (await tx.execute(select(table.c[column]).where(*this))).scalar_one_or_none()

    def _begin(self, account_id: AccountId | None) -> AbstractAsyncContextManager[AsyncConnection]:
        if account_id is None:
            return self._database.begin_resolving()
        return self._database.begin(account_id)

    def _current(self, value: bytes) -> bool:
        return bytes(value).startswith(self._secrets.prefix)

    def _is_stale(self, column: ColumnElement[bytes]) -> ColumnElement[bool]:
        prefix = self._secrets.prefix
        return column.is_not(None) & (func.substr(column, 1, len(prefix)) != prefix)
