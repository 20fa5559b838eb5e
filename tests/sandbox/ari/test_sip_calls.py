"""Lines in browsers, proven by a telephone that is not ours: credentials, calls, sound."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx

from tests.sandbox.ari.conftest import Events, Harness, until
from tests.sandbox.ari.softphone import Softphone, Talk, softphone

LINE = "demo-b101"
ENDPOINT = f"PJSIP/{LINE}"
PASSWORD = "one-session"


async def issue(harness: Harness, name: str = LINE, password: str = PASSWORD, **more: str) -> None:
    """Credentials as a server pushes them: three objects."""
    kinds: dict[str, dict[str, str]] = {
        "aor": {"max_contacts": "1", "remove_existing": "yes"},
        "auth": {"auth_type": "userpass", "username": name, "password": password},
        "endpoint": {
            "aors": name,
            "auth": name,
            "allow": "!all,ulaw,alaw,g722",
            "webrtc": "yes",
            "callerid": '"Anna" <101>',
            **more,
        },
    }
    for kind, fields in kinds.items():
        answer = await put(harness, kind, name, fields)
        assert answer.status_code == 200, answer.text


async def put(
    harness: Harness, kind: str, name: str, fields: dict[str, str], config: str = "res_pjsip"
) -> httpx.Response:
    rows = [{"attribute": key, "value": value} for key, value in fields.items()]
    path = f"/asterisk/config/dynamic/{config}/{kind}/{name}"
    return await harness.rest.put(path, json={"fields": rows})


async def rung(harness: Harness, events: Events, phone: Softphone, **variables: str) -> Talk:
    """The line is dialled and rings: the call on the telephone."""
    answer = await harness.rest.post(
        "/channels",
        params={"endpoint": ENDPOINT, "app": "app", "callerId": '"Иван" <79160000012>'},
        json={"variables": variables},
    )
    assert answer.status_code == 200, answer.text
    talk = await asyncio.wait_for(phone.invites.get(), 5)
    talk.ring()
    await events.until("Dial", dialstatus="RINGING")
    return talk


async def bridged(harness: Harness, events: Events, phone: Softphone) -> tuple[Talk, str, str]:
    """A customer and the line's person in one bridge: the call, the line's channel, theirs."""
    customer = await harness.inbound(events, "79160000012")
    await harness.post(f"/channels/{customer}/answer", 204)
    talk = await rung(harness, events, phone)
    await talk.answer(700)
    line: str = (await events.until("StasisStart"))[-1]["channel"]["id"]
    await harness.post("/bridges/b1", 200)
    await harness.post("/bridges/b1/addChannel", 204, channel=f"{customer},{line}")
    return talk, line, customer


async def customer_hears(harness: Harness, hz: int) -> None:
    """Wait until the customer's receiver brings mostly that tone (0: silence)."""

    async def measured() -> dict[str, Any]:
        answer = await harness.page.get("/sandbox/customers/79160000012/sound")
        found: dict[str, Any] = answer.json()["hears"]
        return found

    async with asyncio.timeout(10):
        while abs((await measured())["hz"] - hz) > 5:  # noqa: ASYNC110  # nothing to wait for
            await asyncio.sleep(0.05)


async def test_voices_go_both_ways(harness: Harness) -> None:
    events = await harness.events()
    await issue(harness)
    async with softphone(harness.port, LINE, PASSWORD) as phone:
        assert (await phone.register()).code == 200
        talk, _line, _customer = await bridged(harness, events, phone)
        await talk.hears(400 + 8 * 12)
        await customer_hears(harness, 700)
        assert (await talk.hang_up()).code == 200
        gone = (await events.until("ChannelDestroyed"))[-1]
        assert gone["channel"]["name"].startswith(ENDPOINT)
        assert gone["cause"] == 16
        await until(lambda: not harness.switch.plane.running)
