"""Calls and people who talk in the browser: who is rung, who is told, how a button answers."""

from __future__ import annotations

from typing import Any

import pytest

from backend.domain.browser_line import browser_device
from backend.domain.scenario import Device, Step
from backend.errors import SwitchRefused
from backend.services.ports import RingOrder
from protocol.commands import AnswerCall, Dial
from protocol.vocabulary import CallId, CommandId, EmployeeId
from tests.fakes import idle
from tests.unit.services.stage import (
    ACC,
    ANNA,
    BORIS,
    NUMBER,
    Stage,
    account,
    device,
    employee,
    playing,
)

LINE = "PJSIP/demo-b101"
DESK = "PJSIP/101"


def stage(*more: Device, ready: bool = True) -> Stage:
    """Anna talks in the browser; `more` are her numbers."""
    anna = employee(ANNA, "101", browser_device("demo", ANNA, "101"), *more)
    house = Stage(
        account(
            Step(employees=(ANNA,), timeout_s=20),
            Step(employees=(BORIS,), timeout_s=20),
            people=(anna, employee(BORIS, "102")),
        )
    )
    house.ready = {ANNA} if ready else set()
    return house


def rung(house: Stage) -> list[RingOrder]:
    return [order for order in house.switch.rung if "anna" in order.leg_id]


def asked(house: Stage) -> list[dict[str, Any]]:
    return [p for p in house.seen[ANNA] if p["type"] == "phone.asked"]


async def answer(house: Stage, who: EmployeeId = ANNA) -> None:
    await house.client.send(
        ACC, who, AnswerCall(id=CommandId("cmd_answer_1"), call_id=CallId("c1"))
    )
    await idle()


@pytest.mark.feature("W1")
async def test_a_ready_browser_rings_before_the_numbers_and_knows_its_card() -> None:
    async with playing(stage(device("101"))) as house:
        await house.arrives()
        [order] = rung(house)
        assert order.endpoint == LINE
        assert (order.headers["X-Dozvon-Call"], order.headers["X-Dozvon-Leg"]) == (
            "c1",
            order.leg_id,
        )
        assert house.last(ANNA)["device"] == "browser"


@pytest.mark.feature("W1")
async def test_a_browser_that_is_not_ready_is_left_out_while_a_number_can_ring() -> None:
    async with playing(stage(device("101"), ready=False)) as house:
        await house.arrives()
        assert [order.endpoint for order in rung(house)] == [DESK]
        assert not [p for p in house.seen[ANNA] if p["type"] == "phone.passed"]


@pytest.mark.feature("W10")
async def test_whoever_has_nothing_else_is_told_what_went_past_and_the_scenario_goes_on() -> None:
    async with playing(stage(ready=False)) as house:
        house.switch.errors[LINE] = SwitchRefused("Allocation failed")
        await house.arrives()
        [passed] = [p for p in house.seen[ANNA] if p["type"] == "phone.passed"]
        assert passed["number"] == NUMBER
        assert house.passed == [(ANNA, NUMBER)]
        assert [o.endpoint for o in house.switch.rung if "boris" in o.leg_id] == ["PJSIP/102"]


@pytest.mark.feature("W9")
async def test_a_button_in_any_tab_has_the_phone_take_the_leg_that_rings() -> None:
    async with playing(stage(device("101"))) as house:
        await house.arrives()
        [order] = rung(house)
        await answer(house)
        [wish] = asked(house)
        assert (wish["call_id"], wish["leg_id"], wish["act"]) == ("c1", order.leg_id, "answer")
        assert len(rung(house)) == 1
        await house.leg(order.leg_id, "up")
        assert house.last(ANNA)["state"] == "talking"


async def test_pressed_while_the_desk_rings_the_browser_is_rung_and_told_to_pick_up() -> None:
    async with playing(stage(device("101"))) as house:
        await house.arrives()
        await house.wait(11)
        assert [order.endpoint for order in rung(house)] == [LINE, DESK]
        await answer(house)
        last = rung(house)[-1]
        assert (last.endpoint, last.auto_answer) == (LINE, True)


async def test_pressed_while_the_browser_is_not_ready_the_desk_picks_up() -> None:
    async with playing(stage(device("101"), ready=False)) as house:
        await house.arrives()
        await answer(house)
        last = rung(house)[-1]
        assert (last.endpoint, last.auto_answer) == (DESK, True)


@pytest.mark.feature("W14")
async def test_a_call_out_begins_in_the_browser_that_picks_up_by_itself() -> None:
    async with playing(stage(device("101"))) as house:
        await house.client.send(ACC, ANNA, Dial(id=CommandId("cmd_dial_001"), target=NUMBER))
        await idle()
        [order] = rung(house)
        assert (order.endpoint, order.auto_answer) == (LINE, True)


@pytest.mark.feature("A4")
async def test_a_call_out_falls_to_the_desk_while_the_browser_is_not_ready() -> None:
    async with playing(stage(device("101"), ready=False)) as house:
        await house.client.send(ACC, ANNA, Dial(id=CommandId("cmd_dial_002"), target=NUMBER))
        await idle()
        assert [order.endpoint for order in rung(house)] == [DESK]
