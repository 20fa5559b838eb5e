"""What every `Switch` must do, whichever exchange is behind it.

A switch takes part by giving a `SwitchStage`: how to make people on its other side act.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol, TypeVar

import pytest

from backend.errors import NoDevice, NotFound, SwitchRefused
from backend.kit import audio
from backend.services.ports import (
    Arrived,
    EarlySound,
    HoldReported,
    LegEnded,
    LegMoved,
    RingOrder,
    SoundOver,
    Switch,
    SwitchConnected,
    SwitchDisconnected,
    SwitchEvent,
    SwitchRecordings,
    Towards,
)
from protocol.vocabulary import CallId, HangupCause, LegId, LegState

E = TypeVar("E", bound=SwitchEvent)

CALLER = "79160000001"


class SwitchStage(Protocol):
    """A switch whose events are being read, with two phones and one that nobody plugged in."""

    @property
    def switch(self) -> Switch: ...
    @property
    def phones(self) -> tuple[str, str]:
        """Endpoints that ring."""

    @property
    def missing_phone(self) -> str: ...
    def outside(self, number: str) -> Towards:
        """An outside party, as it is rung through this switch."""

    async def until(self, kind: type[E], **members: Any) -> E:
        """The next event of this kind whose members match, within a deadline."""

    async def told_since(self) -> list[SwitchEvent]:
        """Everything told since the last `until`, up to now."""

    async def calls_in(self, number: str) -> None: ...
    async def gives_up(self, number: str) -> None: ...
    async def picks_up(self, endpoint: str) -> None: ...
    async def says_busy(self, endpoint: str) -> None: ...
    async def time_passes(self, seconds: float) -> None: ...
    async def is_muted(self, endpoint: str) -> bool:
        """Whether what this phone says is kept from everybody."""

    @property
    def slack_s(self) -> float:
        """How far a recording's length may be from the time that passed."""

    async def keys_heard(self, number: str) -> str:
        """All this customer was sent, pauses as commas."""

    @property
    def recordings(self) -> SwitchRecordings: ...
    async def loses_contact(self) -> None:
        """The connection drops; it comes back when time passes."""


class EarlyStage(SwitchStage, Protocol):
    """With numbers behind the trunk that are called."""

    async def announces(self, number: str) -> None:
        """Its network begins to speak."""

    async def answers(self, number: str) -> None: ...
    async def refuses(self, number: str, sip_code: int) -> None: ...
    async def hears_the_network(self, endpoint: str) -> None:
        """Wait until this phone hears what the network says."""


def order(stage: SwitchStage, call_id: CallId, endpoint: str, attempt: int = 1) -> RingOrder:
    return RingOrder(
        account="demo",
        call_id=call_id,
        leg_id=LegId(f"agent-e1-{attempt}"),
        endpoint=endpoint,
        caller_number=CALLER,
        caller_name="",
        timeout_s=15,
        towards=stage.outside(CALLER),
    )


