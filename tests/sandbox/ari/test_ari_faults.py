"""The list of faults one page draws, set and taken back by name."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

from tests.sandbox.ari.conftest import Events, Harness, until


async def shown(harness: Harness) -> dict[str, Any]:
    rows = (await harness.page.get("/sandbox/faults")).json()
    return {row["name"]: row["value"] for row in rows}


async def test_every_switch_is_described_as_in_the_other_sandboxes(harness: Harness) -> None:
    rows = (await harness.page.get("/sandbox/faults")).json()
    names = [row["name"] for row in rows]
    events, requests = ["drop", "double", "delay"], ["rest_slow", "rest_error"]
    browsers = ["voice_out", "voice_in", "sip_refuse", "sip_cut"]
    assert names == [*events, *requests, "cut", *browsers, "forget"]
    for row in rows:
        assert set(row) == {"name", "title_ru", "title_en", "group", "params", "value"}
        assert row["title_ru"] != row["title_en"]
        assert row["value"] is None
        assert all({"name", "kind", "default"} <= param.keys() for param in row["params"])


async def test_a_switch_is_set_by_name_lasts_and_is_taken_back(harness: Harness) -> None:
    events = await harness.events()
    await harness.inbound(events)
    customer = harness.switch.customer("c1")
    wanted = {"drop": {"event": "ChannelDtmfReceived", "count": 0}, "rest_error": {"path": "/x"}}
    answer = await harness.page.post("/sandbox/faults", json=wanted)
    assert {row["name"] for row in answer.json() if row["value"]} == {"drop", "rest_error"}
    customer.dtmf("123")
    assert [e["digit"] for e in await events.fence(harness) if "digit" in e] == []
    [rule] = (await shown(harness))["drop"]
    assert (rule["type"], rule["left"]) == ("ChannelDtmfReceived", None)
    assert (
        await harness.page.post("/sandbox/faults", json={"drop": {"event": "StasisEnd"}})
    ).is_success
    assert [rule["type"] for rule in (await shown(harness))["drop"]] == ["StasisEnd"]
    assert (
        await harness.page.post("/sandbox/faults", json={"drop": None, "rest_slow": True})
    ).is_success
    assert (await shown(harness))["drop"] is None
    assert (await shown(harness))["rest_slow"][0]["seconds"] == 2.0
    await harness.page.delete("/sandbox/faults")
    assert set((await shown(harness)).values()) == {None}


@pytest.mark.parametrize(
    "body",
    [
        {"earthquake": {}},
        {"drop": 3},
        {"drop": {"count": -1}},
        {"drop": {"count": "many"}},
        {"drop": {}, "rest_error": {"status": 200}},
        {"voice_in": {"share": 101}},
        [1],
    ],
)
async def test_nonsense_is_refused_and_nothing_is_set(harness: Harness, body: Any) -> None:
    answer = await harness.page.post("/sandbox/faults", json=body)
    assert answer.status_code == 400
    assert answer.json()["error"]
    assert set((await shown(harness)).values()) == {None}


async def test_the_switch_restarts_by_its_name_too(harness: Harness) -> None:
    events = await harness.events(subscribe_all=True)
    await harness.inbound(events)
    assert (await harness.page.post("/sandbox/faults", json={"forget": True})).is_success
    assert (await harness.rest.get("/channels")).json() == []
    assert (await shown(harness))["forget"] is None


async def _keys(harness: Harness, events: Events, digits: str) -> list[str]:
    """A customer presses these; what the application hears of it."""
    harness.switch.customer("c1").dtmf(digits)
    return [event["digit"] for event in await events.fence(harness) if "digit" in event]


async def test_events_set_by_name_are_lost_doubled_and_late(harness: Harness) -> None:
    events = await harness.events()
    await harness.inbound(events)
    pressed = {"event": "ChannelDtmfReceived"}
    for name, more, heard in (
        ("drop", {"count": 1}, ["2"]),
        ("double", {"count": 1}, ["1", "1", "2"]),
        ("delay", {"seconds": 30, "count": 1}, ["2"]),
    ):
        wanted = {name: {**pressed, **more}}
        assert (await harness.page.post("/sandbox/faults", json=wanted)).is_success
        assert await _keys(harness, events, "12") == heard, name
    await harness.clock.advance(30)
    assert await _keys(harness, events, "3") == ["1", "3"], "the late one came"


async def test_requests_set_by_name_fail_and_wait(harness: Harness) -> None:
    wanted = {"rest_error": {"path": "/asterisk/ping", "status": 503, "count": 2}}
    assert (await harness.page.post("/sandbox/faults", json=wanted)).is_success
    codes = [(await harness.rest.get("/asterisk/ping")).status_code for _ in range(3)]
    assert codes == [503, 503, 200]
    wanted = {"rest_slow": {"path": "/asterisk/ping", "seconds": 20, "count": 1}}
    assert (await harness.page.post("/sandbox/faults", json=wanted)).is_success
    waiting = asyncio.create_task(harness.rest.get("/asterisk/ping"))
    await until(lambda: not harness.switch.faults.rest)  # the request has arrived
    await harness.clock.advance(19)
    assert not waiting.done()
    await harness.clock.advance(1)
    assert (await waiting).status_code == 200


async def test_a_cut_by_name_closes_the_sockets_and_leaves_the_calls(harness: Harness) -> None:
    events = await harness.events()
    channel = await harness.inbound(events)
    assert (await harness.page.post("/sandbox/faults", json={"cut": True})).is_success
    with pytest.raises(ConnectionClosed):
        await events.until("never")
    assert (await shown(harness))["cut"] is None
    assert [one["id"] for one in (await harness.rest.get("/channels")).json()] == [channel]
    assert await _keys(harness, await harness.events(), "7") == ["7"]
