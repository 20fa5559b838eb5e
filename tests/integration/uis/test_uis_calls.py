"""Calls through the cloud: who is rung how, what is heard of it, what it refuses."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import Any

import httpx
import pytest

from backend.errors import NoDevice, NotFound, SwitchRefused, SwitchUnavailable
from backend.services.ports import (
    Arrived,
    HoldReported,
    LegEnded,
    LegMoved,
    Placed,
    SwitchConnected,
    Towards,
)
from backend.telephony.uis import NOBODY, UNKNOWN, Letter, MemoryPost, names
from protocol.vocabulary import CallId, HangupCause, LegId, LegState
from tests.integration.uis.world import (
    ANNA,
    BORIS,
    CALLER,
    CONFIG,
    CONTACT,
    DID,
    PLAIN_DID,
    World,
    world,
)

OUTSIDE = "79161230905"
"""Answers at once."""


def towards(number: str) -> Towards:
    return Towards(endpoint=f"UIS/+{number}", shown=f"+{DID}")


async def test_a_call_placed_here_is_one_order_and_both_sides_are_told() -> None:
    async with world() as made:
        leg = await made.ring(CallId("c1"), towards=towards(OUTSIDE))
        await made.heard.until(LegMoved, leg_id=leg, state=LegState.RINGING)
        made.cloud.pick_up(ANNA)
        up = await made.heard.until(LegMoved, leg_id=leg, state=LegState.UP)
        assert up.call_id == "c1"
        # The owner orders the other side all the same: the cloud has rung it by itself.
        await made.ring(CallId("c1"), f"UIS/+{OUTSIDE}", leg_id=CONTACT, towards=None)
        await made.switch.connect("demo", CallId("c1"), [leg])
        (session,) = made.cloud.sessions
        assert (session.direction, session.virtual) == ("out", DID)
        assert session.external_id == names.external_id("test", CallId("c1"))
        assert made.asked("start.employee_call") == [None]
        await made.heard.until(LegMoved, leg_id=CONTACT, state=LegState.UP)
        made.cloud.hang_up(OUTSIDE)
        await made.heard.until(LegEnded, leg_id=CONTACT, cause=HangupCause.NORMAL)


async def test_a_busy_customer_and_one_who_does_not_exist_are_told_apart() -> None:
    async with world() as made:
        for call, number, cause in (
            ("c1", "79161230900", HangupCause.BUSY),
            ("c2", "79161230902", HangupCause.INVALID_NUMBER),
        ):
            leg = await made.ring(CallId(call), towards=towards(number))
            await made.heard.until(LegMoved, leg_id=leg, state=LegState.RINGING)
            made.cloud.pick_up(ANNA)
            await made.heard.until(LegMoved, leg_id=leg, state=LegState.UP)
            ended = await made.heard.until(LegEnded, call_id=call)
            assert (ended.leg_id, ended.cause) == (CONTACT, cause)


async def test_a_colleague_is_told_of_once_ordered() -> None:
    async with world() as made:
        to_boris = Towards(endpoint=f"UIS/12:{BORIS}", shown=f"+{DID}")
        own = await made.ring(CallId("c1"), towards=to_boris)
        await made.heard.until(LegMoved, leg_id=own, state=LegState.RINGING)
        made.cloud.pick_up(ANNA)
        await made.heard.until(LegMoved, leg_id=own, state=LegState.UP)
        other = LegId("agent-e2-1")
        await made.ring(CallId("c1"), f"UIS/12:{BORIS}", leg_id=other, towards=None)
        await made.heard.until(LegMoved, leg_id=other, state=LegState.RINGING)
        made.cloud.pick_up(BORIS)
        await made.heard.until(LegMoved, leg_id=other, state=LegState.UP)


async def test_an_order_whose_answer_was_lost_is_looked_for_before_it_is_repeated() -> None:
    async with world() as made:
        made.app.state.call_api.refuse = "internal_error"
        with pytest.raises(SwitchUnavailable):
            await made.ring(CallId("c1"))
        # It came through after all, as far as the cloud is concerned.
        made.cloud.start_employee_call(
            CONFIG.employees[0],
            [ANNA],
            contact=CALLER,
            virtual=DID,
            external_id=names.external_id("test", CallId("c1")),
            direction="out",
        )
        leg = await made.ring(CallId("c1"))
        await made.heard.until(LegMoved, leg_id=leg, state=LegState.RINGING)
        assert len(made.cloud.sessions) == 1


@pytest.mark.feature("B13")
async def test_the_clouds_question_is_answered_with_whom_the_owner_rings() -> None:
    async with world() as made:
        call_id = await made.arrived()
        await made.ring(call_id)
        await made.ring(call_id, f"UIS/12:{BORIS}", leg_id=LegId("agent-e2-1"))
        await made.heard.until(LegMoved, leg_id=LegId("agent-e2-1"), state=LegState.RINGING)
        ((question, answer),) = made.cloud.notices.asked
        assert (question["numa"], question["numb"]) == (CALLER, DID)
        assert answer == {"phones": [ANNA, BORIS]}
        made.cloud.pick_up(BORIS)
        ended = await made.heard.until(LegEnded, call_id=call_id)
        assert ended.leg_id == "agent-e1-1"
        assert ended.cause is HangupCause.ANSWERED_ELSEWHERE


async def test_a_question_nobody_answers_in_time_takes_the_clouds_own_branch() -> None:
    async with world() as made:
        call_id = await made.arrived()
        await made.clock.advance(4)
        await made.heard.settle()
        assert made.cloud.notices.asked[0][1] == {"returned_code": NOBODY}
        # The next step of the cloud's scenario asks again: now there is somebody.
        leg = await made.ring(call_id)
        await made.heard.until(LegMoved, leg_id=leg, state=LegState.RINGING)


async def test_a_leg_the_cloud_never_asks_for_is_unreachable() -> None:
    async with world() as made:
        call_id = await made.arrived()
        await made.clock.advance(10)
        await made.heard.settle()
        leg = await made.ring(call_id)
        await made.clock.advance(13)
        ended = await made.heard.until(LegEnded, leg_id=leg)
        assert ended.cause is HangupCause.UNREACHABLE


async def test_a_question_that_comes_before_the_notification_is_a_call_too() -> None:
    async with world() as made:
        made.cloud.notices.lost = 1
        made.cloud.place_call(CALLER, DID)
        arrived = await made.heard.until(Arrived)
        assert (arrived.number, arrived.dialed) == (CALLER, DID)
        strange = {"call_session_id": 5, "numa": "", "numb": ""}
        assert await made.post.ask(strange) == {"returned_code": UNKNOWN}


async def test_whom_the_cloud_rings_by_its_own_scenario_is_told() -> None:
    async with world() as made:
        call_id = await made.arrived(virtual=PLAIN_DID)
        rings = await made.heard.until(LegMoved, call_id=call_id, state=LegState.RINGING)
        assert rings.leg_id.startswith("agent-e1-")
        made.cloud.pick_up(ANNA)
        await made.heard.until(LegMoved, leg_id=rings.leg_id, state=LegState.UP)
        await made.heard.until(LegMoved, leg_id=CONTACT, state=LegState.UP)
        await made.switch.hang_up(call_id, CONTACT, HangupCause.NORMAL)
        await made.heard.until(LegEnded, leg_id=CONTACT)
        assert made.asked("release.call") == [None]


async def test_an_employee_who_declines_is_told_from_one_who_is_away() -> None:
    async with world() as made:
        call_id = await made.arrived()
        leg = await made.ring(call_id)
        await made.heard.until(LegMoved, leg_id=leg, state=LegState.RINGING)
        made.cloud.decline(ANNA)
        assert (await made.heard.until(LegEnded, leg_id=leg)).cause is HangupCause.REJECTED
        vera = await made.ring(call_id, "UIS/13:0700103", leg_id=LegId("agent-e3-1"))
        assert (await made.heard.until(LegEnded, leg_id=vera)).cause is HangupCause.UNREACHABLE


@pytest.mark.parametrize("fault", ["lost", "doubled"])
async def test_notifications_may_be_lost_or_come_twice(fault: str) -> None:
    async with world() as made:
        setattr(made.cloud.notices, fault, 50)
        made.cloud.place_call(CALLER, PLAIN_DID)
        if fault == "lost":
            await made.clock.advance(30)  # nobody rings as far as we know: it is read rarely
        call_id = (await made.heard.until(Arrived)).call_id
        rings = await made.heard.until(LegMoved, call_id=call_id, state=LegState.RINGING)
        made.cloud.pick_up(ANNA)
        await made.heard.until(LegMoved, leg_id=rings.leg_id, state=LegState.UP)
        made.cloud.hang_up(CALLER)
        await made.clock.advance(30)
        await made.heard.until(LegEnded, leg_id=CONTACT)
        await made.heard.since()
        assert len([e for e in made.heard.seen if isinstance(e, Arrived)]) == 1
        moves = [(e.leg_id, e.state) for e in made.heard.seen if isinstance(e, LegMoved)]
        assert len(moves) == len(set(moves))


async def test_the_next_owner_calls_the_legs_what_they_were_called() -> None:
    async with world() as made:
        call_id, leg_id = await made.talking()
        await made.switch.hold(call_id, CONTACT, on=True)
        successor = made.listen(made.adapter())
        (call,) = (await successor.until(SwitchConnected)).calls
        assert (call.call_id, call.held) == (call_id, True)
        assert {leg.leg_id for leg in call.legs} == {CONTACT, leg_id}


async def _consulting(made: World) -> tuple[CallId, LegId, LegId]:
    """Anna asks boris while her customer waits."""
    call_id, anna = await made.talking()
    with pytest.raises(SwitchRefused):
        await made.ring(call_id, f"UIS/12:{BORIS}", leg_id=LegId("agent-e2-1"))
    await made.switch.hold(call_id, CONTACT, on=True)
    boris = await made.ring(call_id, f"UIS/12:{BORIS}", leg_id=LegId("agent-e2-1"))
    await made.heard.until(LegMoved, leg_id=boris, state=LegState.RINGING)
    made.cloud.pick_up(BORIS)
    await made.heard.until(LegMoved, leg_id=boris, state=LegState.UP)
    await made.switch.consult("demo", call_id, [anna, boris])
    return call_id, anna, boris


class Deaf(httpx.AsyncBaseTransport):
    """To the answers of one method, once for each in `left`."""

    def __init__(self, app: Any, method: str) -> None:
        self._inner = httpx.ASGITransport(app)
        self._method = method
        self.left = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await self._inner.handle_async_request(request)
        if self.left and json.loads(request.content)["method"] == self._method:
            self.left -= 1
            raise httpx.ReadTimeout("no answer in time", request=request)
        return answer


class Slow(httpx.AsyncBaseTransport):
    """Answers of one method come late: once `gate` is open."""

    def __init__(self, app: Any, method: str) -> None:
        self._inner = httpx.ASGITransport(app)
        self._method = method
        self.gate = asyncio.Event()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await self._inner.handle_async_request(request)
        if json.loads(request.content)["method"] == self._method:
            await self.gate.wait()
        return answer


@pytest.mark.parametrize("came", [True, False])
async def test_a_colleague_whose_order_was_not_answered_is_looked_for(came: bool) -> None:
    async with world() as made:
        deaf = Deaf(made.app, "make.call")
        call_id, _ = await made.talking()
        await made.switch.hold(call_id, CONTACT, on=True)
        made.switch = made.adapter(transport=deaf)
        made.heard = made.listen(made.switch)
        await made.heard.until(SwitchConnected)
        if came:
            deaf.left = 1
        else:
            made.app.state.call_api.refuse = "internal_error"
        with pytest.raises(SwitchUnavailable):
            await made.ring(call_id, f"UIS/12:{BORIS}", leg_id=LegId("agent-e2-1"))
        boris = await made.ring(call_id, f"UIS/12:{BORIS}", leg_id=LegId("agent-e2-1"))
        assert made.asked("make.call") == ([None] if came else ["internal_error", None])
        await made.heard.until(LegMoved, leg_id=boris, state=LegState.RINGING)


async def test_a_call_is_handed_over_after_a_word_with_the_colleague() -> None:
    async with world() as made:
        call_id, anna, boris = await _consulting(made)
        await made.switch.connect("demo", call_id, [CONTACT, boris])
        await made.heard.until(HoldReported, on=False)
        await made.heard.until(LegEnded, leg_id=anna)
        assert [leg.number for leg in made.cloud.sessions[0].live] == [CALLER, BORIS]
        await made.switch.connect("demo", call_id, [CONTACT, boris])


@pytest.mark.parametrize("first", ["connect", "hang up"])
async def test_whoever_passes_a_call_on_leaves_it_to_the_colleague(first: str) -> None:
    """Both orders come at once, and hanging up on him alone would end the customer's call."""
    async with world() as made:
        call_id, anna, boris = await _consulting(made)
        connect = made.switch.connect("demo", call_id, [CONTACT, boris])
        leave = made.switch.hang_up(call_id, anna, HangupCause.NORMAL)
        both = (connect, leave) if first == "connect" else (leave, connect)
        await asyncio.gather(*both)
        await made.heard.until(LegEnded, leg_id=anna, cause=HangupCause.NORMAL)
        assert made.asked("transfer.talk") == [None]
        assert [leg.number for leg in made.cloud.sessions[0].live] == [CALLER, BORIS]