class SwitchContract:
    """What every engine keeps. Derive, with `Mutes` … for what it declares beyond that, and give a
    fixture `stage`."""

    async def test_it_is_held_to_all_it_declares(self, stage: SwitchStage) -> None:
        can = stage.switch.capabilities
        declared = (can.mute, "conference" in can.transfers, can.recording, can.messages)
        assert declared == tuple(
            isinstance(self, part) for part in (Mutes, Confers, RecordsByCommand, Messages)
        )

    async def test_ids_of_a_call_are_the_same_after_contact_was_lost(
        self, stage: SwitchStage
    ) -> None:
        await stage.calls_in(CALLER)
        arrived = await stage.until(Arrived)
        await stage.loses_contact()
        await stage.until(SwitchDisconnected)
        await stage.time_passes(60)
        (call,) = (await stage.until(SwitchConnected)).calls
        assert call.call_id == arrived.call_id
        assert [leg.leg_id for leg in call.legs] == [arrived.leg_id]

    async def test_what_happened_without_contact_is_in_the_list_only(
        self, stage: SwitchStage
    ) -> None:
        await stage.calls_in(CALLER)
        await stage.until(Arrived)
        await stage.loses_contact()
        await stage.until(SwitchDisconnected)
        await stage.gives_up(CALLER)
        await stage.time_passes(60)
        assert (await stage.until(SwitchConnected)).calls == ()
        assert await stage.told_since() == []

    async def test_a_caller_who_gives_up_is_told_with_the_reason(self, stage: SwitchStage) -> None:
        await stage.calls_in(CALLER)
        arrived = await stage.until(Arrived)
        await stage.gives_up(CALLER)
        ended = await stage.until(LegEnded, call_id=arrived.call_id)
        assert ended.leg_id == arrived.leg_id
        assert ended.cause in (HangupCause.NORMAL, HangupCause.CANCELLED), "it was seen to end"

    async def test_a_leg_rings_is_up_and_ends(self, stage: SwitchStage) -> None:
        call_id, phone = CallId("c1"), stage.phones[0]
        leg = order(stage, call_id, phone)
        await stage.switch.ring(leg)
        await stage.until(LegMoved, leg_id=leg.leg_id, state=LegState.RINGING)
        await stage.picks_up(phone)
        await stage.until(LegMoved, leg_id=leg.leg_id, state=LegState.UP)
        await stage.switch.hang_up(call_id, leg.leg_id, HangupCause.NORMAL)
        ended = await stage.until(LegEnded, call_id=call_id)
        assert ended.cause is HangupCause.NORMAL

    async def test_the_same_order_twice_rings_once(self, stage: SwitchStage) -> None:
        leg = order(stage, CallId("c1"), stage.phones[0])
        await stage.switch.ring(leg)
        await stage.switch.ring(leg)
        await stage.until(LegMoved, state=LegState.RINGING)
        assert not any(isinstance(e, LegMoved) for e in await stage.told_since())

    async def test_a_device_that_is_not_there(self, stage: SwitchStage) -> None:
        with pytest.raises(NoDevice):
            await stage.switch.ring(order(stage, CallId("c1"), stage.missing_phone))

    async def test_busy_and_unanswered_are_told_apart(self, stage: SwitchStage) -> None:
        first, second = stage.phones
        call_id = CallId("c1")
        await stage.switch.ring(order(stage, call_id, first))
        await stage.until(LegMoved, state=LegState.RINGING)
        await stage.says_busy(first)
        assert (await stage.until(LegEnded)).cause is HangupCause.BUSY
        await stage.switch.ring(order(stage, call_id, second, attempt=2))
        await stage.until(LegMoved, state=LegState.RINGING)
        await stage.time_passes(15)
        assert (await stage.until(LegEnded)).cause is HangupCause.NO_ANSWER

    async def test_hanging_up_what_is_gone_is_done(self, stage: SwitchStage) -> None:
        await stage.switch.hang_up(CallId("c1"), LegId("agent-e1-1"), HangupCause.NORMAL)
        await stage.switch.release(CallId("c1"))

    async def test_hold_is_reported_and_survives(self, stage: SwitchStage) -> None:
        await stage.calls_in(CALLER)
        arrived = await stage.until(Arrived)
        leg = order(stage, arrived.call_id, stage.phones[0])
        await stage.switch.ring(leg)
        await stage.until(LegMoved, leg_id=leg.leg_id, state=LegState.RINGING)
        await stage.picks_up(stage.phones[0])
        await stage.until(LegMoved, leg_id=leg.leg_id, state=LegState.UP)
        await stage.switch.answer(arrived.call_id, arrived.leg_id)
        await stage.switch.connect("demo", arrived.call_id, [arrived.leg_id, leg.leg_id])
        await stage.switch.hold(arrived.call_id, arrived.leg_id, on=True)
        assert (await stage.until(HoldReported)).on
        await stage.loses_contact()
        await stage.until(SwitchDisconnected)
        await stage.time_passes(60)
        (call,) = (await stage.until(SwitchConnected)).calls
        assert call.held
        await stage.switch.hold(arrived.call_id, arrived.leg_id, on=False)
        assert not (await stage.until(HoldReported)).on

    async def test_keys_are_heard_by_the_leg_they_are_meant_for(self, stage: SwitchStage) -> None:
        await stage.calls_in(CALLER)
        arrived = await stage.until(Arrived)
        leg = order(stage, arrived.call_id, stage.phones[0])
        await stage.switch.ring(leg)
        await stage.until(LegMoved, leg_id=leg.leg_id, state=LegState.RINGING)
        await stage.picks_up(stage.phones[0])
        await stage.until(LegMoved, leg_id=leg.leg_id, state=LegState.UP)
        await stage.switch.answer(arrived.call_id, arrived.leg_id)
        await stage.switch.connect("demo", arrived.call_id, [arrived.leg_id, leg.leg_id])
        await stage.switch.send_digits(arrived.call_id, arrived.leg_id, "21*#")
        await stage.switch.send_digits(arrived.call_id, arrived.leg_id, ",4")
        assert await stage.keys_heard(CALLER) == "21*#,4"
        with pytest.raises(NotFound):
            await stage.switch.send_digits(arrived.call_id, LegId("agent-e9-1"), "1")

    @pytest.mark.feature("A4")
    async def test_which_lines_are_registered_is_told(self, stage: SwitchStage) -> None:
        first, second = stage.phones
        trunk = f"{first}@trunk"
        told = await stage.switch.registered([first, second, stage.missing_phone, trunk])
        assert told == {first: True, second: True, stage.missing_phone: False}

    async def test_recording_a_talk_that_is_gone_is_refused(self, stage: SwitchStage) -> None:
        with pytest.raises(NotFound):
            await stage.switch.record(CallId("c1"), "talk-1")
        await stage.switch.stop_recording("talk-1")
        await stage.switch.mute_recording("talk-1", on=True)


