"""Calls placed by employees: outside and to colleagues."""

from __future__ import annotations

import asyncio
import json

import pytest

from backend.domain.scenario import Step
from backend.errors import BadRequest, NoDevice, NotFound, SwitchRefused, WrongState
from backend.services.calls.placing import dialed_call_id
from protocol.commands import DeclineCall, Dial, HangUpCall, HoldCall
from protocol.vocabulary import CommandId, HangupCause
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
