"""A supervisor beside a talk on the real adapter: the call never knows of it. Who hears whom is
proven by ear in `tests/sandbox/ari/test_sip_watching.py`."""

from __future__ import annotations

import asyncio

import pytest

from backend.services.ports.watching import WatchOrder
from tests.integration.asterisk.world import CUSTOMER, World


async def _until(world: World, watch: str, state: str) -> None:
    async with asyncio.timeout(5):
        while await world.switch.watches.watch_state(watch) != state:
            await world.clock.advance(0.1)


@pytest.mark.feature("S1")
async def test_a_watch_is_no_part_of_the_call(world: World) -> None:
    call_id, leg_id = await world.talking()
    assert world.hears() == "person"
    order = WatchOrder(
        watch_id="w1",
        call_id=call_id,
        leg_id=leg_id,
        endpoint="PJSIP/102",
        mode="listen",
        shown="Anna",
        timeout_s=20,
    )
    watches = world.switch.watches
    await watches.ring_watcher(order)
    await _until(world, "w1", "ringing")
    world.sandbox.phone("102").pickup()
    await _until(world, "w1", "up")
    await watches.let_in(order)
    await watches.end_watch("w1")
    await _until(world, "w1", "gone")
    assert world.hears() == "person"
    # Nothing of it was an event, and a new owner takes over the talk alone.
    assert not [event for event in await world.nothing_else() if "w1" in str(event)]
    again = world.listen(world.adapter())
    found = await again.next()
    assert {leg.leg_id for call in found.calls for leg in call.legs if call.call_id == call_id} == {  # type: ignore[union-attr]
        CUSTOMER,
        leg_id,
    }


async def test_a_new_owner_ends_what_the_last_one_left(world: World) -> None:
    call_id, leg_id = await world.talking()
    order = WatchOrder(
        watch_id="w2", call_id=call_id, leg_id=leg_id, endpoint="PJSIP/102", mode="listen",
        shown="", timeout_s=20,
    )  # fmt: skip
    await world.switch.watches.ring_watcher(order)
    world.sandbox.phone("102").pickup()
    await _until(world, "w2", "up")
    await world.switch.watches.let_in(order)
    await world.switch.watches.end_watches()
    await _until(world, "w2", "gone")
    assert world.hears() == "person"