class Mutes:
    """Legs whose words can be kept from everybody."""

    async def test_what_a_muted_leg_says_goes_nowhere(self, stage: SwitchStage) -> None:
        leg = order(stage, CallId("c1"), stage.phones[0])
        await stage.switch.ring(leg)
        await stage.until(LegMoved, leg_id=leg.leg_id, state=LegState.RINGING)
        await stage.picks_up(stage.phones[0])
        await stage.until(LegMoved, leg_id=leg.leg_id, state=LegState.UP)
        for on in (True, True, False, False):
            await stage.switch.mute(CallId("c1"), leg.leg_id, on=on)
            assert await stage.is_muted(stage.phones[0]) is on
        with pytest.raises(NotFound):
            await stage.switch.mute(CallId("c1"), LegId("agent-e9-1"), on=True)


class Confers:
    """Rooms of more than two, and two at once in one call."""

    async def test_two_talk_apart_and_come_back_to_the_customer(self, stage: SwitchStage) -> None:
        await stage.calls_in(CALLER)
        arrived = await stage.until(Arrived)
        call_id, customer = arrived.call_id, arrived.leg_id
        first, second = (
            order(stage, call_id, stage.phones[0]),
            order(stage, call_id, stage.phones[1], attempt=2),
        )
        await stage.switch.answer(call_id, customer)
        for leg in (first, second):
            await stage.switch.ring(leg)
            await stage.until(LegMoved, leg_id=leg.leg_id, state=LegState.RINGING)
            await stage.picks_up(leg.endpoint)
            await stage.until(LegMoved, leg_id=leg.leg_id, state=LegState.UP)
        await stage.switch.connect("demo", call_id, [customer, first.leg_id])
        await stage.switch.hold(call_id, customer, on=True)
        await stage.switch.set_aside(call_id, first.leg_id, "ringback")
        for _ in range(2):
            await stage.switch.consult("demo", call_id, [first.leg_id, second.leg_id])
        await stage.loses_contact()
        await stage.until(SwitchDisconnected)
        await stage.time_passes(60)
        (call,) = (await stage.until(SwitchConnected)).calls
        assert set(call.consulting) == {first.leg_id, second.leg_id}
        assert (call.connected, call.held) == ((), True)
        # Over to the second: the first hears music on its own until it leaves.
        await stage.switch.connect("demo", call_id, [customer, second.leg_id])
        await stage.switch.hold(call_id, customer, on=False)
        await stage.switch.set_aside(call_id, first.leg_id, "music")
        await stage.loses_contact()
        await stage.until(SwitchDisconnected)
        await stage.time_passes(60)
        (call,) = (await stage.until(SwitchConnected)).calls
        assert set(call.connected) == {customer, second.leg_id}
        assert (call.consulting, call.held) == ((), False)
        await stage.switch.connect("demo", call_id, [customer, first.leg_id, second.leg_id])
        await stage.switch.release(call_id)


