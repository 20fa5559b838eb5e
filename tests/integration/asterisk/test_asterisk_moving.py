"""A voice moves to another tab on the real adapter: the customer hears a person all the while."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from backend.services.calls import CallsClient
from backend.services.routing import AccountRoute
from protocol.phone import MoveVoice, TakeVoice
from protocol.vocabulary import CallId, CommandId, LegId
from tests.integration.asterisk.test_asterisk_owner import ACCOUNT, ANNA, route
from tests.integration.asterisk.test_asterisk_transfers import Passing
from tests.integration.asterisk.world import World

OLD, NEW = LegId("agent-anna-1"), LegId("agent-anna-2")


def in_tabs() -> AccountRoute:
    """Anna talks in her browser."""
    known = route()
    anna = known.employees[ANNA]
    line = replace(anna.devices[0], kind="browser")
    return replace(known, employees={**known.employees, ANNA: replace(anna, devices=(line,))})


@pytest.fixture
async def moving(world: World) -> Passing:
    await world.heard.close()
    made = Passing(world)
    made.routing.replace(in_tabs())
    return made


@asynccontextmanager
async def heard(world: World) -> AsyncIterator[set[str]]:
    """All that the customer hears while inside, looked at whenever anything moves."""
    found: set[str] = set()

    async def look() -> None:
        while True:
            found.add(world.hears())
            await asyncio.sleep(0)

    task = asyncio.create_task(look())
    try:
        yield found
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def voices(world: World) -> list[bool]:
    """Whether Anna's legs that are in a room can be heard, the oldest first."""
    return [
        not channel.muted & {"in", "both"}
        for channel in world.sandbox.engine.channels.values()
        if channel.endpoint.endswith("/101") and channel.state == "Up" and channel.bridge_id
    ]


async def moves(moving: Passing, call: CallId) -> asyncio.Task[object]:
    wish = MoveVoice(id=CommandId("move-00001"), call_id=call, leg_id=OLD)
    task = asyncio.create_task(CallsClient(moving.bus).send(ACCOUNT, ANNA, wish))
    # The new leg picks up by itself and is let in unheard.
    await moving.until(lambda: voices(moving.world) == [True, False])
    return task


@pytest.mark.feature("W9")
async def test_the_customer_hears_a_person_all_the_while(moving: Passing) -> None:
    world = moving.world
    async with moving.owned(1):
        call = await moving.anna_talks()
        async with heard(world) as found:
            task = await moves(moving, call)
            await moving.ask(ANNA, TakeVoice(id=CommandId("take-00001"), call_id=call, leg_id=NEW))
            await task
            await moving.until(lambda: len(world.sandbox.phone("101").calls) == 1)
        assert found == {"person"}
        assert voices(world) == [True]
        assert [len(room) for room in moving.rooms()] == [2]


@pytest.mark.feature("W9")
async def test_a_new_owner_in_the_middle_leaves_the_talk_where_it_was(moving: Passing) -> None:
    world = moving.world
    async with moving.owned(1):
        call = await moving.anna_talks()
        task = await moves(moving, call)
    task.cancel()
    async with moving.owned(2), heard(world) as found:
        await moving.until(lambda: len(world.sandbox.phone("101").calls) == 1)
        assert voices(world) == [True]
    assert found == {"person"}