async def test_a_consultation_is_called_off() -> None:
    async with world() as made:
        call_id, anna, boris = await _consulting(made)
        await made.switch.connect("demo", call_id, [CONTACT, anna])
        await made.heard.until(HoldReported, on=False)
        await made.heard.until(LegEnded, leg_id=boris)
        assert made.cloud.sessions[0].state == "talk"


async def test_a_consultation_is_called_off_by_hanging_up_on_the_colleague() -> None:
    async with world() as made:
        call_id, anna, boris = await _consulting(made)
        await made.switch.hang_up(call_id, boris, HangupCause.CANCELLED)
        await made.switch.connect("demo", call_id, [CONTACT, anna])
        await made.heard.until(HoldReported, on=False)
        ended = await made.heard.until(LegEnded, leg_id=boris)
        assert ended.cause is HangupCause.CANCELLED
        assert made.cloud.sessions[0].state == "talk"


async def test_a_colleague_who_left_by_himself_is_no_obstacle() -> None:
    async with world() as made:
        call_id, anna, _ = await _consulting(made)
        made.cloud.hang_up(BORIS)
        await made.switch.connect("demo", call_id, [CONTACT, anna])
        assert made.asked("restore.talk") == ["invalid_state"]
        assert made.asked("unhold.call") == [None]


