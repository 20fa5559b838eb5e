"""Calls a CRM asked for, each step a transaction with the job it causes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from sqlalchemy.ext.asyncio import AsyncConnection

from backend.services.ports.asked import AskedCall
from backend.store.asked_calls import AskedCallStore
from backend.store.database import Database
from protocol.vocabulary import AccountId, CallId, CrmKind, RefusalReason

OnRefused = Callable[[AsyncConnection, AskedCall], Awaitable[None]]


class SqlAskedCalls:
    """`services.click_to_call.AskedCalls` and `services.refused_calls.AskedCallsKept`."""

    def __init__(self, database: Database, on_refused: OnRefused) -> None:
        """`on_refused` queues the job that tells of it, in the transaction that keeps it."""
        self._database = database
        self._on_refused = on_refused

    async def put(self, call: AskedCall) -> AskedCall:
        async with self._database.begin(call.account_id) as tx:
            return await AskedCallStore(tx).put(call)

    async def placed(self, call: AskedCall) -> None:
        async with self._database.begin(call.account_id) as tx:
            await AskedCallStore(tx).settle(
                call.account_id, call.crm, call.external_id, state="placed"
            )

    async def refused(self, call: AskedCall, reason: RefusalReason) -> None:
        async with self._database.begin(call.account_id) as tx:
            first = await AskedCallStore(tx).settle(
                call.account_id,
                call.crm,
                call.external_id,
                state="refused",
                reason=reason.value,
            )
            if first:
                await self._on_refused(tx, call)

    async def find(self, account_id: AccountId, crm: str, external_id: str) -> AskedCall | None:
        async with self._database.begin(account_id) as tx:
            return await AskedCallStore(tx).find(account_id, CrmKind(crm), external_id)

    async def of_call(self, account_id: AccountId, call_id: CallId) -> AskedCall | None:
        async with self._database.begin(account_id) as tx:
            return await AskedCallStore(tx).of_call(account_id, call_id)
