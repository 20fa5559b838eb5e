"""Scenarios as data: what may be meant, what is refused, whom they ring."""

from __future__ import annotations

from typing import Any

import pytest

from backend.domain.scenario import (
    CallbackStep,
    Device,
    EndStep,
    ExternalStep,
    HoursStep,
    ManagerStep,
    MessageStep,
    Scenario,
    Step,
    VoicemailStep,
    linked,
    may_ring,
    share_s,
)
from backend.domain.scenario_reading import parse_scenario
from backend.errors import BadRequest
from protocol.vocabulary import AgentStatus, EmployeeId, HangupCause


def test_a_scenario_is_read_whole() -> None:
    scenario = parse_scenario(
        "Sales",
        [
            {"employees": ["a", "b"], "timeout_s": 20},
            {"group": "all", "mode": "in_turn", "devices": "all", "ring_busy": True},
        ],
        "busy",
    )
    first, second = scenario.steps
    assert isinstance(first, Step)
    assert isinstance(second, Step)
    assert (first.employees, first.mode, first.rings_busy) == (("a", "b"), "parallel", True)
    assert (second.group, second.devices, second.rings_busy) == ("all", "all", True)
    assert scenario.final_cause is HangupCause.BUSY


@pytest.mark.parametrize(
    "step",
    [
        {},
        {"employees": []},
        {"employees": "anna"},
        {"employees": [""]},
        {"employees": ["a"], "mode": "random"},
        {"employees": ["a"], "timeout_s": 1},
        {"employees": ["a"], "timeout_s": True},
        {"employees": ["a"], "timeout_s": "30"},
        {"employees": ["a"], "devices": "none"},
        {"employees": ["a"], "ring_busy": "yes"},
        {"group": ""},
        {"employees": ["a"], "colour": "red"},
        {"manager": True},
        {"manager": {}, "employees": ["a"]},
        {"manager": {"wait_s": 0}},
        {"manager": {"wait_s": 60}},
        {"manager": {"wait_s": "2"}},
        {"manager": {"check_status": 1}},
        {"manager": {"source": "company"}},
        {"manager": {"timeout_s": 1}},
        {"manager": {"devices": "none"}},
        {"manager": {"ring_busy": None}},
        {"manager": {"colour": "red"}},
    ],
)
def test_a_step_that_cannot_be_meant_is_named(step: dict[str, Any]) -> None:
    with pytest.raises(BadRequest, match="step 2"):
        parse_scenario("S", [{"employees": ["a"]}, step], "busy")


def test_a_manager_step_has_its_own_words_and_the_account_s_for_the_rest() -> None:
    bare, full = parse_scenario(
        "S",
        [
            {"manager": {}},
            {
                "manager": {
                    "wait_s": 3,
                    "check_status": True,
                    "source": "deal",
                    "timeout_s": 20,
                    "devices": "all",
                    "ring_busy": True,
                }
            },
        ],
        "busy",
    ).steps
    assert bare == ManagerStep()
    assert full == ManagerStep(
        wait_s=3.0,
        check_status=True,
        source="deal",
        timeout_s=20,
        devices="all",
        ring_busy=True,
    )


def test_a_scenario_needs_steps_and_an_end() -> None:
    with pytest.raises(BadRequest):
        parse_scenario("S", [], "busy")
    with pytest.raises(BadRequest, match="final"):
        parse_scenario("S", [{"employees": ["a"]}], "music")


def test_people_ring_once_and_a_group_that_is_gone_is_empty() -> None:
    a, b = EmployeeId("a"), EmployeeId("b")
    step = Step(employees=(a,), group="g")
    assert step.people({"g": (b, a)}) == (a, b)
    assert step.people({}) == (a,)


@pytest.mark.feature("W7")
def test_the_status_applies_to_every_device() -> None:
    desk = Device(priority=2, kind="desk", endpoint="d", label="Desk")
    mobile = Device(priority=1, kind="mobile", endpoint="m", label="Mobile")
    allowed = {status: may_ring(status, (desk, mobile)) for status in AgentStatus}
    assert allowed == {
        AgentStatus.AVAILABLE: (mobile, desk),
        AgentStatus.AWAY: (mobile,),
        AgentStatus.BREAK: (),
        AgentStatus.DO_NOT_DISTURB: (),
        AgentStatus.OFF_WORK: (),
    }