async def test_a_colleague_who_does_not_come_leaves_the_customer_on_hold() -> None:
    async with world() as made:
        call_id, _ = await made.talking()
        await made.switch.hold(call_id, CONTACT, on=True)
        boris = await made.ring(call_id, f"UIS/12:{BORIS}", leg_id=LegId("agent-e2-1"), timeout_s=8)
        await made.heard.until(LegMoved, leg_id=boris, state=LegState.RINGING)
        await made.clock.advance(8)
        ended = await made.heard.until(LegEnded, leg_id=boris)
        assert ended.cause is HangupCause.NO_ANSWER
        assert made.cloud.sessions[0].state == "hold"
        await made.switch.hold(call_id, CONTACT, on=False)
        await made.heard.until(HoldReported, on=False)


async def test_what_the_cloud_cannot_do_is_refused_in_words() -> None:
    async with world() as made:
        call_id, leg_id = await made.talking()
        for refused in (
            made.switch.mute(call_id, leg_id, on=True),
            made.switch.announce_recording(call_id),
            made.switch.play(call_id, CONTACT, "hello"),
            made.switch.take_message(call_id, CONTACT, "m", max_s=60),
            made.switch.send_digits(call_id, CONTACT, "A"),
            made.ring(CallId("c9"), towards=None),
        ):
            with pytest.raises(SwitchRefused):
                await refused
        for endpoint in ("PJSIP/101", "UIS/77:0700777"):
            with pytest.raises(NoDevice):
                await made.ring(CallId("c9"), endpoint)


