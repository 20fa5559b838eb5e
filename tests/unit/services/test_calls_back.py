"""Call-backs: employees by the scenario, the first of them claims it, then the visitor is rung."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from backend.domain.scenario import Step
from backend.errors import AppError
from backend.services.calls.asked import Asked
from backend.services.calls.orders import OrdersClient, PlaceCallBack
from backend.services.calls.placing import asked_call_id
from backend.services.ports import LiveCall, LiveLeg
from backend.services.routing import AccountRoute
from protocol.pushes import RecordRef
from protocol.vocabulary import CallId, HangupCause, LegId, LegState, RecordKind
from tests.fakes import idle
from tests.unit.services.stage import (
    ACC,
    ANNA,
    BORIS,
    LINE,
    NUMBER,
    VERA,
    Stage,
    account,
    playing,
    running,
)

BOTH = Step(employees=(ANNA, BORIS))
CALL = asked_call_id(ACC, "bitrix24", "form-1")


def wish(call_id: CallId = CALL, line: str = LINE, number: str = NUMBER) -> PlaceCallBack:
    return PlaceCallBack(call_id=call_id, line=line, number=number)


async def _asked(stage: Stage) -> None:
    await OrdersClient(stage.bus).place(ACC, wish())
    await idle()


@pytest.mark.feature("B6")
async def test_who_picks_up_first_calls_the_visitor_back() -> None:
    async with playing(Stage(account(BOTH, Step(employees=(VERA,))))) as stage:
        await _asked(stage)
        assert sorted(stage.switch.endpoints()) == ["PJSIP/101", "PJSIP/102"]
        card = stage.last(BORIS)
        assert (card["direction"], card["number"], card["name"]) == ("outbound", NUMBER, "Ivan")
        assert (card["virtual_number"], card["actions"]) == (LINE, ["answer", "decline"])
        await stage.leg("agent-boris-1", "up", CALL)
        outside = stage.switch.rung[-1]
        assert (outside.endpoint, outside.caller_number) == ("PJSIP/79161234567@trunk", LINE)
        assert stage.switch.said("indicate_ringing") == [(CALL, "agent-boris-1")]
        assert ("agent-anna-1", HangupCause.ANSWERED_ELSEWHERE) in stage.switch.said("hang_up")
        gone = stage.last(ANNA)
        assert (gone["reason"], gone["by"]["employee_id"]) == ("answered_elsewhere", BORIS)
        await stage.gone("agent-anna-1", "answered_elsewhere", CALL)
        await stage.leg("customer-0", "up", CALL)
        assert stage.switch.said("connect") == [(CALL, ("agent-boris-1", "customer-0"))]
        assert stage.last(BORIS)["state"] == "talking"
        await stage.wait(20)
        await stage.gone("customer-0", call=CALL)
        await stage.wait(3)
        kept = stage.journal.finished[CALL]
        assert (kept.direction, kept.callback, kept.outcome) == ("outbound", True, "answered")
        assert (kept.virtual_number, kept.talk_s) == (LINE, 20)


@pytest.mark.feature("B6")
async def test_what_the_visitor_wrote_is_on_every_card_and_a_new_owner_knows_it() -> None:
    lead = RecordRef(kind=RecordKind.LEAD, id="31")
    stage = Stage(account(BOTH))
    async with running(stage):
        await stage.connected()
        asked = Asked(message="После обеда", record=lead)
        order = PlaceCallBack(call_id=CALL, line=LINE, number=NUMBER, asked=asked)
        await OrdersClient(stage.bus).place(ACC, order)
        await idle()
        for who in (ANNA, BORIS):
            (card,) = await stage.cards(who)
            assert card["message"] == "После обеда"
        assert stage.callers.preferred[CALL] == lead
    stage.new_owner()
    stage.callers.preferred.clear()
    legs = tuple(
        LiveLeg(
            leg_id=LegId(f"agent-{who}-1"),
            state=LegState.RINGING,
            number="",
            dialed="",
            at=stage.now(),
        )
        for who in (ANNA, BORIS)
    )
    async with running(stage):
        await stage.connected(LiveCall(call_id=CALL, legs=legs, connected=(), held=False))
        (card,) = await stage.cards(ANNA)
        assert card["message"] == "После обеда"
        assert stage.callers.preferred[CALL] == lead
        await stage.leg("agent-anna-1", "up", CALL)
        await stage.leg("customer-0", "up", CALL)
        await stage.gone("customer-0", call=CALL)
        await stage.wait(3)
        assert stage.journal.finished[CALL].message == "После обеда"


async def test_two_who_pick_up_at_once_are_not_connected_with_each_other() -> None:
    async with playing(Stage(account(BOTH))) as stage:
        await _asked(stage)
        stage.switch.gate = asyncio.Event()
        await stage.leg("agent-anna-1", "up", CALL)
        await stage.leg("agent-boris-1", "up", CALL)
        stage.switch.gate.set()
        await stage.leg("customer-0", "up", CALL)
        assert stage.switch.said("connect") == [(CALL, ("agent-anna-1", "customer-0"))]
        assert ("agent-boris-1", HangupCause.ANSWERED_ELSEWHERE) in stage.switch.said("hang_up")


async def test_the_scenario_goes_on_until_somebody_comes_or_nobody_does() -> None:
    async with playing(Stage(account(Step(employees=(ANNA,), timeout_s=10), BOTH))) as stage:
        await _asked(stage)
        await stage.wait(10)
        assert stage.switch.endpoints() == ["PJSIP/101", "PJSIP/101", "PJSIP/102"]
        await stage.wait(35)
        kept = stage.journal.finished[CALL]
        assert (kept.outcome, kept.answered_by) == ("lost", None)
        assert all("@trunk" not in endpoint for endpoint in stage.switch.endpoints())


async def test_a_visitor_who_cannot_be_reached_and_an_operator_who_leaves() -> None:
    async with playing(Stage(account(BOTH))) as stage:
        await _asked(stage)
        await stage.leg("agent-anna-1", "up", CALL)
        await stage.gone("customer-0", "busy", CALL)
        assert (stage.last(ANNA)["outcome"], stage.last(ANNA)["cause"]) == ("lost", "busy")
    async with playing(Stage(account(BOTH))) as stage:
        await _asked(stage)
        await stage.leg("agent-anna-1", "up", CALL)
        await stage.gone("agent-anna-1", call=CALL)
        assert stage.last(ANNA)["state"] == "ended"
        assert "customer-0" in [leg for leg, _ in stage.switch.said("hang_up")]


async def test_one_wish_is_one_call_however_often_it_comes() -> None:
    async with playing(Stage(account(BOTH))) as stage:
        for _ in range(3):
            await _asked(stage)
        assert len(stage.switch.rung) == 2
        await stage.wait(120)
        await _asked(stage)
        assert len(stage.switch.rung) == 2


async def test_a_call_back_that_cannot_be_meant_has_its_reason() -> None:
    no_trunk = replace(account(BOTH), trunk=None)
    mute: AccountRoute = replace(
        account(BOTH),
        virtual_numbers=(replace(account(BOTH).virtual_numbers[0], scenario=None),),
    )
    for route, order, reason in (
        (account(BOTH), wish(line="+74950000000"), "no_scenario"),
        (account(BOTH), wish(number="102"), "bad_number"),
        (mute, wish(), "no_scenario"),
        (no_trunk, wish(), "no_trunk"),
    ):
        async with playing(Stage(route)) as stage:
            with pytest.raises(AppError) as refused:
                await OrdersClient(stage.bus).place(ACC, order)
            assert refused.value.data == {"reason": reason}


@pytest.mark.parametrize("claimed", [False, True])
async def test_a_new_owner_goes_on_with_a_call_back(claimed: bool) -> None:
    stage = Stage(account(BOTH))
    async with running(stage):
        await stage.connected()
        await _asked(stage)
        if claimed:
            await stage.leg("agent-boris-1", "up", CALL)
    stage.new_owner()
    there = [("agent-boris-1", LegState.UP if claimed else LegState.RINGING)]
    there += [("customer-0", LegState.RINGING)] if claimed else []
    legs = tuple(
        LiveLeg(leg_id=LegId(leg), state=state, number="", dialed="", at=stage.now())
        for leg, state in there
    )
    async with running(stage):
        await stage.connected(LiveCall(call_id=CALL, legs=legs, held=False, connected=()))
        if not claimed:
            await stage.leg("agent-boris-1", "up", CALL)
            assert stage.switch.endpoints()[-1] == "PJSIP/79161234567@trunk"
        assert (await stage.cards(BORIS))[0]["actions"] == ["hangup"]
        await stage.leg("customer-0", "up", CALL)
        assert stage.switch.said("connect") == [(CALL, ("agent-boris-1", "customer-0"))]
        assert await stage.cards(ANNA) == []
