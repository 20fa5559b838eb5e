"""Calls on an engine that routes by itself and cannot do everything."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from backend.domain.scenario import AnyStep, EndStep, HoursStep, Scenario, Step, linked
from backend.errors import NoDevice, WrongState
from backend.services.ports import Capabilities, LiveCall, LiveLeg, Placed
from backend.services.routing import VirtualNumber
from protocol.commands import AnswerCall, DeclineCall, Dial, HoldCall
from protocol.transfers import CompleteTransfer, TransferCall
from protocol.vocabulary import CallId, CommandId, HangupCause, LegId, LegState
from tests.fakes import idle
from tests.unit.services.stage import (
    ACC,
    ANNA,
    BORIS,
    CUSTOMER,
    LINE,
    Stage,
    account,
    playing,
)

CLOUD = Capabilities(answer=False, transfers=frozenset(("attended",)), routes=True)
FOREIGN = "agent-anna-77001"
_ids = itertools.count(1)


def command_id() -> CommandId:
    return CommandId(f"engine-{next(_ids):04d}")


@asynccontextmanager
async def cloud(*steps: AnyStep) -> AsyncIterator[Stage]:
    """Without steps the number has no scenario of ours."""
    route = account(*steps)
    if not steps:
        number = VirtualNumber(number=LINE, name="Main line", scenario=None)
        route = replace(route, virtual_numbers=(number,))
    stage = Stage(route)
    stage.switch.capabilities = CLOUD
    async with playing(stage):
        yield stage


async def test_somebody_the_engine_rings_by_itself_has_a_card() -> None:
    async with cloud() as stage:
        await stage.arrives()
        assert stage.switch.said("hang_up") == []
        await stage.leg(FOREIGN, "ringing")
        assert stage.last(ANNA)["state"] == "ringing"
        # Nothing over there makes a telephone pick up by itself.
        assert stage.last(ANNA)["actions"] == ["decline"]
        with pytest.raises(NoDevice):
            await stage.client.send(ACC, ANNA, AnswerCall(id=command_id(), call_id=CallId("c1")))
        await stage.leg(FOREIGN, "up")
        await stage.leg(CUSTOMER, "up")
        assert stage.last(ANNA)["state"] == "talking"
        await stage.gone(CUSTOMER)
        assert stage.last(ANNA)["outcome"] == "answered"


async def test_a_card_leaves_with_the_leg_the_engine_gave_up() -> None:
    async with cloud() as stage:
        await stage.arrives()
        await stage.leg(FOREIGN, "ringing")
        await stage.gone(FOREIGN, "no_answer")
        assert stage.tags(ANNA)[-1] == "call.removed:timed_out"
        await stage.leg("agent-boris-77002", "ringing")
        assert stage.last(BORIS)["state"] == "ringing"


async def test_declining_reaches_the_engine() -> None:
    async with cloud() as stage:
        await stage.arrives()
        await stage.leg(FOREIGN, "ringing")
        await stage.client.send(ACC, ANNA, DeclineCall(id=command_id(), call_id=CallId("c1")))
        await idle()
        assert [order[0] for order in stage.switch.said("hang_up")] == [FOREIGN]
        assert stage.tags(ANNA)[-1] == "call.removed:declined"


async def test_where_our_scenario_ends_the_engine_s_goes_on() -> None:
    async with cloud(Step(employees=(ANNA,), timeout_s=10)) as stage:
        await stage.arrives()
        await stage.leg("agent-anna-1", "ringing")
        await stage.wait(11)
        await stage.gone("agent-anna-1", "no_answer")
        assert CUSTOMER not in [order[0] for order in stage.switch.said("hang_up")]
        await stage.leg("agent-boris-77002", "ringing")
        await stage.leg("agent-boris-77002", "up")
        assert stage.last(BORIS)["state"] == "talking"


async def test_an_end_somebody_asked_for_is_one_there_too() -> None:
    async with cloud(Step(employees=(ANNA,), timeout_s=10), EndStep(final="busy")) as stage:
        await stage.arrives()
        await stage.wait(11)
        assert (CUSTOMER, HangupCause.BUSY) in stage.switch.said("hang_up")


async def test_the_night_s_steps_do_not_follow_the_day_s() -> None:
    day = Scenario(name="Day", steps=(HoursStep(closed="night"), Step(employees=(ANNA,))))
    night = Scenario(name="Night", steps=(Step(employees=(BORIS,)),))
    route = account()
    number = replace(route.virtual_numbers[0], scenario=linked({"day": day, "night": night})["day"])
    stage = Stage(replace(route, virtual_numbers=(number,)))
    stage.switch.capabilities = CLOUD
    async with playing(stage):
        await stage.arrives()
        await stage.wait(31)
        await stage.gone("agent-anna-1", "no_answer")
        await stage.wait(31)
        assert stage.switch.endpoints() == ["PJSIP/101"]
        assert CUSTOMER not in [order[0] for order in stage.switch.said("hang_up")]


async def test_who_dials_is_rung_with_the_number_it_goes_to() -> None:
    async with cloud() as stage:
        dial = Dial(id=command_id(), target="+79160000077", source="keypad")
        await stage.client.send(ACC, ANNA, dial)
        await idle()
        (order,) = stage.switch.rung
        assert order.towards is not None
        assert (order.towards.endpoint, order.towards.shown) == ("PJSIP/79160000077@trunk", LINE)
        colleague = Dial(id=command_id(), target="101", source="colleagues")
        await stage.client.send(ACC, BORIS, colleague)
        await idle()
        inside = stage.switch.rung[-1].towards
        assert inside is not None
        assert inside.endpoint == "PJSIP/101"


async def test_an_engine_without_blind_transfers_keeps_the_sender_until_the_answer() -> None:
    async with cloud(Step(employees=(ANNA,))) as stage:
        await stage.arrives()
        await stage.leg("agent-anna-1", "up")
        await stage.leg(CUSTOMER, "up")
        wish = TransferCall(
            id=command_id(), call_id=CallId("c1"), kind="attended", employee_id=BORIS
        )
        await stage.client.send(ACC, ANNA, wish)
        await idle()
        await stage.leg("agent-boris-1", "ringing")
        assert "transfer_complete" in stage.last(ANNA)["barred"]
        done = CompleteTransfer(id=command_id(), call_id=CallId("c1"))
        with pytest.raises(WrongState):
            await stage.client.send(ACC, ANNA, done)
        await stage.leg("agent-boris-1", "up")
        assert "transfer_complete" in stage.last(ANNA)["controls"]
        # Nor can it turn her from one to the other: it has one room.
        assert stage.last(ANNA)["actions"] == ["hangup"]
        assert {"merge", "swap"} <= set(stage.last(ANNA)["barred"])
        back = HoldCall(id=command_id(), call_id=CallId("c1"), on=False)
        with pytest.raises(WrongState):
            await stage.client.send(ACC, ANNA, back)
        assert "agent-anna-1" not in [order[0] for order in stage.switch.said("hang_up")]


async def test_a_call_dialled_on_the_telephone_has_a_card_and_a_history() -> None:
    async with cloud() as stage:
        own = LegId("agent-anna-77009")
        event = Placed(
            call_id=CallId("c7"), leg_id=own, number="79160000077", shown=LINE, at=stage.now()
        )
        stage.switch.emit(event, event)
        await idle()
        assert stage.last(ANNA)["number"] == "+79160000077"
        await stage.leg(CUSTOMER, "ringing", call="c7")
        await stage.leg(CUSTOMER, "up", call="c7")
        assert stage.last(ANNA)["state"] == "talking"
        assert stage.switch.rung == []
        await stage.gone(CUSTOMER, call="c7")
        await stage.wait(3)
        kept = stage.journal.finished[CallId("c7")]
        assert (kept.direction, kept.outcome) == ("outbound", "answered")
        stranger = replace(event, call_id=CallId("c8"), leg_id=LegId("agent-nobody-1"))
        stage.switch.emit(stranger)
        await idle()
        assert len(stage.journal.finished) == 1


async def test_a_call_nobody_told_of_yet_is_not_ended_by_whoever_connects() -> None:
    async with cloud() as stage:
        legs = tuple(
            LiveLeg(leg_id=leg, state=LegState.RINGING, number="", dialed="", at=stage.now())
            for leg in (LegId("agent-anna-77009"), CUSTOMER)
        )
        call = LiveCall(call_id=CallId("c7"), legs=legs, held=False, connected=())
        await stage.connected(call)
        assert stage.switch.said("hang_up") == []
