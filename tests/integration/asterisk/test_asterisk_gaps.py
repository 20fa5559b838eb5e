"""What is lost, doubled, late or cut, and who may hold the connection."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

import pytest

from backend.errors import SwitchRefused
from backend.services.ports import (
    Arrived,
    LegEnded,
    LegMoved,
    SwitchConnected,
    SwitchDisconnected,
)
from protocol.vocabulary import HangupCause, LegState
from tests.integration.asterisk.world import CALLER, CUSTOMER, DEADLINE_S, DID, World

E = TypeVar("E")

OTHER = "79160000002"


async def while_time_passes(world: World, waiting: Coroutine[Any, Any, E]) -> E:
    """What is waited for, with the clock going on in steps that leave sockets their turn."""
    task = asyncio.create_task(waiting)
    async with asyncio.timeout(DEADLINE_S):
        while not task.done():
            await world.clock.advance(0.5)
            await asyncio.sleep(0.01)
    return await task


async def reconnected(world: World) -> SwitchConnected:
    await world.heard.until(SwitchDisconnected)
    await world.clock.advance(1.0)
    return await world.heard.until(SwitchConnected)


@pytest.mark.feature("R7")
async def test_after_a_cut_the_live_calls_are_told_and_the_gap_is_not_replayed(
    world: World,
) -> None:
    gone = await world.arrived(OTHER)
    call_id, agent = await world.talking()
    before = len(world.heard.seen)
    world.sandbox.cut_sockets()
    await world.heard.until(SwitchDisconnected)
    world.sandbox.customer(OTHER).hang_up()
    await world.clock.advance(1.0)
    connected = await world.heard.until(SwitchConnected)
    (call,) = connected.calls
    assert call.call_id == call_id != gone
    assert [leg.leg_id for leg in call.legs] == [CUSTOMER, agent]
    assert {leg.state for leg in call.legs} == {LegState.UP}
    assert (call.legs[0].number, call.legs[0].dialed) == (CALLER, DID)
    assert set(call.connected) == {CUSTOMER, agent}
    assert not call.held
    assert [type(e) for e in world.heard.seen[before:]] == [SwitchDisconnected, SwitchConnected]


@pytest.mark.feature("R7")
async def test_hold_and_ringing_survive_the_cut(world: World) -> None:
    held, agent = await world.talking()
    await world.switch.hold(held, CUSTOMER, on=True)
    waiting = await world.arrived(OTHER)
    leg_id = await world.ringing(waiting, "102")
    world.sandbox.cut_sockets()
    calls = {call.call_id: call for call in (await reconnected(world)).calls}
    assert calls[held].held
    assert calls[held].connected == (agent,)
    assert not calls[waiting].held
    states = {leg.leg_id: leg.state for leg in calls[waiting].legs}
    assert states == {CUSTOMER: LegState.RINGING, leg_id: LegState.RINGING}
    await world.switch.hold(held, CUSTOMER, on=False)
    assert world.hears() == "person"
    await world.picked_up(leg_id, "102")


@pytest.mark.feature("R7")
async def test_a_new_process_finds_the_same_calls(world: World) -> None:
    call_id, _ = await world.talking()
    successor = world.adapter()
    heard = world.listen(successor)
    (call,) = (await heard.until(SwitchConnected)).calls
    assert call.call_id == call_id
    await successor.hold(call_id, CUSTOMER, on=True)
    assert world.hears() == "music"


async def test_who_is_taken_over_stops_and_stays_away(world: World) -> None:
    second = world.listen(world.adapter())
    await second.until(SwitchConnected)
    with pytest.raises(SwitchRefused):
        await world.heard.until(SwitchDisconnected)
    await world.clock.advance(600)
    world.sandbox.place_call(CALLER, DID)
    assert (await second.until(Arrived)).number == CALLER


async def test_without_the_lease_no_connection_is_made(world: World) -> None:
    async def lost() -> bool:
        return False

    with pytest.raises(SwitchRefused):
        await world.listen(world.adapter(fence=lost)).next()
    assert await world.nothing_else() == []  # the first holder was not thrown out


async def test_an_unanswered_question_about_the_lease_is_asked_again(world: World) -> None:
    troubles = [OSError("database")]

    async def fence() -> bool:
        if troubles:
            raise troubles.pop()
        return True

    heard = world.listen(world.adapter(fence=fence))
    await heard.until(SwitchDisconnected)
    await world.clock.advance(1.0)
    await heard.until(SwitchConnected)


async def test_a_restarted_switch_has_no_calls(world: World) -> None:
    await world.talking()
    world.sandbox.forget()
    assert (await reconnected(world)).calls == ()


async def test_an_outage_is_told_once_however_long(world: World) -> None:
    world.sandbox.faults.fail_rest("/applications", count=6)
    world.sandbox.cut_sockets()
    await world.heard.until(SwitchDisconnected)
    async with asyncio.timeout(DEADLINE_S):
        while world.sandbox.faults.rest:
            await world.clock.advance(1.0)
            await asyncio.sleep(0.01)
    await while_time_passes(world, world.heard.until(SwitchConnected))
    assert sum(isinstance(e, SwitchDisconnected) for e in world.heard.seen) == 1


async def test_wrong_credentials_are_an_outage_with_its_reason(world: World) -> None:
    heard = world.listen(world.adapter(password="wrong"))
    told = await heard.until(SwitchDisconnected)
    assert "40" in told.reason
    assert "wrong" not in told.reason


async def test_a_lost_answer_is_noticed_soon(world: World) -> None:
    call_id = await world.arrived()
    leg_id = await world.ringing(call_id)
    world.sandbox.faults.drop("StasisStart")
    world.sandbox.phone("101").pickup()
    up = world.heard.until(LegMoved, leg_id=leg_id, state=LegState.UP)
    await while_time_passes(world, up)
    await world.switch.connect("demo", call_id, [CUSTOMER, leg_id])


async def test_a_lost_end_and_a_lost_arrival_are_found_by_the_audit(world: World) -> None:
    ghost = await world.arrived()
    world.sandbox.faults.drop("*", count=3)
    world.sandbox.customer(CALLER).hang_up()
    world.sandbox.faults.clear()
    world.sandbox.faults.drop("StasisStart")
    world.sandbox.place_call(OTHER, DID)
    await world.clock.advance(60)
    ended = await while_time_passes(world, world.heard.until(LegEnded, call_id=ghost))
    assert ended.cause is HangupCause.LOST_CONTACT
    await world.heard.until(Arrived, number=OTHER)


async def test_a_late_start_of_an_ended_leg_raises_nobody(world: World) -> None:
    call_id = await world.arrived()
    leg_id = await world.ringing(call_id)
    world.sandbox.faults.delay(5, "StasisStart")
    world.sandbox.phone("101").pickup()
    world.sandbox.phone("101").hang_up()
    await world.heard.until(LegEnded, leg_id=leg_id)
    await world.clock.advance(5)
    assert await world.nothing_else() == []


async def test_closing_ends_the_stream_and_leaves_the_calls(world: World) -> None:
    await world.talking()
    await world.switch.aclose()
    with pytest.raises(StopAsyncIteration):
        await world.heard.next()
    assert world.hears() == "person"


async def test_neither_password_nor_number_reaches_a_log_at_any_level(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("DEBUG"):
        heard = world.listen(world.adapter())
        await heard.until(SwitchConnected)
        world.sandbox.place_call(CALLER, DID)
        arrived = await heard.until(Arrived)
        await world.ring(arrived.call_id)
        await heard.until(LegMoved)
    ours = "\n".join(
        record.getMessage() for record in caplog.records if not record.name.startswith("uvicorn")
    )
    assert "/ari/channels/dz." in ours  # the requests themselves are logged by their client
    for secret in ("dozvon:dozvon", "ZG96dm9uOmRvenZvbg==", CALLER):
        assert secret not in ours
