"""A browser becomes somebody's phone in a running house; a telephone chosen ends that."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from backend.demo.cast import SEVER
from protocol.vocabulary import EmployeeId
from tests.integration.house.single import Single, single
from tests.integration.house.tab import Tab
from tests.integration.house.town import CUSTOMER, eventually

MARIA = "sever-102"
LINE = "sever-b102"


@pytest.fixture
async def house(database_url: str, tmp_path: Path) -> AsyncIterator[Single]:
    async with single(database_url, tmp_path) as made:
        yield made


def told(tab: Tab, entity: str) -> dict[str, Any]:
    found: dict[str, Any] = tab.state["me"].get(entity, {})
    return found


async def choose(house: Single, device: str) -> None:
    """As in the profile's menu."""
    headers = {"Authorization": f"Bearer {await house.token(MARIA)}"}
    async with httpx.AsyncClient(base_url=f"{house.http}/api/v1", headers=headers) as client:
        version = (await client.get("/me")).json()["version"]
        answer = await client.patch(
            "/me", json={"device": device}, headers={"If-Match": f'"{version}"'}
        )
        assert answer.status_code == 200, answer.text


def ready(house: Single) -> bool:
    return house.worker.accounts.ready_lines.is_ready(SEVER.account_id, EmployeeId(MARIA))


def endpoints(house: Single) -> set[str]:
    return {str(channel["endpoint"]) for channel in house.switch.state()["channels"]}


@pytest.mark.feature("W13")
@pytest.mark.feature("B21")
async def test_the_device_chosen_counts_at_once_and_calls_follow_it(house: Single) -> None:
    await choose(house, "phone")
    async with await house.tab(MARIA) as maria:
        await eventually(lambda: told(maria, "device").get("device") == "phone")
        await choose(house, "browser")
        await eventually(lambda: told(maria, "device").get("device") == "browser")
        refused = await maria.ask("phone.register")
        assert refused["error"]["code"] == "wrong_state"

        await maria.done("phone.report", microphone="granted")
        assert told(maria, "phone")["tab"] == maria.name
        issued = await maria.done("phone.register")
        assert (issued["username"], issued["ws_url"][:5]) == (LINE, "ws://")
        auth = house.switch.lines.objects.find("auth", LINE)
        assert auth is not None
        assert auth["password"] == issued["password"]
        assert not ready(house)
        await maria.done("phone.report", microphone="granted", connected=True, registered=True)
        await eventually(lambda: ready(house))

        await choose(house, "phone")
        await eventually(lambda: told(maria, "device").get("device") == "phone")
        await maria.done("phone.release")
        assert house.switch.lines.objects.find("auth", LINE) is None
        await eventually(lambda: not ready(house))
        house.switch.place_call(CUSTOMER, SEVER.virtual_number)
        card = await maria.until(my_leg="ringing")
        assert (card["number"], card["device"]) == (f"+{CUSTOMER}", "Телефон 102")
        assert f"PJSIP/{MARIA}" in endpoints(house)
        assert f"PJSIP/{LINE}" not in endpoints(house)


@pytest.mark.feature("W9")
async def test_a_newer_password_voids_the_one_before(house: Single) -> None:
    await choose(house, "browser")
    async with await house.tab(MARIA) as first:
        await eventually(lambda: told(first, "device").get("device") == "browser")
        await first.done("phone.report", microphone="granted")
        one = await first.done("phone.register")
        other = Tab(await house.token(MARIA), house.port, "tab-other")
        async with other:
            await other.done("phone.report", microphone="granted")
            assert (await other.ask("phone.register"))["error"]["code"] == "wrong_state"
            await other.done("phone.take")
            two = await other.done("phone.register")
            auth = house.switch.lines.objects.find("auth", LINE)
            assert auth is not None
            assert auth["password"] == two["password"] != one["password"]
            await eventually(lambda: told(first, "phone")["tab"] == "tab-other")
        await eventually(lambda: told(first, "phone")["tab"] == first.name, within_s=2.0)
