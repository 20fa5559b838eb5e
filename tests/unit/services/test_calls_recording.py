"""What of a talk is recorded, and what the history knows of it."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from backend.domain.account_settings import AllSettings, RecordingSettings
from backend.domain.scenario import Step
from backend.errors import SwitchRefused, SwitchUnavailable
from backend.services.ports import LiveCall, LiveLeg
from protocol.commands import Dial, HoldCall
from protocol.recording import PauseRecording
from protocol.transfers import CompleteTransfer, TransferCall
from protocol.vocabulary import CallId, CommandId, LegId, LegState
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

BOTH = Step(employees=(ANNA, BORIS), timeout_s=20)
C1, NAME = CallId("c1"), "dozvon-demo-c1"
AGENT = LegId("agent-anna-1")
TALK = LiveCall(
    call_id=C1,
    legs=(
        LiveLeg(leg_id=CUSTOMER, state=LegState.UP, number="79161234567", dialed="1", at=at(0)),
        LiveLeg(leg_id=AGENT, state=LegState.UP, number="", dialed="", at=at(0)),
    ),
    held=False,
    connected=(CUSTOMER, AGENT),
)


async def _talking(stage: Stage) -> None:
    await stage.arrives()
    assert stage.switch.said("record") == []
    await stage.leg("agent-anna-1", "up")
    await until(lambda: bool(stage.switch.said("record")))


async def _over(stage: Stage) -> str | None:
    """The name the history keeps."""
    for leg in ("customer-0", "agent-anna-1"):
        await stage.gone(leg)
    await stage.wait(3)
    await until(lambda: C1 in stage.journal.finished)
    return stage.journal.finished[C1].recording


@pytest.mark.feature("T")
async def test_a_talk_is_recorded_from_the_answer_to_the_end() -> None:
    stage = Stage(account(BOTH))
    async with playing(stage):
        await _talking(stage)
        assert stage.switch.said("record") == [("c1", NAME)]
        assert await _over(stage) == NAME
        assert stage.switch.said("stop_recording") == [(NAME,)]


async def test_music_is_recorded_as_silence() -> None:
    stage = Stage(account(BOTH))
    async with playing(stage):
        await _talking(stage)
        for number, on in enumerate((True, False)):
            hold = HoldCall(id=CommandId(f"hold-000{number}"), call_id=C1, on=on)
            await stage.client.send(ACC, ANNA, hold)
        await until(lambda: len(stage.switch.said("mute_recording")) == 2)
        assert stage.switch.said("mute_recording") == [(NAME, True), (NAME, False)]


async def test_silence_asked_for_late_does_not_outlast_the_music() -> None:
    """The order to be silent failed, was asked again, and came after the talk went on."""
    stage = Stage(account(BOTH))
    async with playing(stage):
        await _talking(stage)
        stage.switch.errors["mute_recording"] = SwitchUnavailable("busy")
        for number, on in enumerate((True, False)):
            hold = HoldCall(id=CommandId(f"late-000{number}"), call_id=C1, on=on)
            await stage.client.send(ACC, ANNA, hold)
            await idle()
            stage.switch.errors.clear()
        await stage.wait(5)
        assert stage.switch.said("mute_recording")[-1] == (NAME, False)


async def test_orders_that_overtake_each_other_leave_what_is_wanted() -> None:
    stage = Stage(account(BOTH))
    async with playing(stage):
        await _talking(stage)
        at_once, slow = stage.switch.mute_recording, asyncio.Event()

        async def dawdle(name: str, *, on: bool) -> None:
            if on:
                await slow.wait()
            await at_once(name, on=on)

        stage.switch.mute_recording = dawdle  # type: ignore[method-assign]
        for number, on in enumerate((True, False)):
            hold = HoldCall(id=CommandId(f"slow-000{number}"), call_id=C1, on=on)
            await stage.client.send(ACC, ANNA, hold)
            await idle()
        slow.set()
        await idle()
        assert stage.switch.said("mute_recording") == [(NAME, False), (NAME, True), (NAME, False)]


async def test_a_pause_the_killed_owner_took_along_is_over() -> None:
    """The card says it is recorded, so it has to be."""
    stage = Stage(account(BOTH))
    async with playing(stage):
        await _talking(stage)
        pause = PauseRecording(id=CommandId("pause-0001"), call_id=C1, on=True)
        await stage.client.send(ACC, ANNA, pause)
        assert stage.switch.said("mute_recording") == [(NAME, True)]
    stage.journal.entries = [e for e in stage.journal.entries if e.kind != "call.paused"]
    stage.new_owner()
    async with running(stage):
        await stage.connected(TALK)
        await until(lambda: bool(stage.switch.said("mute_recording")))
        assert stage.switch.said("mute_recording") == [(NAME, False)]
        [card] = await stage.cards(ANNA)
        assert card["recording"]["paused_at"] is None


async def test_a_new_owner_goes_on_with_the_recording_and_keeps_its_name() -> None:
    stage = Stage(account(BOTH))
    async with playing(stage):
        await _talking(stage)
    stage.new_owner()
    async with running(stage):
        await stage.connected(TALK)
        await until(lambda: stage.switch.said("record") == [("c1", NAME)])
        assert await _over(stage) == NAME


async def test_a_call_that_ended_while_nobody_owned_it_keeps_its_recording() -> None:
    stage = Stage(account(BOTH))
    async with playing(stage):
        await _talking(stage)
    stage.new_owner()
    async with playing(stage):
        await until(lambda: C1 in stage.journal.finished)
    assert stage.journal.finished[C1].recording == NAME


async def test_a_note_the_killed_owner_took_along_loses_no_file() -> None:
    """Entries reach the disk in groups: the last ones of a killed process never do."""
    stage = Stage(account(BOTH))
    async with playing(stage):
        await _talking(stage)
    stage.journal.entries = [e for e in stage.journal.entries if e.kind != "call.recorded"]
    stage.new_owner()
    async with playing(stage):
        await until(lambda: C1 in stage.journal.finished)
    assert stage.journal.finished[C1].recording == NAME


async def test_an_order_that_was_not_confirmed_loses_no_file() -> None:
    stage = Stage(account(BOTH))
    stage.switch.errors["record"] = SwitchUnavailable("no answer")
    async with playing(stage):
        await _talking(stage)
        assert await _over(stage) == NAME


async def test_nothing_is_recorded_where_the_account_does_not_want_it() -> None:
    route = replace(account(BOTH), settings=AllSettings(recording=RecordingSettings(on=False)))
    stage = Stage(route)
    async with playing(stage):
        await stage.arrives()
        await stage.leg("agent-anna-1", "up")
        await until(lambda: bool(stage.switch.said("connect")))
        assert await _over(stage) is None
        assert stage.switch.said("record") == []


def _announcing() -> Stage:
    wanted = AllSettings(recording=RecordingSettings(announce=True))
    return Stage(replace(account(BOTH), settings=wanted))


async def test_both_are_told_before_they_are_recorded() -> None:
    stage = _announcing()
    async with playing(stage):
        await _talking(stage)
        said = [order[0] for order in stage.switch.orders]
        assert said.index("connect") < said.index("announce_recording") < said.index("record")
        assert await _over(stage) == NAME
        assert stage.switch.said("announce_recording") == [("c1",)]


async def test_who_cannot_be_told_is_not_recorded() -> None:
    stage = _announcing()
    stage.switch.errors["announce_recording"] = SwitchRefused("no such sound")
    async with playing(stage):
        await stage.arrives()
        await stage.leg("agent-anna-1", "up")
        await until(lambda: bool(stage.switch.said("announce_recording")))
        assert await _over(stage) is None
        assert stage.switch.said("record") == []


@pytest.mark.feature("W15")
async def test_colleagues_among_themselves_are_not_recorded() -> None:
    stage = Stage(account())
    async with playing(stage):
        await stage.client.send(ACC, ANNA, Dial(id=CommandId("dial-0001"), target="102"))
        await until(lambda: bool(stage.switch.rung))
        call_id = str(stage.switch.rung[0].call_id)
        await stage.leg("agent-anna-1", "up", call_id)
        await until(lambda: len(stage.switch.rung) == 2)
        await stage.leg("agent-boris-1", "up", call_id)
        await until(lambda: bool(stage.switch.said("connect")))
        assert stage.switch.said("record") == []


@pytest.mark.feature("A12")
async def test_a_call_passed_on_is_one_recording_without_what_colleagues_said() -> None:
    """The customer's side from the first answer to the end (L2207); the consultation has a room
    of its own, which nobody records, and the legs stay in our history."""
    stage = Stage(account(Step(employees=(ANNA,), timeout_s=20)))
    async with playing(stage):
        await _talking(stage)
        wish = TransferCall(
            id=CommandId("transfer-1"), call_id=C1, kind="attended", employee_id=BORIS
        )
        await stage.client.send(ACC, ANNA, wish)
        await stage.leg("agent-boris-1", "up")
        assert stage.switch.said("mute_recording") == [(NAME, True)], "silence while they consult"
        assert stage.switch.said("consult") == [("c1", ("agent-anna-1", "agent-boris-1"))]
        done = CompleteTransfer(id=CommandId("complete-1"), call_id=C1)
        await stage.client.send(ACC, ANNA, done)
        await until(lambda: len(stage.switch.said("mute_recording")) == 2)
        assert stage.switch.said("mute_recording")[1] == (NAME, False)
        await stage.gone("agent-anna-1")
        await stage.gone("customer-0")
        await stage.gone("agent-boris-1")
        await stage.wait(3)
        await until(lambda: C1 in stage.journal.finished)
    kept = stage.journal.finished[C1]
    assert set(stage.switch.said("record")) == {("c1", NAME)}
    assert (kept.recording, kept.outcome) == (NAME, "answered")
    assert {leg.employee_id for leg in kept.legs} == {None, ANNA, BORIS}
