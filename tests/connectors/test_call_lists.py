"""A portal's own call lists, asked for over the bus and read from the portal."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from backend.bus.memory import MemoryBus
from backend.connectors.crm.bitrix24.call_lists import Bitrix24CallLists
from backend.connectors.crm.bitrix24.listed_cards import Bitrix24ListedCards
from backend.errors import CrmUnavailable, NotFound
from backend.kit.budget import Priority
from backend.kit.clock import ManualClock
from backend.services.dialer.asking import AskedRecords, serve_records
from backend.services.dialer.crm_records import CrmRecords
from protocol.vocabulary import AccountId
from tests.connectors.rigs import PortalRig, portal_rig

ACCOUNT = AccountId("acme")


@pytest.fixture
async def rig() -> AsyncIterator[PortalRig]:
    async with portal_rig() as made:
        yield made


async def _in_time(rig: PortalRig, work: Any) -> Any:
    task = asyncio.create_task(work)
    for _ in range(600):
        if task.done():
            break
        await rig.clock.advance(0.5)
    return await task


async def _made(rig: PortalRig, ids: list[int]) -> str:
    client = rig.source.client
    made = client.call(
        "crm.calllist.add",
        {"ENTITY_TYPE": "CONTACT", "ENTITIES": ids},
        priority=Priority.CALL,
    )
    return str((await _in_time(rig, made))["result"])


@pytest.mark.feature("D1")
async def test_whoever_is_still_to_be_called_comes_in_the_portals_order(rig: PortalRig) -> None:
    number = await _made(rig, [3, 1, 2])
    lists = Bitrix24CallLists(rig.source.client)
    people = await _in_time(rig, lists.people(number))
    assert people == [("contact", "3"), ("contact", "1"), ("contact", "2")]


@pytest.mark.parametrize("number", ["999", "1; DROP", ""])
async def test_a_list_that_is_not_there_is_said_so(rig: PortalRig, number: str) -> None:
    with pytest.raises(NotFound):
        await _in_time(rig, Bitrix24CallLists(rig.source.client).people(number))


async def test_processes_without_connectors_ask_the_one_with(rig: PortalRig) -> None:
    number = await _made(rig, [1, 2])
    bus = MemoryBus(ManualClock())
    records = CrmRecords(lambda _account: Bitrix24ListedCards(rig.source))
    asked = AskedRecords(bus)
    lists = Bitrix24CallLists(rig.source.client)
    async with serve_records(bus, records, lambda _account: lists):
        keys = await _in_time(rig, asked.people(ACCOUNT, number))
        cards = await _in_time(rig, asked.read(ACCOUNT, keys))
        assert [key in cards for key in keys] == [True, True]
        assert all(card is not None and card.name for card in cards.values())
        with pytest.raises(NotFound):
            await _in_time(rig, asked.people(ACCOUNT, "999"))
        rig.html()
        with pytest.raises(CrmUnavailable):
            await _in_time(rig, asked.read(ACCOUNT, keys))
