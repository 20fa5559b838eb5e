"""What happens in the same moment as something else: pick-ups that cross a hang-up, reconnections
that cross an order."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from backend.domain.scenario import ExternalStep, Step
from backend.errors import SwitchUnavailable
from backend.services.ports import CallbackWanted
from protocol.commands import Dial
from protocol.vocabulary import CallbackReason, CallId, CommandId, HangupCause
from tests.fakes import idle
from tests.unit.services.stage import (
    ACC,
    ANNA,
    BORIS,
    CUSTOMER,
    LINE,
    Stage,
    account,
    device,
    employee,
    playing,
)
from tests.unit.services.test_calls_adoption import leg, live
from tests.unit.services.test_calls_transfers import anna_talks, passes

C1 = CallId("c1")
A1, B1 = "agent-anna-1", "agent-boris-1"
OUTSIDE = "+74957770000"
ANNAS = Step(employees=(ANNA,), timeout_s=20)
BORISS = Step(employees=(BORIS,), timeout_s=20)


@pytest.mark.parametrize("how", ["reported", "found"])
async def test_a_pick_up_that_crosses_its_hang_up_is_no_answer(how: str) -> None:
    async with playing(Stage(account(ANNAS, BORISS))) as stage:
        await stage.arrives()
        await stage.wait(20)
        assert stage.switch.said("hang_up") == [(A1, HangupCause.NO_ANSWER)]
        if how == "reported":
            await stage.leg(A1, "up")
        else:
            await stage.connected(live(leg(CUSTOMER, "ringing"), leg(A1, "up"), leg(B1, "ringing")))
        await stage.gone(A1, "no_answer")
        assert stage.switch.said("connect") == []
        assert B1 not in [order[0] for order in stage.switch.said("hang_up")]
        assert stage.last(BORIS)["state"] == "ringing"
        await stage.leg(B1, "up")
        assert stage.switch.said("connect") == [(C1, (CUSTOMER, B1))]


async def test_a_number_outside_that_picks_up_too_late_does_not_stop_who_rings_by_now() -> None:
    outside = ExternalStep(number=OUTSIDE, timeout_s=15)
    async with playing(Stage(account(outside, BORISS))) as stage:
        await stage.arrives()
        await stage.wait(15)
        await stage.leg("guest-1", "up")
        await stage.gone("guest-1")
        assert stage.last(BORIS)["state"] == "ringing"
        await stage.leg(B1, "up")
        assert stage.switch.said("connect") == [(C1, (CUSTOMER, B1))]


async def test_a_caller_s_phone_that_picks_up_too_late_rings_no_customer() -> None:
    both = employee(ANNA, "101", device("101"), device("201", 2))
    route = account(ANNAS, people=(both,))
    async with playing(Stage(route)) as stage:
        await stage.client.send(ACC, ANNA, Dial(id=CommandId("dial-0001"), target="89161234567"))
        call_id = stage.last(ANNA)["call_id"]
        await stage.wait(float(route.settings.outgoing.ring_s))
        assert stage.switch.endpoints() == ["PJSIP/101", "PJSIP/201"]
        await stage.leg(A1, "up", call_id)
        await stage.gone(A1, "no_answer", call_id)
        assert stage.switch.endpoints() == ["PJSIP/101", "PJSIP/201"]
        await stage.leg("agent-anna-2", "up", call_id)
        assert len(stage.switch.endpoints()) == 3


async def dials(stage: Stage) -> CallId:
    """Anna dials; her phone rings."""
    await stage.client.send(ACC, ANNA, Dial(id=CommandId("dial-0001"), target="89161234567"))
    return CallId(stage.last(ANNA)["call_id"])


async def test_a_reconnection_while_the_customer_is_being_ordered_costs_no_call() -> None:
    async with playing(Stage(account(ANNAS))) as stage:
        call_id = await dials(stage)
        stage.switch.gate = asyncio.Event()
        await stage.leg(A1, "up", call_id)
        found = replace(live(leg(A1, "up")), call_id=call_id)
        await stage.connected(found)
        assert stage.last(ANNA)["state"] == "ringing"
        stage.switch.gate.set()
        await idle()
        assert stage.switch.endpoints()[1:] == ["PJSIP/79161234567@trunk"]
        assert stage.switch.said("hang_up") == []
        # By now the switch would know it.
        await stage.connected(found)
        assert stage.last(ANNA)["cause"] == "lost_contact"


async def test_a_reconnection_while_a_target_outside_is_being_ordered_costs_no_transfer() -> None:
    async with playing(Stage(account(ANNAS))) as stage:
        await anna_talks(stage)
        stage.switch.gate = asyncio.Event()
        await passes(stage, number=OUTSIDE)
        await stage.gone(A1)
        await stage.connected(live(leg(CUSTOMER, "up"), held=True))
        stage.switch.gate.set()
        await idle()
        stage.switch.orders.clear()
        await stage.leg("guest-1", "up")
        assert stage.switch.said("connect") == [(C1, (CUSTOMER, "guest-1"))]
        assert stage.switch.said("hang_up") == []


async def test_a_leg_taken_for_lost_while_it_was_ordered_does_not_ring_on() -> None:
    async with playing(Stage(account(ANNAS))) as stage:
        await dials(stage)
        call_id = CallId(stage.last(ANNA)["call_id"])
        stage.switch.gate = asyncio.Event()
        await stage.leg(A1, "up", call_id)
        await stage.gone(CUSTOMER, "lost_contact", call_id)
        stage.switch.orders.clear()
        stage.switch.gate.set()
        await idle()
        assert (CUSTOMER, HangupCause.CANCELLED) in stage.switch.said("hang_up")


async def away(*_: object) -> bool:
    raise ConnectionError("the database is away")


async def test_a_customer_who_cannot_be_rung_without_the_disk_ends_the_call(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with playing(Stage(account(ANNAS))) as stage:
        call_id = await dials(stage)
        monkeypatch.setattr(stage.journal, "record_intent", away)
        await stage.leg(A1, "up", call_id)
        assert (stage.last(ANNA)["state"], stage.last(ANNA)["cause"]) == ("ended", "unreachable")


async def test_dialling_without_the_disk_is_refused_and_leaves_no_call(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with playing(Stage(account(ANNAS))) as stage:
        monkeypatch.setattr(stage.journal, "record_intent", away)
        with pytest.raises(SwitchUnavailable):
            await dials(stage)
        assert stage.owner.live_calls() == 0


async def test_without_the_disk_the_scenario_goes_on_to_its_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with playing(Stage(account(ANNAS, BORISS))) as stage:
        monkeypatch.setattr(stage.journal, "record_intent", away)
        await stage.arrives()
        await stage.wait(45)
        assert stage.owner.live_calls() == 0
        assert stage.switch.rung == []


@pytest.mark.parametrize("others", [False, True], ids=["all of them", "not the others"])
async def test_a_talk_that_broke_off_with_the_switch_is_called_back(others: bool) -> None:
    """Where other talks go on, whoever is gone hung up by himself."""
    async with playing(Stage(account(ANNAS))) as stage:
        await anna_talks(stage)
        await stage.arrives("c2")
        left = live(leg(CUSTOMER, "ringing"))
        await stage.connected(*([replace(left, call_id=CallId("c2"))] if others else []))
        await stage.wait(3)
        wanted = None if others else CallbackWanted(reason=CallbackReason.LOST)
        assert stage.journal.finished[C1].wanted == wanted


@pytest.mark.parametrize("target, shown", [("89161234567", LINE), ("102", LINE)])
async def test_a_placed_call_passed_outside_shows_the_account_s_own_number(
    target: str, shown: str
) -> None:
    async with playing(Stage(account(ANNAS))) as stage:
        await stage.client.send(ACC, ANNA, Dial(id=CommandId("dial-0001"), target=target))
        call_id = CallId(stage.last(ANNA)["call_id"])
        await stage.leg(A1, "up", call_id)
        await stage.leg(B1 if target == "102" else CUSTOMER, "up", call_id)
        await passes(stage, call=call_id, number=OUTSIDE)
        order = stage.switch.rung[-1]
        assert (order.endpoint, order.caller_number) == ("PJSIP/74957770000@trunk", shown)