async def test_the_account_s_own_recording_goes_on_whatever_we_ask() -> None:
    async with world() as made:
        call_id, _ = await made.talking()
        await made.switch.record(call_id, "talk-1")
        await made.switch.mute_recording("talk-1", on=True)
        assert made.asked("record.call") == ["record_already_started", "forbidden"]
        assert made.cloud.sessions[0].recording


async def test_recording_by_command_where_the_account_leaves_it_to_us() -> None:
    async with world(replace(CONFIG, records_all=False)) as made:
        call_id, _ = await made.talking()
        await made.switch.record(call_id, "talk-1")
        await made.switch.mute_recording("talk-1", on=True)
        assert not made.cloud.sessions[0].recording
        await made.switch.mute_recording("talk-1", on=False)
        await made.switch.stop_recording("talk-1")
        assert len(made.cloud.sessions[0].records) == 2


async def test_spent_points_slow_reading_down_and_are_no_lost_contact() -> None:
    async with world(replace(CONFIG, minute_limit=10)) as made:
        call_id = await made.arrived(virtual=PLAIN_DID)
        await made.heard.until(LegMoved, call_id=call_id, state=LegState.RINGING)
        for _ in range(20):
            await made.clock.advance(2)
            await made.heard.settle()
        assert made.asked("list.calls").count(None) <= 10
        assert [type(e) for e in made.heard.seen].count(SwitchConnected) == 1
        made.cloud.finish(made.cloud.sessions[0], "subscriber_disconnects")
        await made.clock.advance(60)
        await made.heard.until(LegEnded, leg_id=CONTACT)


