"""A list in several processes: workers and web processes die in the middle, the counts hold, and
everybody is called once (R5, P26)."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from typing import Any

import httpx
import pytest

from backend.demo.cast import SEVER
from backend.domain.working_hours import WEEKDAYS
from backend.sandbox.ari.errors import SandboxError
from backend.store.gateways.dialer import SqlDialer
from protocol.dialer_words import ListId
from tests.integration.house.tab import Tab
from tests.integration.house.town import ILYA, Town, eventually

PEOPLE = [f"+7495000{n}900" for n in range(1, 6)]
"""The sandbox's 900 is busy at once: the next one follows."""


@pytest.mark.feature("D3")
@pytest.mark.feature("D5")
async def test_processes_die_in_the_middle_of_a_list(empty_town: Town) -> None:
    town = empty_town
    web = [await town.web(), await town.web()]
    await town.worker()
    await town.worker()
    await town.connected()
    dialled = _heard(town)
    token = (await town.sign_in(ILYA)).token
    list_id = await _load(web[0].port, token)
    picking = asyncio.create_task(_picks_up(town))
    try:
        async with Tab(token, web[0].port) as tab:
            await tab.done("dialer.start", list_id=list_id)
            await eventually(lambda: _shown(tab).get("state") == "running")
            await eventually(lambda: len(dialled) >= 1, within_s=20)
            # A call nobody wrote down yet is given up after a minute and a half: not waited for.
            await _written_down(town, list_id)
            (await town.holder()).kill()
            await eventually(lambda: len(dialled) >= 2, within_s=40)
            await _holds(town, list_id)
            web[0].kill()
            with contextlib.suppress(Exception):
                await tab.close()
            await tab.open(web[1].port)
            await eventually(lambda: _shown(tab).get("state") == "finished", within_s=60)
            counts = _shown(tab)["current"]["counts"]
            assert counts["done"] == len(PEOPLE)
    finally:
        picking.cancel()
        await asyncio.gather(picking, return_exceptions=True)
    assert Counter(dialled) == Counter(number.lstrip("+") for number in PEOPLE)
    await _holds(town, list_id)
    history = {row["number"] for row in await town.history()}
    assert history == set(PEOPLE)


async def _load(port: int, token: str) -> str:
    body = {
        "name": "Renewals",
        "purpose": "service",
        "items": [{"numbers": [number]} for number in PEOPLE],
        "rules": {
            "preview_s": 0,
            "missed_s": 0,
            "hours": dict.fromkeys(WEEKDAYS, ("00:00-24:00",)),
        },
    }
    async with httpx.AsyncClient(headers={"Authorization": f"Bearer {token}"}) as http:
        answer = await http.post(f"http://127.0.0.1:{port}/api/v1/lists", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["list"]["id"])


def _heard(town: Town) -> list[str]:
    """Every number the switch was made to dial outside, as it comes."""
    found: list[str] = []
    called = town.switch._called

    def count(number: str) -> Any:
        found.append(number.lstrip("+"))
        return called(number)

    town.switch._called = count  # type: ignore[method-assign]
    return found


async def _picks_up(town: Town) -> None:
    """Ilya takes whatever rings on his desk."""
    while True:
        with contextlib.suppress(SandboxError):
            town.switch.phone(ILYA).pickup()
        await asyncio.sleep(0.05)


async def _written_down(town: Town, list_id: str) -> None:
    """The call of whoever is in hand is in the journal, or over already."""
    async with asyncio.timeout(20):
        while True:
            async with SqlDialer(town.database).begin(SEVER.account_id) as tx:
                hands = await tx.items(ListId(list_id), "in_hand", limit=5)
                done = await tx.items(ListId(list_id), "done", limit=1)
                calls = [one.call_id for one in hands if one.call_id is not None]
                known = [await tx.call_known(call_id) for call_id in calls]
            if done or {"live", "kept"} & set(known):
                return
            await asyncio.sleep(0.02)


async def _holds(town: Town, list_id: str) -> None:
    async with SqlDialer(town.database).begin(SEVER.account_id) as tx:
        counts = await tx.counts(ListId(list_id))
    assert counts.holds, counts
    assert counts.loaded == len(PEOPLE)


def _shown(tab: Tab) -> dict[str, Any]:
    found: dict[str, Any] = tab.state["me"].get("dialer", {})
    return found
