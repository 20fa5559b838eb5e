"""Calls through the adapter on the sandbox switch: what is heard, what is told."""

from __future__ import annotations

import pytest

from backend.errors import NoDevice, NotFound, SwitchRefused, SwitchUnavailable
from backend.services.ports import Arrived, HoldReported, LegEnded, LegMoved
from protocol.vocabulary import CallId, HangupCause, LegId, LegState
from tests.integration.asterisk.world import CALLER, CUSTOMER, DID, World


async def test_a_customer_arrives_and_hears_nothing_until_told_to(world: World) -> None:
    call_id = await world.arrived()
    arrived = world.heard.seen[-1]
    assert isinstance(arrived, Arrived)
    assert (arrived.leg_id, arrived.number, arrived.dialed) == (CUSTOMER, CALLER, DID)
    assert arrived.at == world.clock.now()
    assert world.hears() == "silence"
    await world.switch.indicate_ringing(call_id, CUSTOMER)
    assert world.hears() == "ringing"


async def test_all_ring_the_first_wins_the_others_hear_why(world: World) -> None:
    call_id = await world.arrived()
    anna = await world.ringing(call_id, "101")
    boris = await world.ringing(call_id, "102")
    await world.picked_up(boris, "102")
    await world.switch.hang_up(call_id, anna, HangupCause.ANSWERED_ELSEWHERE)
    ended = await world.heard.until(LegEnded, leg_id=anna)
    assert ended.cause is HangupCause.ANSWERED_ELSEWHERE
    await world.switch.answer(call_id, CUSTOMER)
    await world.switch.connect("demo", call_id, [CUSTOMER, boris])
    assert world.hears() == "person"
    (bridge,) = world.sandbox.engine.bridges.values()
    assert bridge.name == f"dozvon-demo-{call_id}"


async def test_a_leg_goes_dialing_ringing_up_and_each_is_told_once(world: World) -> None:
    world.sandbox.faults.double(count=100)
    call_id = await world.arrived()
    leg_id = await world.ringing(call_id)
    await world.picked_up(leg_id)
    world.sandbox.phone("101").hang_up()
    await world.heard.until(LegEnded, leg_id=leg_id)
    assert await world.nothing_else() == []
    moves = [e.state for e in world.heard.seen if isinstance(e, LegMoved) and e.leg_id == leg_id]
    assert moves == [LegState.DIALING, LegState.RINGING, LegState.UP]
    assert sum(isinstance(e, Arrived) and e.call_id == call_id for e in world.heard.seen) == 1


async def test_a_busy_phone_is_told_by_its_end_alone(world: World) -> None:
    call_id = await world.arrived()
    leg_id = await world.ringing(call_id)
    world.sandbox.phone("101").decline(sip_code=486)
    assert (await world.heard.until(LegEnded, leg_id=leg_id)).cause is HangupCause.BUSY


async def test_the_decline_key_is_a_rejection(world: World) -> None:
    call_id = await world.arrived()
    leg_id = await world.ringing(call_id)
    world.sandbox.phone("101").decline()
    assert (await world.heard.until(LegEnded, leg_id=leg_id)).cause is HangupCause.REJECTED


async def test_nobody_picks_up_within_the_ring_time(world: World) -> None:
    call_id = await world.arrived()
    leg_id = await world.ringing(call_id)
    await world.clock.advance(20)
    assert (await world.heard.until(LegEnded, leg_id=leg_id)).cause is HangupCause.NO_ANSWER


async def test_a_cancelled_leg_says_so(world: World) -> None:
    call_id = await world.arrived()
    leg_id = await world.ringing(call_id)
    await world.switch.hang_up(call_id, leg_id, HangupCause.CANCELLED)
    assert (await world.heard.until(LegEnded, leg_id=leg_id)).cause is HangupCause.CANCELLED


async def test_the_customer_gives_up(world: World) -> None:
    call_id = await world.arrived()
    world.sandbox.customer(CALLER).hang_up()
    ended = await world.heard.until(LegEnded, call_id=call_id)
    assert (ended.leg_id, ended.cause) == (CUSTOMER, HangupCause.NORMAL)


async def test_hold_plays_music_and_back_and_is_reported(world: World) -> None:
    call_id, _ = await world.talking()
    await world.switch.hold(call_id, CUSTOMER, on=True)
    assert world.hears() == "music"
    assert (await world.heard.until(HoldReported, call_id=call_id)).on is True
    await world.switch.hold(call_id, CUSTOMER, on=False)
    assert world.hears() == "person"
    assert (await world.heard.until(HoldReported, call_id=call_id)).on is False


async def test_holding_twice_is_holding_once(world: World) -> None:
    call_id, _ = await world.talking()
    await world.switch.hold(call_id, CUSTOMER, on=True)
    await world.switch.hold(call_id, CUSTOMER, on=True)
    assert world.hears() == "music"


async def test_a_hold_key_on_the_phone_is_reported(world: World) -> None:
    call_id, _ = await world.talking()
    world.sandbox.phone("101").hold()
    assert (await world.heard.until(HoldReported)).on is True
    world.sandbox.phone("101").unhold()
    report = await world.heard.until(HoldReported)
    assert (report.call_id, report.on) == (call_id, False)


