"""The phone index on disk, as the synchronisation needs it: each method is a transaction."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence

from backend.services.contacts.changes import Record
from backend.services.contacts.sync import Doubt
from backend.services.ports import IndexedPhone
from backend.store.database import Database
from backend.store.phone_index import PhoneIndexStore
from protocol.vocabulary import AccountId, CrmKind


class SqlPhoneIndex:
    """`services.contacts.sync.PhoneIndexStore` and `services.contacts.changes.PhoneChangeStore`."""

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

    async def doubt(self, account_id: AccountId, kind: CrmKind) -> Doubt | None:
        async with self._database.begin(account_id) as tx:
            return await PhoneIndexStore(tx).doubt(account_id, kind)

    async def save_doubt(self, account_id: AccountId, kind: CrmKind, doubt: Doubt) -> None:
        async with self._database.begin(account_id) as tx:
            await PhoneIndexStore(tx).save_doubt(account_id, kind, doubt)

    async def correct(
        self,
        account_id: AccountId,
        kind: CrmKind,
        records: Mapping[Record, Sequence[IndexedPhone]],
    ) -> set[str]:
        keys = [(record_kind.value, record_id) for record_kind, record_id in records]
        async with self._database.begin(account_id) as tx:
            store = PhoneIndexStore(tx)
            before = await store.numbers_of(account_id, kind, keys)
            for record_kind, record_id in keys:
                await store.forget_record(account_id, kind, record_kind, record_id)
            phones = [phone for rows in records.values() for phone in rows]
            await store.add(account_id, kind, phones)
        return before | {phone.e164 for phone in phones}

    async def callers(
        self, account_id: AccountId, numbers: Collection[str]
    ) -> dict[str, list[IndexedPhone]]:
        found: dict[str, list[IndexedPhone]] = {number: [] for number in numbers}
        async with self._database.begin(account_id) as tx:
            for phone in await PhoneIndexStore(tx).callers(account_id, numbers):
                found[phone.e164].append(phone)
        return found