async def test_a_call_that_is_gone_is_not_found() -> None:
    async with world() as made:
        call_id, _ = await made.talking()
        made.cloud.finish(made.cloud.sessions[0], "subscriber_disconnects")
        with pytest.raises(NotFound):
            await made.switch.hold(call_id, CONTACT, on=True)
        await made.switch.hang_up(call_id, CONTACT, HangupCause.NORMAL)


async def test_a_step_of_our_scenario_may_ring_a_number_outside() -> None:
    async with world() as made:
        call_id = await made.arrived()
        guest = await made.ring(call_id, f"UIS/+{OUTSIDE}", leg_id=LegId("customer-1"))
        await made.heard.until(LegMoved, leg_id=guest, state=LegState.RINGING)
        assert made.cloud.notices.asked[0][1] == {"phones": [OUTSIDE]}
        made.cloud.pick_up(OUTSIDE)
        await made.heard.until(LegMoved, leg_id=guest, state=LegState.UP)
        made.cloud.hang_up(CALLER)
        await made.heard.until(LegEnded, leg_id=guest)


async def test_calls_of_others_on_the_same_account_are_left_alone() -> None:
    async with world() as made:
        made.cloud.place_call(CALLER, DID)
        made.cloud.start_employee_call(
            CONFIG.employees[0],
            [ANNA],
            contact=OUTSIDE,
            virtual=DID,
            external_id="another-system-7",
            direction="out",
        )
        other = made.listen(made.adapter(identity="other", ours=lambda _number: False))
        assert (await other.until(SwitchConnected)).calls == ()
        made.cloud.place_call("79160000002", DID)
        await other.since()
        assert [type(event) for event in other.seen] == [SwitchConnected]
        assert made.asked("release.call") == []


@pytest.mark.feature("W13")
async def test_what_somebody_dials_on_the_telephone_is_told_too() -> None:
    async with world() as made:
        made.cloud.dial(ANNA, "79161230901", DID)
        placed = await made.heard.until(Placed)
        assert placed.leg_id.startswith("agent-e1-")
        assert (placed.number, placed.shown) == ("79161230901", DID)
        await made.heard.until(LegMoved, leg_id=CONTACT, state=LegState.RINGING)
        made.cloud.pick_up("79161230901")
        await made.heard.until(LegMoved, leg_id=CONTACT, state=LegState.UP)
        # Whoever connects later hears of it the same way.
        successor = made.listen(made.adapter())
        (call,) = (await successor.until(SwitchConnected)).calls
        assert call.call_id == placed.call_id
        again = await successor.until(Placed)
        assert (again.call_id, again.leg_id) == (placed.call_id, placed.leg_id)
        made.cloud.hang_up(ANNA)
        await made.heard.until(LegEnded, leg_id=CONTACT, cause=HangupCause.NORMAL)


async def test_a_call_no_list_ever_showed_is_over_all_the_same() -> None:
    async with world() as made:
        made.cloud.notices.lost = 50
        leg = await made.ring(CallId("c1"))
        await made.heard.settle()
        made.cloud.decline(ANNA)
        await made.clock.advance(8)
        ended = await made.heard.until(LegEnded, leg_id=leg)
        assert ended.cause is HangupCause.REJECTED


