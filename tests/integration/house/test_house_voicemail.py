"""A caller nobody is there for: a message, a voicemail, its audio kept, somebody to call back."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import text, update

from backend.demo.cast import SEVER
from backend.store.tables import scenarios
from tests.integration.house.town import CUSTOMER, ILYA, READY_S, Town, eventually

NIGHT = [
    {"message": {"sound": "hello-world"}},
    {"voicemail": {"max_s": 5, "group": "sales"}},
    {"hangup": "normal"},
]


@pytest.mark.slow
@pytest.mark.feature("T")
async def test_what_a_caller_says_at_night_is_kept_and_asks_for_a_call_back(
    empty_town: Town,
) -> None:
    town = empty_town
    async with town.database.begin(SEVER.account_id) as tx:
        await tx.execute(
            update(scenarios).where(scenarios.c.account_id == SEVER.account_id).values(steps=NIGHT)
        )
    await town.worker()
    await town.connected()
    caller = town.switch.place_call(CUSTOMER, SEVER.virtual_number)
    await eventually(lambda: town.switch.media.live, within_s=READY_S)
    assert town.switch.phone(ILYA).device_state() == "NOT_INUSE"
    await eventually(lambda: not town.switch.engine.channels, within_s=READY_S)
    assert caller.channel is None or caller.channel.destroyed
    assert await _kept(town) == [("lost", "stored", "voicemail", f"+{CUSTOMER}")]


async def _kept(town: Town) -> list[tuple[str, ...]]:
    """Outcome, recording and task of each call, once the audio is there."""
    query = text(
        "SELECT c.outcome, r.state, t.reason, t.number FROM calls c"
        " JOIN recordings r ON r.call_id = c.id JOIN callback_tasks t ON t.call_id = c.id"
        " WHERE t.done_at IS NULL"
    )
    async with asyncio.timeout(READY_S * 2):
        while True:
            async with town.database.begin(SEVER.account_id) as tx:
                rows = [tuple(row) for row in await tx.execute(query)]
            if rows and rows[0][1] == "stored":
                return rows
            await asyncio.sleep(0.05)
