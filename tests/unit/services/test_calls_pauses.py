"""Pausing the recording while a customer says what must not be kept."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import count

import pytest

from backend.domain.account_settings import AllSettings, RecordingSettings
from backend.domain.scenario import Step
from backend.errors import SwitchRefused, SwitchUnavailable, WrongState
from backend.services.ports import Capabilities, LiveCall, LiveLeg
from protocol.commands import HoldCall
from protocol.recording import PauseRecording
from protocol.vocabulary import CallId, CommandId, EmployeeId, LegId, LegState
from tests.fakes import idle, until
from tests.unit.services.stage import (
    ACC,
    ANNA,
    BORIS,
    CUSTOMER,
    Stage,
    account,
    at,
    playing,
    running,
)

C1, NAME = CallId("c1"), "dozvon-demo-c1"
LIMIT_S = 30
_ids = count(1)


def _stage(*, on: bool = True) -> Stage:
    recording = RecordingSettings(on=on, pause_limit_s=LIMIT_S)
    route = account(Step(employees=(ANNA, BORIS), timeout_s=20))
    return Stage(replace(route, settings=AllSettings(recording=recording)))


async def _talking(stage: Stage) -> None:
    await stage.arrives()
    await stage.leg("agent-anna-1", "up")
    await until(lambda: bool(stage.switch.said("connect")))
    await idle()


async def _pause(stage: Stage, *, on: bool, who: EmployeeId = ANNA) -> None:
    command = PauseRecording(id=CommandId(f"pause-{next(_ids):04d}"), call_id=C1, on=on)
    await stage.client.send(ACC, who, command)
    await idle()


async def _hold(stage: Stage, *, on: bool) -> None:
    await stage.client.send(
        ACC, ANNA, HoldCall(id=CommandId(f"hold-{next(_ids):04d}"), call_id=C1, on=on)
    )
    await idle()


async def _over(stage: Stage) -> None:
    for leg in ("customer-0", "agent-anna-1"):
        await stage.gone(leg)
    await stage.wait(3)
    await until(lambda: C1 in stage.journal.finished)


@pytest.mark.feature("T")
async def test_a_pause_is_silence_a_mark_on_the_card_and_a_fact_in_the_history() -> None:
    stage = _stage()
    async with playing(stage):
        await _talking(stage)
        mark = {"paused_at": None, "paused_until": None, "can_pause": True}
        assert stage.last(ANNA)["recording"] == mark
        await stage.wait(5)
        await _pause(stage, on=True)
        began = stage.now()
        mark = stage.last(ANNA)["recording"]
        assert mark["paused_at"] is not None
        assert mark["paused_until"] > mark["paused_at"]
        await stage.wait(7)
        await _pause(stage, on=False)
        assert stage.last(ANNA)["recording"]["paused_at"] is None
        assert stage.switch.said("mute_recording") == [(NAME, True), (NAME, False)]
        await _over(stage)
        assert stage.last(ANNA)["recording"] is None
    (kept,) = stage.journal.finished[C1].pauses
    assert kept.by == ANNA
    assert kept.ended_at is not None
    assert (kept.began_at, kept.ended_at - kept.began_at) == (began, timedelta(seconds=7))


async def test_asking_twice_pauses_once() -> None:
    stage = _stage()
    async with playing(stage):
        await _talking(stage)
        for on in (False, True, True, False, False):
            await _pause(stage, on=on)
        assert stage.switch.said("mute_recording") == [(NAME, True), (NAME, False)]


@pytest.mark.feature("T")
async def test_a_forgotten_pause_ends_by_itself() -> None:
    stage = _stage()
    async with playing(stage):
        await _talking(stage)
        await _pause(stage, on=True)
        await stage.wait(LIMIT_S - 1)
        assert stage.last(ANNA)["recording"]["paused_at"] is not None
        await stage.wait(2)
        assert stage.last(ANNA)["recording"]["paused_at"] is None
        assert stage.switch.said("mute_recording") == [(NAME, True), (NAME, False)]


async def test_the_limit_of_an_earlier_pause_ends_no_later_one() -> None:
    stage = _stage()
    async with playing(stage):
        await _talking(stage)
        await _pause(stage, on=True)
        await stage.wait(20)
        await _pause(stage, on=False)
        await _pause(stage, on=True)
        await stage.wait(15)
        assert stage.last(ANNA)["recording"]["paused_at"] is not None


async def test_music_in_a_pause_ends_it_for_nobody() -> None:
    stage = _stage()
    async with playing(stage):
        await _talking(stage)
        await _pause(stage, on=True)
        await _hold(stage, on=True)
        await _hold(stage, on=False)
        assert stage.switch.said("mute_recording")[-1] == (NAME, True)
        await _pause(stage, on=False)
        assert stage.switch.said("mute_recording")[-1] == (NAME, False)


async def test_a_pause_that_ends_during_music_leaves_silence_until_the_talk_goes_on() -> None:
    stage = _stage()
    async with playing(stage):
        await _talking(stage)
        await _hold(stage, on=True)
        await _pause(stage, on=True)
        await _pause(stage, on=False)
        assert (NAME, False) not in stage.switch.said("mute_recording")
        await _hold(stage, on=False)
        assert stage.switch.said("mute_recording")[-1] == (NAME, False)


@pytest.mark.feature("T")
async def test_a_switch_that_does_not_do_it_pauses_nothing() -> None:
    """Whoever reads "paused" may say his card's digits: it must be true."""
    stage = _stage()
    async with playing(stage):
        await _talking(stage)
        stage.switch.errors["mute_recording"] = SwitchRefused("no")
        with pytest.raises((SwitchRefused, SwitchUnavailable)):
            await _pause(stage, on=True)
        assert stage.last(ANNA)["recording"]["paused_at"] is None
        del stage.switch.errors["mute_recording"]
        await _over(stage)
    assert stage.journal.finished[C1].pauses == ()


