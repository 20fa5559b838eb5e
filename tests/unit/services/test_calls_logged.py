"""What goes wrong with a call is found under its account and id."""

from __future__ import annotations

from structlog.contextvars import merge_contextvars
from structlog.testing import capture_logs

from backend.domain.scenario import Step
from backend.errors import SwitchUnavailable
from protocol.commands import HangUpCall
from protocol.vocabulary import CallId, CommandId
from tests.unit.services.stage import ACC, ANNA, Stage, account, playing

C1 = CallId("c1")


async def test_a_call_is_one_line_and_its_troubles_bear_its_name() -> None:
    with capture_logs(processors=[merge_contextvars]) as lines:
        async with playing(Stage(account(Step(employees=(ANNA,))))) as stage:
            stage.switch.errors["indicate_ringing"] = SwitchUnavailable("the switch is slow")
            await stage.arrives()
            await stage.leg("agent-anna-1", "up")
            await stage.wait(65)
            await stage.client.send(ACC, ANNA, HangUpCall(id=CommandId("hangup-001"), call_id=C1))
            await stage.gone("agent-anna-1")
            await stage.gone("customer-0")
            await stage.wait(60)
            await stage.arrives("c2", number="+79160000002")
    (trouble, *_) = [line for line in lines if line["event"] == "call task failed"]
    assert (trouble["account"], trouble["call"]) == (ACC, C1)
    (ended,) = [line for line in lines if line["event"] == "call ended"]
    assert (ended["account"], ended["call"], ended["outcome"]) == (ACC, C1, "answered")
    assert ended["talk_s"] == 65
    others = [line for line in lines if line.get("call") == "c2"]
    assert all(line["account"] == ACC for line in others)
