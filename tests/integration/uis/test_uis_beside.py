"""What is heard beside the talk: a message before somebody rings, a coach who listens."""

from __future__ import annotations

import pytest

from backend.errors import NoDevice, NotFound, SwitchRefused
from backend.services.ports import LegEnded, LegMoved, SoundOver, SwitchConnected
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


async def test_who_listens_is_no_part_of_the_call() -> None:
    async with world() as made:
        call_id, anna = await made.talking()
        await made.switch.coach(call_id, BORIS_LINE)
        await made.heard.since()
        made.cloud.pick_up(BORIS)
        await made.clock.advance(60)
        await made.heard.since()
        assert _told_of(made) == {anna, CONTACT}
        # The next owner does not take him for somebody who is rung, either.
        other = made.listen(made.adapter())
        (call,) = (await other.until(SwitchConnected)).calls
        assert {leg.leg_id for leg in call.legs} == {anna, CONTACT}
        made.cloud.hang_up(BORIS)
        await made.heard.since()
        assert made.cloud.of(CALLER).state == "talk"
        await made.switch.hang_up(call_id, CONTACT, HangupCause.NORMAL)
        await made.heard.until(LegEnded, leg_id=CONTACT)


async def test_a_coach_the_cloud_refuses_is_forgotten() -> None:
    async with world() as made:
        call_id, _ = await made.talking()
        with pytest.raises(NoDevice):
            await made.switch.coach(call_id, "PJSIP/101")
        with pytest.raises(SwitchRefused):
            await made.switch.coach(call_id, f"UIS/11:{ANNA}")
        with pytest.raises(NotFound):
            await made.switch.coach(CallId("c9"), BORIS_LINE)
        made.app.state.call_api.refuse = "component_disabled"
        with pytest.raises(SwitchRefused):
            await made.switch.coach(call_id, BORIS_LINE)
        await made.switch.coach(call_id, BORIS_LINE)
        assert made.asked("add.coach") == ["component_disabled", None]
