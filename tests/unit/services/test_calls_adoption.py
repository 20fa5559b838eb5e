"""Taking over: after a gap, after a restart, after a flush of the bus (R7)."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from backend.bus.memory import MemoryBus
from backend.domain.scenario import Step
from backend.errors import SwitchRefused
from backend.services.ports import LiveCall, LiveLeg
from protocol.commands import Dial, HangUpCall, HoldCall
from protocol.vocabulary import CallId, CommandId, LegId, LegState
from tests.fakes import idle
from tests.unit.services.stage import (
    ACC,
    ANNA,
    BORIS,
    CUSTOMER,
    NUMBER,
    START,
    VERA,
    Stage,
    account,
    playing,
    running,
)

C1 = CallId("c1")
BOTH = Step(employees=(ANNA, BORIS), timeout_s=20)


def leg(leg_id: str, state: str) -> LiveLeg:
    outside = leg_id == CUSTOMER
    return LiveLeg(
        leg_id=LegId(leg_id),
        state=LegState(state),
        number=NUMBER if outside else "",
        dialed="74951112233" if outside else "",
        at=START,
    )


def live(*legs: LiveLeg, held: bool = False, connected: tuple[str, ...] = ()) -> LiveCall:
    return LiveCall(
        call_id=C1, legs=legs, held=held, connected=tuple(LegId(name) for name in connected)
    )


TALK = live(
    leg("customer-0", "up"),
    leg("agent-anna-1", "up"),
    connected=("customer-0", "agent-anna-1"),
)


async def test_a_talk_survives_a_new_owner_with_a_higher_version() -> None:
    stage = Stage(account(BOTH))
    async with playing(stage):
        await stage.arrives()
        await stage.leg("agent-anna-1", "up")
        before = stage.last(ANNA)["version"]
    stage.new_owner()
    async with running(stage):
        await stage.connected(TALK)
        (card,) = await stage.cards(ANNA)
        assert (card["state"], card["name"], card["scenario"]) == ("talking", "Ivan", "Sales")
        assert card["version"] > before
        assert await stage.cards(BORIS) == []
        # Nothing but the recording, which goes on under its name if it was begun before, and heard.
        assert stage.switch.orders == [
            ("record", "c1", "dozvon-demo-c1"),
            ("mute_recording", "dozvon-demo-c1", False),
        ]
        await stage.client.send(ACC, ANNA, HoldCall(id=CommandId("hold-0001"), call_id=C1, on=True))
        assert stage.switch.said("hold") == [("c1", "customer-0", True)]


async def test_a_talk_nobody_remembers_is_taken_over_too() -> None:
    stage = Stage(account(BOTH))
    async with running(stage):
        await stage.connected(live(*TALK.legs, held=True, connected=("agent-anna-1",)))
        (card,) = await stage.cards(ANNA)
        assert (card["state"], card["number"]) == ("held", NUMBER)
        assert card["answered_by"]["employee_id"] == "anna"


async def test_a_pick_up_during_the_gap_is_connected() -> None:
    async with playing(Stage(account(BOTH))) as stage:
        await stage.arrives()
        await stage.leg("agent-anna-1", "ringing")
        await stage.connected(
            live(
                leg("customer-0", "ringing"),
                leg("agent-anna-1", "up"),
                leg("agent-boris-1", "ringing"),
            )
        )
        assert stage.last(ANNA)["state"] == "talking"
        assert stage.last(BORIS)["reason"] == "answered_elsewhere"
        assert stage.switch.said("connect")[0] == ("c1", ("customer-0", "agent-anna-1"))


async def test_a_call_that_ended_during_the_gap_is_over() -> None:
    async with playing(Stage(account(BOTH))) as stage:
        await stage.arrives()
        await stage.leg("agent-anna-1", "up")
        await stage.connected()
        card = stage.last(ANNA)
        assert (card["state"], card["outcome"], card["cause"]) == (
            "ended",
            "answered",
            "lost_contact",
        )
        await stage.wait(3)
        assert stage.journal.finished[C1].outcome == "answered"


async def test_ringing_goes_on_under_a_new_owner_and_the_scenario_with_it() -> None:
    stage = Stage(account(BOTH, Step(employees=(BORIS,), timeout_s=10)))
    async with playing(stage):
        await stage.arrives()
        await stage.leg("agent-anna-1", "ringing")
    stage.new_owner()
    async with running(stage):
        await stage.connected(live(leg("customer-0", "ringing"), leg("agent-anna-1", "ringing")))
        (card,) = await stage.cards(ANNA)
        assert card["state"] == "ringing"
        assert await stage.cards(BORIS) == []
        await stage.wait(20)
        assert await stage.cards(ANNA) == []
        assert [o.leg_id for o in stage.switch.rung] == ["agent-boris-2"]


async def test_a_call_that_waits_unknown_is_rung_from_the_start() -> None:
    async with running(stage := Stage(account(BOTH))):
        await stage.connected(live(leg("customer-0", "ringing")))
        assert len(stage.switch.rung) == 2


async def test_an_attempt_that_ended_in_the_gap_lets_the_scenario_go_on() -> None:
    step = Step(employees=(ANNA, BORIS), mode="in_turn", timeout_s=20)
    async with playing(Stage(account(step))) as stage:
        await stage.arrives()
        await stage.leg("agent-anna-1", "ringing")
        await stage.connected(live(leg("customer-0", "ringing")))
        assert [o.leg_id for o in stage.switch.rung] == ["agent-anna-1", "agent-boris-1"]


async def test_half_a_call_of_nobody_is_silenced() -> None:
    async with running(stage := Stage(account(BOTH))):
        await stage.connected(live(leg("agent-anna-1", "up")))
        assert [name for name, _ in stage.switch.said("hang_up")] == ["agent-anna-1"]
        assert await stage.cards(ANNA) == []


async def test_a_talk_of_nobody_is_left_alone() -> None:
    """The number was taken out of routing while people talked: they are not cut off."""
    stage = Stage(replace(account(BOTH), virtual_numbers=()))
    async with running(stage):
        await stage.connected(TALK)
        assert stage.switch.orders == []


async def test_a_call_dialled_during_the_gap_is_not_taken_for_lost() -> None:
    async with playing(Stage(account(BOTH))) as stage:
        stage.switch.gate = asyncio.Event()
        dialling = asyncio.create_task(
            stage.client.send(ACC, ANNA, Dial(id=CommandId("dial-00001"), target=NUMBER))
        )
        await idle()
        await stage.connected()
        assert stage.last(ANNA)["state"] == "ringing"
        stage.switch.gate.set()
        await dialling
        assert stage.switch.endpoints() == ["PJSIP/101"]


async def test_cards_the_forerunner_left_are_swept() -> None:
    stage = Stage(account(BOTH))
    async with playing(stage):
        await stage.arrives()
        await stage.leg("agent-anna-1", "up")
        await stage.gone("agent-anna-1")
        await stage.wait(3)
        assert len(await stage.cards(ANNA)) == 1
    stage.new_owner()
    async with running(stage):
        await stage.connected()
        assert await stage.cards(ANNA) == []


async def test_a_dialled_call_goes_on_under_a_new_owner() -> None:
    stage = Stage(account(BOTH))
    async with playing(stage):
        await stage.client.send(ACC, ANNA, Dial(id=CommandId("dial-00001"), target=NUMBER))
        call_id = stage.last(ANNA)["call_id"]
        await stage.leg("agent-anna-1", "ringing", call_id)
    stage.new_owner()
    async with running(stage):
        await stage.connected(
            LiveCall(
                call_id=call_id, legs=(leg("agent-anna-1", "ringing"),), held=False, connected=()
            )
        )
        await stage.leg("agent-anna-1", "up", call_id)
        assert stage.switch.endpoints() == ["PJSIP/79161234567@trunk"]
        await stage.client.send(ACC, ANNA, Dial(id=CommandId("dial-00001"), target=NUMBER))
        assert len(stage.switch.rung) == 1
        await stage.client.send(ACC, ANNA, HangUpCall(id=CommandId("hangup-001"), call_id=call_id))
        await idle()
        (card,) = await stage.cards(ANNA)
        assert (card["state"], card["cause"]) == ("ended", "cancelled")


async def test_after_a_flush_everything_is_told_again() -> None:
    async with playing(Stage(account(BOTH))) as stage:
        await stage.arrives()
        known = await stage.cards(ANNA)
        flushed = MemoryBus(stage.clock)
        stage.owner._core.publisher._bus = flushed
        stage.bus, old = flushed, stage.bus
        assert await stage.cards(ANNA) == []
        stage.owner.republish()
        await idle()
        again = await stage.cards(ANNA)
        assert [{**c, "seq": 0} for c in again] == [{**c, "seq": 0} for c in known]
        stage.bus = old


async def test_the_switch_state_is_told_and_another_holder_ends_the_run() -> None:
    stage = Stage(account(BOTH))
    running_owner = playing(stage)
    await running_owner.__aenter__()
    assert [p["connected"] for p in stage.account] == [True]
    stage.switch.end(SwitchRefused("replaced"))
    with pytest.raises(SwitchRefused):
        await running_owner.__aexit__(None, None, None)


async def test_a_step_that_rings_in_turn_goes_on_with_whom_it_has_not_tried_itself() -> None:
    everybody = Step(employees=(ANNA, BORIS, VERA), mode="in_turn", timeout_s=20)
    stage = Stage(account(BOTH, everybody))
    async with playing(stage):
        await stage.arrives()
        await stage.gone("agent-anna-1", "no_answer")
        await stage.gone("agent-boris-1", "no_answer")
        assert stage.switch.endpoints()[2:] == ["PJSIP/101"]
    stage.new_owner()
    async with running(stage):
        await stage.connected(live(leg("customer-0", "ringing"), leg("agent-anna-2", "ringing")))
        await stage.wait(20)
        assert stage.switch.endpoints() == ["PJSIP/102"], "the step before rang him too"
        await stage.wait(20)
        assert stage.switch.endpoints() == ["PJSIP/102", "PJSIP/103"]
    stage.new_owner()
    async with running(stage):
        await stage.connected(live(leg("customer-0", "ringing"), leg("agent-vera-1", "ringing")))
        await stage.wait(20)
        assert stage.switch.endpoints() == []
        await stage.wait(3)
        assert stage.owner.live_calls() == 0
