"""Who would ring now: every step in words, by the rules that ring people."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from backend.domain.scenario import (
    AnyStep,
    CallbackStep,
    ExternalStep,
    HoursStep,
    ManagerStep,
    MessageStep,
    Scenario,
    Step,
    VoicemailStep,
    linked,
)
from backend.domain.working_hours import parse_hours
from backend.errors import BadRequest
from backend.services.routing import AccountRoute
from backend.services.who_rings import Line, Now, instant, who_rings
from backend.services.who_rings_texts import CODES, words
from protocol.vocabulary import EmployeeId
from tests.unit.services.stage import (
    ANNA,
    BORIS,
    START,
    VERA,
    Stage,
    account,
    device,
    employee,
    playing,
)

pytestmark = pytest.mark.feature("T")
GONE = EmployeeId("gone")


def office(*steps: AnyStep) -> AccountRoute:
    people = (
        employee(ANNA, "101", device("101"), device("79990001122", 2, kind="mobile")),
        employee(BORIS, "102", status="break"),
        replace(employee(VERA, "103"), calls_enabled=False, devices=()),
    )
    return account(*steps, people=people)


def told(*steps: AnyStep, now: Now | None = None, at: datetime = START) -> list[Line]:
    route = office(*steps)
    scenario = Scenario(name="Sales", steps=steps)
    return who_rings(route, linked({"s": scenario})["s"], at, now or Now())


def codes(lines: list[Line]) -> list[str]:
    return [line.code for line in lines]


def test_people_ring_or_it_is_said_why_not() -> None:
    lines = told(Step(employees=(ANNA, BORIS, VERA, GONE)))
    assert codes(lines) == [
        "ring_parallel",
        "person_rings",
        "person_status",
        "person_calls_off",
        "person_gone",
        "end_no_answer",
    ]
    assert [line.rings for line in lines] == [False, True, False, False, False, False]
    assert words(lines[1], "en") == "Anna: rings (Phone 101 → Phone 79990001122)."
    assert words(lines[2], "ru") == "Boris: не звонит, статус «Перерыв»."
    assert lines[-1].step == 0


def test_who_talks_rings_only_where_the_step_wants_it() -> None:
    now = Now(busy={ANNA: "talking"})
    assert "person_talks" in codes(told(Step(employees=(ANNA,), mode="in_turn"), now=now))
    assert "person_rings" in codes(told(Step(employees=(ANNA,)), now=now))


def test_longest_idle_comes_first() -> None:
    now = Now(last_talks={ANNA: START - timedelta(hours=1), BORIS: START - timedelta(hours=2)})
    lines = told(Step(employees=(ANNA, BORIS), mode="longest_idle"), now=now)
    assert [line.employee_id for line in lines if line.employee_id] == [BORIS, ANNA]


def test_every_kind_of_step_has_its_words_in_both_languages() -> None:
    lines = told(
        HoursStep(hours=parse_hours({"mon": ["00:00-24:00"]})),
        MessageStep(sound="hello"),
        ManagerStep(),
        ExternalStep(number="+74951234567"),
        Step(group="nobody"),
        CallbackStep(),
        VoicemailStep(),
    )
    assert codes(lines) == [
        "hours_open", "message", "manager", "external", "ring_parallel", "nobody", "callback",
        "voicemail", "end_no_answer",
    ]  # fmt: skip
    for line in lines:
        assert words(line, "ru") != words(line, "en")
    assert set(codes(lines)) <= CODES


def test_outside_working_hours_the_other_scenario_is_walked() -> None:
    day = Scenario(name="Day", steps=(HoursStep(closed="night"), Step(employees=(ANNA,))))
    night = Scenario(name="Night", steps=(CallbackStep(),), final="busy")
    steps = linked({"day": day, "night": night})["day"]
    sunday = START - timedelta(days=1)
    route = replace(office(*steps.steps), timezone="UTC")
    assert codes(who_rings(route, steps, sunday, Now())) == ["hours_closed", "callback", "end_busy"]
    assert codes(who_rings(route, steps, START, Now()))[:2] == ["hours_open", "ring_parallel"]


def test_a_time_is_read_on_the_account_s_clock() -> None:
    assert instant("2026-11-04T10:00", "Europe/Moscow", START) == datetime(
        2026, 11, 4, 7, tzinfo=UTC
    )
    assert instant("", "UTC", START) == START
    with pytest.raises(BadRequest):
        instant("tomorrow", "UTC", START)


async def test_it_says_what_a_call_then_does() -> None:
    steps = (Step(employees=(ANNA, BORIS, VERA), devices="all"),)
    foretold = {line.employee_id for line in told(*steps) if line.rings}
    stage = Stage(office(*steps))
    async with playing(stage):
        await stage.arrives()
        rung = {EmployeeId(order.leg_id.split("-")[1]) for order in stage.switch.rung}
    assert rung == foretold == {ANNA}
