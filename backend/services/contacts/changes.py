"""Single corrections of the phone index: what a CRM's hints lead to between two full readings."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final, Protocol

import msgspec
import structlog

from backend.kit.tasks import Tasks
from protocol.vocabulary import AccountId, CrmKind, RecordKind

if TYPE_CHECKING:
    from backend.services.contacts.index import PhoneIndex
    from backend.services.ports import Bus, IndexedPhone

log = structlog.get_logger(__name__)

TOPIC: Final = "phones"
"""Wakes whoever keeps an index in memory: `{account_id, numbers}`."""
PER_WAKE = 200
"""Numbers named in one wake-up."""
Record = tuple[RecordKind, str]
"""What the CRM calls it: its kind and id."""


class PhoneChangeStore(Protocol):
    """The index on disk; each method is a transaction."""

    async def correct(
        self,
        account_id: AccountId,
        kind: CrmKind,
        records: Mapping[Record, Sequence[IndexedPhone]],
    ) -> set[str]:
        """Put these records' numbers in place of the known ones; returns every number that
        belonged to one of them before or does now."""

    async def callers(
        self, account_id: AccountId, numbers: Collection[str]
    ) -> dict[str, list[IndexedPhone]]:
        """Who each number belongs to, the unknown ones with an empty list."""


class _Wake(msgspec.Struct, frozen=True):
    account_id: AccountId
    numbers: list[str]


class PhoneChanges:
    """Corrects disk first, then this process's memory, then tells the others."""

    def __init__(self, *, index: PhoneIndex, store: PhoneChangeStore, bus: Bus) -> None:
        self._index = index
        self._store = store
        self._bus = bus
        self._tasks: Tasks[None] = Tasks(_failed)

    async def take(
        self,
        account_id: AccountId,
        kind: CrmKind,
        records: Mapping[Record, Sequence[IndexedPhone]],
    ) -> None:
        """The records as the CRM has them now. One that is gone, or lost its last number, comes
        with nothing. Doing it again changes nothing."""
        numbers = sorted(await self._store.correct(account_id, kind, records))
        await self._load(account_id, numbers)
        for at in range(0, len(numbers), PER_WAKE):
            await self._bus.wake(
                TOPIC, msgspec.json.encode(_Wake(account_id, numbers[at : at + PER_WAKE]))
            )

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Hear what other processes corrected."""
        async with self._bus.on_wake(TOPIC, self._heard):
            try:
                yield
            finally:
                await self._tasks.stop()

    def _heard(self, payload: bytes) -> None:
        wake = msgspec.json.decode(payload, type=_Wake)
        self._tasks.spawn(self._load(wake.account_id, wake.numbers))

    async def _load(self, account_id: AccountId, numbers: Collection[str]) -> None:
        if not numbers:
            return
        for e164, rows in (await self._store.callers(account_id, numbers)).items():
            self._index.put(account_id, e164, rows)


def _failed(error: BaseException) -> None:
    # The next full reading brings it.
    log.warning("phone_index.not_corrected", error=str(error))
