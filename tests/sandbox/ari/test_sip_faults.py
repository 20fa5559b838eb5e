"""What browsers suffer on purpose: lost sound, refused registrations, lines that are cut."""

from __future__ import annotations

from typing import Any

from backend.sandbox.ari.faults import Faults
from tests.sandbox.ari.conftest import Harness, until
from tests.sandbox.ari.lines import (
    CUSTOMER_HZ,
    ENDPOINT,
    LINE,
    PASSWORD,
    bridged,
    customer_hears,
    issue,
)
from tests.sandbox.ari.softphone import softphone


async def switch_on(harness: Harness, **faults: Any) -> None:
    answer = await harness.page.post("/sandbox/faults", json=faults)
    assert answer.status_code == 200, answer.text
    armed = {row["name"] for row in answer.json() if row["value"]}
    assert {name for name, value in faults.items() if value and name != "sip_cut"} <= armed


async def test_sound_is_lost_on_one_way_or_the_other(harness: Harness) -> None:
    events = await harness.events()
    await issue(harness)
    async with softphone(harness.port, LINE, PASSWORD) as phone:
        await phone.register()
        talk, _line, _customer = await bridged(harness, events, phone)
        await talk.hears(CUSTOMER_HZ)
        await switch_on(harness, voice_in={"share": 100})
        await customer_hears(harness, 0)
        await talk.hears(CUSTOMER_HZ)
        await switch_on(harness, voice_in=None, voice_out={"share": 100})
        received = await packets(talk.pc)
        await customer_hears(harness, 700)
        assert await packets(talk.pc) <= received + 1  # one may have been under way
        talk.heard.clear()
        await harness.page.delete("/sandbox/faults")
        await talk.hears(CUSTOMER_HZ)
        assert await packets(talk.pc) > received + 1


async def packets(pc: Any) -> int:
    """How many packets of sound arrived."""
    report = await pc.getStats()
    return sum(one.packetsReceived for one in report.values() if one.type == "inbound-rtp")


def test_losses_come_evenly() -> None:
    faults = Faults(lambda: None)
    assert not faults.loses("voice_out")
    faults.lose_sound("voice_out", 20)
    assert [faults.loses("voice_out") for _ in range(10)] == [False] * 4 + [True] + [False] * 4 + [
        True
    ]
    assert not faults.loses("voice_in")
    faults.remove("voice_out")
    assert not faults.loses("voice_out")


async def test_registrations_are_refused_as_often_as_told(harness: Harness) -> None:
    await issue(harness)
    async with softphone(harness.port, LINE, PASSWORD) as phone:
        await switch_on(harness, sip_refuse={"status": 503, "count": 1})
        assert (await phone.register()).code == 503
        assert (await phone.register()).code == 200
        await switch_on(harness, sip_refuse=True)
        assert (await phone.register()).code == 403
        await switch_on(harness, sip_refuse={"count": 0})
        assert [(await phone.register()).code for _ in range(3)] == [403] * 3
        await switch_on(harness, sip_refuse=None)
        assert (await phone.register()).code == 200


async def test_a_cut_line_is_gone_and_its_talk_is_not(harness: Harness) -> None:
    events = await harness.events()
    await issue(harness)
    async with softphone(harness.port, LINE, PASSWORD) as phone:
        await phone.register()
        talk, _line, _customer = await bridged(harness, events, phone)
        await customer_hears(harness, 700)
        await switch_on(harness, sip_cut=True)
        await until(lambda: not harness.switch.devices[ENDPOINT].registered)
        talk.heard.clear()
        await talk.hears(CUSTOMER_HZ)
        await customer_hears(harness, 700)
