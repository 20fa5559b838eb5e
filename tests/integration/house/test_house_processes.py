"""Two web and two worker processes: what one hears the others show, and any of them may die."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
from dataclasses import dataclass

import pytest

from backend.demo.cast import SEVER
from tests.integration.house import restart
from tests.integration.house.tab import Tab
from tests.integration.house.town import (
    CUSTOMER,
    ILYA,
    ROOT,
    VERA,
    Process,
    Town,
    eventually,
)

TAKE_OVER_S = 9.0
"""A lease's life, one attempt, and time to connect."""


@dataclass
class House:
    town: Town
    web: list[Process]
    token: str

    def tab(self, web: int = 0, name: str = "tab-1", token: str | None = None) -> Tab:
        return Tab(token or self.token, self.web[web].port, name)

    def calls(self, number: str = CUSTOMER) -> None:
        self.town.switch.place_call(number, SEVER.virtual_number)

    async def rings(self, tab: Tab) -> str:
        """A customer calls; the call's id once Ilya's phone rings and his tab says so."""
        self.calls()
        return str((await tab.until(my_leg="ringing"))["call_id"])

    async def talks(self, tab: Tab) -> str:
        call_id = await self.rings(tab)
        self.town.switch.phone(ILYA).pickup()
        await tab.until(call_id=call_id, state="talking")
        return call_id

    async def over(self, tab: Tab, call_id: str) -> None:
        """The agent hangs up; the call is in the history once, answered."""
        await tab.done("call.hangup", call_id=call_id)
        await tab.until(call_id=call_id, state="ended")
        assert not self.town.switch.engine.channels
        deadline = asyncio.get_running_loop().time() + 10
        while not (entries := (await tab.done("history.list"))["entries"]):
            assert asyncio.get_running_loop().time() < deadline, "nothing in the history"
            await asyncio.sleep(0.05)
        assert [(e["call_id"], e["outcome"]) for e in entries] == [(call_id, "answered")]


@pytest.fixture
async def house(empty_town: Town) -> House:
    town = empty_town
    await town.worker()
    await town.worker()
    web = list(await asyncio.gather(town.web(), town.web()))
    await town.connected()
    return House(town, web, (await town.sign_in(ILYA)).token)


@pytest.mark.parametrize("verb", ["web", "worker"])
async def test_alone_without_redis_a_process_names_the_missing_setting(
    empty_town: Town, verb: str
) -> None:
    env = empty_town.env()
    del env["DOZVON_REDIS_URL"]
    ended = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-m", "backend.cli", verb],
        cwd=ROOT, env=env, capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert ended.returncode == 2
    assert "DOZVON_REDIS_URL" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.feature("W9")
async def test_a_call_heard_by_one_worker_shows_at_both_web_processes(house: House) -> None:
    async with house.tab(0) as one, house.tab(1, "tab-2") as two:
        call_id = await house.rings(one)
        await two.until(call_id=call_id, my_leg="ringing")
        assert one.card == two.card
        # Commands of either web process reach the worker that owns the call.
        await two.done("call.answer", call_id=call_id)
        # The new attempt's phone picks up by itself, as it was asked to.
        for tab in (one, two):
            await tab.until(call_id=call_id, state="talking")
        await one.done("call.hold", call_id=call_id, on=True)
        await two.until(call_id=call_id, state="held")
        await house.over(two, call_id)
        assert len([s for s in (one, two) if s.state["me"]["ringer"]["tab"] == s.name]) == 1


@pytest.mark.feature("R3")
async def test_a_command_repeated_at_another_process_has_one_effect(house: House) -> None:
    async with house.tab(0) as one, house.tab(1, "tab-2") as two:
        asked = {"command_id": "dial-once-1", "target": "79161112233"}
        first, second = await asyncio.gather(
            one.ask("call.dial", **asked), two.ask("call.dial", **asked)
        )
        assert first["ok"], first
        assert second["ok"], second
        assert first["result"] == second["result"]
        channels = house.town.switch.engine.channels

        def rung() -> list[str]:
            return [c.name for c in channels.values() if ILYA in c.name]

        # Answered by itself: then nobody is going to ring it any more.
        await one.until(call_id=first["result"]["call_id"], my_leg="up")
        assert len(one.cards) == 1
        await eventually(lambda: len(rung()) == 1)
        again = await two.ask("call.dial", **asked)
        assert again == second
        assert len(one.cards) == 1
        assert len(rung()) == 1, [one.cards, list(channels)]


