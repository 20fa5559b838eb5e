"""What is changed in the settings, seen in a running house: by callers and by open tabs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from backend.demo.cast import SEVER
from protocol.close_codes import CloseCode
from tests.integration.house.single import Single, single
from tests.integration.house.town import CUSTOMER, eventually

ILYA, MARIA, TIMUR = "sever-101", "sever-102", "sever-103"


@pytest.fixture
async def house(database_url: str, tmp_path: Path) -> AsyncIterator[Single]:
    async with single(database_url, tmp_path) as made:
        yield made


@pytest.fixture
async def anna(house: Single) -> AsyncIterator[httpx.AsyncClient]:
    """The administrator's page of settings."""
    async with httpx.AsyncClient(
        base_url=f"{house.http}/api/v1",
        headers={"Authorization": f"Bearer {await house.token('sever-100')}"},
    ) as client:
        yield client


async def change(client: httpx.AsyncClient, path: str, **fields: Any) -> dict[str, Any]:
    version = (await client.get(path)).json()["version"]
    answer = await client.patch(path, json=fields, headers={"If-Match": version})
    assert answer.status_code == 200, answer.text
    changed: dict[str, Any] = answer.json()
    return changed


@pytest.mark.feature("W16")
async def test_whose_calls_are_switched_off_leaves_within_five_seconds_and_is_rung_no_more(
    house: Single, anna: httpx.AsyncClient
) -> None:
    maria = await (await house.tab(MARIA)).open()
    ilya = await (await house.tab(ILYA)).open()
    await change(anna, f"employees/{ILYA}", calls_enabled=False)
    await eventually(lambda: ilya.close_code is not None, within_s=5.0)
    assert ilya.close_code == CloseCode.SESSION_ENDED
    async with httpx.AsyncClient(base_url=house.http) as http:
        refused = await http.post(
            "/api/ticket", headers={"Authorization": f"Bearer {await house.token(ILYA)}"}
        )
    assert refused.status_code == 403
    assert refused.json()["error"]["data"]["why"] == "calls_off"
    house.switch.place_call(CUSTOMER, SEVER.virtual_number)
    await maria.until(my_leg="ringing")
    assert rings(house, MARIA)
    assert not rings(house, ILYA)
    await maria.close()


async def test_a_scenario_changed_in_the_settings_routes_the_next_call(
    house: Single, anna: httpx.AsyncClient
) -> None:
    await change(anna, "scenarios/main", steps=[{"employees": ["timur@demo.example"]}])
    async with await house.tab(TIMUR) as timur, await house.tab(MARIA) as maria:
        await eventually(lambda: _timurs(house), within_s=2.0)
        house.switch.place_call(CUSTOMER, SEVER.virtual_number)
        await timur.until(my_leg="ringing")
        assert maria.cards == []


def _timurs(house: Single) -> bool:
    """Whether the worker knows the new steps: it was woken, a second is plenty."""
    route = house.worker.routing.account(SEVER.account_id)
    scenario = route.virtual_numbers[0].scenario if route else None
    return scenario is not None and getattr(scenario.steps[0], "employees", ()) == (TIMUR,)


def rings(house: Single, employee: str) -> bool:
    channels = house.switch.state()["channels"]
    return any(channel["endpoint"] == f"PJSIP/{employee}" for channel in channels)


@pytest.mark.feature("B2")
async def test_with_the_crm_switched_off_a_call_has_a_number_and_no_portal(
    house: Single, anna: httpx.AsyncClient
) -> None:
    await change(anna, "settings/crm", on=False)
    assert (await anna.get("connection")).json()["state"] == "off"
    await eventually(lambda: not _crm_on(house), within_s=2.0)
    before = len(house.portal.telephony.calls)
    told = list(house.portal.telephony.statistics)
    async with await house.tab(MARIA) as maria:
        house.switch.place_call(CUSTOMER, SEVER.virtual_number)
        card = await maria.until(my_leg="ringing")
        assert card["number"] == f"+{CUSTOMER}"
        await maria.done("call.answer", call_id=card["call_id"])
        await maria.until(state="talking")
        await maria.done("call.hangup", call_id=card["call_id"])
        await maria.until(state="ended")
        async with asyncio.timeout(10):
            while not (await maria.done("history.list"))["entries"]:  # noqa: ASYNC110 (told to nobody)
                await asyncio.sleep(0.05)
            while await house.worker.jobs.waiting():  # noqa: ASYNC110 (the same)
                await asyncio.sleep(0.05)
    assert len(house.portal.telephony.calls) == before
    assert house.portal.telephony.statistics == told


def _crm_on(house: Single) -> bool:
    route = house.worker.routing.account(SEVER.account_id)
    return route is None or route.settings.crm.on
