"""Transfers: whatever fails on the way, the customer ends with a person or the defined end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from backend.domain.scenario import Step
from backend.errors import (
    AppError,
    NoDevice,
    NotFound,
    SwitchError,
    SwitchRefused,
    SwitchUnavailable,
    WrongState,
)
from backend.services.ports import Capabilities, LiveCall, LiveLeg
from backend.services.routing import AccountRoute, Team
from protocol.commands import AnyCommand, DeclineCall, Dial, HangUpCall, HoldCall
from protocol.transfers import (
    CancelTransfer,
    CompleteTransfer,
    LeaveCall,
    MergeCall,
    MuteCall,
    SendKeys,
    TransferCall,
    TransferWay,
)
from protocol.vocabulary import AgentStatus, CallId, CommandId, EmployeeId, LegId, LegState
from tests.fakes import idle
from tests.unit.services.stage import (
    ACC,
    ANNA,
    BORIS,
    CUSTOMER,
    NUMBER,
    VERA,
    Stage,
    account,
    device,
    employee,
    playing,
    running,
)

C1 = CallId("c1")
OUTSIDE = "+79160000077"
A1, B1 = "agent-anna-1", "agent-boris-1"
_ids = iter(range(1, 10_000))


def command_id() -> CommandId:
    return CommandId(f"transfer-{next(_ids):04d}")


def office() -> AccountRoute:
    """Anna is rung for every call; Vera comes next."""
    route = account(Step(employees=(ANNA,), timeout_s=20), Step(employees=(VERA,), timeout_s=20))
    return replace(
        route,
        groups={"sales": (BORIS, VERA)},
        teams=(Team(group_id="sales", name="Sales team", extension="200"),),
    )


async def ask(stage: Stage, who: EmployeeId, command: AnyCommand) -> None:
    await stage.client.send(ACC, who, command)
    await idle()


async def passes(
    stage: Stage,
    kind: TransferWay = "blind",
    *,
    by: EmployeeId = ANNA,
    call: CallId = C1,
    **to: Any,
) -> None:
    if not to.keys() - {"note"}:
        to["employee_id"] = BORIS
    wish = TransferCall(id=command_id(), call_id=call, kind=kind, **to)
    await ask(stage, by, wish)


async def anna_talks(stage: Stage) -> None:
    await stage.arrives()
    await stage.leg(CUSTOMER, "up")
    await stage.leg(A1, "up")
    stage.switch.orders.clear()


def heard(stage: Stage) -> list[tuple[object, ...]]:
    """Who hears whom, and what those who wait: in order."""
    names = {"hold", "connect", "consult", "set_aside"}
    return [(order[0], *order[1:]) for order in stage.switch.orders if order[0] in names]


MUSIC = ("hold", "c1", CUSTOMER, True)
RESUMED = ("hold", "c1", CUSTOMER, False)


@pytest.mark.feature("W6")
async def test_a_blind_transfer_frees_the_sender_and_connects_the_target() -> None:
    async with playing(Stage(office())) as stage:
        await anna_talks(stage)
        await passes(stage, note="Asks for a discount")
        # Music before anything else; then the sender's phone is free and the target rings.
        assert heard(stage) == [MUSIC]
        assert stage.switch.said("hang_up")[0][0] == A1
        await stage.gone(A1)
        card = stage.last(BORIS)
        assert (card["state"], card["number"], card["name"]) == ("ringing", NUMBER, "Ivan")
        assert card["transfer"]["role"] == "target"
        assert (card["transfer"]["by"], card["transfer"]["note"]) == ("Anna", "Asks for a discount")
        sender = stage.last(ANNA)
        assert (sender["state"], sender["actions"]) == ("held", [])
        assert sender["controls"] == ["transfer_cancel"]
        assert dict(stage.busy())["anna"] == "free"
        await stage.leg(B1, "up")
        assert heard(stage)[1:] == [("connect", "c1", (CUSTOMER, B1)), RESUMED]
        card = stage.last(BORIS)
        assert (card["state"], card["answered_by"]["employee_id"]) == ("talking", "boris")
        assert (card["transfer"]["phase"], card["transfer"]["note"]) == (
            "done",
            "Asks for a discount",
        )
        assert card["parties"][0]["kind"] == "customer"
        removed = stage.last(ANNA)
        assert (removed["reason"], removed["by"]["employee_id"]) == ("answered_elsewhere", "boris")
        await stage.wait(30)
        await stage.gone(B1)
        await stage.wait(3)
        kept = stage.journal.finished[C1]
        assert (kept.outcome, kept.answered_by, kept.last_talked_by) == ("answered", ANNA, BORIS)
        assert [(h.by, h.to, h.note) for h in kept.handovers] == [
            (ANNA, BORIS, "Asks for a discount")
        ]


@pytest.mark.feature("W6")
@pytest.mark.parametrize(
    "how, reason",
    [
        ("busy", "busy"),
        ("rejected", "declined"),
        ("declined", "declined"),
        ("unreachable", "unreachable"),
        ("silent", "no_answer"),
        ("refused", "unreachable"),
    ],
)
async def test_a_target_that_fails_brings_the_call_back_with_the_reason(
    how: str, reason: str
) -> None:
    async with playing(Stage(office())) as stage:
        await anna_talks(stage)
        if how == "refused":
            stage.switch.errors["PJSIP/102"] = NoDevice("not registered")
        await passes(stage)
        await stage.gone(A1)
        if how == "silent":
            await stage.wait(31)
        elif how == "declined":
            await ask(stage, BORIS, DeclineCall(id=command_id(), call_id=C1))
        elif how != "refused":
            await stage.gone(B1, how)
        card = stage.last(ANNA)
        assert (card["state"], card["transfer"]["phase"]) == ("ringing", "returning")
        assert card["transfer"]["reason"] == reason
        assert await stage.cards(BORIS) == []
        await stage.leg("agent-anna-2", "up")
        assert heard(stage)[-2:] == [("connect", "c1", (CUSTOMER, "agent-anna-2")), RESUMED]
        card = stage.last(ANNA)
        assert (card["state"], card["my_leg"]) == ("talking", "up")
        assert (card["transfer"]["phase"], card["transfer"]["reason"]) == ("failed", reason)
        assert "hangup" in card["actions"]


async def test_a_sender_who_does_not_come_back_leaves_it_to_the_scenario() -> None:
    async with playing(Stage(office())) as stage:
        await anna_talks(stage)
        await passes(stage)
        await stage.gone(A1)
        await stage.gone(B1, "busy")
        await stage.gone("agent-anna-2", "rejected")
        # As if the customer had called anew: Anna's step first, then Vera's.
        await stage.wait(21)
        assert stage.last(VERA)["state"] == "ringing"
        await stage.leg("agent-vera-1", "up")
        assert heard(stage)[-2:] == [("connect", "c1", (CUSTOMER, "agent-vera-1")), RESUMED]
        assert stage.last(VERA)["state"] == "talking"
        assert await stage.cards(ANNA) == []


async def test_when_nobody_is_left_the_call_ends_as_the_scenario_says() -> None:
    async with playing(Stage(office())) as stage:
        await anna_talks(stage)
        await passes(stage)
        await stage.gone(A1)
        await stage.wait(31 + 21 + 21 + 21)
        assert ("hang_up", CUSTOMER) in [order[:2] for order in stage.switch.orders]
        await stage.wait(3)
        kept = stage.journal.finished[C1]
        assert (kept.outcome, kept.answered_by) == ("answered", ANNA)


async def test_the_customer_who_gives_up_meanwhile_releases_everybody() -> None:
    for kind in ("blind", "attended"):
        async with playing(Stage(office())) as stage:
            await anna_talks(stage)
            await passes(stage, kind)
            await stage.leg(B1, "ringing")
            await stage.gone(CUSTOMER)
            ended = {order[1] for order in stage.switch.orders if order[0] == "hang_up"}
            assert {A1, B1} <= ended
            assert stage.tags(BORIS)[-1] == "call.removed:abandoned"
            await stage.wait(3)
            assert stage.journal.finished[C1].outcome == "answered"
            assert set(dict(stage.busy()).values()) == {"free"}


@pytest.mark.feature("W6")
async def test_an_attended_transfer_is_talked_over_and_completed() -> None:
    async with playing(Stage(office())) as stage:
        await anna_talks(stage)
        await passes(stage, "attended")
        assert heard(stage) == [MUSIC, ("set_aside", A1, "ringback")]
        assert stage.last(ANNA)["controls"] == [
            "mute", "keypad", "transfer_complete", "transfer_cancel",
        ]  # fmt: skip
        await stage.leg(B1, "up")
        assert heard(stage)[2:] == [("consult", "c1", (A1, B1))]
        assert stage.last(BORIS)["state"] == "talking"
        assert dict(stage.busy()) == {"anna": "talking", "boris": "talking"}
        assert "merge" in stage.last(ANNA)["controls"]
        await ask(stage, ANNA, CompleteTransfer(id=command_id(), call_id=C1))
        assert heard(stage)[3:] == [("connect", "c1", (CUSTOMER, B1)), RESUMED]
        assert stage.last(BORIS)["transfer"]["phase"] == "done"
        assert stage.last(ANNA)["type"] == "call.removed"


@pytest.mark.parametrize("how", ["command", "phone"])
async def test_hanging_up_during_a_consultation_completes_it(how: str) -> None:
    async with playing(Stage(office())) as stage:
        await anna_talks(stage)
        await passes(stage, "attended")
        await stage.leg(B1, "up")
        if how == "command":
            await ask(stage, ANNA, HangUpCall(id=command_id(), call_id=C1))
        await stage.gone(A1)
        assert heard(stage)[-2:] == [("connect", "c1", (CUSTOMER, B1)), RESUMED]
        assert stage.last(BORIS)["state"] == "talking"


@pytest.mark.parametrize("how", ["command", "phone", "hangup"])
async def test_leaving_before_the_answer_makes_it_a_blind_one(how: str) -> None:
    async with playing(Stage(office())) as stage:
        await anna_talks(stage)
        await passes(stage, "attended")
        if how == "command":
            await ask(stage, ANNA, CompleteTransfer(id=command_id(), call_id=C1))
        elif how == "hangup":
            await ask(stage, ANNA, HangUpCall(id=command_id(), call_id=C1))
        await stage.gone(A1)
        assert stage.last(BORIS)["state"] == "ringing"
        await stage.gone(B1, "busy")
        assert stage.last(ANNA)["transfer"]["phase"] == "returning"


@pytest.mark.parametrize("how", ["cancelled", "busy", "no_answer", "target_left", "target_asked"])
async def test_an_attended_transfer_that_fails_gives_the_talk_back(how: str) -> None:
    async with playing(Stage(office())) as stage:
        await anna_talks(stage)
        await passes(stage, "attended")
        if how in ("target_left", "target_asked"):
            await stage.leg(B1, "up")
        if how == "cancelled":
            await ask(stage, ANNA, CancelTransfer(id=command_id(), call_id=C1))
        elif how == "no_answer":
            await stage.wait(31)
        elif how == "target_asked":
            await ask(stage, BORIS, HangUpCall(id=command_id(), call_id=C1))
        await stage.gone(B1, "busy" if how == "busy" else "normal")
        assert heard(stage)[-2:] == [("connect", "c1", (CUSTOMER, A1)), RESUMED]
        card = stage.last(ANNA)
        assert (card["state"], card["transfer"]["phase"]) == ("talking", "failed")
        assert card["transfer"]["reason"] == how.replace("target_asked", "target_left")
        assert await stage.cards(BORIS) == []
        await stage.gone(CUSTOMER)
        await stage.wait(3)
        assert stage.journal.finished[C1].answered_by == ANNA


@pytest.mark.feature("W6")
async def test_the_sender_turns_to_the_customer_and_back() -> None:
    async with playing(Stage(office())) as stage:
        await anna_talks(stage)
        await passes(stage, "attended")
        await stage.leg(B1, "up")
        stage.switch.orders.clear()
        await ask(stage, ANNA, HoldCall(id=command_id(), call_id=C1, on=False))
        assert heard(stage) == [
            ("set_aside", B1, "music"),
            ("connect", "c1", (CUSTOMER, A1)),
            RESUMED,
        ]
        assert (stage.last(ANNA)["state"], stage.last(BORIS)["state"]) == ("talking", "held")
        await ask(stage, ANNA, HoldCall(id=command_id(), call_id=C1, on=True))
        assert heard(stage)[3:] == [MUSIC, ("consult", "c1", (A1, B1))]
        await ask(stage, ANNA, HoldCall(id=command_id(), call_id=C1, on=False))
        await ask(stage, ANNA, CompleteTransfer(id=command_id(), call_id=C1))
        assert heard(stage)[-1] == ("connect", "c1", (CUSTOMER, B1))


@pytest.mark.feature("W6")
async def test_three_talk_and_whoever_leaves_does_not_end_it() -> None:
    async with playing(Stage(office())) as stage:
        await anna_talks(stage)
        await passes(stage, "attended")
        await stage.leg(B1, "up")
        await ask(stage, ANNA, MergeCall(id=command_id(), call_id=C1))
        assert heard(stage)[-2:] == [("connect", "c1", (CUSTOMER, A1, B1)), RESUMED]
        assert stage.last(ANNA)["controls"] == ["mute", "keypad", "leave"]
        assert [p["name"] for p in stage.last(BORIS)["parties"]] == ["Ivan", "Anna"]
        await ask(stage, ANNA, LeaveCall(id=command_id(), call_id=C1))
        assert stage.last(ANNA)["type"] == "call.removed"
        await stage.gone(A1)
        assert stage.last(BORIS)["state"] == "talking"
        assert "transfer_blind" in stage.last(BORIS)["controls"]
        with pytest.raises(WrongState):
            await ask(stage, BORIS, LeaveCall(id=command_id(), call_id=C1))
        await stage.gone(B1)
        await stage.wait(3)
        assert stage.journal.finished[C1].last_talked_by == BORIS


async def test_hanging_up_a_phone_in_a_talk_of_three_only_leaves_it() -> None:
    async with playing(Stage(office())) as stage:
        await anna_talks(stage)
        await passes(stage, "attended")
        await stage.leg(B1, "up")
        await ask(stage, ANNA, MergeCall(id=command_id(), call_id=C1))
        await stage.gone(B1)
        assert stage.last(ANNA)["state"] == "talking"
        assert await stage.cards(BORIS) == []


@pytest.mark.feature("W6")
async def test_to_a_group_the_first_who_picks_up_has_it() -> None:
    async with playing(Stage(office())) as stage:
        await anna_talks(stage)
        await passes(stage, number="200")
        assert {stage.last(BORIS)["state"], stage.last(VERA)["state"]} == {"ringing"}
        assert stage.last(BORIS)["transfer"]["target"] == "Sales team"
        await stage.leg("agent-vera-1", "up")
        assert heard(stage)[-2:] == [("connect", "c1", (CUSTOMER, "agent-vera-1")), RESUMED]
        assert stage.tags(BORIS)[-1] == "call.removed:answered_elsewhere"


@pytest.mark.feature("W6")
async def test_to_a_number_outside_and_its_end_ends_the_call() -> None:
    async with playing(Stage(office())) as stage:
        await anna_talks(stage)
        await passes(stage, "attended", number=OUTSIDE)
        assert stage.switch.endpoints()[-1] == f"PJSIP/{OUTSIDE[1:]}@trunk"
        await stage.leg("guest-1", "up")
        assert heard(stage)[-1] == ("consult", "c1", (A1, "guest-1"))
        await ask(stage, ANNA, CompleteTransfer(id=command_id(), call_id=C1))
        assert heard(stage)[-2:] == [("connect", "c1", (CUSTOMER, "guest-1")), RESUMED]
        assert stage.tags(ANNA)[-1] == "call.removed:over"
        await stage.wait(20)
        await stage.gone("guest-1")
        await stage.wait(3)
        kept = stage.journal.finished[C1]
        assert (kept.outcome, kept.answered_by, kept.last_talked_by) == ("answered", ANNA, ANNA)


async def test_a_user_of_the_crm_is_a_target_and_a_short_number_in_his_place() -> None:
    route = office()
    people = {**route.employees, VERA: replace(route.employees[VERA], crm_user_id="7")}
    for user, phone in (("7", "PJSIP/103"), ("102", "PJSIP/102")):
        async with playing(Stage(replace(route, employees=people))) as stage:
            await anna_talks(stage)
            await passes(stage, crm_user=user)
            assert stage.switch.endpoints()[-1] == phone


async def test_a_number_outside_that_fails_comes_back() -> None:
    async with playing(Stage(office())) as stage:
        await anna_talks(stage)
        await passes(stage, number=OUTSIDE)
        await stage.gone(A1)
        await stage.gone("guest-1", "busy")
        assert stage.last(ANNA)["transfer"]["reason"] == "busy"


@pytest.mark.parametrize(
    "to, error, reason",
    [
        ({"number": "555"}, NotFound, "bad_number"),
        ({"employee_id": ANNA}, NotFound, "bad_number"),
        ({"group": "nobody"}, NotFound, "bad_number"),
        ({"employee_id": VERA}, WrongState, "off_work"),
        ({"employee_id": BORIS}, WrongState, "busy"),
    ],
)
async def test_a_target_that_cannot_take_it_is_refused_and_the_talk_goes_on(
    to: dict[str, Any], error: type[AppError], reason: str
) -> None:
    people = (
        employee(ANNA, "101"),
        employee(BORIS, "102"),
        employee(VERA, "103", status="do_not_disturb"),
    )
    async with playing(Stage(account(Step(employees=(ANNA,)), people=people))) as stage:
        await anna_talks(stage)
        busy = Dial(id=command_id(), target="+79160000055")
        await stage.client.send(ACC, BORIS, busy)
        await idle()
        stage.switch.orders.clear()
        with pytest.raises(error) as caught:
            await passes(stage, **to)
        assert caught.value.data["reason"] == reason
        assert heard(stage) == []
        assert stage.last(ANNA)["state"] == "talking"


async def test_what_the_switch_cannot_do_is_greyed_and_refused() -> None:
    stage = Stage(office())
    stage.switch.capabilities = Capabilities(mute=False, transfers=frozenset({"blind"}))
    async with playing(stage):
        await anna_talks(stage)
        card = stage.last(ANNA)
        assert card["controls"] == ["keypad", "transfer_blind"]
        assert card["barred"] == ["mute", "transfer_attended"]
        with pytest.raises(WrongState) as caught:
            await passes(stage, "attended")
        assert caught.value.data["reason"] == "engine"
        with pytest.raises(WrongState):
            await ask(stage, ANNA, MuteCall(id=command_id(), call_id=C1, on=True))


async def test_without_music_nothing_is_passed_on() -> None:
    async with playing(Stage(office())) as stage:
        await anna_talks(stage)
        stage.switch.errors["hold"] = SwitchUnavailable("away")
        with pytest.raises(SwitchUnavailable):
            await passes(stage)
        assert stage.last(ANNA)["state"] == "talking"
        assert stage.switch.said("hang_up") == []


async def test_a_telephone_that_held_the_call_leaves_music_behind() -> None:
    """Its own music ends with its leg: the switch has to play ours before it goes."""
    async with playing(Stage(office())) as stage:
        await anna_talks(stage)
        await stage.held(on=True)
        await passes(stage)
        assert heard(stage) == [MUSIC]


async def test_a_consultation_that_cannot_be_gone_back_to_can_be_tried_again() -> None:
    async with playing(Stage(office())) as stage:
        await anna_talks(stage)
        await passes(stage, "attended")
        await stage.leg(B1, "up")
        await ask(stage, ANNA, HoldCall(id=command_id(), call_id=C1, on=False))
        stage.switch.errors["consult"] = SwitchRefused("no")
        with pytest.raises(SwitchError):
            await ask(stage, ANNA, HoldCall(id=command_id(), call_id=C1, on=True))
        assert stage.last(ANNA)["actions"] == ["hangup", "unhold"]
        await ask(stage, ANNA, HoldCall(id=command_id(), call_id=C1, on=False))
        assert heard(stage)[-1] == RESUMED
        assert stage.last(ANNA)["state"] == "talking"


async def test_a_second_transfer_waits_for_the_first() -> None:
    async with playing(Stage(office())) as stage:
        await anna_talks(stage)
        await passes(stage, "attended")
        with pytest.raises(WrongState) as caught:
            await passes(stage, employee_id=VERA)
        assert caught.value.data["reason"] == "under_way"


async def test_a_blind_transfer_can_be_called_back_by_its_sender() -> None:
    async with playing(Stage(office())) as stage:
        await anna_talks(stage)
        await passes(stage)
        await stage.gone(A1)
        await ask(stage, ANNA, CancelTransfer(id=command_id(), call_id=C1))
        assert stage.last(ANNA)["state"] == "ringing"
        assert await stage.cards(BORIS) == []
        await stage.leg("agent-anna-2", "up")
        assert stage.last(ANNA)["state"] == "talking"


@pytest.mark.feature("W6")
async def test_an_outgoing_call_is_passed_on_and_comes_to_the_target() -> None:
    async with playing(Stage(office())) as stage:
        result = await stage.client.send(ACC, ANNA, Dial(id=command_id(), target=OUTSIDE))
        call = CallId(str(bytes(result or b"").split(b'"')[3], "ascii"))
        await idle()
        await stage.leg(A1, "up", call)
        await stage.leg("customer-0", "up", call)
        await passes(stage, call=call)
        card = stage.last(BORIS)
        assert (card["state"], card["direction"]) == ("ringing", "inbound")
        await stage.gone(A1, call=call)
        await stage.leg(B1, "up", call)
        assert stage.switch.said("connect")[-1] == (call, (B1, "customer-0"))
        # Back to who placed it, who is an ordinary target by now.
        await passes(stage, by=BORIS, call=call, employee_id=ANNA)
        await stage.gone(B1, call=call)
        await stage.leg("agent-anna-2", "up", call)
        assert stage.switch.said("connect")[-1] == (call, ("agent-anna-2", "customer-0"))
        assert stage.last(ANNA)["state"] == "talking"
        await stage.gone("customer-0", call=call)
        await stage.wait(3)
        assert stage.journal.finished[call].outcome == "answered"


@pytest.mark.feature("W15")
async def test_an_internal_call_can_be_passed_on_from_either_side() -> None:
    async with playing(Stage(office())) as stage:
        result = await stage.client.send(ACC, ANNA, Dial(id=command_id(), target="102"))
        call = CallId(str(bytes(result or b"").split(b'"')[3], "ascii"))
        await idle()
        await stage.leg(A1, "up", call)
        await stage.leg(B1, "up", call)
        await passes(stage, call=call, employee_id=VERA)  # Anna gives Boris to Vera
        assert stage.switch.said("hold")[-1] == (call, B1, True)
        assert (stage.last(VERA)["number"], stage.last(VERA)["name"]) == ("102", "Boris")
        await stage.gone(A1, call=call)
        await stage.leg("agent-vera-1", "up", call)
        assert stage.switch.said("connect")[-1] == (call, ("agent-vera-1", B1))
        assert (stage.last(BORIS)["number"], stage.last(BORIS)["name"]) == ("103", "Vera")
        await passes(stage, by=BORIS, call=call, employee_id=ANNA)  # Boris gives Vera to Anna
        await stage.gone(B1, call=call)
        await stage.leg("agent-anna-2", "up", call)
        assert set(stage.switch.said("connect")[-1][1]) == {"agent-vera-1", "agent-anna-2"}  # type: ignore[call-overload]
        assert stage.last(VERA)["name"] == "Anna"


async def test_a_transfer_nobody_takes_in_an_internal_call_ends_it() -> None:
    async with playing(Stage(office())) as stage:
        result = await stage.client.send(ACC, ANNA, Dial(id=command_id(), target="102"))
        call = CallId(str(bytes(result or b"").split(b'"')[3], "ascii"))
        await idle()
        await stage.leg(A1, "up", call)
        await stage.leg(B1, "up", call)
        await passes(stage, call=call, employee_id=VERA)
        await stage.gone(A1, call=call)
        await stage.wait(31)
        await stage.gone("agent-anna-2", "rejected", call)
        assert (B1,) in [order[:1] for order in stage.switch.said("hang_up")]


# ── mute and keys ──


@pytest.mark.feature("W5")
async def test_mute_is_an_order_to_the_switch_and_shown_in_every_tab() -> None:
    async with playing(Stage(office())) as stage:
        await anna_talks(stage)
        for on in (True, True, False):
            await ask(stage, ANNA, MuteCall(id=command_id(), call_id=C1, on=on))
            assert stage.last(ANNA)["muted"] is on
            assert ("unmute" in stage.last(ANNA)["controls"]) is on
        assert stage.switch.said("mute") == [(A1, True), (A1, False)]


@pytest.mark.feature("W5")
async def test_keys_go_to_the_other_side() -> None:
    async with playing(Stage(office())) as stage:
        await anna_talks(stage)
        await ask(stage, ANNA, SendKeys(id=command_id(), call_id=C1, digits="12#"))
        await passes(stage, "attended", number=OUTSIDE)
        await stage.leg("guest-1", "up")
        await ask(stage, ANNA, SendKeys(id=command_id(), call_id=C1, digits="3"))
        assert [order[1:] for order in stage.switch.said("send_digits")] == [
            (CUSTOMER, "12#"),
            ("guest-1", "3"),
        ]


# ── two lines ──


async def two_calls(stage: Stage) -> None:
    await anna_talks(stage)
    await stage.arrives("c2", "+79160000088")


def two_lines() -> AccountRoute:
    people = (employee(ANNA, "101", device("101"), device("mob", 2, kind="mobile")),)
    return account(Step(employees=(ANNA,), timeout_s=40), people=people)


@pytest.mark.feature("W8")
@pytest.mark.parametrize("how", ["phone", "swap"])
async def test_answering_a_second_call_holds_the_first_and_either_can_be_returned_to(
    how: str,
) -> None:
    async with playing(Stage(two_lines())) as stage:
        await two_calls(stage)
        await stage.leg("agent-anna-1", "up", "c2")
        assert stage.switch.said("hold") == [("c1", CUSTOMER, True)]
        cards = {card["call_id"]: card["state"] for card in await stage.cards(ANNA)}
        assert cards == {"c1": "held", "c2": "talking"}
        if how == "swap":
            await ask(stage, ANNA, HoldCall(id=command_id(), call_id=C1, on=False))
            assert stage.switch.said("hold")[1:] == [
                ("c2", CUSTOMER, True),
                ("c1", CUSTOMER, False),
            ]
            cards = {card["call_id"]: card["state"] for card in await stage.cards(ANNA)}
            assert cards == {"c1": "talking", "c2": "held"}
        else:
            await stage.gone(CUSTOMER, call="c2")
            await ask(stage, ANNA, HoldCall(id=command_id(), call_id=C1, on=False))
            assert stage.switch.said("hold")[1:] == [("c1", CUSTOMER, False)]


# ── another owner takes over ──

At = Callable[[Stage], Awaitable[None]]


async def while_the_target_rings(stage: Stage) -> None:
    await passes(stage)
    await stage.leg(B1, "ringing")
    await stage.gone(A1)


async def while_they_consult(stage: Stage) -> None:
    await passes(stage, "attended")
    await stage.leg(B1, "up")


async def while_it_returns(stage: Stage) -> None:
    await passes(stage)
    await stage.gone(A1)
    await stage.gone(B1, "busy")


@pytest.mark.feature("R8")
@pytest.mark.parametrize(
    "at, legs, then, talks",
    [
        (while_the_target_rings, {B1: "ringing"}, B1, BORIS),
        (while_the_target_rings, {B1: "up"}, None, BORIS),
        (while_the_target_rings, {}, "agent-boris-2", BORIS),
        (while_they_consult, {A1: "up", B1: "up"}, None, None),
        (while_they_consult, {B1: "up"}, None, BORIS),
        (while_they_consult, {A1: "up"}, None, ANNA),
        (while_it_returns, {"agent-anna-2": "ringing"}, "agent-anna-2", ANNA),
    ],
)
async def test_a_new_owner_goes_on_with_a_transfer(
    at: At, legs: dict[str, str], then: str | None, talks: EmployeeId | None
) -> None:
    stage = Stage(office())
    async with playing(stage):
        await anna_talks(stage)
        await at(stage)
    stage.new_owner()
    live = [
        LiveLeg(leg_id=LegId(leg), state=LegState(state), number="", dialed="", at=stage.now())
        for leg, state in {CUSTOMER: "up", **legs}.items()
    ]
    async with running(stage):
        await stage.connected(LiveCall(call_id=C1, legs=tuple(live), held=True, connected=()))
        if then is not None:
            await stage.leg(then, "up")
        if talks is None:
            assert stage.switch.said("consult") == [("c1", (A1, B1))]
            await ask(stage, ANNA, CompleteTransfer(id=command_id(), call_id=C1))
            talks = BORIS
        (card,) = await stage.cards(talks)
        assert card["state"] == "talking"
        assert stage.switch.said("connect")[-1][1][0] == CUSTOMER  # type: ignore[index]
        assert stage.switch.said("hold")[-1] == ("c1", CUSTOMER, False)
        others = {ANNA, BORIS} - {talks}
        assert [await stage.cards(who) for who in others] == [[]]


async def test_a_status_set_on_the_way_is_heeded() -> None:
    """Anna passes the call on and goes for a break: it does not ring at her again."""
    async with playing(Stage(office())) as stage:
        await anna_talks(stage)
        await passes(stage)
        await stage.gone(A1)
        stage.routing.set_status(ACC, ANNA, AgentStatus.BREAK)
        await stage.gone(B1, "busy")
        assert stage.last(VERA)["state"] == "ringing"


async def test_keys_pressed_quickly_reach_the_switch_in_their_order() -> None:
    async with playing(Stage(office())) as stage:
        await anna_talks(stage)
        slow, sent = asyncio.Event(), stage.switch.send_digits

        async def send(call_id: CallId, leg_id: LegId, digits: str) -> None:
            if digits == "1":
                await slow.wait()
            await sent(call_id, leg_id, digits)

        stage.switch.send_digits = send  # type: ignore[method-assign]
        pressed = [
            asyncio.create_task(
                ask(stage, ANNA, SendKeys(id=command_id(), call_id=C1, digits=digits))
            )
            for digits in ("1", "23")
        ]
        await idle()
        slow.set()
        await asyncio.gather(*pressed)
        assert [order[2] for order in stage.switch.said("send_digits")] == ["1", "23"]
