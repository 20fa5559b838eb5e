"""The process that owns a recorded talk is killed: the talk is recorded to its end, once."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import text

from backend.demo.cast import SEVER
from tests.integration.house.town import CUSTOMER, ILYA, READY_S, Town, eventually


@pytest.mark.slow
@pytest.mark.feature("T")
async def test_a_recording_outlives_the_worker_that_began_it(empty_town: Town) -> None:
    town = empty_town
    for _ in range(2):
        await town.worker()
    await town.connected()
    caller = town.switch.place_call(CUSTOMER, SEVER.virtual_number)
    phone, media = town.switch.phone(ILYA), town.switch.media
    await eventually(lambda: phone.device_state() == "RINGING")
    phone.pickup()
    await eventually(lambda: media.live)
    (name,) = media.live
    holder = await town.holder()
    holder.kill()
    await eventually(
        lambda: not any(app["connected"] for app in town.switch.state()["apps"]), within_s=READY_S
    )
    await town.connected()
    assert list(media.live) == [name], "nobody stopped it, and nobody began another"
    caller.hang_up()
    kept, size = await _stored(town)
    assert kept == name
    assert size > 0
    await eventually(lambda: not media.stored, within_s=READY_S)
    (file,) = town.directory.rglob("*.mp3")
    assert file.stat().st_size == size


async def _stored(town: Town) -> tuple[str, int]:
    """Name and size of the one recording, once it is stored."""
    async with asyncio.timeout(READY_S * 2):
        while True:
            async with town.database.begin(SEVER.account_id) as tx:
                found = await tx.execute(text("SELECT name, state, size FROM recordings"))
                rows = [tuple(row) for row in found]
            if rows and rows[0][1] == "stored":
                ((name, _, size),) = rows
                return str(name), int(size)
            await asyncio.sleep(0.05)
