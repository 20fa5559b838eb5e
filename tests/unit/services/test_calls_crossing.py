"""What happens in the same moment as something else: pick-ups that cross a hang-up, reconnections
that cross an order."""

from __future__ import annotations

import pytest

from backend.domain.scenario import ExternalStep, Step
from protocol.commands import Dial
from protocol.vocabulary import CallId, CommandId, HangupCause
from tests.unit.services.stage import (
    ACC,
    ANNA,
    BORIS,
    CUSTOMER,
    Stage,
    account,
    device,
    employee,
    playing,
)
from tests.unit.services.test_calls_adoption import leg, live

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
