"""Calls placed by employees: outside and to colleagues."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest

from backend.domain.account_settings import AllSettings, OutgoingSettings
from backend.domain.scenario import Step
from backend.errors import (
    AppError,
    BadRequest,
    NoDevice,
    NotFound,
    SwitchRefused,
    SwitchUnavailable,
    WrongState,
)
from backend.services.calls.placing import dialed_call_id
from backend.services.ports import EarlySound, LiveCall, LiveLeg
from backend.services.routing import AccountRoute, VirtualNumber
from protocol.commands import DeclineCall, Dial, HangUpCall, HoldCall
from protocol.pushes import RecordRef
from protocol.vocabulary import CommandId, HangupCause, LegId, LegState, RecordKind
from tests.fakes import idle
from tests.unit.services.stage import (
    ACC,
    ANNA,
    BORIS,
    LINE,
    NUMBER,
    Stage,
    account,
    device,
    employee,
    playing,
    running,
)

STEP = Step(employees=(ANNA,))
DIAL = Dial(id=CommandId("dial-00001"), target="8 916 123-45-67".replace(" ", "").replace("-", ""))
CALL = dialed_call_id(ACC, ANNA, CommandId("dial-00001"))


@pytest.mark.feature("W14")
async def test_the_own_device_first_then_the_customer() -> None:
    async with playing(Stage(account(STEP))) as stage:
        result = await stage.client.send(ACC, ANNA, DIAL)
        assert result is not None
        assert json.loads(bytes(result)) == {"call_id": CALL}
        card = stage.last(ANNA)
        assert (card["direction"], card["state"], card["number"]) == ("outbound", "ringing", NUMBER)
        assert (card["name"], card["actions"]) == ("Ivan", ["hangup"])
        (own,) = stage.switch.rung
        assert (own.endpoint, own.auto_answer) == ("PJSIP/101", True)
        await stage.leg("agent-anna-1", "up", CALL)
        assert stage.switch.said("indicate_ringing") == [(CALL, "agent-anna-1")]
        customer = stage.switch.rung[1]
        assert (customer.endpoint, customer.caller_number) == ("PJSIP/79161234567@trunk", LINE)
        await stage.leg("customer-0", "ringing", CALL)
        assert stage.last(ANNA)["state"] == "ringing"
        await stage.wait(7)
        await stage.leg("customer-0", "up", CALL)
        assert stage.switch.said("connect") == [(CALL, ("agent-anna-1", "customer-0"))]
        assert stage.last(ANNA)["state"] == "talking"
        await stage.client.send(
            ACC, ANNA, HoldCall(id=CommandId("hold-0001"), call_id=CALL, on=True)
        )
        assert stage.switch.said("hold") == [(CALL, "customer-0", True)]
        await stage.wait(10)
        await stage.gone("customer-0", call=CALL)
        assert ("agent-anna-1", HangupCause.NORMAL) in stage.switch.said("hang_up")
        await stage.wait(3)
        kept = stage.journal.finished[CALL]
        assert (kept.direction, kept.outcome, kept.talk_s) == ("outbound", "answered", 10)


@pytest.mark.feature("W14")
async def test_the_network_is_heard_before_the_answer_by_who_called() -> None:
    async with playing(Stage(account(STEP))) as stage:
        await stage.client.send(ACC, ANNA, DIAL)
        await stage.leg("agent-anna-1", "up", CALL)
        own, customer = stage.switch.rung
        assert (own.early, customer.early) == (False, True)
        await stage.leg("customer-0", "dialing", CALL)
        assert stage.switch.said("connect") == []
        early = EarlySound(call_id=CALL, leg_id=LegId("customer-0"), at=stage.clock.now())
        stage.switch.emit(early)
        await idle()
        together = (CALL, ("agent-anna-1", "customer-0"))
        assert stage.switch.said("connect") == [together]
        assert stage.last(ANNA)["state"] == "ringing", "nobody answered yet"
        await stage.leg("customer-0", "up", CALL)
        assert stage.switch.said("connect") == [together, together]
        assert stage.last(ANNA)["state"] == "talking"
        stage.switch.emit(early)  # late, or doubled
        await idle()
        assert len(stage.switch.said("connect")) == 2


@pytest.mark.parametrize("cause, outcome", [("busy", "lost"), ("invalid_number", "failed")])
async def test_a_customer_who_cannot_be_reached(cause: str, outcome: str) -> None:
    async with playing(Stage(account(STEP))) as stage:
        await stage.client.send(ACC, ANNA, DIAL)
        await stage.leg("agent-anna-1", "up", CALL)
        await stage.gone("customer-0", cause, CALL)
        card = stage.last(ANNA)
        assert (card["state"], card["outcome"], card["cause"]) == ("ended", outcome, cause)
        assert stage.switch.said("hang_up")[0][0] == "agent-anna-1"


async def test_one_command_dials_once() -> None:
    async with playing(Stage(account(STEP))) as stage:
        await asyncio.gather(*(stage.client.send(ACC, ANNA, DIAL) for _ in range(5)))
        assert len(stage.switch.rung) == 1
        await stage.client.send(ACC, ANNA, HangUpCall(id=CommandId("hangup-001"), call_id=CALL))
        await stage.wait(70)
        await stage.client.send(ACC, ANNA, DIAL)
        assert len(stage.switch.rung) == 1


async def test_giving_up_before_the_answer_ends_at_once() -> None:
    async with playing(Stage(account(STEP))) as stage:
        await stage.client.send(ACC, ANNA, DIAL)
        await stage.leg("agent-anna-1", "up", CALL)
        await stage.client.send(ACC, ANNA, HangUpCall(id=CommandId("hangup-001"), call_id=CALL))
        await idle()
        assert stage.last(ANNA)["state"] == "ended"
        assert stage.busy()[-1] == ("anna", "free")
        ended = [str(leg) for leg, _ in stage.switch.said("hang_up")]
        assert sorted(ended) == ["agent-anna-1", "customer-0"]


async def test_the_next_own_device_is_rung_when_the_first_is_not_there() -> None:
    anna = employee(ANNA, "101", device("off", 1), device("mob", 2, auto=False))
    async with playing(Stage(account(STEP, people=(anna,)))) as stage:
        stage.switch.errors["PJSIP/off"] = SwitchRefused("not registered")
        await stage.client.send(ACC, ANNA, DIAL)
        assert stage.switch.endpoints() == ["PJSIP/mob"]
        await stage.wait(25)
        assert (stage.last(ANNA)["state"], stage.last(ANNA)["outcome"]) == ("ended", "lost")


async def test_refusals_have_names() -> None:
    deaf = employee(BORIS, "102")
    deaf = type(deaf)(employee_id=BORIS, name="B", extension="102", devices=())
    async with playing(Stage(account(STEP, people=(employee(ANNA, "101"), deaf)))) as stage:
        for target, error in (("999", NotFound), ("101", BadRequest), ("1", BadRequest)):
            with pytest.raises(error):
                await stage.client.send(
                    ACC, ANNA, Dial(id=CommandId(f"dial-{target}-x"), target=target)
                )
        with pytest.raises(NoDevice):
            await stage.client.send(ACC, BORIS, DIAL)
        stage.switch.errors["PJSIP/101"] = NoDevice("nothing there")
        with pytest.raises(NoDevice):
            await stage.client.send(ACC, ANNA, DIAL)
        assert stage.last(ANNA)["outcome"] == "failed"
        del stage.switch.errors["PJSIP/101"]
        await stage.client.send(ACC, ANNA, Dial(id=CommandId("dial-00002"), target=NUMBER))
        with pytest.raises(WrongState):
            await stage.client.send(ACC, ANNA, Dial(id=CommandId("dial-00003"), target=NUMBER))


@pytest.mark.feature("W15")
async def test_a_colleague_is_called_with_a_card_of_his_own() -> None:
    async with playing(Stage(account(STEP))) as stage:
        await stage.client.send(ACC, ANNA, Dial(id=CommandId("dial-00001"), target="102"))
        mine = stage.last(ANNA)
        assert (mine["direction"], mine["number"], mine["name"]) == ("internal", "102", "Boris")
        assert await stage.cards(BORIS) == []
        await stage.leg("agent-anna-1", "up", CALL)
        his = stage.last(BORIS)
        assert (his["direction"], his["number"], his["name"]) == ("internal", "101", "Anna")
        assert his["actions"] == ["answer", "decline"]
        await stage.leg("agent-boris-1", "up", CALL)
        assert stage.switch.said("connect") == [(CALL, ("agent-anna-1", "agent-boris-1"))]
        await stage.client.send(
            ACC, BORIS, HoldCall(id=CommandId("hold-0001"), call_id=CALL, on=True)
        )
        await stage.client.send(
            ACC, ANNA, HoldCall(id=CommandId("hold-0002"), call_id=CALL, on=False)
        )
        assert stage.switch.said("hold") == [
            (CALL, "agent-anna-1", True),
            (CALL, "agent-anna-1", False),
        ]
        await stage.gone("agent-boris-1", call=CALL)
        await stage.wait(3)
        assert stage.journal.finished[CALL].direction == "internal"
        assert stage.callers.looked_up == []


async def test_a_colleague_declines() -> None:
    async with playing(Stage(account(STEP))) as stage:
        await stage.client.send(ACC, ANNA, Dial(id=CommandId("dial-00001"), target="102"))
        await stage.leg("agent-anna-1", "up", CALL)
        await stage.client.send(ACC, BORIS, DeclineCall(id=CommandId("decline-01"), call_id=CALL))
        await idle()
        assert stage.tags(BORIS)[-1] == "call.removed:declined"
        assert (stage.last(ANNA)["state"], stage.last(ANNA)["outcome"]) == ("ended", "lost")


CLICKS = "+74951110001"
CLICK = Dial(id=DIAL.id, target=DIAL.target, source="click")


def _outgoing(route: AccountRoute, **chosen: Any) -> AccountRoute:
    return replace(route, settings=AllSettings(outgoing=OutgoingSettings(**chosen)))


@pytest.mark.feature("B5")
async def test_the_numbers_ring_one_after_another_each_with_its_time() -> None:
    anna = employee(ANNA, "101", device("b", 2), device("a", 1), device("c", 3))
    async with playing(Stage(_outgoing(account(STEP, people=(anna,)), ring_s=10))) as stage:
        await stage.client.send(ACC, ANNA, DIAL)
        assert stage.switch.endpoints() == ["PJSIP/a"]
        await stage.wait(9)
        assert len(stage.switch.rung) == 1
        await stage.wait(1)
        assert stage.switch.endpoints() == ["PJSIP/a", "PJSIP/b"]
        await stage.gone("agent-anna-2", "busy", CALL)
        assert stage.switch.endpoints() == ["PJSIP/a", "PJSIP/b", "PJSIP/c"]
        await stage.leg("agent-anna-3", "up", CALL)
        assert stage.switch.endpoints()[-1] == "PJSIP/79161234567@trunk"


async def test_all_numbers_together_where_the_account_wants_it() -> None:
    anna = employee(ANNA, "101", device("a", 1), device("b", 2))
    route = _outgoing(account(STEP, people=(anna,)), ring_order="all", ring_s=10)
    async with playing(Stage(route)) as stage:
        await stage.client.send(ACC, ANNA, DIAL)
        assert stage.switch.endpoints() == ["PJSIP/a", "PJSIP/b"]
        await stage.leg("agent-anna-2", "up", CALL)
        assert ("agent-anna-1", HangupCause.CANCELLED) in stage.switch.said("hang_up")
        assert stage.switch.endpoints()[-1] == "PJSIP/79161234567@trunk"
        await stage.gone("agent-anna-1", "cancelled", CALL)
        assert stage.last(ANNA)["state"] == "ringing"
    async with playing(Stage(route)) as stage:
        await stage.client.send(ACC, ANNA, DIAL)
        await stage.gone("agent-anna-1", "busy", CALL)
        assert stage.last(ANNA)["state"] == "ringing"
        await stage.wait(10)
        assert stage.last(ANNA)["outcome"] == "lost"


@pytest.mark.feature("A4")
async def test_a_line_that_is_not_registered_gives_way_to_the_mobile() -> None:
    anna = employee(ANNA, "101", device("101", 1), device("7916@trunk", 2, kind="mobile"))
    route = _outgoing(account(STEP, people=(anna,)), default_caller_id=CLICKS)
    async with playing(Stage(route)) as stage:
        stage.switch.offline = {"PJSIP/101"}
        await stage.client.send(ACC, ANNA, DIAL)
        assert stage.switch.endpoints() == ["PJSIP/7916@trunk"]
        await stage.leg("agent-anna-1", "up", CALL)
        assert stage.switch.rung[-1].caller_number == CLICKS


@pytest.mark.feature("A4")
async def test_two_stages_need_the_number_for_clicks() -> None:
    anna = employee(ANNA, "101", device("7916@trunk", 1, kind="mobile"))
    async with playing(Stage(account(STEP, people=(anna,)))) as stage:
        with pytest.raises(NoDevice) as refused:
            await stage.client.send(ACC, ANNA, DIAL)
        assert refused.value.data == {"reason": "no_caller_id"}
        assert stage.switch.rung == []
        assert await stage.cards(ANNA) == []


@pytest.mark.feature("B5")
async def test_each_cause_of_a_refusal_has_its_name() -> None:
    bare = replace(employee(ANNA, "101"), devices=())
    causes: list[tuple[AccountRoute, str]] = [
        (account(STEP, people=(bare,)), "no_numbers"),
        (account(STEP, people=(replace(bare, numbers_off=2),)), "numbers_off"),
        (account(STEP, people=(replace(bare, calls_enabled=False),)), "calls_off"),
        (replace(account(STEP), trunk=None), "no_trunk"),
        (_outgoing(account(STEP), click_to_call=False), "click_off"),
        (account(STEP, people=(employee(BORIS, "102"),)), "not_an_employee"),
        (_outgoing(account(STEP), default_caller_id=CLICKS), "no_registered_line"),
        (account(STEP), "no_caller_id"),
    ]
    for route, reason in causes:
        async with playing(Stage(route)) as stage:
            stage.switch.offline = {"PJSIP/101"}
            with pytest.raises(AppError) as refused:
                await stage.client.send(ACC, ANNA, CLICK)
            assert refused.value.data == {"reason": reason}
            assert stage.switch.rung == []


async def test_a_switch_that_does_not_tell_registrations_does_not_stop_calls() -> None:
    async with playing(Stage(account(STEP))) as stage:
        stage.switch.errors["registered"] = SwitchUnavailable("away")
        await stage.client.send(ACC, ANNA, DIAL)
        assert stage.switch.endpoints() == ["PJSIP/101"]


async def test_two_numbers_at_once_are_one_call() -> None:
    async with playing(Stage(account(STEP))) as stage:
        other = Dial(id=CommandId("dial-00002"), target=NUMBER)
        done = await asyncio.gather(
            stage.client.send(ACC, ANNA, DIAL),
            stage.client.send(ACC, ANNA, other),
            return_exceptions=True,
        )
        assert [isinstance(answer, WrongState) for answer in done] == [False, True]
        assert len(stage.switch.rung) == 1


async def test_a_call_from_a_card_prefers_its_record() -> None:
    async with playing(Stage(account(STEP))) as stage:
        dial = Dial(
            id=CommandId("dial-00001"),
            target=NUMBER,
            source="click",
            record_kind=RecordKind.COMPANY,
            record_id="12",
        )
        await stage.client.send(ACC, ANNA, dial)
        assert stage.callers.preferred[CALL] == RecordRef(kind=RecordKind.COMPANY, id="12")


@pytest.mark.feature("W14")
async def test_the_number_an_operator_chose_is_shown() -> None:
    anna = replace(employee(ANNA, "101"), caller_id_choice=True)
    route = account(STEP, people=(anna,))
    second = VirtualNumber(number=CLICKS, name="Second", scenario=None)
    route = replace(route, virtual_numbers=(*route.virtual_numbers, second))
    async with playing(Stage(route)) as stage:
        dial = Dial(id=CommandId("dial-00001"), target=NUMBER, caller_id=CLICKS)
        await stage.client.send(ACC, ANNA, dial)
        await stage.leg("agent-anna-1", "up", CALL)
        assert stage.switch.rung[-1].caller_number == CLICKS


async def test_a_new_owner_shows_the_same_number() -> None:
    anna = replace(employee(ANNA, "101"), caller_id=CLICKS)
    stage = Stage(account(STEP, people=(anna,)))
    async with running(stage):
        await stage.connected()
        await stage.client.send(ACC, ANNA, DIAL)
    stage.new_owner()
    own = LiveLeg(
        leg_id=LegId("agent-anna-1"),
        state=LegState.RINGING,
        number="",
        dialed="",
        at=stage.now(),
    )
    async with running(stage):
        await stage.connected(LiveCall(call_id=CALL, legs=(own,), held=False, connected=()))
        await stage.leg("agent-anna-1", "up", CALL)
        assert stage.switch.rung[-1].caller_number == CLICKS


async def _reached(stage: Stage, wish: Dial) -> None:
    """The customer has picked up."""
    await stage.client.send(ACC, ANNA, wish)
    await stage.leg("agent-anna-1", "up", CALL)
    await stage.leg("customer-0", "ringing", CALL)
    await stage.leg("customer-0", "up", CALL)


def _alive(stage: Stage, *, connected: bool) -> LiveCall:
    """Both are on the switch."""
    both = (LegId("agent-anna-1"), LegId("customer-0"))
    legs = tuple(
        LiveLeg(leg_id=leg, state=LegState.UP, number="", dialed="", at=stage.now()) for leg in both
    )
    return LiveCall(call_id=CALL, legs=legs, held=False, connected=both if connected else ())


@pytest.mark.feature("W14")
async def test_an_extension_is_dialled_on_once_when_the_customer_answers() -> None:
    async with playing(Stage(account(STEP))) as stage:
        wish = Dial(id=DIAL.id, target=DIAL.target, extension="21,4")
        await stage.client.send(ACC, ANNA, wish)
        assert stage.last(ANNA)["extension"] == "21,4"
        await stage.leg("agent-anna-1", "up", CALL)
        await stage.leg("customer-0", "ringing", CALL)
        assert stage.switch.said("send_digits") == []
        assert stage.last(ANNA)["extension_dialed"] is None
        await stage.leg("customer-0", "up", CALL)
        assert stage.switch.said("send_digits") == [(CALL, "customer-0", ",21,4")]
        assert stage.last(ANNA)["extension_dialed"] is True
        await stage.connected(_alive(stage, connected=False))
        assert len(stage.switch.said("connect")) == 2
        assert len(stage.switch.said("send_digits")) == 1
    stage.new_owner()
    async with running(stage):
        await stage.connected(_alive(stage, connected=False))
        assert stage.switch.said("connect")
        assert stage.switch.said("send_digits") == []
        (card,) = await stage.cards(ANNA)
        assert card["extension_dialed"] is True


async def test_an_extension_the_switch_would_not_dial_is_the_operator_s() -> None:
    async with playing(Stage(account(STEP))) as stage:
        stage.switch.errors["send_digits"] = SwitchUnavailable("away")
        await _reached(stage, Dial(id=DIAL.id, target=DIAL.target, extension="214"))
        card = stage.last(ANNA)
        assert (card["state"], card["extension_dialed"]) == ("talking", False)


async def test_a_successor_leaves_an_extension_to_the_operator_it_may_have_been_dialled() -> None:
    async with playing(Stage(account(STEP))) as stage:
        await _reached(stage, Dial(id=DIAL.id, target=DIAL.target, extension="214"))
        stage.journal.entries = [
            entry for entry in stage.journal.entries if entry.kind != "call.extension_dialed"
        ]
    stage.new_owner()
    async with running(stage):
        await stage.connected(_alive(stage, connected=True))
        assert stage.switch.said("send_digits") == []
        (card,) = await stage.cards(ANNA)
        assert card["extension_dialed"] is False


@pytest.mark.feature("W14")
async def test_a_phone_quicker_than_the_switchs_word_that_it_rings_is_no_failure() -> None:
    async with playing(Stage(account(STEP))) as stage:
        stage.switch.gate = asyncio.Event()
        dialling = asyncio.create_task(stage.client.send(ACC, ANNA, DIAL))
        await idle()
        await stage.leg("agent-anna-1", "up", CALL)
        stage.switch.gate.set()
        await dialling
        await idle()
        assert [order.leg_id for order in stage.switch.rung] == ["agent-anna-1", "customer-0"]
        assert (stage.last(ANNA)["state"], stage.last(ANNA)["my_leg"]) == ("ringing", "up")
