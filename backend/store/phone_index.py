"""The local phone index on disk: whole readings of a CRM, and single corrections."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Iterable, Sequence
from typing import Any

from sqlalchemy import RowMapping, delete, func, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.services.contacts.sync import Doubt
from backend.services.ports import IndexedPhone
from backend.store.tables import phone_index
from backend.store.tables import phone_index_doubts as doubts
from protocol.vocabulary import AccountId, CrmKind

_BATCH = 1000
"""Rows per statement: 9 parameters each, PostgreSQL takes 65,535."""


class PhoneIndexStore:
    def __init__(self, tx: AsyncConnection) -> None:
        self._tx = tx

    async def replace(
        self,
        account_id: AccountId,
        kind: CrmKind,
        phones: AsyncIterable[IndexedPhone] | Iterable[IndexedPhone],
    ) -> int:
        """Put a full reading in place of the last one; returns how many rows there are now.

        Readers see the old index until the transaction commits. A doubt that stood is settled.
        """
        await self._tx.execute(
            delete(doubts).where(doubts.c.account_id == account_id, doubts.c.crm_kind == kind.value)
        )
        await self._tx.execute(
            delete(phone_index).where(
                phone_index.c.account_id == account_id, phone_index.c.crm_kind == kind.value
            )
        )
        count = 0
        batch: list[IndexedPhone] = []
        async for phone in _each(phones):
            batch.append(phone)
            if len(batch) == _BATCH:
                count += await self.add(account_id, kind, batch)
                batch = []
        return count + await self.add(account_id, kind, batch)

    async def doubt(self, account_id: AccountId, kind: CrmKind) -> Doubt | None:
        query = select(doubts).where(
            doubts.c.account_id == account_id, doubts.c.crm_kind == kind.value
        )
        row = (await self._tx.execute(query)).mappings().one_or_none()
        return None if row is None else Doubt(since=row["since"], rows=row["rows"])

    async def save_doubt(self, account_id: AccountId, kind: CrmKind, doubt: Doubt) -> None:
        values = {"rows": doubt.rows, "since": doubt.since}
        await self._tx.execute(
            insert(doubts)
            .values(account_id=account_id, crm_kind=kind.value, **values)
            .on_conflict_do_update(index_elements=["account_id", "crm_kind"], set_=values)
        )

    async def add(
        self, account_id: AccountId, kind: CrmKind, phones: Sequence[IndexedPhone]
    ) -> int:
        """Insert or correct single rows; returns how many distinct ones were given."""
        # A CRM may list a record's number twice; one statement must not touch a row twice.
        rows: dict[tuple[str, str, str], dict[str, Any]] = {
            (phone.e164, phone.kind, phone.record_id): {
                "account_id": account_id,
                "crm_kind": kind.value,
                "e164": phone.e164,
                "record_kind": phone.kind,
                "record_id": phone.record_id,
                "name": phone.name,
                "responsible": phone.responsible_crm_id,
                "extra": phone.extra,
                "updated_at": phone.updated_at,
            }
            for phone in phones
        }
        if not rows:
            return 0
        statement = insert(phone_index).values(list(rows.values()))
        await self._tx.execute(
            statement.on_conflict_do_update(
                index_elements=["account_id", "crm_kind", "e164", "record_kind", "record_id"],
                set_={
                    name: statement.excluded[name]
                    for name in ("name", "responsible", "extra", "updated_at")
                },
            )
        )
        return len(rows)

    async def forget_record(
        self, account_id: AccountId, kind: CrmKind, record_kind: str, record_id: str
    ) -> None:
        """The record was deleted over there, or its numbers are about to be added anew."""
        await self._tx.execute(
            delete(phone_index).where(
                phone_index.c.account_id == account_id,
                phone_index.c.crm_kind == kind.value,
                phone_index.c.record_kind == record_kind,
                phone_index.c.record_id == record_id,
            )
        )

    async def numbers_of(
        self, account_id: AccountId, kind: CrmKind, records: Iterable[tuple[str, str]]
    ) -> set[str]:
        """Every number of these (record kind, record id)."""
        query = select(phone_index.c.e164).where(
            phone_index.c.account_id == account_id,
            phone_index.c.crm_kind == kind.value,
            tuple_(phone_index.c.record_kind, phone_index.c.record_id).in_(list(records)),
        )
        return set((await self._tx.execute(query)).scalars())

    async def callers(self, account_id: AccountId, numbers: Iterable[str]) -> list[IndexedPhone]:
        """Rows of all these numbers, of every CRM."""
        query = select(phone_index).where(
            phone_index.c.account_id == account_id, phone_index.c.e164.in_(list(numbers))
        )
        return [_phone(row) for row in (await self._tx.execute(query)).mappings()]

    async def find(self, account_id: AccountId, e164: str) -> list[IndexedPhone]:
        query = select(phone_index).where(
            phone_index.c.account_id == account_id, phone_index.c.e164 == e164
        )
        return [_phone(row) for row in (await self._tx.execute(query)).mappings()]

    async def count(self, account_id: AccountId, kind: CrmKind) -> int:
        """How many rows there are of one CRM."""
        query = (
            select(func.count())
            .select_from(phone_index)
            .where(phone_index.c.account_id == account_id, phone_index.c.crm_kind == kind.value)
        )
        return int((await self._tx.execute(query)).scalar_one())

    async def walk(
        self, account_id: AccountId, kind: CrmKind | None = None, *, page_size: int = 5000
    ) -> AsyncIterator[IndexedPhone]:
        """Everything (of one CRM), for the memory index, in pages by key: no long-lived cursor,
        no offset."""
        key = (
            phone_index.c.crm_kind,
            phone_index.c.e164,
            phone_index.c.record_kind,
            phone_index.c.record_id,
        )
        query = (
            select(phone_index)
            .where(phone_index.c.account_id == account_id)
            .order_by(*key)
            .limit(page_size)
        )
        if kind is not None:
            query = query.where(phone_index.c.crm_kind == kind.value)
        last: tuple[str, ...] | None = None
        while True:
            page = query if last is None else query.where(tuple_(*key) > last)
            rows = (await self._tx.execute(page)).mappings().all()
            for row in rows:
                yield _phone(row)
            if len(rows) < page_size:
                return
            last = tuple(rows[-1][column.name] for column in key)


async def _each(
    phones: AsyncIterable[IndexedPhone] | Iterable[IndexedPhone],
) -> AsyncIterator[IndexedPhone]:
    if isinstance(phones, AsyncIterable):
        async for phone in phones:
            yield phone
    else:
        for phone in phones:
            yield phone


def _phone(row: RowMapping) -> IndexedPhone:
    return IndexedPhone(
        e164=row["e164"],
        kind=row["record_kind"],
        record_id=row["record_id"],
        name=row["name"],
        responsible_crm_id=row["responsible"],
        updated_at=row["updated_at"],
        extra=row["extra"],
    )