async def test_a_notification_of_a_call_long_over_rings_nobody_for_long() -> None:
    async with world() as made:
        letter = {
            "event": "incoming",
            "call_session_id": 999,
            "contact_phone_number": CALLER,
            "virtual_phone_number": DID,
        }
        made.post.put(letter)
        arrived = await made.heard.until(Arrived)
        await made.clock.advance(8)
        await made.heard.until(LegEnded, call_id=arrived.call_id, leg_id=CONTACT)
        # Those that waited for an owner are older than the list he reads first.
        made.cloud.down = True
        await made.clock.advance(70)
        await made.heard.settle()
        made.post.put(letter | {"call_session_id": 1000})
        made.cloud.down = False
        await made.clock.advance(70)
        await made.heard.until(SwitchConnected)
        assert await made.heard.since() == []
        assert await made.post.letters() == []


class AwayPost(MemoryPost):
    """A database that can be away."""

    away = False

    async def letters(self) -> list[Letter]:
        self._check()
        return await super().letters()

    async def name(self, session_id: int, vendor_id: int, leg_id: LegId) -> None:
        self._check()
        await super().name(session_id, vendor_id, leg_id)

    def _check(self) -> None:
        if self.away:
            raise OSError("no database")


async def test_a_database_that_is_away_delays_letters_and_loses_no_names() -> None:
    post = AwayPost()
    async with world(post=post) as made:
        post.away = True
        # The question tells of the call, the list of its legs.
        call_id = await made.arrived()
        leg = await made.ring(call_id)
        await made.heard.until(LegMoved, leg_id=leg, state=LegState.RINGING)
        assert await post.names() == {}
        post.away = False
        made.cloud.pick_up(ANNA)
        await made.heard.until(LegMoved, leg_id=leg, state=LegState.UP)
        await made.heard.since()
        assert leg in (await post.names()).values()
        assert await post.letters() == []


async def test_a_second_number_of_the_caller_is_refused_and_costs_nobody_the_call() -> None:
    async with world() as made:
        leg = await made.ring(CallId("c1"))
        second = LegId("agent-e1-2")
        with pytest.raises(NoDevice):
            await made.ring(CallId("c1"), "UIS/11:79160000011", leg_id=second)
        await made.heard.until(LegMoved, leg_id=leg, state=LegState.RINGING)
        made.cloud.pick_up(ANNA)
        await made.heard.until(LegMoved, leg_id=leg, state=LegState.UP)
        await made.switch.hang_up(CallId("c1"), second, HangupCause.CANCELLED)
        assert made.cloud.sessions[0].ended_at is None


async def test_a_call_given_up_before_anything_is_shown_is_released() -> None:
    async with world() as made:
        made.cloud.notices.lost = 5
        leg = await made.ring(CallId("c1"))
        await made.switch.hang_up(CallId("c1"), leg, HangupCause.CANCELLED)
        ended = await made.heard.until(LegEnded, leg_id=leg)
        assert ended.cause is HangupCause.CANCELLED
        assert made.cloud.sessions[0].ended_at is not None


async def test_the_caller_s_next_number_is_rung_as_soon_as_the_first_is_given_up() -> None:
    async with world() as made:
        first = await made.ring(CallId("c1"))
        await made.heard.until(LegMoved, leg_id=first, state=LegState.RINGING)
        second = LegId("agent-e1-2")
        await asyncio.gather(
            made.switch.hang_up(CallId("c1"), first, HangupCause.NO_ANSWER),
            made.ring(CallId("c1"), "UIS/12:" + BORIS, leg_id=second),
        )
        await made.heard.until(LegMoved, leg_id=second, state=LegState.RINGING)
        assert [session.ended_at is None for session in made.cloud.sessions] == [False, True]


async def test_a_call_begun_while_contact_comes_back_is_not_dropped() -> None:
    """The list was on its way when the cloud was told to ring."""
    async with world() as made:
        slow = Slow(made.app, "list.calls")
        switch = made.adapter(transport=slow)
        made.switch, made.heard = switch, made.listen(switch)
        await made.heard.settle()
        leg = await made.ring(CallId("c1"))
        slow.gate.set()
        await made.heard.until(SwitchConnected)
        await made.heard.until(LegMoved, leg_id=leg, state=LegState.RINGING)
