"""Hang-ups the switch did not carry out: nobody goes on ringing or waiting for that."""

from __future__ import annotations

import pytest

from backend.domain.scenario import Step
from backend.errors import SwitchUnavailable
from protocol.commands import HangUpCall
from protocol.vocabulary import HangupCause
from tests.unit.services.stage import ANNA, BORIS, CUSTOMER, Stage, account, playing
from tests.unit.services.test_calls_adoption import leg, live
from tests.unit.services.test_calls_rescue import office as browser_office
from tests.unit.services.test_calls_rescue import talking
from tests.unit.services.test_calls_transfers import (
    A1,
    C1,
    anna_talks,
    ask,
    command_id,
    office,
)

pytestmark = pytest.mark.feature("R7")
AWAY = SwitchUnavailable("away")


async def test_after_a_hang_up_that_failed_the_customer_is_still_hung_up() -> None:
    async with playing(Stage(office())) as stage:
        await anna_talks(stage)
        stage.switch.errors["hang_up"] = AWAY
        with pytest.raises(SwitchUnavailable):
            await ask(stage, ANNA, HangUpCall(id=command_id(), call_id=C1))
        stage.switch.errors.clear()
        stage.switch.orders.clear()
        await stage.gone(A1)
        assert stage.switch.said("hang_up") == [(CUSTOMER, HangupCause.NORMAL)]


async def test_a_loss_after_a_hang_up_that_failed_is_rescued() -> None:
    async with talking(Stage(browser_office())) as stage:
        stage.switch.errors["hang_up"] = AWAY
        with pytest.raises(SwitchUnavailable):
            await ask(stage, ANNA, HangUpCall(id=command_id(), call_id=C1))
        stage.switch.errors.clear()
        await stage.gone(A1, "lost_contact")
        assert stage.last(ANNA)["rescue"] == "returning"


async def test_a_call_that_ended_while_the_switch_was_away_is_hung_up_afterwards() -> None:
    async with playing(Stage(account(Step(employees=(ANNA,), timeout_s=20)))) as stage:
        await stage.arrives()
        stage.switch.errors["hang_up"] = AWAY
        await stage.wait(20)
        await stage.wait(5)
        stage.switch.errors.clear()
        stage.switch.orders.clear()
        await stage.connected(live(leg("customer-0", "ringing"), leg(A1, "ringing")))
        asked = {order[0] for order in stage.switch.said("hang_up")}
        assert asked == {CUSTOMER, A1}


async def test_a_phone_that_was_not_silenced_is_silenced_when_the_switch_is_back() -> None:
    steps = (Step(employees=(ANNA,), timeout_s=20), Step(employees=(BORIS,), timeout_s=60))
    async with playing(Stage(account(*steps))) as stage:
        await stage.arrives()
        stage.switch.errors["hang_up"] = AWAY
        await stage.wait(20)
        await stage.wait(5)
        stage.switch.errors.clear()
        stage.switch.orders.clear()
        ringing = (
            leg("customer-0", "ringing"),
            leg(A1, "ringing"),
            leg("agent-boris-1", "ringing"),
        )
        await stage.connected(live(*ringing))
        assert stage.switch.said("hang_up") == [(A1, HangupCause.CANCELLED)]
        assert stage.last(BORIS)["state"] == "ringing"
