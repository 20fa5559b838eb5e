"""Lines in browsers from the adapter's order to the sound in somebody's ear.

The product's Asterisk adapter on one side, a telephone made by others on the other, and the sandbox
switch between them: credentials, the INVITE's headers, and who hears whom after each command.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import pytest

from backend.sandbox.media.tones import MUSIC_HZ, RING_HZ
from backend.services.ports import BrowserLine, LegMoved
from backend.services.ports.lines import CALL_HEADER, LEG_HEADER
from backend.telephony.asterisk import AsteriskLines
from protocol.vocabulary import CallId, HangupCause, LegId, LegState
from tests.integration.asterisk.world import CALLER, CUSTOMER, World, world
from tests.sandbox.ari.softphone import Softphone, Talk, softphone

LINE = BrowserLine(
    account="demo", username="demo-b101", caller_name="Анна Смирнова", caller_number="101"
)
ENDPOINT = f"PJSIP/{LINE.username}"
OWN_HZ = 1500
CUSTOMER_HZ = 400 + 8 * 1
DESK_HZ = 1300 + 10 * 2


@pytest.fixture
async def made() -> AsyncIterator[World]:
    async with world() as made:
        yield made


@pytest.fixture
async def lines(made: World) -> AsyncIterator[AsteriskLines]:
    lines = AsteriskLines(made.url, "dozvon", "dozvon")
    yield lines
    await lines.aclose()


async def hears(made: World, number: str, *tones: int) -> None:
    """Wait until that customer hears one of the tones above all."""
    customer = made.sandbox.customer(number)
    async with asyncio.timeout(10):
        while customer.channel is None or not any(  # noqa: ASYNC110  # sound has no event
            abs(made.sandbox.plane.heard(customer.channel).hz - hz) <= 5 for hz in tones
        ):
            await asyncio.sleep(0.05)


async def rings(made: World, phone: Softphone, call_id: CallId) -> tuple[Talk, LegId]:
    leg_id = await made.ring(
        call_id,
        LINE.username,
        leg_id=LegId("agent-b101-1"),
        headers={CALL_HEADER: call_id, LEG_HEADER: "agent-b101-1"},
    )
    talk = await asyncio.wait_for(phone.invites.get(), 5)
    talk.ring()
    await made.heard.until(LegMoved, leg_id=leg_id, state=LegState.RINGING)
    return talk, leg_id


async def test_who_hears_whom_after_each_command(made: World, lines: AsteriskLines) -> None:
    await lines.issue(LINE, "for-this-session")
    assert await made.switch.registered([ENDPOINT]) == {ENDPOINT: False}
    port = urlsplit(made.url).port
    assert port is not None
    async with softphone(port, LINE.username, "for-this-session") as phone:
        assert (await phone.register()).code == 200
        assert await made.switch.registered([ENDPOINT]) == {ENDPOINT: True}
        call_id = await made.arrived()
        talk, own = await rings(made, phone, call_id)
        assert (talk.header(CALL_HEADER), talk.header(LEG_HEADER)) == (call_id, own)
        await talk.answer(OWN_HZ)
        await made.heard.until(LegMoved, leg_id=own, state=LegState.UP)
        await made.switch.answer(call_id, CUSTOMER)
        await made.switch.connect("demo", call_id, [CUSTOMER, own])
        await talk.hears(CUSTOMER_HZ)
        await hears(made, CALLER, OWN_HZ)

        await made.switch.mute(call_id, own, on=True)
        await hears(made, CALLER, 0)
        await talk.hears(CUSTOMER_HZ)
        await made.switch.mute(call_id, own, on=False)
        await hears(made, CALLER, OWN_HZ)

        # A colleague is asked first: the customer has music, the two hear each other.
        await made.switch.hold(call_id, CUSTOMER, on=True)
        await hears(made, CALLER, *MUSIC_HZ)
        await talk.hears_nothing()
        colleague = await made.ringing(call_id, "102")
        await made.switch.set_aside(call_id, own, "ringback")
        await talk.hears(RING_HZ)
        await made.picked_up(colleague, "102")
        await made.switch.consult("demo", call_id, [own, colleague])
        await talk.hears(DESK_HZ)
        await hears(made, CALLER, *MUSIC_HZ)

        # Handed over: the customer hears the colleague, and the browser is told goodbye.
        await made.switch.hold(call_id, CUSTOMER, on=False)
        await made.switch.connect("demo", call_id, [CUSTOMER, colleague])
        await hears(made, CALLER, DESK_HZ)
        await made.switch.hang_up(call_id, own, HangupCause.NORMAL)
        await asyncio.wait_for(talk.ended.wait(), 5)


async def test_the_newest_password_alone_opens_the_line(made: World, lines: AsteriskLines) -> None:
    port = urlsplit(made.url).port
    assert port is not None
    await lines.issue(LINE, "first")
    await lines.issue(LINE, "second")
    async with softphone(port, LINE.username, "first") as phone:
        assert (await phone.register()).code == 401
    async with softphone(port, LINE.username, "second") as phone:
        assert (await phone.register()).code == 200
        await lines.withdraw(LINE)
        assert (await phone.register()).code == 401
    assert await made.switch.registered([ENDPOINT]) == {ENDPOINT: False}
