"""Somebody is switched off while a phone of his rings: it falls silent, the call goes on."""

from __future__ import annotations

from dataclasses import replace

import pytest

from backend.domain.scenario import ManagerStep, Step
from backend.services.calls.hooks import Manager
from backend.services.calls.placing import dialed_call_id
from backend.services.ports import StepNote
from protocol.commands import Dial
from protocol.vocabulary import (
    CallId,
    CommandId,
    EmployeeId,
    HangupCause,
    StepReason,
)
from tests.fakes import idle
from tests.unit.services.stage import ACC, ANNA, BORIS, NUMBER, Stage, account, playing

C1 = CallId("c1")
DIAL = Dial(id=CommandId("dial-00001"), target=NUMBER)
DIALED = dialed_call_id(ACC, ANNA, CommandId("dial-00001"))


async def _dismiss(stage: Stage, who: EmployeeId) -> None:
    """What a synchronisation or an administrator leads to: the account's next map is without."""
    route = stage.routing.account(ACC)
    assert route is not None
    left = {key: person for key, person in route.employees.items() if key != who}
    stage.routing.replace(replace(route, employees=left))
    await idle()


@pytest.mark.feature("X10")
async def test_his_phone_falls_silent_at_once_and_the_scenario_goes_on() -> None:
    steps = (Step(employees=(ANNA,), timeout_s=60), Step(employees=(BORIS,)))
    async with playing(Stage(account(*steps))) as stage:
        await stage.arrives()
        await stage.leg("agent-anna-1", "ringing")
        await _dismiss(stage, ANNA)
        assert stage.switch.said("hang_up") == [("agent-anna-1", HangupCause.CANCELLED)]
        assert stage.switch.endpoints() == ["PJSIP/101", "PJSIP/102"]
        assert stage.last(ANNA)["type"] == "call.removed"
        assert await stage.cards(ANNA) == []
        await stage.gone("agent-anna-1", "cancelled")
        await stage.leg("agent-boris-1", "up")
        assert stage.last(BORIS)["state"] == "talking"


async def test_those_rung_with_him_go_on_ringing() -> None:
    async with playing(Stage(account(Step(employees=(ANNA, BORIS))))) as stage:
        await stage.arrives()
        await _dismiss(stage, ANNA)
        assert stage.switch.said("hang_up") == [("agent-anna-1", HangupCause.CANCELLED)]
        assert stage.switch.endpoints() == ["PJSIP/101", "PJSIP/102"]
        assert stage.last(BORIS)["state"] == "ringing"


async def test_his_turn_does_not_come_any_more() -> None:
    step = Step(employees=(BORIS, ANNA), mode="in_turn", timeout_s=20)
    async with playing(Stage(account(step))) as stage:
        await stage.arrives()
        await _dismiss(stage, ANNA)
        await stage.wait(21)
        assert stage.switch.endpoints() == ["PJSIP/102"]
        assert stage.last(BORIS)["type"] == "call.removed"


async def test_a_last_step_ends_the_call_as_if_nobody_had_come() -> None:
    async with playing(Stage(account(Step(employees=(ANNA,))))) as stage:
        await stage.arrives()
        await _dismiss(stage, ANNA)
        assert ("customer-0", HangupCause.NO_ANSWER) in stage.switch.said("hang_up")
        await stage.wait(3)
        assert stage.journal.finished[C1].outcome == "lost"


@pytest.mark.feature("B13")
async def test_a_manager_who_is_no_employee_any_more_is_said_so() -> None:
    stage = Stage(account(ManagerStep(), Step(employees=(ANNA,))))
    stage.managers.answer = Manager(employee_id=BORIS)
    async with playing(stage):
        await stage.arrives()
        await _dismiss(stage, BORIS)
        assert stage.switch.endpoints() == ["PJSIP/102", "PJSIP/101"]
        await stage.gone("customer-0")
        await stage.wait(3)
        assert stage.journal.finished[C1].notes == (
            StepNote(step=0, employee_id=BORIS, reason=StepReason.NOT_AN_EMPLOYEE),
        )


async def test_a_talk_is_not_cut() -> None:
    async with playing(Stage(account(Step(employees=(ANNA,))))) as stage:
        await stage.arrives()
        await stage.leg("agent-anna-1", "up")
        await _dismiss(stage, ANNA)
        assert stage.switch.said("hang_up") == []
        await stage.wait(30)
        await stage.gone("customer-0")
        await stage.wait(3)
        assert stage.journal.finished[C1].talk_s == 30


async def test_the_call_he_is_about_to_place_ends_before_anybody_is_called() -> None:
    async with playing(Stage(account(Step(employees=(BORIS,))))) as stage:
        await stage.client.send(ACC, ANNA, DIAL)
        await _dismiss(stage, ANNA)
        assert stage.switch.said("hang_up") == [("agent-anna-1", HangupCause.CANCELLED)]
        await stage.gone("agent-anna-1", "cancelled", DIALED)
        await stage.wait(3)
        assert stage.switch.endpoints() == ["PJSIP/101"]
        assert DIALED in stage.journal.finished


async def test_a_new_map_with_everybody_in_it_silences_nobody() -> None:
    async with playing(Stage(account(Step(employees=(ANNA, BORIS))))) as stage:
        await stage.arrives()
        await _dismiss(stage, EmployeeId("somebody"))
        assert stage.switch.said("hang_up") == []
