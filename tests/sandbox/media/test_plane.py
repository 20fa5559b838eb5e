"""Who hears whom, without any network: wires that say what they are told."""

from __future__ import annotations

import asyncio
import io
import time
import wave
from array import array
from collections.abc import AsyncIterator

import pytest

from backend.kit.clock import ManualClock
from backend.sandbox.ari import PhoneConfig, Switch, SwitchConfig, VirtualNumber
from backend.sandbox.ari.model import Channel
from backend.sandbox.ari.sound import wav
from backend.sandbox.media import tones
from backend.sandbox.media.meter import WINDOW, strongest

DID = "74951234567"
CUSTOMER, CUSTOMER_HZ = "79160000012", 496
OWN_HZ = 1500


class Wire:
    """One browser's: speaks a tone, keeps what it was sent."""

    def __init__(self, hz: int) -> None:
        self.heard_at: float | None = None
        self.sent: list[list[int]] = []
        self._hz = hz

    def take(self) -> array[int] | None:
        return tones.voice(self._hz, len(self.sent))

    def send(self, samples: list[int]) -> None:
        self.sent.append(samples)


class House:
    """A switch whose clock of sound is turned by hand."""

    def __init__(self) -> None:
        config = SwitchConfig(
            virtual_numbers=(VirtualNumber(number=DID, app="app"),),
            phones=(PhoneConfig(endpoint="PJSIP/102"),),
        )
        self.switch = Switch(config, ManualClock())
        self.plane = self.switch.plane
        self.switch.hub.connect(["app"], subscribe_all=False)

    def customer(self, number: str) -> Channel:
        channel = self.switch.place_call(number, DID).channel
        assert channel is not None
        self.switch.engine.set_state(channel, "Up")
        return channel

    def browser(self, hz: int) -> tuple[Channel, Wire]:
        channel = self.switch.engine.create(endpoint="PJSIP/b", state="Up", far_end=None)
        wire = Wire(hz)
        self.plane.attach(channel, wire, lambda: 0)
        return channel, wire

    def bridge(self, *channels: Channel) -> None:
        bridge = self.switch.bridges.create(None, "mixing", "")
        for channel in channels:
            self.switch.engine.enter_bridge(channel, bridge)

    def turn(self, frames: int = WINDOW) -> None:
        for _ in range(frames):
            self.plane._tick()
            self.plane._frame += 1

    def hears(self, channel: Channel) -> int:
        return self.plane.heard(channel).hz


@pytest.fixture
async def house() -> AsyncIterator[House]:
    house = House()
    # Its own clock would be the machine's: something that runs and does nothing stands in for it.
    house.plane._clock = asyncio.create_task(asyncio.sleep(3600))
    yield house
    await house.switch.close()


async def test_three_in_a_bridge_hear_the_other_two(house: House) -> None:
    customer = house.customer(CUSTOMER)
    first, _ = house.browser(OWN_HZ)
    second, wire = house.browser(2200)
    house.bridge(customer, first, second)
    house.switch.engine.far_end_hold(first, True)
    house.turn()
    # One of them holds by its own key: the others have music, and each other.
    assert house.hears(customer) == pytest.approx(2200, abs=4)
    house.switch.engine.far_end_hold(first, False)
    customer.muted.add("in")
    house.turn()
    assert house.plane.heard(second).hz == pytest.approx(OWN_HZ, abs=4)
    assert len(wire.sent) == 2 * WINDOW
    assert house.plane.said(customer).hz == pytest.approx(CUSTOMER_HZ, abs=4)
    assert house.plane.said(first).hz == pytest.approx(OWN_HZ, abs=4)


async def test_a_thousand_simulated_talks_cost_a_browser_nothing(house: House) -> None:
    others = [house.customer(f"7916100{n:04}") for n in range(1000)]
    for one, other in zip(others[::2], others[1::2], strict=True):
        house.bridge(one, other)
    customer = house.customer(CUSTOMER)
    own, _ = house.browser(OWN_HZ)
    house.bridge(customer, own)
    house.turn(2)
    began = time.process_time()
    house.turn(50)
    assert time.process_time() - began < 0.5  # of the second that fifty frames are
    assert house.hears(customer) == pytest.approx(OWN_HZ, abs=4)
    # What the others hear is known all the same, when it is asked.
    assert house.hears(others[0]) == pytest.approx(400 + 8 * 1, abs=4)


async def test_who_is_waiting_hears_what_the_application_gives(house: House) -> None:
    customer = house.customer(CUSTOMER)
    assert house.plane.heard(customer).level_db == -90
    customer.moh = "default"
    assert min(abs(house.hears(customer) - hz) for hz in tones.MUSIC_HZ) <= 4
    customer.moh, customer.hears_fallback = None, True
    assert house.hears(customer) == pytest.approx(tones.UNAVAILABLE_HZ, abs=4)
    customer.muted.add("out")
    assert house.plane.heard(customer).level_db == -90


async def test_a_recording_has_the_mix_and_its_pauses(house: House) -> None:
    customer = house.customer(CUSTOMER)
    own, _ = house.browser(OWN_HZ)
    house.bridge(customer, own)
    [bridge] = house.switch.engine.bridges.values()
    media = house.switch.media
    recording = media.record(bridge, "talk", "wav")
    house.turn(50)
    media.set_muted(recording, True)
    house.turn(50)
    media.set_muted(recording, False)
    media.set_paused(recording, True)
    house.turn(50)
    media.set_paused(recording, False)
    house.turn(50)
    media.stop_recording("talk")
    with wave.open(io.BytesIO(wav(media.stored["talk"].parts))) as file:
        samples = memoryview(file.readframes(file.getnframes())).cast("h")
    assert len(samples) == 3 * 8000  # a second each: said, silenced, said
    loud = [strongest(list(samples[start : start + 1600])) for start in (0, 16_000)]
    assert all(min(abs(hz - CUSTOMER_HZ), abs(hz - OWN_HZ)) <= 4 for hz in loud)
    assert set(samples[8000:16_000]) == {0}


async def test_a_failing_frame_is_logged_and_the_next_one_comes(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    house.plane._clock = None
    _channel, wire = house.browser(OWN_HZ)
    broken = iter([True])

    def take() -> array[int] | None:
        if next(broken, False):
            raise RuntimeError("a frame of sand")
        return None

    wire.take = take  # type: ignore[method-assign]
    async with asyncio.timeout(5):
        while len(wire.sent) < 3:  # noqa: ASYNC110  # sound has no event
            await asyncio.sleep(0.01)
    assert "a frame of sand" in caplog.text