@pytest.mark.slow
@pytest.mark.feature("R7")
@pytest.mark.parametrize("talking", [False, True], ids=["ringing", "talking"])
async def test_the_other_worker_takes_a_killed_ones_call_over(house: House, talking: bool) -> None:
    async with house.tab() as tab:
        call_id = await (house.talks(tab) if talking else house.rings(tab))
        version = tab.cards[0]["version"]
        channels = set(house.town.switch.engine.channels)
        (await house.town.holder()).kill()
        # People go on talking meanwhile; nothing is hung up or rung twice.
        await eventually(
            lambda: tab.cards and tab.cards[0]["version"] >> 20 > version >> 20,
            within_s=TAKE_OVER_S,
        )
        assert [c["call_id"] for c in tab.cards] == [call_id]
        assert set(house.town.switch.engine.channels) == channels
        if not talking:
            assert tab.cards[0]["my_leg"] == "ringing"
            house.town.switch.phone(ILYA).pickup()
        await tab.until(call_id=call_id, state="talking")
        await house.over(tab, call_id)


@pytest.mark.slow
@pytest.mark.feature("R1")
async def test_a_tab_of_a_killed_web_process_recovers_at_the_other(house: House) -> None:
    async with house.tab(0) as tab, house.tab(1, "tab-2") as other:
        call_id = await house.rings(tab)
        house.web[0].kill()
        await eventually(lambda: tab.close_code is not None)
        house.town.switch.phone(ILYA).pickup()
        await other.until(call_id=call_id, state="talking")
        tab.starts.clear()
        await tab.open(house.web[1].port)
        assert {s["stream"]: s["recovered"] for s in tab.starts} == {"me": True, "account": True}
        await tab.until(call_id=call_id, state="talking")
        assert tab.cards == other.cards
        await house.over(tab, call_id)


@pytest.mark.slow
@pytest.mark.feature("R7")
async def test_a_flushed_bus_is_told_everything_anew(house: House) -> None:
    vera = (await house.town.sign_in(VERA)).token
    async with house.tab() as tab, house.tab(1, "tab-v", vera):
        await tab.follow_colleagues()
        call_id = await house.talks(tab)
        await eventually(lambda: "presence:sever-102" in tab.state["colleagues"])
        before, epoch = dict(tab.state), tab.positions["me"][0]
        tab.starts.clear()
        await house.town.redis("FLUSHALL")
        # Each stream is told anew by itself: wait for the one that is looked at.
        await eventually(lambda: any(s["reset"] for s in tab.starts if s["stream"] == "me"))
        await tab.until(call_id=call_id, state="talking")
        assert tab.positions["me"][0] != epoch

        # Nothing that was on screen is missing for long: people, statuses, who rings.
        def missing() -> list[str]:
            return [e for name, known in before.items() for e in known if e not in tab.state[name]]

        with contextlib.suppress(AssertionError):
            await eventually(lambda: not missing(), within_s=8)
        assert missing() == []
        await house.over(tab, call_id)


@pytest.mark.slow
@pytest.mark.feature("R7")
async def test_a_cut_switch_socket_loses_no_call(house: House) -> None:
    async with house.tab() as tab:
        call_id = await house.talks(tab)
        house.town.switch.cut_sockets()
        await eventually(lambda: not tab.state["account"]["switch"]["connected"])
        await eventually(lambda: tab.state["account"]["switch"]["connected"])
        assert [(c["call_id"], c["state"]) for c in tab.cards] == [(call_id, "talking")]
        await house.over(tab, call_id)


@pytest.mark.slow
@pytest.mark.feature("R7")
async def test_a_database_restart_in_a_call_loses_nothing(house: House) -> None:
    async with house.tab() as tab:
        call_id = await house.rings(tab)
        await asyncio.to_thread(restart.stop, house.town.database_url)
        # The phone is picked up while there is no database to write it to.
        house.town.switch.phone(ILYA).pickup()
        await tab.until(call_id=call_id, state="talking")
        await asyncio.to_thread(restart.start, house.town.database_url)
        await house.over(tab, call_id)
        assert len(await house.town.history()) == 1