class RecordsByCommand:
    """Recordings begun, paused and ended by command."""

    async def test_what_is_said_in_a_pause_is_in_no_file(
        self, stage: SwitchStage, tmp_path: Path
    ) -> None:
        await stage.calls_in(CALLER)
        arrived = await stage.until(Arrived)
        leg = order(stage, arrived.call_id, stage.phones[0])
        await stage.switch.ring(leg)
        await stage.until(LegMoved, leg_id=leg.leg_id, state=LegState.RINGING)
        await stage.picks_up(stage.phones[0])
        await stage.until(LegMoved, leg_id=leg.leg_id, state=LegState.UP)
        await stage.switch.answer(arrived.call_id, arrived.leg_id)
        await stage.switch.connect("demo", arrived.call_id, [arrived.leg_id, leg.leg_id])
        # As the product names it; an engine may find the file by the call in it.
        name = f"dozvon-demo-{arrived.call_id}"
        await stage.switch.record(arrived.call_id, name)
        await stage.time_passes(3)
        for _ in range(2):
            await stage.switch.mute_recording(name, on=True)
        await stage.time_passes(2)
        await stage.switch.mute_recording(name, on=False)
        await stage.time_passes(1)
        await stage.switch.stop_recording(name)
        await stage.gives_up(CALLER)
        file = tmp_path / "talk.wav"
        assert await stage.recordings.fetch(name, file)
        # Silence, or a gap: which of both is the engine's, what was said is in neither.
        assert any(abs(audio.seconds(file) - long) <= stage.slack_s for long in (4, 6))


class Records(RecordsByCommand):
    """In one file that grows, whose length is the talk's."""

    async def test_a_talk_is_recorded_until_its_file_is_fetched(
        self, stage: SwitchStage, tmp_path: Path
    ) -> None:
        await stage.calls_in(CALLER)
        arrived = await stage.until(Arrived)
        leg = order(stage, arrived.call_id, stage.phones[0])
        await stage.switch.ring(leg)
        await stage.until(LegMoved, leg_id=leg.leg_id, state=LegState.RINGING)
        await stage.picks_up(stage.phones[0])
        await stage.until(LegMoved, leg_id=leg.leg_id, state=LegState.UP)
        await stage.switch.answer(arrived.call_id, arrived.leg_id)
        await stage.switch.connect("demo", arrived.call_id, [arrived.leg_id, leg.leg_id])
        await stage.switch.announce_recording(arrived.call_id)
        for _ in range(2):
            await stage.switch.record(arrived.call_id, "talk-1")
        await stage.time_passes(3)
        # As a hold does it: music for one, silence in the file, and its length goes on.
        await stage.switch.hold(arrived.call_id, arrived.leg_id, on=True)
        await stage.switch.mute_recording("talk-1", on=True)
        await stage.time_passes(2)
        await stage.switch.hold(arrived.call_id, arrived.leg_id, on=False)
        await stage.switch.mute_recording("talk-1", on=False)
        await stage.time_passes(1)
        file = tmp_path / "talk.wav"
        assert await stage.recordings.fetch("talk-1", file), "also while it was under way"
        assert audio.seconds(file) == pytest.approx(6, abs=stage.slack_s)
        # Asked once more by somebody who did not hear of it: the file stays what it is.
        await stage.switch.record(arrived.call_id, "talk-1")
        await stage.switch.stop_recording("talk-1")
        await stage.switch.mute_recording("talk-1", on=True)
        assert await stage.recordings.fetch("talk-1", file)
        assert audio.seconds(file) == pytest.approx(6, abs=stage.slack_s)
        for _ in range(2):
            await stage.recordings.forget("talk-1")
        assert not await stage.recordings.fetch("talk-1", file)


