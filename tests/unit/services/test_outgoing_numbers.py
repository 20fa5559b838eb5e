"""Tabs are told which numbers their operator may show, and told again when that changes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import pytest

from backend.bus.memory import MemoryBus
from backend.domain.account_settings import AllSettings, OutgoingSettings
from backend.kit.clock import ManualClock
from backend.services.outgoing_numbers import OutgoingTeller
from backend.services.ports import Delivery, me_stream
from backend.services.routing import AccountRoute, EmployeeRoute, VirtualNumber
from tests.unit.services.stage import ACC, ANNA, BORIS, START, account, device, employee

SITE, SHOP, OWN = "+74951110001", "+74951110002", "+74951110003"


def _account(anna: EmployeeRoute, **outgoing: Any) -> AccountRoute:
    numbers = (
        VirtualNumber(number=SITE, name="Site", scenario=None),
        VirtualNumber(number=SHOP, name=None, scenario=None),
    )
    return replace(
        account(people=(anna, employee(BORIS, "102"))),
        virtual_numbers=numbers,
        caller_id=SITE,
        settings=AllSettings(outgoing=OutgoingSettings(**outgoing)),
    )


class Told:
    """What Anna's and Boris's tabs hear."""

    def __init__(self) -> None:
        self.clock = ManualClock(START)
        self.bus = MemoryBus(self.clock)
        self.frames: dict[str, list[dict[str, Any]]] = {ANNA: [], BORIS: []}

    async def follow(self) -> None:
        for who in (ANNA, BORIS):

            def hear(delivery: Delivery, who: str = who) -> None:
                self.frames[who].append(msgspec.json.decode(delivery.frame))

            await self.bus.follow(me_stream(ACC, who), hear).__aenter__()


@pytest.mark.feature("W14")
async def test_who_may_choose_is_told_all_numbers_and_what_is_shown_otherwise() -> None:
    told = Told()
    await told.follow()
    teller = OutgoingTeller(told.bus, told.clock)
    anna = replace(employee(ANNA, "101"), caller_id=SHOP, caller_id_choice=True)
    await teller.tell(_account(anna))
    (hers,), (his,) = told.frames[ANNA], told.frames[BORIS]
    assert (hers["type"], hers["entity"], hers["default"]) == ("outgoing.changed", "outgoing", SHOP)
    assert hers["numbers"] == [{"number": SITE, "name": "Site"}, {"number": SHOP, "name": None}]
    assert (his["default"], his["numbers"]) == (SITE, [])


@pytest.mark.feature("W14")
async def test_only_changes_are_told_and_a_choice_can_be_taken_back() -> None:
    told = Told()
    await told.follow()
    teller = OutgoingTeller(told.bus, told.clock)
    anna = replace(employee(ANNA, "101"), caller_id_choice=True)
    for _ in range(3):
        await teller.tell(_account(anna))
    await teller.tell(_account(anna, default_caller_id=SHOP, override_caller_id=True))
    first, second = told.frames[ANNA]
    assert (len(first["numbers"]), second["numbers"], second["default"]) == (2, [], SHOP)
    assert second["version"] > first["version"]
    await teller.republish()
    assert told.frames[ANNA][-1]["numbers"] == []
    teller.forget(ACC)
    await teller.tell(_account(anna))
    assert len(told.frames[ANNA][-1]["numbers"]) == 2


async def test_without_a_number_to_show_there_is_no_default() -> None:
    told = Told()
    await told.follow()
    mobile = employee(ANNA, "101", device("7916@trunk", 1, kind="mobile"))
    await OutgoingTeller(told.bus, told.clock).tell(_account(mobile))
    assert told.frames[ANNA][0]["default"] is None
