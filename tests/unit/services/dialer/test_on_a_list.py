"""While a list runs: whose phone inbound calls leave alone, and how the list's own are placed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from backend.domain.scenario import Step
from backend.errors import Expired, WrongState
from backend.services.calls.orders import OrdersClient, PlaceListed
from protocol.commands import AnswerCall
from protocol.transfers import TransferCall
from protocol.vocabulary import CallId, CommandId
from tests.fakes import idle
from tests.unit.services.stage import ACC, ANNA, BORIS, NUMBER, Stage, account, employee, playing

BOTH = Step(employees=(ANNA, BORIS), timeout_s=20)
LISTED = CallId("listed-1")


def stage_of(*, on_list: bool) -> Stage:
    anna = replace(employee(ANNA, "101"), on_list=on_list)
    return Stage(account(BOTH, people=(anna, employee(BORIS, "102"))))


@pytest.mark.parametrize("on_list", [True, False])
async def test_inbound_calls_go_past_whoever_works_through_a_list(on_list: bool) -> None:
    async with playing(stage_of(on_list=on_list)) as stage:
        await stage.arrives()
        rung = set(stage.switch.endpoints())
        assert ("PJSIP/101" in rung) is not on_list
        assert "PJSIP/102" in rung


async def test_nobody_passes_a_call_to_him() -> None:
    async with playing(stage_of(on_list=True)) as stage:
        await stage.arrives()
        call = CallId("c1")
        await stage.client.send(ACC, BORIS, AnswerCall(id=CommandId("answer-01"), call_id=call))
        await stage.leg("agent-boris-2", "up")
        with pytest.raises(WrongState) as caught:
            await stage.client.send(
                ACC,
                BORIS,
                TransferCall(
                    id=CommandId("pass-0001"), call_id=call, kind="blind", employee_id=ANNA
                ),
            )
        assert caught.value.data["reason"] == "busy"


def order(stage: Stage, *, late: float = 0.0) -> PlaceListed:
    return PlaceListed(
        call_id=LISTED,
        employee_id=ANNA,
        number=NUMBER,
        not_after=stage.now() + timedelta(seconds=12 - late),
    )


async def test_the_lists_own_calls_ring_him_and_twice_is_once() -> None:
    async with playing(stage_of(on_list=True)) as stage:
        orders = OrdersClient(stage.bus)
        for _ in range(2):
            await orders.place(ACC, order(stage))
        await idle()
        assert stage.switch.endpoints() == ["PJSIP/101"]
        assert list(stage.owner._core.calls) == [LISTED]


async def test_an_order_nobody_waits_for_any_more_is_not_begun() -> None:
    async with playing(stage_of(on_list=True)) as stage:
        with pytest.raises(Expired):
            await OrdersClient(stage.bus).place(ACC, order(stage, late=13))
        assert stage.switch.endpoints() == []
