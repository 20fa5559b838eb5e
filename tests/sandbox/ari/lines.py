"""Lines as a server sets them up, and calls on them: what the tests of SIP share."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx

from tests.sandbox.ari.conftest import Events, Harness
from tests.sandbox.ari.softphone import Softphone, Talk

LINE = "demo-b101"
ENDPOINT = f"PJSIP/{LINE}"
PASSWORD = "one-session"
CUSTOMER = "79160000012"
CUSTOMER_HZ = 400 + 8 * 12


async def put(
    harness: Harness, kind: str, name: str, fields: dict[str, str], config: str = "res_pjsip"
) -> httpx.Response:
    rows = [{"attribute": key, "value": value} for key, value in fields.items()]
    path = f"/asterisk/config/dynamic/{config}/{kind}/{name}"
    return await harness.rest.put(path, json={"fields": rows})


async def issue(
    harness: Harness,
    name: str = LINE,
    password: str = PASSWORD,
    *,
    aor: dict[str, str] | None = None,
    endpoint: dict[str, str] | None = None,
) -> None:
    """Credentials as a server pushes them: three objects."""
    kinds: dict[str, dict[str, str]] = {
        "aor": {"max_contacts": "1", "remove_existing": "yes", **(aor or {})},
        "auth": {"auth_type": "userpass", "username": name, "password": password},
        "endpoint": {
            "aors": name,
            "auth": name,
            "allow": "!all,ulaw,alaw,g722",
            "webrtc": "yes",
            "callerid": '"Anna" <101>',
            **(endpoint or {}),
        },
    }
    for kind, fields in kinds.items():
        answer = await put(harness, kind, name, fields)
        assert answer.status_code == 200, answer.text


async def rung(
    harness: Harness, events: Events, phone: Softphone, **variables: str
) -> tuple[Talk, str]:
    """The line is dialled and rings: the call on the telephone, and its channel."""
    answer = await harness.rest.post(
        "/channels",
        params={"endpoint": ENDPOINT, "app": "app", "callerId": f'"Иван" <{CUSTOMER}>'},
        json={"variables": variables},
    )
    assert answer.status_code == 200, answer.text
    talk = await asyncio.wait_for(phone.invites.get(), 5)
    talk.ring()
    await events.until("Dial", dialstatus="RINGING")
    channel_id: str = answer.json()["id"]
    return talk, channel_id


async def bridged(
    harness: Harness, events: Events, phone: Softphone, hz: int = 700
) -> tuple[Talk, str, str]:
    """A customer and the line's person in one bridge: the call, the line's channel, theirs."""
    customer = await harness.inbound(events, CUSTOMER)
    await harness.post(f"/channels/{customer}/answer", 204)
    talk, line = await rung(harness, events, phone)
    await talk.answer(hz)
    await events.until("StasisStart")
    await harness.post("/bridges/b1", 200)
    await harness.post("/bridges/b1/addChannel", 204, channel=f"{customer},{line}")
    return talk, line, customer


async def customer_hears(harness: Harness, *tones: int) -> None:
    """Wait until the customer's receiver brings one of the tones above all (0: silence)."""
    heard: dict[str, Any] = {}
    try:
        async with asyncio.timeout(10):
            while True:
                answer = await harness.page.get(f"/sandbox/customers/{CUSTOMER}/sound")
                heard = answer.json()["hears"]
                if any(abs(heard["hz"] - hz) <= 5 for hz in tones):
                    return
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise AssertionError(f"the customer hears {heard}, not {tones}") from None