def test_devices_share_the_ring_time_but_get_enough_to_ring() -> None:
    assert share_s(30, 1) == 30
    assert share_s(30, 2) == 15
    assert share_s(12, 4) == 5


@pytest.mark.feature("T")
def test_steps_that_ring_nobody_are_read_whole() -> None:
    steps = parse_scenario(
        "S",
        [
            {"hours": {}},
            {"hours": {"week": {"mon": ["09:00-18:00"]}, "timezone": "UTC", "closed": "night"}},
            {"message": {"sound": "dozvon/sever/hello"}},
            {"external": {"number": "+7 495 123-45-67", "timeout_s": 20}},
            {"callback": {"group": "sales"}},
            {"voicemail": {"max_s": 60}},
            {"hangup": "normal"},
        ],
        "busy",
    ).steps
    assert steps[0] == HoursStep()
    assert isinstance(steps[1], HoursStep)
    assert steps[1].hours is not None
    assert steps[1].closed == "night"
    assert steps[2:] == (
        MessageStep(sound="dozvon/sever/hello"),
        ExternalStep(number="+74951234567", timeout_s=20),
        CallbackStep(group="sales"),
        VoicemailStep(max_s=60),
        EndStep(final="normal"),
    )


@pytest.mark.parametrize(
    ("step", "why"),
    [
        ({"message": {}}, "step_sound"),
        ({"message": "hello"}, "step_table"),
        ({"message": {"sound": "../../etc/passwd"}}, "step_sound"),
        ({"message": {"sound": "/etc/passwd"}}, "step_sound"),
        ({"message": {"sound": "sound:x"}}, "step_sound"),
        ({"external": {"number": "84951234567"}}, "step_external"),
        ({"external": {"number": "+7"}}, "step_external"),
        ({"external": {"number": "+74951234567", "timeout_s": 1}}, "step_timeout"),
        ({"voicemail": {"max_s": 3}}, "step_speech"),
        ({"voicemail": {"max_s": True}}, "step_speech"),
        ({"voicemail": {"group": 5}}, "step_group"),
        ({"callback": {"when": "now"}}, "step_unknown_field"),
        ({"hangup": "music"}, "step_hangup"),
        ({"hangup": "busy", "group": "a"}, "step_unknown_field"),
        ({"hours": {"closed": ""}}, "step_closed"),
        ({"hours": {"timezone": "UTC"}}, "step_hours_week"),
        ({"hours": {"week": {"mon": ["9"]}}}, "hours_interval"),
    ],
)
def test_such_a_step_that_cannot_be_meant_is_refused_by_name(
    step: dict[str, Any], why: str
) -> None:
    with pytest.raises(BadRequest) as caught:
        parse_scenario("S", [step], "busy")
    assert caught.value.data["why"] == why
    assert str(caught.value).startswith("step 1: ")


def test_scenarios_go_on_with_one_another_and_end_where_a_circle_would_close() -> None:
    def scenario(*steps: dict[str, Any], final: str = "busy") -> Scenario:
        return parse_scenario("S", steps, final)

    day = scenario({"hours": {"closed": "night"}}, {"group": "a"})
    night = scenario({"hours": {"closed": "day"}}, {"callback": {}}, final="no_answer")
    found = linked({"day": day, "night": night})
    steps = found["day"].steps
    assert found["day"].own == 2
    assert [type(step).__name__ for step in steps] == [
        "HoursStep", "Step", "EndStep", "HoursStep", "CallbackStep", "EndStep",
    ]  # fmt: skip
    assert isinstance(steps[0], HoursStep)
    assert steps[0].closed_at == 3
    assert steps[2] == EndStep(final="busy", appended=True)
    assert isinstance(steps[3], HoursStep)
    assert steps[3].closed_at is None
    assert steps[5] == EndStep(final="no_answer", appended=True)
