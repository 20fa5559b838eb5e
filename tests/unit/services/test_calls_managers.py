"""The step that asks the CRM whom to ring: who comes, who does not, and what the details say."""

from __future__ import annotations

import asyncio

import pytest

from backend.domain.account_settings import AllSettings, PersonalManagerSettings
from backend.domain.scenario import ManagerStep, Step
from backend.errors import SwitchRefused
from backend.services.calls.hooks import Manager
from backend.services.ports import LiveCall, LiveLeg, StepNote
from backend.services.routing import AccountRoute
from protocol.commands import DeclineCall, Dial
from protocol.vocabulary import AccountId, CallId, CommandId, EmployeeId, LegState, StepReason
from tests.fakes import idle
from tests.unit.services.stage import (
    ACC,
    ANNA,
    BORIS,
    CUSTOMER,
    LINE,
    NUMBER,
    VERA,
    Stage,
    account,
    employee,
    playing,
    running,
)

SALES = Step(employees=(ANNA,))


def _account(step: ManagerStep | None = None, **boris: str) -> AccountRoute:
    manager = employee(BORIS, "102", **boris)
    people = (employee(ANNA, "101"), manager, employee(VERA, "103"))
    return account(step or ManagerStep(), SALES, people=people)


async def _details(stage: Stage) -> tuple[StepNote, ...]:
    """What is kept of the call once the customer has left."""
    await stage.gone("customer-0")
    await stage.wait(3)
    return stage.journal.finished[CallId("c1")].notes


@pytest.mark.feature("B13")
@pytest.mark.feature("A11")
async def test_the_manager_is_rung_first_and_the_details_say_so() -> None:
    stage = Stage(_account())
    stage.managers.answer = Manager(employee_id=BORIS)
    async with playing(stage):
        await stage.arrives()
        assert [number for number, _ in stage.managers.asked] == [NUMBER]
        assert stage.switch.endpoints() == ["PJSIP/102"]
        assert await stage.cards(ANNA) == []
        await stage.leg("agent-boris-1", "up")
        assert stage.last(BORIS)["state"] == "talking"
        assert await _details(stage) == (StepNote(step=0, employee_id=BORIS, reason=None),)


@pytest.mark.feature("B13")
async def test_the_caller_hears_ringing_while_the_crm_thinks() -> None:
    stage = Stage(_account())
    stage.managers.gate = asyncio.Event()
    async with playing(stage):
        await stage.arrives()
        assert stage.switch.said("indicate_ringing") == [("c1", CUSTOMER)]
        assert stage.switch.rung == []
        stage.managers.answer = Manager(employee_id=BORIS)
        stage.managers.gate.set()
        await idle()
        assert stage.switch.endpoints() == ["PJSIP/102"]


async def test_one_call_that_waits_for_the_crm_holds_up_no_other() -> None:
    stage = Stage(_account())
    stage.managers.gate = asyncio.Event()
    async with playing(stage):
        await stage.arrives("c1")
        waiting, stage.managers.gate = stage.managers.gate, None
        stage.managers.answer = Manager(employee_id=VERA)
        await stage.arrives("c2", "+79167654321")
        assert stage.switch.endpoints() == ["PJSIP/103"]
        assert waiting is not None
        waiting.set()


@pytest.mark.feature("B13")
@pytest.mark.parametrize(
    "reason",
    [
        StepReason.NO_INTEGRATION,
        StepReason.NO_MANAGER,
        StepReason.LATE,
        StepReason.CRM_FAILED,
        StepReason.NOT_AN_EMPLOYEE,
        StepReason.NOT_IN_TODAY,
    ],
)
async def test_without_a_manager_the_next_step_follows_and_the_reason_is_kept(
    reason: StepReason,
) -> None:
    stage = Stage(_account())
    stage.managers.answer = Manager(reason=reason)
    async with playing(stage):
        await stage.arrives()
        assert stage.switch.endpoints() == ["PJSIP/101"]
        assert await _details(stage) == (StepNote(step=0, employee_id=None, reason=reason),)


@pytest.mark.parametrize("status", ["break", "do_not_disturb", "off_work"])
async def test_a_manager_whose_status_forbids_ringing(status: str) -> None:
    stage = Stage(_account(status=status))
    stage.managers.answer = Manager(employee_id=BORIS)
    async with playing(stage):
        await stage.arrives()
        assert stage.switch.endpoints() == ["PJSIP/101"]
        (note,) = await _details(stage)
        assert note == StepNote(step=0, employee_id=BORIS, reason=StepReason.OFF_WORK)


@pytest.mark.feature("A11")
@pytest.mark.parametrize("status", ["break", "away", "off_work"])
@pytest.mark.parametrize("by_account", [False, True])
async def test_who_is_in_the_crm_today_is_rung_whatever_the_widget_says(
    status: str, by_account: bool
) -> None:
    route = _account(ManagerStep(check_status=None if by_account else True), status=status)
    if by_account:
        chosen = AllSettings(personal_manager=PersonalManagerSettings(check_seen_today=True))
        route = AccountRoute(
            account_id=route.account_id,
            slug=route.slug,
            connection_id=route.connection_id,
            virtual_numbers=route.virtual_numbers,
            employees=route.employees,
            settings=chosen,
        )
    stage = Stage(route)
    stage.managers.answer = Manager(employee_id=BORIS)
    async with playing(stage):
        await stage.arrives()
        assert stage.switch.endpoints() == ["PJSIP/102"]


