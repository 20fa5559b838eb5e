"""Inbound calls: who sees what, in which order, and what the switch is told."""

from __future__ import annotations

import pytest

from backend.domain.scenario import Step
from protocol.commands import HangUpCall
from protocol.vocabulary import CallId
from tests.unit.services.stage import (
    ACC,
    ANNA,
    BORIS,
    LINE,
    NUMBER,
    Stage,
    account,
    playing,
)

C1 = CallId("c1")
BOTH = Step(employees=(ANNA, BORIS), timeout_s=20)


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
        await stage.client.send(ACC, ANNA, HangUpCall(id="hangup-001", call_id=C1))
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