class HeardEarly:
    """Numbers whose network is heard before they answer."""

    async def test_a_number_is_heard_before_it_answers(self, stage: EarlyStage) -> None:
        call_id, customer, phone = CallId("c1"), LegId("customer-1"), stage.phones[0]
        own = order(stage, call_id, phone)
        await stage.switch.ring(own)
        await stage.until(LegMoved, leg_id=own.leg_id, state=LegState.RINGING)
        await stage.picks_up(phone)
        await stage.until(LegMoved, leg_id=own.leg_id, state=LegState.UP)
        await stage.switch.indicate_ringing(call_id, own.leg_id)
        out = replace(own, leg_id=customer, endpoint=stage.outside(CALLER).endpoint, early=True)
        for _ in range(2):
            await stage.switch.ring(out)
        await stage.until(LegMoved, leg_id=customer, state=LegState.DIALING)
        await stage.announces(CALLER)
        await stage.until(EarlySound, call_id=call_id, leg_id=customer)
        await stage.switch.connect("demo", call_id, [own.leg_id, customer])
        await stage.hears_the_network(phone)
        await stage.answers(CALLER)
        await stage.until(LegMoved, leg_id=customer, state=LegState.UP)
        await stage.switch.connect("demo", call_id, [own.leg_id, customer])
        await stage.switch.hang_up(call_id, customer, HangupCause.NORMAL)
        ended = await stage.until(LegEnded, leg_id=customer)
        assert ended.cause is HangupCause.NORMAL

    async def test_a_number_that_speaks_and_refuses_ends_with_its_cause(
        self, stage: EarlyStage
    ) -> None:
        out = replace(
            order(stage, CallId("c1"), stage.outside(CALLER).endpoint),
            leg_id=LegId("customer-1"),
            early=True,
        )
        await stage.switch.ring(out)
        await stage.until(LegMoved, state=LegState.DIALING)
        await stage.announces(CALLER)
        await stage.until(EarlySound)
        await stage.refuses(CALLER, 404)
        assert (await stage.until(LegEnded)).cause is HangupCause.INVALID_NUMBER


class Messages:
    """Sounds for one leg, and what it says after a tone."""

    async def test_a_message_is_heard_by_one_leg_and_its_end_is_told(
        self, stage: SwitchStage
    ) -> None:
        await stage.calls_in(CALLER)
        arrived = await stage.until(Arrived)
        call_id, leg_id = arrived.call_id, arrived.leg_id
        await stage.switch.answer(call_id, leg_id)
        with pytest.raises(SwitchRefused):
            await stage.switch.play(call_id, leg_id, "no-such-sound-anywhere")
        for _ in range(2):
            await stage.switch.play(call_id, leg_id, "hello-world")
            await stage.time_passes(3)
            over = await stage.until(SoundOver, call_id=call_id)
            assert (over.leg_id, over.kind) == (leg_id, "played")

    async def test_what_a_caller_says_after_the_tone_is_fetched_like_a_talk(
        self, stage: SwitchStage, tmp_path: Path
    ) -> None:
        await stage.calls_in(CALLER)
        arrived = await stage.until(Arrived)
        call_id, leg_id = arrived.call_id, arrived.leg_id
        await stage.switch.answer(call_id, leg_id)
        for _ in range(2):
            await stage.switch.take_message(call_id, leg_id, "voice-1", max_s=5)
        await stage.time_passes(6)
        over = await stage.until(SoundOver, call_id=call_id)
        assert (over.leg_id, over.kind) == (leg_id, "recorded")
        file = tmp_path / "voice.wav"
        assert await stage.recordings.fetch("voice-1", file)
        assert audio.seconds(file) == pytest.approx(5, abs=stage.slack_s)
