"""What is heard beside the talk: a message before somebody rings, a coach who listens."""

from __future__ import annotations

from typing import Any

import pytest

from backend.errors import NoDevice, NotFound, SwitchRefused
from backend.services.ports import LegEnded, LegMoved, SoundOver, SwitchConnected
from backend.services.ports.watching import WatchOrder
from protocol.vocabulary import CallId, HangupCause, LegId, LegState
from tests.integration.uis.world import ANNA, BORIS, CALLER, CONTACT, World, world

BORIS_LINE = f"UIS/12:{BORIS}"


@pytest.mark.feature("T")
async def test_a_message_is_heard_with_the_next_who_rings() -> None:
    async with world() as made:
        call_id = await made.arrived()
        await made.switch.play(call_id, CONTACT, "welcome")
        assert (await made.heard.until(SoundOver, call_id=call_id)).kind == "played"
        first = await made.ring(call_id)
        await made.heard.until(LegMoved, leg_id=first, state=LegState.RINGING)
        (session,) = made.cloud.sessions
        assert session.said == ["welcome"]
        made.cloud.decline(ANNA)
        await made.heard.until(LegEnded, leg_id=first)
        second = await made.ring(call_id, BORIS_LINE, leg_id=LegId("agent-e2-1"))
        await made.heard.until(LegMoved, leg_id=second, state=LegState.RINGING)
        assert session.said == ["welcome"], "once"


async def test_a_message_that_cannot_be_heard_is_refused() -> None:
    async with world() as made:
        call_id = await made.arrived()
        with pytest.raises(SwitchRefused):
            await made.switch.play(call_id, CONTACT, "dozvon/acme/welcome")
        with pytest.raises(SwitchRefused):
            await made.switch.play(call_id, LegId("agent-e1-1"), "welcome")
    async with world() as made:
        call_id, _ = await made.talking()
        with pytest.raises(SwitchRefused):
            await made.switch.play(call_id, CONTACT, "welcome")


def _told_of(made: World) -> set[LegId]:
    return {event.leg_id for event in made.heard.seen if isinstance(event, LegMoved | LegEnded)}


def watch(call_id: CallId, leg_id: LegId, **changes: Any) -> WatchOrder:
    fields: dict[str, Any] = {
        "watch_id": "w1",
        "call_id": call_id,
        "leg_id": leg_id,
        "endpoint": BORIS_LINE,
        "mode": "whisper",
        "shown": "Анна",
        "timeout_s": 20,
    }
    return WatchOrder(**(fields | changes))


async def test_who_listens_is_no_part_of_the_call() -> None:
    async with world() as made:
        call_id, anna = await made.talking()
        watches, order = made.switch.watches, watch(call_id, anna)
        for _ in range(2):
            await watches.ring_watcher(order)
        assert made.asked("add.coach") == [None]
        await made.heard.since()
        assert await watches.watch_state("w1") == "ringing"
        made.cloud.pick_up(BORIS)
        await made.heard.since()
        assert await watches.watch_state("w1") == "up"
        await watches.let_in(order)
        await made.clock.advance(60)
        await made.heard.since()
        assert _told_of(made) == {anna, CONTACT}
        # The next owner does not take him for somebody who is rung, and sends him away.
        other = made.adapter()
        heard = made.listen(other)
        (call,) = (await heard.until(SwitchConnected)).calls
        assert {leg.leg_id for leg in call.legs} == {anna, CONTACT}
        await other.watches.end_watches()
        await made.clock.advance(31)
        await made.heard.since()
        assert await watches.watch_state("w1") == "gone"
        assert made.cloud.of(CALLER).state == "talk"
        await made.switch.hang_up(call_id, CONTACT, HangupCause.NORMAL)
        await made.heard.until(LegEnded, leg_id=CONTACT)


async def test_a_watch_ends_before_and_after_the_cloud_shows_it() -> None:
    async with world() as made:
        call_id, anna = await made.talking()
        watches = made.switch.watches
        await watches.ring_watcher(watch(call_id, anna))
        await watches.end_watch("w1")
        await made.heard.since()
        assert made.cloud.of(CALLER).live[-1].number == ANNA
        await watches.ring_watcher(watch(call_id, anna, watch_id="w2"))
        await made.heard.since()
        made.cloud.pick_up(BORIS)
        await made.heard.since()
        await watches.end_watch("w2")
        assert await watches.watch_state("w2") == "gone"
        await watches.end_watch("nobody's")
        assert [leg.number for leg in made.cloud.of(CALLER).live] == [CALLER, ANNA]


async def test_a_coach_the_cloud_cannot_ring_or_refuses_is_forgotten() -> None:
    async with world() as made:
        call_id, anna = await made.talking()
        watches = made.switch.watches
        refusals: tuple[tuple[dict[str, Any], type[Exception]], ...] = (
            ({"endpoint": "PJSIP/101"}, NoDevice),
            ({"endpoint": f"UIS/11:{ANNA}"}, SwitchRefused),
            ({"mode": "barge"}, SwitchRefused),
            ({"call_id": CallId("c9")}, NotFound),
        )
        for change, refusal in refusals:
            with pytest.raises(refusal):
                await watches.ring_watcher(watch(**({"call_id": call_id, "leg_id": anna} | change)))
        made.app.state.call_api.refuse = "component_disabled"
        with pytest.raises(SwitchRefused):
            await watches.ring_watcher(watch(call_id, anna))
        await watches.ring_watcher(watch(call_id, anna))
        assert made.asked("add.coach") == ["component_disabled", None]
