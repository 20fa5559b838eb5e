"""A supervisor beside a talk, by ear: what each of the three hears while he listens, whispers and
joins in. The adapter's own orders on lines of real sound."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from backend.services.ports.watching import WatchOrder
from backend.telephony.asterisk.client import AriClient
from backend.telephony.asterisk.translate import Translator
from backend.telephony.asterisk.watching import WatchRooms
from protocol.vocabulary import CallId, LegId
from tests.sandbox.ari.conftest import AUTH, Harness, until
from tests.sandbox.ari.lines import CUSTOMER_HZ, LINE, PASSWORD, bridged, customer_hears, issue
from tests.sandbox.ari.softphone import Talk, Tone, softphone

SUPERVISOR, SUPERVISOR_HZ, OPERATOR_HZ = "demo-b102", 1500, 700


class _Known(Translator):
    """Knows the channel of the one leg there is."""

    def __init__(self, channel: str) -> None:
        super().__init__("app", "test")
        self._channel = channel

    def channel_of(self, call_id: CallId, leg_id: LegId) -> str:
        return self._channel


async def _hears(talk: Talk, *tones_hz: int) -> None:
    """Until each of these is a good part of what is heard."""
    await until(lambda: all(talk.power(hz) > 0.02 for hz in tones_hz))


def _voice(talk: Talk, hz: int) -> None:
    """From now on he says this; 0 is nothing."""
    for sender in talk.pc.getSenders():
        if isinstance(sender.track, Tone):
            sender.track.hz = hz


@pytest.mark.feature("S1")
async def test_who_hears_a_supervisor_in_each_mode(harness: Harness) -> None:
    events = await harness.events()
    await issue(harness)
    await issue(harness, SUPERVISOR)
    async with (
        softphone(harness.port, LINE, PASSWORD) as phone,
        softphone(harness.port, SUPERVISOR, PASSWORD) as other,
        AriClient(f"http://127.0.0.1:{harness.port}/ari", *AUTH, timeout_s=5.0) as client,
    ):
        await phone.register()
        await other.register()
        talk, line, customer = await bridged(harness, events, phone)
        rooms = WatchRooms("app", client, _Known(line))
        order = WatchOrder(
            watch_id="w1", call_id=CallId("c1"), leg_id=LegId("l1"),
            endpoint=f"PJSIP/{SUPERVISOR}", mode="listen", shown="Anna", timeout_s=20,
        )  # fmt: skip
        await rooms.ring_watcher(order)
        supervisor = await asyncio.wait_for(other.invites.get(), 5)
        assert await rooms.watch_state("w1") == "ringing"
        await supervisor.answer(SUPERVISOR_HZ)
        await until(lambda: harness.switch.engine.channels["dzw.w1"].state == "Up")
        assert await rooms.watch_state("w1") == "up"
        await rooms.let_in(order)
        await _hears(supervisor, CUSTOMER_HZ, OPERATOR_HZ)
        await talk.hears(CUSTOMER_HZ)
        # The operator falls silent: whatever the customer hears from now on is the supervisor.
        _voice(talk, 0)
        await customer_hears(harness, 0)
        await rooms.let_in(replace(order, mode="whisper"))
        await _hears(talk, CUSTOMER_HZ, SUPERVISOR_HZ)
        await customer_hears(harness, 0)
        await rooms.let_in(replace(order, mode="barge"))
        await customer_hears(harness, SUPERVISOR_HZ)
        await _hears(talk, CUSTOMER_HZ, SUPERVISOR_HZ)
        _voice(talk, OPERATOR_HZ)
        await rooms.end_watch("w1")
        await asyncio.wait_for(supervisor.ended.wait(), 5)
        await customer_hears(harness, OPERATOR_HZ)
        await talk.hears(CUSTOMER_HZ)
        await until(lambda: not [b for b in harness.switch.engine.bridges if b.startswith("dzw.")])
        assert customer in harness.switch.engine.channels
