"""Messages after the tone and promised call-backs, in calls that also had a talk."""

from __future__ import annotations

from dataclasses import replace

import pytest

from backend.domain.account_settings import AllSettings, RecordingSettings
from backend.domain.scenario import AnyStep, CallbackStep, Step, VoicemailStep
from backend.services.ports import CallbackWanted, FinishedCall
from backend.services.routing import AccountRoute
from protocol.vocabulary import CallbackReason, CallId
from tests.unit.services.stage import (
    ANNA,
    BORIS,
    CUSTOMER,
    Stage,
    account,
    playing,
    running,
)
from tests.unit.services.test_calls_adoption import leg, live
from tests.unit.services.test_calls_transfers import A1, B1, passes

C1 = CallId("c1")
TALK, MESSAGE = "dozvon-demo-c1", "dozvon-demo-c1-message"
ANNAS = Step(employees=(ANNA,), timeout_s=20)


def recorded(*steps: AnyStep) -> AccountRoute:
    return replace(
        account(*steps), settings=AllSettings(recording=RecordingSettings(on=True, announce=False))
    )


async def nobody_takes_it(stage: Stage) -> None:
    """Anna talks and passes the call on; neither Boris nor Anna nor her step takes it."""
    await stage.arrives()
    await stage.leg(CUSTOMER, "up")
    await stage.leg(A1, "up")
    assert stage.switch.said("record") == [(C1, TALK)]
    await passes(stage)
    await stage.gone(A1)
    await stage.gone(B1, "busy")
    await stage.gone("agent-anna-2", "no_answer")
    await stage.gone("agent-anna-3", "no_answer")


async def ended(stage: Stage) -> FinishedCall:
    await stage.gone(CUSTOMER)
    await stage.wait(3)
    return stage.journal.finished[C1]


@pytest.mark.feature("W6")
async def test_a_message_after_a_talk_has_a_file_of_its_own_and_is_what_is_heard_first() -> None:
    async with playing(Stage(recorded(ANNAS, VoicemailStep(max_s=60)))) as stage:
        await nobody_takes_it(stage)
        assert stage.switch.said("take_message") == [(CUSTOMER, MESSAGE, 60)]
        kept = await ended(stage)
        assert kept.outcome == "answered"
        assert kept.wanted == CallbackWanted(reason=CallbackReason.VOICEMAIL)
        assert (kept.recording, kept.also_recorded) == (MESSAGE, (TALK,))
        assert sorted(stage.switch.said("stop_recording")) == [(TALK,), (MESSAGE,)]


@pytest.mark.feature("W6")
async def test_a_call_back_promised_after_a_talk_is_kept() -> None:
    async with playing(Stage(account(ANNAS, CallbackStep()))) as stage:
        await stage.arrives()
        await stage.leg(CUSTOMER, "up")
        await stage.leg(A1, "up")
        await passes(stage)
        await stage.gone(A1)
        await stage.gone(B1, "busy")
        await stage.gone("agent-anna-2", "no_answer")
        await stage.gone("agent-anna-3", "no_answer")
        kept = await ended(stage)
        assert kept.wanted == CallbackWanted(reason=CallbackReason.ASKED)
        assert kept.wanted_by == (ANNA, BORIS)


async def test_a_talk_after_a_message_is_recorded_and_nobody_has_to_call_back() -> None:
    stage = Stage(recorded(VoicemailStep(max_s=10), ANNAS))
    async with playing(stage):
        await stage.arrives()
        await stage.leg(CUSTOMER, "up")
        await stage.wait(20)
        assert stage.switch.said("take_message") == [(CUSTOMER, MESSAGE, 10)]
        await stage.leg(A1, "up")
        assert stage.switch.said("record") == [(C1, TALK)]
        kept = await ended(stage)
        assert kept.wanted is None
        assert (kept.recording, kept.also_recorded) == (TALK, (MESSAGE,))


async def test_a_new_owner_knows_of_the_message_and_of_what_the_talk_settled() -> None:
    stage = Stage(recorded(VoicemailStep(max_s=10), ANNAS))
    async with playing(stage):
        await stage.arrives()
        await stage.leg(CUSTOMER, "up")
        await stage.wait(20)
        await stage.leg(A1, "up")
    stage.new_owner()
    async with running(stage):
        talk = live(leg(CUSTOMER, "up"), leg(A1, "up"), connected=(CUSTOMER, A1))
        await stage.connected(talk)
        kept = await ended(stage)
        assert kept.wanted is None
        assert (kept.recording, kept.also_recorded) == (TALK, (MESSAGE,))