async def test_who_is_not_named_leaves_the_bridge(world: World) -> None:
    call_id, anna = await world.talking()
    boris = await world.ringing(call_id, "102")
    await world.picked_up(boris, "102")
    await world.switch.connect("demo", call_id, [CUSTOMER, boris])
    (bridge,) = world.sandbox.engine.bridges.values()
    assert len(bridge.members) == 2
    assert not any(anna in member for member in bridge.members)


async def test_whoever_waits_inside_hears_ringback_until_connected(world: World) -> None:
    call_id = CallId("internal")
    origin = await world.ringing(call_id)
    await world.picked_up(origin)
    await world.switch.indicate_ringing(call_id, origin)
    assert sounds(world, "101") == (True, None)
    target = await world.ringing(call_id, "102")
    await world.picked_up(target, "102")
    await world.switch.connect("demo", call_id, [origin, target])
    assert sounds(world, "101") == (False, None)
    await world.switch.hold(call_id, target, on=True)
    assert (await world.heard.until(HoldReported, call_id=call_id)).on
    await world.switch.connect("demo", call_id, [origin, target])
    assert sounds(world, "102") == (False, None)


def sounds(world: World, phone: str) -> tuple[bool, str | None]:
    """Whether the phone's one call has ringback, and its music."""
    (call,) = world.sandbox.phone(phone).calls
    return call.ringing, call.moh


async def test_releasing_a_call_takes_its_bridge_away_once(world: World) -> None:
    call_id, _ = await world.talking()
    await world.switch.release(call_id)
    await world.switch.release(call_id)
    assert world.sandbox.engine.bridges == {}


async def test_asking_twice_rings_once(world: World) -> None:
    call_id = await world.arrived()
    await world.ringing(call_id)
    await world.ring(call_id)
    assert len(world.sandbox.phone("101").calls) == 1


async def test_an_unregistered_phone_is_no_device(world: World) -> None:
    call_id = await world.arrived()
    with pytest.raises(NoDevice):
        await world.ring(call_id, "103")


async def test_nonsense_is_refused(world: World) -> None:
    call_id = await world.arrived()
    with pytest.raises(SwitchRefused):
        await world.ring(call_id, endpoint="no slash")
    with pytest.raises(SwitchRefused, match="too long"):
        await world.ring(call_id, leg_id=LegId("x" * 150))


async def test_a_phone_told_to_picks_up_by_itself(world: World) -> None:
    call_id = await world.arrived()
    leg_id = await world.ring(call_id, auto_answer=True)
    await world.heard.until(LegMoved, leg_id=leg_id, state=LegState.UP)


async def test_commands_to_a_leg_that_is_gone(world: World) -> None:
    call_id, leg_id = await world.talking()
    world.sandbox.customer(CALLER).hang_up()
    await world.heard.until(LegEnded, leg_id=CUSTOMER)
    await world.switch.hang_up(call_id, CUSTOMER, HangupCause.NORMAL)
    with pytest.raises(NotFound):
        await world.switch.hold(call_id, CUSTOMER, on=True)
    with pytest.raises(NotFound):
        await world.switch.connect("demo", call_id, [CUSTOMER, leg_id])


async def test_outward_calls_ring_the_trunk(world: World) -> None:
    call_id = CallId("cmd_1.ä")
    leg_id = await world.ring(
        call_id, leg_id=CUSTOMER, endpoint="PJSIP/79165550902@trunk-demo", caller_number=DID
    )
    ended = await world.heard.until(LegEnded, leg_id=leg_id)
    assert (ended.call_id, ended.cause) == (call_id, HangupCause.INVALID_NUMBER)
    other = CallId("cmd_2")
    await world.ring(other, leg_id=CUSTOMER, endpoint="PJSIP/79165550905@trunk-demo")
    await world.heard.until(LegMoved, call_id=other, leg_id=CUSTOMER, state=LegState.UP)


async def test_one_failed_request_is_repeated_two_are_an_outage(world: World) -> None:
    call_id = await world.arrived()
    world.sandbox.faults.fail_rest("/ring", count=1)
    await world.switch.indicate_ringing(call_id, CUSTOMER)
    assert world.hears() == "ringing"
    world.sandbox.faults.fail_rest("/answer", count=2)
    with pytest.raises(SwitchUnavailable):
        await world.switch.answer(call_id, CUSTOMER)


async def test_a_switch_that_does_not_answer_in_time_is_unavailable(world: World) -> None:
    hasty = world.adapter(request_timeout_s=0.1)
    world.sandbox.faults.slow_rest(60, "/channels/dz.")
    with pytest.raises(SwitchUnavailable):
        await hasty.hang_up(CallId("c1"), LegId("agent-e1-1"), HangupCause.NORMAL)
    await world.clock.advance(60)


async def test_an_inbound_channel_carries_its_call_for_people_to_see(world: World) -> None:
    call_id = await world.arrived()
    leg_id = await world.ringing(call_id)
    await world.picked_up(leg_id)
    rung = next(c for c in world.sandbox.engine.channels.values() if c.id.startswith("dz."))
    assert rung.variables["DOZVON_CALL"] == call_id
    assert rung.variables["DOZVON_LEG"] == leg_id
    assert rung.variables["DOZVON_ACCOUNT"] == "demo"
    inbound = next(c for c in world.sandbox.engine.channels.values() if c is not rung)
    assert inbound.variables.get("DOZVON_CALL") == call_id
