"""The remote control and the faults it injects."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import async_playwright
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from tests.sandbox.ari.conftest import DID, Events, Harness, brief, until


async def command(
    harness: Harness, what: str, status: int = 200, /, **body: object
) -> dict[str, Any]:
    answer = await harness.page.post(f"/sandbox/{what}", json=body)
    assert answer.status_code == status, answer.text
    answered: dict[str, Any] = answer.json()
    return answered


async def test_a_call_is_placed_answered_and_ended_by_remote_control(harness: Harness) -> None:
    events = await harness.events()
    await command(harness, "calls", 201, **{"from": "79161112233", "to": DID})
    caller = (await events.until("StasisStart"))[-1]["channel"]["id"]
    await harness.post("/channels/leg1", 200, endpoint="PJSIP/demo-104", app="app")
    await events.until("Dial", dialstatus="RINGING")
    await command(harness, "phones/demo-104/pickup")
    await events.until("StasisStart")
    await harness.post("/bridges/b", 200)
    await harness.post("/bridges/b/addChannel", 204, channel=f"{caller},leg1")
    await command(harness, "phones/demo-104/hold")
    await command(harness, "phones/demo-104/hold", 200)
    await command(harness, "phones/demo-104/unhold")
    await command(harness, "customers/c1/dtmf", digits="7")
    state = (await harness.page.get("/sandbox/state")).json()
    assert [c["name"] for c in state["customers"]] == ["Иван Петров"]
    assert {c["id"] for c in state["channels"]} == {caller, "leg1"}
    await command(harness, "phones/demo-104/hangup")
    await command(harness, "customers/c1/hangup")
    assert brief(await events.fence(harness))[-1] == "StasisEnd"
    assert (await harness.page.get("/sandbox/state")).json()["channels"] == []


async def test_what_cannot_be_done_is_refused_with_a_sentence(harness: Harness) -> None:
    await command(harness, "phones/101/pickup", 409)
    await command(harness, "phones/999/pickup", 409)
    await command(harness, "phones/101/dance", 404)
    await command(harness, "customers/c9/hangup", 409)
    await command(harness, "calls", 409, **{"from": "1", "to": "2"})
    await command(harness, "calls", 400, to="2")
    await command(harness, "faults", 400, kind="earthquake")
    form = await harness.page.post("/sandbox/calls", data={"from": "1", "to": DID})
    assert form.status_code == 400


async def test_a_manual_clock_is_advanced_from_outside(harness: Harness) -> None:
    events = await harness.events()
    await harness.post("/channels", 200, endpoint="PJSIP/101", app="app", timeout=10)
    await command(harness, "clock/advance", seconds=10)
    assert (await events.until("ChannelDestroyed"))[-1]["cause"] == 19
    clock = (await harness.page.get("/sandbox/clock")).json()
    assert clock == {"now": "2026-03-02T09:00:10.000+0000", "frozen": True}


async def test_events_get_lost_doubled_and_late(harness: Harness) -> None:
    events = await harness.events()
    await harness.inbound(events)
    customer = harness.switch.customer("c1")
    await command(harness, "faults", kind="drop", event="ChannelDtmfReceived")
    customer.dtmf("12")
    await command(harness, "faults", kind="double", event="ChannelDtmfReceived")
    customer.dtmf("34")
    await command(harness, "faults", kind="delay", event="ChannelDtmfReceived", seconds=3)
    customer.dtmf("56")
    assert [e["digit"] for e in await events.fence(harness)] == ["2", "3", "3", "4", "6"]
    await harness.clock.advance(3)
    assert (await events.next())["digit"] == "5"


async def test_requests_fail_and_answer_late(harness: Harness) -> None:
    events = await harness.events()
    caller = await harness.inbound(events)
    await command(harness, "faults", kind="rest_error", path="/answer", count=2)
    for expected in (500, 500, 204):
        await harness.post(f"/channels/{caller}/answer", expected)
    await command(harness, "faults", kind="rest_slow", path="/asterisk/ping", seconds=9)
    slow = asyncio.create_task(harness.rest.get("/asterisk/ping"))
    await until(lambda: not harness.switch.faults.rest)  # the request has arrived
    assert (await harness.rest.get("/channels")).status_code == 200
    assert not slow.done()
    await harness.clock.advance(9)
    assert (await slow).status_code == 200


async def test_a_restart_forgets_calls_without_a_word(harness: Harness) -> None:
    events = await harness.events(subscribe_all=True)
    await harness.inbound(events)
    await harness.answered(events)
    await events.fence(harness)
    await command(harness, "faults", kind="forget")
    with pytest.raises(ConnectionClosed):
        await events.next()
    assert (await harness.rest.get("/channels")).json() == []
    assert (await harness.rest.get("/applications")).json() == []
    assert harness.switch.phone("101").calls == []
    again = await harness.events()
    await harness.inbound(again)


async def test_the_page_socket_shows_every_change_and_only_to_our_origin(
    harness: Harness,
) -> None:
    url = f"ws://127.0.0.1:{harness.port}/sandbox/live"
    async with connect(url, proxy=None) as socket:
        state = json.loads(await asyncio.wait_for(socket.recv(), 5))
        assert [p["number"] for p in state["phones"]] == ["101", "102", "103", "104"]
        harness.switch.phone("101").set_registered(False)
        while state["phones"][0]["registered"]:
            state = json.loads(await asyncio.wait_for(socket.recv(), 5))
        assert state["phones"][0]["state"] == "UNAVAILABLE"
    with pytest.raises(Exception, match=r"403|1008"):
        async with connect(url, proxy=None, origin="https://evil.example") as socket:  # type: ignore[arg-type]
            await Events(socket).next()


async def test_the_page_is_served_with_its_files(harness: Harness) -> None:
    page = await harness.page.get("/")
    assert page.headers["content-type"].startswith("text/html")
    assert "switchboard.js" in page.text
    for name in ("switchboard.css", "switchboard.js", "busy.js", "texts.js", "icon.svg"):
        assert (await harness.page.get(f"/{name}")).status_code == 200


@pytest.mark.browser
async def test_the_page_places_a_call_and_picks_it_up(harness: Harness) -> None:
    events = await harness.events()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox"]
        )
        page = await browser.new_page()
        await page.goto(f"http://127.0.0.1:{harness.port}/")
        await page.get_by_label("С номера").fill("79165554433")
        await page.get_by_role("button", name="Позвонить").click()
        start = (await events.until("StasisStart"))[-1]
        assert start["channel"]["caller"]["number"] == "79165554433"
        await harness.post("/channels/leg", 200, endpoint="PJSIP/101", app="app")
        await page.get_by_role("button", name="Ответить").click()
        assert (await events.until("StasisStart"))[-1]["channel"]["id"] == "leg"
        await page.get_by_role("button", name="English").click()
        await page.locator("#customers").get_by_role("button", name="Hang up").click()
        await events.until("StasisEnd")
        await page.get_by_text("Nobody is calling now").wait_for()
        await page.get_by_role("switch", name="Boris: Online").click()
        await page.locator("#phones li", has_text="Boris").get_by_text("offline").wait_for()
        assert not harness.switch.phone("102").registered
        await page.get_by_role("button", name="Busy hour").click()
        await events.until("StasisStart")
        await page.get_by_role("button", name="End the busy hour").click()
        assert (await Axe().run(page)).violations_count == 0
        await browser.close()
