"""One record's numbers changed in the CRM: disk, this memory and the other processes' follow."""

from __future__ import annotations

import asyncio

from backend.bus.memory import MemoryBus
from backend.services.contacts import PhoneIndex
from backend.services.contacts.changes import PhoneChanges
from backend.services.ports import IndexedPhone
from backend.store.database import Database
from backend.store.gateways import SqlPhoneIndex
from protocol.vocabulary import CrmKind, RecordKind
from tests.integration.conftest import ALPHA, BETA

KIND = CrmKind.BITRIX24
OLD, NEW, SHARED = "+79161230001", "+79161230002", "+79161230003"
MARIA = (RecordKind.CONTACT, "7")


def phone(e164: str, record_id: str = "7", name: str = "Мария") -> IndexedPhone:
    return IndexedPhone(
        e164=e164, kind="contact", record_id=record_id, name=name, responsible_crm_id="1"
    )


def names(index: PhoneIndex, e164: str) -> list[str]:
    return [known.name for known in index.find(ALPHA, e164)]


async def test_a_change_reaches_disk_and_every_process(database: Database) -> None:
    disk, bus = SqlPhoneIndex(database), MemoryBus()
    rows = [phone(OLD), phone(SHARED), phone(SHARED, "8", "Пётр")]
    await disk.replace(ALPHA, KIND, rows)
    await disk.replace(BETA, KIND, [phone(OLD, "7", "Чужая")])
    here, there = PhoneIndex(), PhoneIndex()
    for index in (here, there):
        index.replace(ALPHA, rows)
    changes = PhoneChanges(index=here, store=disk, bus=bus)
    async with PhoneChanges(index=there, store=disk, bus=bus).listening():
        await changes.take(ALPHA, KIND, {MARIA: [phone(NEW, name="Мария Новая")]})
        async with asyncio.timeout(5):
            while names(there, OLD) or not names(there, NEW):  # noqa: ASYNC110
                await asyncio.sleep(0)
    for index in (here, there):
        assert names(index, OLD) == []
        assert names(index, NEW) == ["Мария Новая"]
        # Whoever shares the number keeps it.
        assert names(index, SHARED) == ["Пётр"]
    assert {row.e164 async for row in disk.walk(ALPHA, KIND)} == {NEW, SHARED}
    assert await disk.count(BETA, KIND) == 1


async def test_a_deleted_record_is_forgotten_and_doing_it_again_changes_nothing(
    database: Database,
) -> None:
    disk = SqlPhoneIndex(database)
    await disk.replace(ALPHA, KIND, [phone(OLD)])
    index = PhoneIndex()
    index.replace(ALPHA, [phone(OLD)])
    changes = PhoneChanges(index=index, store=disk, bus=MemoryBus())
    for _ in range(2):
        await changes.take(ALPHA, KIND, {MARIA: []})
        assert names(index, OLD) == []
    assert await disk.count(ALPHA, KIND) == 0
