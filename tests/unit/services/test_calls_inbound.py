"""Inbound calls: who sees what, in which order, and what the switch is told."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import replace

import pytest

from backend.domain.scenario import Step
from backend.errors import NotFound, SwitchRefused, SwitchUnavailable, WrongState
from protocol.commands import AnswerCall, DeclineCall, DismissCall, HangUpCall, HoldCall
from protocol.pushes import RecordRef
from protocol.vocabulary import AgentStatus, CallId, CommandId, EmployeeId, HangupCause, RecordKind
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
    device,
    employee,
    playing,
)

C1 = CallId("c1")
BOTH = Step(employees=(ANNA, BORIS), timeout_s=20)


async def test_the_line_has_one_spelling_from_the_first_ring_to_the_history() -> None:
    async with playing(Stage(account(Step(employees=(ANNA,))))) as stage:
        await stage.arrives()
        assert stage.owner._core.calls[C1].call.dialed == LINE
        await stage.gone("customer-0")
        await stage.wait(3)
        assert stage.journal.finished[C1].virtual_number == LINE


async def test_an_account_that_moves_to_another_switch_takes_its_old_cards_along() -> None:
    async with playing(Stage(account(Step(employees=(ANNA,))))) as stage:
        await stage.arrives()
        await stage.leg("agent-anna-1", "up")
        await stage.gone("customer-0")
        assert stage.last(ANNA)["state"] == "ended"
        route = stage.routing.account(ACC)
        assert route is not None
        # The next owner knows nothing of the call: nobody could put its card away.
        stage.routing.replace(replace(route, connection_id="cloud-1"))
        await idle()
        assert await stage.cards(ANNA) == []


@pytest.mark.feature("W2")
async def test_the_phone_rings_is_answered_and_hung_up() -> None:
    async with playing(Stage(account(Step(employees=(ANNA,))))) as stage:
        await stage.arrives()
        card = stage.last(ANNA)
        assert (card["state"], card["number"], card["name"]) == ("ringing", NUMBER, "Ivan")
        assert (card["virtual_number"], card["scenario"]) == (LINE, "Sales")
        assert card["actions"] == ["answer", "decline"]
        assert stage.switch.endpoints() == ["PJSIP/101"]
        await stage.leg("agent-anna-1", "ringing")
        await stage.wait(3)
        await stage.leg("agent-anna-1", "up")
        assert stage.switch.said("answer") == [("c1", "customer-0")]
        assert stage.switch.said("connect") == [("c1", ("customer-0", "agent-anna-1"))]
        await stage.wait(65)
        await stage.client.send(ACC, ANNA, HangUpCall(id=CommandId("hangup-001"), call_id=C1))
        await stage.gone("agent-anna-1")
        await stage.gone("customer-0")
        await stage.wait(3)
        kept = stage.journal.finished[C1]
        assert (kept.outcome, kept.talk_s, kept.answered_by) == ("answered", 65, ANNA)
        assert stage.switch.said("release") == [("c1",)]
        assert stage.tags(ANNA)[-1] == "call.changed:ended"
        assert stage.last(ANNA)["actions"] == ["dismiss"]
        assert any(p["type"] == "history.changed" for p in stage.seen[ANNA])
        await stage.wait(60)
        assert stage.tags(ANNA)[-1] == "call.removed:over"
        assert await stage.cards(ANNA) == []
        versions = [p["version"] for p in stage.seen[ANNA] if p["type"].startswith("call.")]
        assert versions == sorted(set(versions))


@pytest.mark.feature("W9")
async def test_two_operators_ring_and_the_card_leaves_the_other_when_one_answers() -> None:
    async with playing(Stage(account(BOTH))) as stage:
        await stage.arrives()
        for leg in ("agent-anna-1", "agent-boris-1"):
            await stage.leg(leg, "ringing")
        assert stage.busy() == [("anna", "ringing"), ("boris", "ringing")]
        await stage.leg("agent-boris-1", "up")
        removed = stage.last(ANNA)
        assert (removed["type"], removed["reason"]) == ("call.removed", "answered_elsewhere")
        assert removed["by"] == {"employee_id": "boris", "name": "Boris"}
        card = stage.last(BORIS)
        assert (card["state"], card["actions"]) == ("talking", ["hangup", "hold"])
        assert [w["employee_id"] for w in card["rung"]] == ["anna", "boris"]
        assert stage.switch.said("hang_up") == [("agent-anna-1", HangupCause.ANSWERED_ELSEWHERE)]
        assert stage.busy()[2:] == [("boris", "talking"), ("anna", "free")]
        assert stage.callers.forgotten == [("c1", (ANNA,))]
        assert await stage.cards(ANNA) == []


async def test_a_lost_report_of_the_loser_leaves_no_card_and_changes_no_outcome() -> None:
    async with playing(Stage(account(BOTH))) as stage:
        await stage.arrives()
        await stage.leg("agent-anna-1", "up")
        await stage.leg("agent-boris-1", "up")  # picked up in the same instant
        assert stage.switch.said("connect") == [("c1", ("customer-0", "agent-anna-1"))]
        assert await stage.cards(BORIS) == []
        await stage.gone("customer-0")
        await stage.wait(3)
        assert stage.journal.finished[C1].answered_by == ANNA
        assert stage.journal.finished[C1].outcome == "answered"


async def test_in_turn_goes_on_after_a_decline_and_after_a_timeout() -> None:
    step = Step(employees=(ANNA, BORIS, VERA), mode="in_turn", timeout_s=10)
    async with playing(Stage(account(step))) as stage:
        await stage.arrives()
        assert stage.switch.endpoints() == ["PJSIP/101"]
        assert await stage.cards(BORIS) == []
        await stage.client.send(ACC, ANNA, DeclineCall(id=CommandId("decline-01"), call_id=C1))
        await idle()
        assert stage.tags(ANNA)[-1] == "call.removed:declined"
        assert stage.switch.endpoints() == ["PJSIP/101", "PJSIP/102"]
        await stage.wait(10)
        assert stage.tags(BORIS)[-1] == "call.removed:timed_out"
        assert ("agent-boris-1", HangupCause.NO_ANSWER) in stage.switch.said("hang_up")
        await stage.gone("agent-vera-1", "rejected")  # on the phone itself
        assert stage.tags(VERA)[-1] == "call.removed:declined"
        assert stage.switch.said("hang_up")[-1] == ("customer-0", HangupCause.NO_ANSWER)
        await stage.wait(3)
        kept = stage.journal.finished[C1]
        assert (kept.outcome, kept.cause) == ("lost", HangupCause.NO_ANSWER)
        assert [p["last_call_id"] for p in stage.seen[VERA] if p["type"] == "history.changed"] == [
            "c1"
        ]


async def test_a_step_that_runs_out_is_followed_by_the_next_and_then_by_busy() -> None:
    steps = (BOTH, Step(group="sales", timeout_s=15))
    route = replace(account(*steps, final="busy"), groups={"sales": (VERA, ANNA)})
    async with playing(Stage(route)) as stage:
        await stage.arrives()
        await stage.wait(20)
        assert stage.tags(BORIS)[-1] == "call.removed:timed_out"
        assert stage.tags(VERA) == ["call.changed:ringing"]
        assert stage.tags(ANNA)[-1] == "call.changed:ringing"
        assert [o.leg_id for o in stage.switch.rung][2:] == ["agent-vera-1", "agent-anna-2"]
        await stage.wait(15)
        assert stage.switch.said("hang_up")[-1] == ("customer-0", HangupCause.BUSY)
        assert await stage.cards(ANNA) == await stage.cards(VERA) == []


async def test_devices_ring_one_after_another_by_priority() -> None:
    anna = employee(ANNA, "101", device("mob", 2, kind="mobile", auto=False), device("desk", 1))
    async with playing(Stage(account(Step(employees=(ANNA,)), people=(anna,)))) as stage:
        await stage.arrives()
        assert stage.last(ANNA)["device"] == "Phone desk"
        await stage.wait(15)
        assert stage.switch.endpoints() == ["PJSIP/desk", "PJSIP/mob"]
        assert stage.last(ANNA)["device"] == "Phone mob"
        await stage.gone("agent-anna-2", "busy")
        assert stage.tags(ANNA)[-1] == "call.removed:timed_out"


async def test_an_unregistered_phone_is_passed_over_at_once() -> None:
    anna = employee(ANNA, "101", device("off", 1), device("mob", 2))
    async with playing(Stage(account(Step(employees=(ANNA,)), people=(anna,)))) as stage:
        stage.switch.errors["PJSIP/off"] = SwitchRefused("not registered")
        await stage.arrives()
        assert stage.switch.endpoints() == ["PJSIP/mob"]
        await stage.leg("agent-anna-2", "up")
        assert stage.last(ANNA)["state"] == "talking"


@pytest.mark.feature("W7")
@pytest.mark.parametrize(
    "status, rung",
    [
        ("available", ["PJSIP/desk", "PJSIP/mob"]),
        ("away", ["PJSIP/mob"]),
        ("break", []),
        ("do_not_disturb", []),
        ("off_work", []),
    ],
)
async def test_the_status_decides_which_devices_ring(status: str, rung: list[str]) -> None:
    phones = (device("desk", 1), device("mob", 2, kind="mobile"))
    anna = employee(ANNA, "101", *phones, status=status)
    step = Step(employees=(ANNA,), devices="all")
    async with playing(Stage(account(step, people=(anna,)))) as stage:
        await stage.arrives()
        assert sorted(stage.switch.endpoints()) == rung
        assert bool(await stage.cards(ANNA)) == bool(rung)


async def test_an_abandoned_call_takes_all_cards_away_and_is_lost() -> None:
    async with playing(Stage(account(BOTH))) as stage:
        await stage.arrives()
        await stage.wait(4)
        await stage.gone("customer-0")
        assert stage.tags(ANNA)[-1] == stage.tags(BORIS)[-1] == "call.removed:abandoned"
        assert stage.switch.said("hang_up") == [
            ("agent-anna-1", HangupCause.CANCELLED),
            ("agent-boris-1", HangupCause.CANCELLED),
        ]
        await stage.leg("agent-anna-1", "up")  # lifted a moment too late
        await stage.wait(3)
        assert stage.journal.finished[C1].outcome == "lost"
        assert stage.busy()[-2:] == [("anna", "free"), ("boris", "free")]


@pytest.mark.feature("W11")
async def test_a_lost_call_keeps_the_record_found_before_its_cards_left() -> None:
    async with playing(Stage(account(BOTH))) as stage:
        record = (RecordRef(kind=RecordKind.CONTACT, id="7"), "http://crm/7")
        forget = stage.callers.forget

        def forget_all(call_id: CallId, employees: Iterable[EmployeeId]) -> None:
            """As the look-up does: with its last watcher the search is gone."""
            stage.callers.records.pop(call_id, None)
            forget(call_id, employees)

        stage.callers.forget = forget_all  # type: ignore[method-assign]
        await stage.arrives()
        stage.callers.records[C1] = record
        await stage.gone("customer-0")
        await stage.wait(3)
        kept = stage.journal.finished[C1]
        assert (kept.record_id, kept.record_url) == ("7", "http://crm/7")


@pytest.mark.feature("W2")
async def test_the_name_the_crm_says_later_is_on_the_card_and_in_the_history() -> None:
    stage = Stage(account(BOTH))
    stage.callers.names.clear()
    async with playing(stage):
        await stage.arrives()
        assert stage.last(ANNA)["name"] is None
        stage.owner.named(C1, "Ivan Petrov")
        stage.owner.named(CallId("of another owner"), "Nobody")
        await stage.wait(0)
        assert stage.last(ANNA)["name"] == stage.last(BORIS)["name"] == "Ivan Petrov"
        await stage.gone("customer-0")
        await stage.wait(3)
        assert stage.journal.finished[C1].name == "Ivan Petrov"


@pytest.mark.feature("W5")
async def test_hold_and_back() -> None:
    async with playing(Stage(account(Step(employees=(ANNA,))))) as stage:
        await stage.arrives()
        await stage.leg("agent-anna-1", "up")
        await stage.client.send(ACC, ANNA, HoldCall(id=CommandId("hold-0001"), call_id=C1, on=True))
        await stage.held(on=True)
        assert stage.last(ANNA)["state"] == "held"
        assert stage.last(ANNA)["actions"] == ["hangup", "unhold"]
        await stage.client.send(ACC, ANNA, HoldCall(id=CommandId("hold-0002"), call_id=C1, on=True))
        assert stage.switch.said("hold") == [("c1", "customer-0", True)]
        await stage.wait(2)
        await stage.client.send(
            ACC, ANNA, HoldCall(id=CommandId("hold-0003"), call_id=C1, on=False)
        )
        await idle()
        assert stage.last(ANNA)["state"] == "talking"
        await stage.wait(1)
        await stage.held(on=True)  # the phone did it by itself
        assert stage.last(ANNA)["state"] == "held"


@pytest.mark.feature("W8")
async def test_a_second_caller_is_shown_to_who_talks() -> None:
    async with playing(Stage(account(Step(employees=(ANNA,))))) as stage:
        await stage.arrives("c1")
        await stage.leg("agent-anna-1", "up")
        await stage.arrives("c2", number="+79990000000")
        assert [c["call_id"] for c in await stage.cards(ANNA)] == ["c1", "c2"]
        await stage.gone("customer-0", call="c2")
        assert stage.last(ANNA)["reason"] == "abandoned"
        assert stage.busy()[-1] == ("anna", "talking")


async def test_in_turn_passes_over_who_talks() -> None:
    step = Step(employees=(ANNA, BORIS), mode="in_turn")
    async with playing(Stage(account(step))) as stage:
        await stage.arrives("c1")
        await stage.leg("agent-anna-1", "up")
        await stage.arrives("c2")
        assert [o.leg_id for o in stage.switch.rung] == ["agent-anna-1", "agent-boris-1"]


async def test_answer_in_the_tab_rings_the_phone_anew_and_it_picks_up() -> None:
    async with playing(Stage(account(BOTH))) as stage:
        await stage.arrives()
        await stage.leg("agent-anna-1", "ringing")
        command = AnswerCall(id=CommandId("answer-01"), call_id=C1)
        await asyncio.gather(*(stage.client.send(ACC, ANNA, command) for _ in range(3)))
        await stage.client.send(ACC, ANNA, AnswerCall(id=CommandId("answer-02"), call_id=C1))
        assert ("agent-anna-1", HangupCause.CANCELLED) in stage.switch.said("hang_up")
        (anew,) = [order for order in stage.switch.rung if order.auto_answer]
        assert anew.leg_id == "agent-anna-2"
        await stage.gone("agent-anna-1", "cancelled")
        assert stage.last(ANNA)["actions"] == ["decline"]
        await stage.leg("agent-anna-2", "up")
        assert stage.last(ANNA)["state"] == "talking"
        assert stage.tags(BORIS)[-1] == "call.removed:answered_elsewhere"


async def test_a_phone_that_does_not_pick_up_by_itself_rings_again() -> None:
    async with playing(Stage(account(Step(employees=(ANNA,))))) as stage:
        await stage.arrives()
        await stage.client.send(ACC, ANNA, AnswerCall(id=CommandId("answer-01"), call_id=C1))
        await stage.gone("agent-anna-2", "failure")
        assert [o.auto_answer for o in stage.switch.rung] == [False, True, False]
        assert stage.last(ANNA)["actions"] == ["answer", "decline"]


async def test_doubled_reports_change_nothing() -> None:
    async with playing(Stage(account(BOTH))) as stage:
        for _ in range(2):
            await stage.arrives()
        for _ in range(2):
            await stage.leg("agent-anna-1", "up")
        pushes = len(stage.seen[ANNA])
        stage.switch.emit()
        await stage.leg("agent-anna-1", "up")
        assert len(stage.seen[ANNA]) == pushes
        assert len(stage.switch.said("connect")) == 1
        for _ in range(2):
            await stage.gone("customer-0")
        await stage.wait(3)
        await stage.wait(60)
        await stage.gone("customer-0")
        await stage.arrives()  # a very late double of the arrival
        assert await stage.cards(ANNA) == []


async def test_reports_before_the_arrival_are_kept_for_it() -> None:
    async with playing(Stage(account(BOTH))) as stage:
        await stage.gone("customer-0", "normal")
        await stage.arrives()
        await stage.wait(3)
        assert stage.journal.finished[C1].outcome == "lost"
        assert stage.switch.rung == []


async def test_a_slow_disk_and_a_slow_switch_delay_no_card() -> None:
    stage = Stage(account(BOTH))
    stage.journal.gate, stage.switch.gate = asyncio.Event(), asyncio.Event()
    async with playing(stage):
        await stage.arrives()
        assert stage.tags(ANNA) == ["call.changed:ringing"]
        assert stage.switch.rung == []
        stage.journal.gate.set()
        await idle()
        assert stage.switch.rung == []
        stage.switch.gate.set()
        await idle()
        assert len(stage.switch.rung) == 2


async def test_a_call_given_up_while_its_intent_is_written_is_not_rung() -> None:
    stage = Stage(account(BOTH))
    stage.journal.gate = asyncio.Event()
    async with playing(stage):
        await stage.arrives()
        await stage.gone("customer-0")
        stage.journal.gate.set()
        await idle()
        assert stage.switch.rung == []


async def test_without_the_lease_nothing_rings() -> None:
    async with playing(Stage(account(BOTH))) as stage:
        stage.lease = None
        await stage.arrives()
        await stage.wait(1)
        assert stage.switch.rung == []


async def test_an_unreachable_switch_is_asked_again() -> None:
    async with playing(Stage(account(Step(employees=(ANNA,))))) as stage:
        stage.switch.errors["PJSIP/101"] = SwitchUnavailable("down")
        await stage.arrives()
        del stage.switch.errors["PJSIP/101"]
        await stage.wait(1)
        assert stage.switch.endpoints() == ["PJSIP/101"]


async def test_a_hang_up_whose_report_is_lost_ends_the_call_all_the_same() -> None:
    async with playing(Stage(account(Step(employees=(ANNA,))))) as stage:
        await stage.arrives()
        await stage.leg("agent-anna-1", "up")
        await stage.client.send(ACC, ANNA, HangUpCall(id=CommandId("hangup-001"), call_id=C1))
        assert stage.last(ANNA)["state"] == "talking"
        await stage.wait(5)
        assert stage.last(ANNA)["state"] == "ended"


async def test_commands_are_refused_by_name() -> None:
    async with playing(Stage(account(Step(employees=(ANNA,))))) as stage:
        await stage.arrives()
        with pytest.raises(NotFound):
            await stage.client.send(ACC, BORIS, AnswerCall(id=CommandId("answer-01"), call_id=C1))
        with pytest.raises(WrongState):
            await stage.client.send(ACC, ANNA, DismissCall(id=CommandId("dismiss-1"), call_id=C1))
        with pytest.raises(WrongState):
            await stage.client.send(
                ACC, ANNA, HoldCall(id=CommandId("hold-0001"), call_id=C1, on=True)
            )
        with pytest.raises(WrongState):
            await stage.client.send(ACC, ANNA, HangUpCall(id=CommandId("hangup-001"), call_id=C1))
        with pytest.raises(NotFound):
            await stage.client.send(
                ACC, ANNA, HangUpCall(id=CommandId("hangup-002"), call_id=CallId("no"))
            )
        await stage.leg("agent-anna-1", "up")
        with pytest.raises(WrongState):
            await stage.client.send(ACC, ANNA, AnswerCall(id=CommandId("answer-03"), call_id=C1))


async def test_an_ended_card_is_dismissed_everywhere() -> None:
    async with playing(Stage(account(Step(employees=(ANNA,))))) as stage:
        await stage.arrives()
        await stage.leg("agent-anna-1", "up")
        await stage.gone("agent-anna-1")
        await stage.client.send(ACC, ANNA, DismissCall(id=CommandId("dismiss-1"), call_id=C1))
        await idle()
        assert stage.tags(ANNA)[-2:] == ["call.changed:ended", "call.removed:dismissed"]


async def test_a_status_taken_during_the_ringing_holds_for_the_next_step() -> None:
    steps = (Step(employees=(ANNA,), timeout_s=10), Step(employees=(BORIS, ANNA), timeout_s=10))
    async with playing(Stage(account(*steps))) as stage:
        await stage.arrives()
        stage.routing.set_status(ACC, BORIS, AgentStatus.BREAK)
        await stage.wait(10)
        assert [o.leg_id for o in stage.switch.rung] == ["agent-anna-1", "agent-anna-2"]


@pytest.mark.feature("W4")
async def test_a_trunk_without_plus_shows_the_number_in_full() -> None:
    async with playing(Stage(account(Step(employees=(ANNA,))))) as stage:
        await stage.arrives(number="89161234501")
        assert stage.last(ANNA)["number"] == "+79161234501"


async def test_a_withheld_number_is_shown_empty_and_not_looked_up() -> None:
    async with playing(Stage(account(Step(employees=(ANNA,))))) as stage:
        await stage.arrives(number="")
        assert stage.last(ANNA)["number"] == ""
        assert stage.callers.looked_up == []


async def test_a_number_of_nobody_is_hung_up() -> None:
    route = account(Step(employees=(ANNA,)))
    async with playing(Stage(replace(route, virtual_numbers=()))) as stage:
        await stage.arrives()
        assert stage.switch.said("hang_up") == [("customer-0", HangupCause.INVALID_NUMBER)]