@pytest.mark.feature("T")
async def test_a_switch_that_records_by_its_own_rules_is_not_believed() -> None:
    """It may say yes and go on: the button is greyed, and whoever asks is refused."""
    stage = _stage()
    stage.switch.capabilities = Capabilities(recording=False)
    async with playing(stage):
        await _talking(stage)
        assert stage.last(ANNA)["recording"]["can_pause"] is False
        with pytest.raises(WrongState):
            await _pause(stage, on=True)
        assert stage.switch.said("mute_recording") == []


async def test_only_who_talks_pauses_and_only_what_is_recorded() -> None:
    stage = _stage()
    async with playing(stage):
        await stage.arrives()
        with pytest.raises(WrongState):
            await _pause(stage, on=True)
    unrecorded = _stage(on=False)
    async with playing(unrecorded):
        await _talking(unrecorded)
        assert unrecorded.last(ANNA)["recording"] is None
        with pytest.raises(WrongState):
            await _pause(unrecorded, on=True)


@pytest.mark.feature("T")
async def test_a_new_owner_ends_the_pause_in_time() -> None:
    stage = _stage()
    async with playing(stage):
        await _talking(stage)
        await _pause(stage, on=True)
        await stage.wait(10)
    stage.new_owner()
    async with running(stage):
        agent = LegId("agent-anna-1")
        legs = tuple(
            LiveLeg(leg_id=leg, state=LegState.UP, number="79161234567", dialed="1", at=at(0))
            for leg in (CUSTOMER, agent)
        )
        talk = LiveCall(call_id=C1, legs=legs, held=False, connected=(CUSTOMER, agent))
        await stage.connected(talk)
        await until(lambda: stage.last(ANNA)["recording"] is not None)
        assert stage.last(ANNA)["recording"]["paused_at"] is not None
        await stage.wait(15)
        assert stage.switch.said("mute_recording") == [(NAME, True)]
        await stage.wait(6)
        assert stage.switch.said("mute_recording") == [(NAME, True), (NAME, False)]


async def test_a_call_that_ends_in_a_pause_ends_it() -> None:
    stage = _stage()
    async with playing(stage):
        await _talking(stage)
        await _pause(stage, on=True)
        await stage.wait(3)
        await _over(stage)
    call = stage.journal.finished[C1]
    assert [pause.ended_at for pause in call.pauses] == [call.ended_at]