async def test_a_manager_who_talks_is_passed_over_unless_the_step_rings_busy() -> None:
    for ring_busy, second in ((False, "PJSIP/101"), (True, "PJSIP/102")):
        stage = Stage(_account(ManagerStep(ring_busy=ring_busy)))
        stage.managers.answer = Manager(employee_id=BORIS)
        async with playing(stage):
            await stage.client.send(ACC, BORIS, Dial(id=CommandId("dial-00001"), target=LINE))
            await stage.arrives()
            assert stage.switch.endpoints()[-1] == second
            if not ring_busy:
                (note,) = await _details(stage)
                assert note.reason is StepReason.BUSY


async def test_a_manager_who_declines_or_does_not_come() -> None:
    for reason in (StepReason.DECLINED, StepReason.NO_ANSWER, StepReason.UNREACHABLE):
        stage = Stage(_account(ManagerStep(timeout_s=10)))
        stage.managers.answer = Manager(employee_id=BORIS)
        async with playing(stage):
            if reason is StepReason.UNREACHABLE:
                stage.switch.errors["PJSIP/102"] = SwitchRefused("not registered")
            await stage.arrives()
            if reason is StepReason.DECLINED:
                decline = DeclineCall(id=CommandId("decline-01"), call_id=CallId("c1"))
                await stage.client.send(ACC, BORIS, decline)
            elif reason is StepReason.NO_ANSWER:
                await stage.wait(10)
            await idle()
            assert stage.switch.endpoints()[-1] == "PJSIP/101"
            (note,) = await _details(stage)
            assert note == StepNote(step=0, employee_id=BORIS, reason=reason)


async def test_a_manager_without_numbers_or_gone_from_the_account() -> None:
    bare = employee(BORIS, "102")
    bare = type(bare)(employee_id=BORIS, name="B", extension="102", devices=())
    for who, reason in (
        (BORIS, StepReason.UNREACHABLE),
        (EmployeeId("gone"), StepReason.NOT_AN_EMPLOYEE),
    ):
        stage = Stage(account(ManagerStep(), SALES, people=(employee(ANNA, "101"), bare)))
        stage.managers.answer = Manager(employee_id=who)
        async with playing(stage):
            await stage.arrives()
            assert stage.switch.endpoints() == ["PJSIP/101"]
            (note,) = await _details(stage)
            assert note.reason is reason


async def test_a_caller_who_leaves_while_the_crm_thinks() -> None:
    stage = Stage(_account())
    stage.managers.gate = asyncio.Event()
    stage.managers.answer = Manager(employee_id=BORIS)
    async with playing(stage):
        await stage.arrives()
        await stage.gone("customer-0", "cancelled")
        stage.managers.gate.set()
        await stage.wait(3)
        assert stage.switch.rung == []
        assert stage.journal.finished[CallId("c1")].outcome == "lost"


async def test_a_manager_look_up_that_breaks_is_a_failed_one() -> None:
    stage = Stage(_account())

    async def broken(*_: object) -> Manager:
        raise RuntimeError("a bug")

    stage.managers.find = broken  # type: ignore[method-assign,assignment]
    async with playing(stage):
        await stage.arrives()
        (note,) = await _details(stage)
        assert note.reason is StepReason.CRM_FAILED


async def test_a_new_owner_asks_anew_and_keeps_what_was_noted() -> None:
    route = account(ManagerStep(), ManagerStep(source="deal"), SALES)
    stage = Stage(route)
    stage.managers.answer = Manager(reason=StepReason.NO_MANAGER)
    there = LiveCall(
        call_id=CallId("c1"),
        legs=(
            LiveLeg(
                leg_id=CUSTOMER,
                state=LegState.RINGING,
                number=NUMBER,
                dialed=LINE,
                at=stage.now(),
            ),
        ),
        held=False,
        connected=(),
    )
    async with running(stage):
        await stage.connected()
        known, stage.managers.gate = stage.managers.find, None

        async def first_step_only(account_id: AccountId, number: str, step: ManagerStep) -> Manager:
            if step.source == "deal":
                await asyncio.Event().wait()
            return await known(account_id, number, step)

        stage.managers.find = first_step_only  # type: ignore[method-assign]
        await stage.arrives()
        assert stage.switch.rung == []
    stage.managers.find = known  # type: ignore[method-assign]
    stage.managers.answer = Manager(employee_id=VERA)
    stage.new_owner()
    async with running(stage):
        await stage.connected(there)
        assert stage.switch.endpoints() == ["PJSIP/103"]
        assert stage.managers.asked[-1][1].source == "deal"
        assert await _details(stage) == (
            StepNote(step=0, employee_id=None, reason=StepReason.NO_MANAGER),
            StepNote(step=1, employee_id=VERA, reason=None),
        )
