"""A CRM said that a record changed: its numbers are read anew, on disk and in every memory.

    event ─► record read ─► rows on disk ─► wake-up with the numbers ─► every worker reads those

An event is a hint: it is not believed, and one that never comes is made good by the half-hourly
reading (`sync`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import msgspec

from backend.services.contacts.index import PhoneIndex
from backend.services.ports import Bus, IndexedPhone
from protocol.vocabulary import AccountId, CrmKind, RecordKind

CHANGED = "phones-changed"
"""Wake-up topic; the payload is `_Changed`."""


class RecordReader(Protocol):
    """One CRM account."""

    async def read_phones(self, kind: RecordKind, record_id: str) -> list[IndexedPhone]:
        """What the record has now; nothing when it is gone. Raises CrmError."""


class PhoneRows(Protocol):
    """The index on disk; each method is a transaction."""

    async def replace_record(
        self,
        account_id: AccountId,
        crm: CrmKind,
        kind: RecordKind,
        record_id: str,
        phones: Sequence[IndexedPhone],
    ) -> set[str]:
        """Put these in place of what the record had; the numbers that came, stayed or went."""

    async def of_numbers(
        self, account_id: AccountId, numbers: Sequence[str]
    ) -> dict[str, list[IndexedPhone]]:
        """Whose each number is, with an empty list for nobody's."""


class _Changed(msgspec.Struct, frozen=True):
    account: str
    numbers: list[str]


class PhoneHints:
    def __init__(
        self,
        *,
        index: PhoneIndex,
        rows: PhoneRows,
        readers: Callable[[AccountId], RecordReader | None],
        bus: Bus,
    ) -> None:
        self._index = index
        self._rows = rows
        self._readers = readers
        self._bus = bus

    async def changed(
        self, account_id: AccountId, crm: CrmKind, kind: RecordKind, record_id: str
    ) -> None:
        """The record was added, changed, deleted or restored. Raises CrmError."""
        reader = self._readers(account_id)
        if reader is None:
            return
        phones = await reader.read_phones(kind, record_id)
        numbers = await self._rows.replace_record(account_id, crm, kind, record_id, phones)
        if numbers:
            payload = msgspec.json.encode(_Changed(account_id, sorted(numbers)))
            await self._bus.wake(CHANGED, payload)

    async def heard(self, payload: bytes) -> None:
        """Some worker changed these numbers: take them from disk."""
        known = msgspec.json.decode(payload, type=_Changed)
        account_id = AccountId(known.account)
        found = await self._rows.of_numbers(account_id, known.numbers)
        for number in known.numbers:
            self._index.replace_number(account_id, number, found.get(number, ()))
