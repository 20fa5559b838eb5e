"""An operator's phone breaks in mid-talk, and then the process that saw to it dies, too."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy.exc import NoResultFound

from backend.demo.cast import SEVER
from backend.sandbox.ari.customers import Customer
from backend.sandbox.ari.phones import Phone
from tests.integration.house.town import CUSTOMER, ILYA, READY_S, Town, eventually


@pytest.mark.slow
@pytest.mark.feature("T")
async def test_a_rescue_outlives_the_worker_that_began_it(empty_town: Town) -> None:
    town = empty_town
    for _ in range(2):
        await town.worker()
    await town.connected()
    caller = town.switch.place_call(CUSTOMER, SEVER.virtual_number)
    phone = town.switch.phone(ILYA)
    await eventually(lambda: phone.device_state() == "RINGING")
    phone.pickup()
    await eventually(lambda: _talks(town, phone))
    phone.auto_answer_supported = False
    phone.vanish()
    lost = asyncio.get_running_loop().time()
    await eventually(lambda: phone.device_state() == "RINGING", within_s=5)
    took = asyncio.get_running_loop().time() - lost
    assert took < 5
    # After the notice; the phone rings meanwhile.
    await eventually(lambda: _music(caller))
    await _kill_holder(town)
    await town.connected()
    await eventually(lambda: phone.device_state() == "RINGING", within_s=READY_S)
    phone.pickup()
    await eventually(lambda: _talks(town, phone))
    assert not _music(caller)
    caller.hang_up()
    await eventually(lambda: not town.switch.engine.channels)


def _music(caller: Customer) -> bool:
    return caller.channel is not None and caller.channel.moh is not None


def _talks(town: Town, phone: Phone) -> bool:
    """The phone and the customer hear each other."""
    bridges = {channel.bridge_id for channel in phone.calls if channel.state == "Up"}
    return any(
        len(bridge.members) == 2 for bridge in town.switch.engine.bridges.values()
        if bridge.id in bridges
    )  # fmt: skip


async def _kill_holder(town: Town) -> None:
    """Gone without a word; whoever is left notices by the lease."""
    async with asyncio.timeout(READY_S):
        while True:
            try:
                holder = await town.holder()
            except NoResultFound:  # on a busy machine the lease changes hands by itself
                await asyncio.sleep(0.05)
            else:
                break
    holder.kill()
    await eventually(
        lambda: not any(app["connected"] for app in town.switch.state()["apps"]), within_s=READY_S
    )
