"""The dialer's transactions."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.services.ports.dialer import Run
from backend.store.database import Database
from backend.store.dialer_attempts import DialerAttemptStore
from backend.store.dialer_items import DialerItemStore
from backend.store.dialer_lists import DialerListStore, run_of
from backend.store.dialer_many import DialerManyStore
from backend.store.tables import dialer_runs
from protocol.dialer_words import RunState
from protocol.vocabulary import AccountId, CallId

Told = Callable[[AsyncConnection, AccountId, CallId], Awaitable[None]]
"""Queues, in the transaction, that an attempt's record moves to its disposition's stage."""

_AT_WORK = (RunState.RUNNING.value, RunState.STOPPING.value)


class SqlDialerTx(DialerListStore, DialerItemStore, DialerAttemptStore, DialerManyStore):
    """`services.ports.dialer.DialerTx`."""

    def __init__(self, tx: AsyncConnection, account_id: AccountId, told: Told | None) -> None:
        super().__init__(tx, account_id)
        self._told = told

    async def tell_crm(self, call_id: CallId) -> None:
        if self._told is not None:
            await self._told(self._tx, self._account, call_id)


class SqlDialer:
    """`services.ports.dialer.DialerBook`."""

    def __init__(self, database: Database, told: Told | None = None) -> None:
        """Without `told` dispositions move nothing."""
        self._database = database
        self._told = told

    @asynccontextmanager
    async def begin(self, account_id: AccountId) -> AsyncIterator[SqlDialerTx]:
        async with self._database.begin(account_id) as tx:
            yield SqlDialerTx(tx, account_id, self._told)

    async def working(self, accounts: Iterable[AccountId]) -> Mapping[AccountId, list[Run]]:
        wanted = sorted(accounts)
        if not wanted:
            return {}
        query = select(dialer_runs).where(
            dialer_runs.c.account_id.in_(wanted), dialer_runs.c.state.in_(_AT_WORK)
        )
        found: dict[AccountId, list[Run]] = {}
        async with self._database.begin_many(wanted) as tx:
            for row in (await tx.execute(query)).mappings():
                found.setdefault(AccountId(row["account_id"]), []).append(run_of(row))
        return found
