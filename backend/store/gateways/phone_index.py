"""The phone index on disk, as the synchronisation needs it: each method is a transaction."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from backend.services.ports import IndexedPhone
from backend.store.database import Database
from backend.store.phone_index import PhoneIndexStore
from protocol.vocabulary import AccountId, CrmKind


class SqlPhoneIndex:
    """`services.contacts.sync.PhoneIndexStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def walk(self, account_id: AccountId, kind: CrmKind) -> AsyncIterator[IndexedPhone]:
        async with self._database.begin(account_id) as tx:
            async for phone in PhoneIndexStore(tx).walk(account_id, kind):
                yield phone

    async def count(self, account_id: AccountId, kind: CrmKind) -> int:
        async with self._database.begin(account_id) as tx:
            return await PhoneIndexStore(tx).count(account_id, kind)

    async def replace(
        self, account_id: AccountId, kind: CrmKind, phones: Sequence[IndexedPhone]
    ) -> None:
        async with self._database.begin(account_id) as tx:
            await PhoneIndexStore(tx).replace(account_id, kind, phones)
