"""A voice that moves to another tab: the old leg talks until the new one is heard, and else on."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from backend.domain.scenario import Step
from backend.errors import NotFound, SwitchRefused, SwitchUnavailable, WrongState
from protocol.commands import Dial, HangUpCall, HoldCall
from protocol.phone import MoveVoice, TakeVoice
from protocol.pushes import Dialed
from protocol.transfers import LeaveCall, MergeCall, MuteCall, TransferCall
from protocol.vocabulary import CallId, CommandId, EmployeeId, HangupCause, LegId
from tests.fakes import idle
from tests.unit.services.stage import (
    ACC,
    ANNA,
    BORIS,
    CUSTOMER,
    NUMBER,
    Stage,
    account,
    employee,
    playing,
    running,
)
from tests.unit.services.test_calls_adoption import leg, live
from tests.unit.services.test_calls_rescue import A1, A2, B1, C1, TAB, office, talking

pytestmark = [pytest.mark.feature("T"), pytest.mark.feature("W9")]

A3 = "agent-anna-3"
LINE = TAB.endpoint
_numbers = itertools.count()


async def moves(stage: Stage, who: EmployeeId = ANNA, old: str = A1) -> asyncio.Task[Any]:
    """Her tab that has the talk asks for it to go on in the one that is the phone now."""
    wish = MoveVoice(id=CommandId(f"move-{next(_numbers):04}"), call_id=C1, leg_id=LegId(old))
    task = asyncio.create_task(stage.owner.handle(ACC, who, wish))
    await idle()
    return task


async def sounds(stage: Stage, who: EmployeeId = ANNA, new: str = A2) -> None:
    word = TakeVoice(id=CommandId(f"take-{new}"), call_id=C1, leg_id=LegId(new))
    await stage.owner.handle(ACC, who, word)
    await idle()


async def ask(stage: Stage, who: EmployeeId, command: Any) -> None:
    await stage.owner.handle(ACC, who, command)
    await idle()


async def hold(stage: Stage, *, on: bool) -> None:
    wish = HoldCall(id=CommandId(f"hold-000{on:d}"), call_id=C1, on=on)
    await ask(stage, ANNA, wish)


async def mute(stage: Stage, *, on: bool) -> None:
    wish = MuteCall(id=CommandId(f"mute-000{on:d}"), call_id=C1, on=on)
    await ask(stage, ANNA, wish)


def said(stage: Stage) -> list[tuple[object, ...]]:
    """Who hears whom, in the order of the orders."""
    wanted = ("connect", "mute", "hold", "hang_up")
    return [order for order in stage.switch.orders if order[0] in wanted]


async def reason(task: asyncio.Task[Any]) -> str:
    with pytest.raises(WrongState) as refused:
        await task
    return str(refused.value.data["reason"])


@asynccontextmanager
async def moving(stage: Stage | None = None) -> AsyncIterator[tuple[Stage, asyncio.Task[Any]]]:
    """Anna talks; the new tab's leg has picked up and is in the room, unheard."""
    async with talking(stage or Stage(office())) as played:
        task = await moves(played)
        await played.leg(A2, "up")
        yield played, task
        await played.gone(CUSTOMER)


async def test_the_old_leg_talks_until_the_new_one_is_heard() -> None:
    async with talking(Stage(office())) as stage:
        stage.seen[ANNA].clear()
        task = await moves(stage)
        [order] = stage.switch.rung
        assert (order.leg_id, order.endpoint, order.auto_answer) == (A2, LINE, True)
        assert order.headers["X-Dozvon-Move"] == "1"
        assert "X-Dozvon-Rescue" not in order.headers
        await stage.leg(A2, "ringing")
        assert said(stage) == []
        await stage.leg(A2, "up")
        assert said(stage) == [("mute", A2, True), ("connect", C1, (CUSTOMER, A1, A2))]
        stage.switch.orders.clear()
        await sounds(stage)
        await task
        assert said(stage) == [
            ("mute", A2, False),
            ("connect", C1, (CUSTOMER, A2)),
            ("hang_up", A1, HangupCause.NORMAL),
        ]
        assert [p for p in stage.seen[ANNA] if p["type"] == "call.changed"] == []
        [card] = await stage.cards(ANNA)
        assert (card["rescue"], card["transfer"], card["voice_stayed"]) == (None, None, None)
        assert "leave" not in card["controls"]
        await stage.gone(A1)
        assert (await stage.cards(ANNA))[0]["state"] == "talking"
        await stage.gone(CUSTOMER)
        await stage.wait(3)
        kept = stage.journal.finished[C1]
        assert (kept.outcome, kept.answered_by, kept.wanted) == ("answered", ANNA, None)
        assert kept.handovers == ()


async def test_sound_may_be_up_before_the_switch_says_that_the_leg_is() -> None:
    async with talking(Stage(office())) as stage:
        task = await moves(stage)
        await sounds(stage)
        assert said(stage) == []
        await stage.leg(A2, "up")
        await task
        assert ("hang_up", A1, HangupCause.NORMAL) in said(stage)


async def test_asked_twice_one_leg_is_rung_and_a_stranger_s_word_is_nothing() -> None:
    async with moving() as (stage, task):
        again = MoveVoice(id=CommandId("move-again"), call_id=C1, leg_id=LegId(A1))
        await ask(stage, ANNA, again)
        assert len(stage.switch.rung) == 1
        await sounds(stage, new=A1)
        assert not task.done()
        await sounds(stage)
        await task
        back = MoveVoice(id=CommandId("move-later"), call_id=C1, leg_id=LegId(A1))
        with pytest.raises(WrongState):
            await ask(stage, ANNA, back)


# ── whatever fails, the old leg talks on ──


async def stays(stage: Stage, task: asyncio.Task[Any], why: str) -> None:
    assert await reason(task) == why
    card = stage.last(ANNA)
    assert (card["state"], card["voice_stayed"]) == ("talking", why)
    assert A1 not in [order[1] for order in stage.switch.orders if order[0] == "hang_up"]
    await stage.wait(16)
    assert stage.last(ANNA)["voice_stayed"] is None
    await stage.gone(A1)
    assert stage.last(ANNA)["rescue"] == "returning", "the old leg had the talk all the time"


async def test_a_line_that_cannot_be_rung() -> None:
    async with talking(Stage(office())) as stage:
        stage.switch.errors[LINE] = SwitchRefused("nobody is registered")
        await stays(stage, await moves(stage), "unreachable")


async def test_a_tab_that_does_not_pick_up() -> None:
    async with talking(Stage(office())) as stage:
        task = await moves(stage)
        await stage.leg(A2, "ringing")
        await stage.wait(8)
        assert (A2, HangupCause.CANCELLED) in stage.switch.said("hang_up")
        await stays(stage, task, "not_taken")


@pytest.mark.parametrize("cause", ["busy", "unreachable", "rejected"])
async def test_a_tab_that_has_no_microphone_after_all(cause: str) -> None:
    async with talking(Stage(office())) as stage:
        task = await moves(stage)
        await stage.leg(A2, "ringing")
        await stage.gone(A2, cause)
        await stays(stage, task, "not_taken")


async def test_a_leg_that_is_up_and_gets_no_sound() -> None:
    async with talking(Stage(office())) as stage:
        task = await moves(stage)
        await stage.leg(A2, "up")
        await stage.wait(8)
        assert said(stage)[-1] == ("hang_up", A2, HangupCause.CANCELLED)
        await stays(stage, task, "no_sound")


async def test_a_leg_that_is_lost_in_the_room() -> None:
    async with talking(Stage(office())) as stage:
        task = await moves(stage)
        await stage.leg(A2, "up")
        await stage.gone(A2, "lost_contact")
        await stays(stage, task, "not_taken")


@pytest.mark.parametrize("order", ["mute", "connect"])
@pytest.mark.parametrize("error", [SwitchRefused("no"), NotFound("gone")])
async def test_a_switch_that_does_not_let_it_in(order: str, error: Exception) -> None:
    async with talking(Stage(office())) as stage:
        stage.switch.errors[order] = error  # type: ignore[assignment]
        task = await moves(stage)
        await stage.leg(A2, "up")
        del stage.switch.errors[order]
        await stays(stage, task, "switch")


async def test_a_switch_that_does_not_let_it_be_heard() -> None:
    async with talking(Stage(office())) as stage:
        task = await moves(stage)
        await stage.leg(A2, "up")
        stage.switch.errors["mute"] = SwitchRefused("no")
        await sounds(stage)
        del stage.switch.errors["mute"]
        await stays(stage, task, "switch")


async def test_a_switch_that_loses_the_last_order_is_asked_again() -> None:
    async with moving() as (stage, task):
        stage.switch.errors["connect"] = SwitchUnavailable("slow")
        await sounds(stage)
        assert ("hang_up", A1, HangupCause.NORMAL) in said(stage)
        await stage.wait(4)
        del stage.switch.errors["connect"]
        stage.switch.orders.clear()
        await stage.wait(3)
        await task
        assert ("connect", C1, (CUSTOMER, A2)) in said(stage)


async def test_what_cannot_be_moved_is_refused_at_once() -> None:
    async with talking(Stage(office(tab=False))) as stage:
        assert await reason(await moves(stage)) == "transfer"
        assert await reason(await moves(stage, old="agent-anna-9")) == "not_taken"
        assert stage.switch.rung == []
    stage = Stage(account(Step(employees=(ANNA,), timeout_s=20), people=office_people()))
    stage.ready.add(ANNA)
    async with playing(stage):
        await stage.arrives()
        await stage.leg(A1, "ringing")
        stage.switch.rung.clear()
        assert await reason(await moves(stage)) == "transfer"
        assert stage.switch.rung == []


def office_people() -> Any:
    return (employee(ANNA, "101", TAB), employee(BORIS, "102"))


# ── what else happens at that moment ──


async def test_the_old_tab_that_is_closed_leaves_it_to_the_new_one() -> None:
    async with moving(Stage(office(), notice="one-moment")) as (stage, task):
        stage.switch.orders.clear()
        await stage.gone(A1, "normal")
        assert ("connect", C1, (CUSTOMER, A2)) in said(stage)
        await task
        assert said(stage)[-1] == ("mute", A2, False), "who was let in unheard is heard"
        card = stage.last(ANNA)
        assert (card["state"], card["rescue"]) == ("talking", None)
        assert (card["muted"], card["voice_stayed"]) == (False, None)


async def test_closed_before_the_new_one_picked_up_it_is_rung_no_second_time() -> None:
    async with talking(Stage(office())) as stage:
        task = await moves(stage)
        await stage.gone(A1, "normal")
        assert stage.last(ANNA)["rescue"] == "returning"
        await stage.leg(A2, "up")
        await task
        assert stage.last(ANNA)["state"] == "talking"
        await stage.wait(10)
        assert [order.leg_id for order in stage.switch.rung] == [A2]


async def test_closed_and_the_new_one_fails_too_the_rescue_goes_on() -> None:
    async with talking(Stage(office())) as stage:
        task = await moves(stage)
        await stage.gone(A1, "normal")
        await stage.gone(A2, "unreachable")
        with pytest.raises(WrongState):
            await task
        await stage.wait(1)
        assert [order.leg_id for order in stage.switch.rung] == [A2, A3]
        await stage.leg(A3, "up")
        assert stage.last(ANNA)["state"] == "talking"


async def test_a_customer_who_hangs_up_ends_both() -> None:
    async with moving() as (stage, task):
        await stage.gone(CUSTOMER)
        assert await reason(task) == "transfer"
        assert {order[0] for order in stage.switch.said("hang_up")} == {A1, A2}
        assert stage.last(ANNA)["state"] == "ended"


async def test_hanging_up_ends_both() -> None:
    async with moving() as (stage, task):
        await ask(stage, ANNA, HangUpCall(id=CommandId("bye-00001"), call_id=C1))
        assert {order[0] for order in stage.switch.said("hang_up")} == {CUSTOMER, A1, A2}
        await stage.gone(CUSTOMER)
        assert await reason(task) == "transfer"


@pytest.mark.parametrize("kind", ["blind", "attended"])
async def test_a_transfer_goes_before_it_and_takes_the_new_leg_for_nobody(kind: Any) -> None:
    async with talking(Stage(office())) as stage:
        task = await moves(stage)
        wish = TransferCall(id=CommandId("pass-00001"), call_id=C1, kind=kind, employee_id=BORIS)
        await ask(stage, ANNA, wish)
        await stage.leg(A2, "up")
        assert await reason(task) == "transfer"
        assert (A2, HangupCause.CANCELLED) in stage.switch.said("hang_up")
        await stage.gone(A2)
        assert stage.last(BORIS)["state"] == "ringing"
        await stage.leg(B1, "up")
        assert stage.last(BORIS)["state"] == "talking"


# ── it is the talk it was ──


async def test_muted_it_stays_muted() -> None:
    async with talking(Stage(office())) as stage:
        await mute(stage, on=True)
        stage.switch.orders.clear()
        task = await moves(stage)
        await stage.leg(A2, "up")
        await sounds(stage)
        await task
        assert [order for order in said(stage) if order[0] == "mute"] == [("mute", A2, True)]
        assert stage.last(ANNA)["muted"] is True
        await mute(stage, on=False)
        assert said(stage)[-1] == ("mute", A2, False)


async def test_muted_while_it_moves_it_is_muted_at_the_end() -> None:
    async with moving() as (stage, task):
        await mute(stage, on=True)
        await sounds(stage)
        await task
        assert ("mute", A2, False) not in stage.switch.orders
        assert stage.last(ANNA)["muted"] is True


async def test_a_mute_that_comes_too_late_for_the_old_leg_silences_the_new_one() -> None:
    async with moving() as (stage, task):
        gate = asyncio.Event()
        real = stage.switch.mute

        async def slow(call_id: CallId, leg_id: LegId, *, on: bool) -> None:
            if leg_id == A1:
                await gate.wait()
                raise NotFound("gone")
            await real(call_id, leg_id, on=on)

        stage.switch.mute = slow  # type: ignore[method-assign]
        wish = MuteCall(id=CommandId("mute-slow"), call_id=C1, on=True)
        muting = asyncio.create_task(stage.owner.handle(ACC, ANNA, wish))
        await idle()
        await sounds(stage)
        await task
        gate.set()
        await muting
        assert said(stage)[-1] == ("mute", A2, True)
        assert stage.last(ANNA)["muted"] is True


async def test_on_hold_it_stays_on_hold_and_the_customer_hears_his_music() -> None:
    async with talking(Stage(office())) as stage:
        await hold(stage, on=True)
        stage.switch.orders.clear()
        task = await moves(stage)
        await stage.leg(A2, "up")
        await sounds(stage)
        await task
        rooms = [order for order in said(stage) if order[0] in ("connect", "hold")]
        assert rooms == [("connect", C1, (A1, A2)), ("connect", C1, (A2,))]
        assert stage.last(ANNA)["state"] == "held"
        await hold(stage, on=False)
        assert said(stage)[-1] == ("hold", C1, CUSTOMER, False)
        assert stage.last(ANNA)["state"] == "talking"


async def test_a_new_owner_knows_who_waits_with_music() -> None:
    async with talking(Stage(office())) as stage:
        await hold(stage, on=True)
    stage.new_owner()
    async with running(stage):
        await stage.connected(live(leg(CUSTOMER, "up"), leg(A1, "up"), held=True, connected=(A1,)))
        task = await moves(stage)
        await stage.leg(A2, "up")
        await sounds(stage)
        await task
        assert [order for order in said(stage) if order[0] == "hold"] == []


async def test_the_recording_goes_on() -> None:
    async with moving() as (stage, task):
        names = set(stage.switch.said("record"))
        await sounds(stage)
        await task
        assert len(names | set(stage.switch.said("record"))) <= 1
        assert stage.switch.said("stop_recording") == []
        assert stage.last(ANNA)["recording"] is not None


async def test_one_of_three_moves_and_the_others_notice_nothing() -> None:
    async with talking(Stage(office())) as stage:
        wish = TransferCall(
            id=CommandId("pass-00001"), call_id=C1, kind="attended", employee_id=BORIS
        )
        await ask(stage, ANNA, wish)
        await stage.leg(B1, "up")
        await ask(stage, ANNA, MergeCall(id=CommandId("merge-0001"), call_id=C1))
        stage.switch.orders.clear()
        stage.switch.rung.clear()
        task = await moves(stage)
        await stage.leg(A2, "up")
        assert stage.switch.said("connect") == [(C1, (CUSTOMER, A1, B1, A2))]
        await sounds(stage)
        await task
        assert stage.switch.said("connect")[-1] == (C1, (CUSTOMER, A2, B1))
        assert "leave" in stage.last(ANNA)["controls"]
        await stage.gone(A1)
        await ask(stage, ANNA, LeaveCall(id=CommandId("leave-0001"), call_id=C1))
        await stage.gone(A2)
        assert stage.last(BORIS)["state"] == "talking"


async def test_two_of_three_move_at_once_and_neither_leaves_the_room() -> None:
    both = (employee(ANNA, "101", TAB), employee(BORIS, "102", replace(TAB, endpoint="PJSIP/b")))
    stage = Stage(replace(office(), employees={who.employee_id: who for who in both}))
    stage.ready.add(BORIS)
    async with talking(stage):
        wish = TransferCall(
            id=CommandId("pass-00001"), call_id=C1, kind="attended", employee_id=BORIS
        )
        await ask(stage, ANNA, wish)
        await stage.leg(B1, "up")
        await ask(stage, ANNA, MergeCall(id=CommandId("merge-0001"), call_id=C1))
        first = await moves(stage)
        second = await moves(stage, BORIS, B1)
        await stage.leg(A2, "up")
        await stage.leg("agent-boris-2", "up")
        assert stage.switch.said("connect")[-1] == (
            C1, (CUSTOMER, A1, B1, A2, "agent-boris-2"),
        )  # fmt: skip
        await sounds(stage)
        await first
        assert stage.switch.said("connect")[-1] == (C1, (CUSTOMER, A2, B1, "agent-boris-2"))
        await sounds(stage, BORIS, "agent-boris-2")
        await second
        assert stage.switch.said("connect")[-1] == (C1, (CUSTOMER, A2, "agent-boris-2"))


async def test_a_placed_call_moves_and_may_move_back() -> None:
    stage = Stage(office())
    stage.ready.add(ANNA)
    async with playing(stage):
        dialed = await stage.owner.handle(
            ACC, ANNA, Dial(id=CommandId("dial-00001"), target=NUMBER)
        )
        assert isinstance(dialed, Dialed)
        call = dialed.call_id
        await idle()
        await stage.leg(A1, "up", call=call)
        await stage.leg(CUSTOMER, "up", call=call)
        for old, new in ((A1, A2), (A2, A3)):
            wish = MoveVoice(id=CommandId(f"move-{new}"), call_id=call, leg_id=LegId(old))
            task = asyncio.create_task(stage.owner.handle(ACC, ANNA, wish))
            await idle()
            await stage.leg(new, "up", call=call)
            word = TakeVoice(id=CommandId(f"take-{new}"), call_id=call, leg_id=LegId(new))
            await stage.owner.handle(ACC, ANNA, word)
            await task
            await stage.gone(old, call=call)
            assert stage.last(ANNA)["state"] == "talking"
        assert stage.switch.said("connect")[-1] == (call, (A3, CUSTOMER))
        await stage.gone(A3, call=call)
        assert stage.last(ANNA)["rescue"] == "returning"


# ── the worker dies in the middle ──


@pytest.mark.parametrize("inside", [False, True])
async def test_a_new_owner_leaves_the_talk_where_it_was(inside: bool) -> None:
    stage = Stage(office())
    async with talking(stage):
        task = await moves(stage)
        if inside:
            await stage.leg(A2, "up")
    task.cancel()
    stage.new_owner()
    connected = (CUSTOMER, A1, A2) if inside else (CUSTOMER, A1)
    async with running(stage):
        await stage.connected(
            live(leg(CUSTOMER, "up"), leg(A1, "up"), leg(A2, "up"), connected=connected)
        )
        assert [order[0] for order in stage.switch.said("hang_up")] == [A2]
        await stage.gone(A2)
        assert (await stage.cards(ANNA))[0]["state"] == "talking"


async def test_a_new_owner_of_a_placed_call_hangs_the_half_moved_leg_up() -> None:
    stage = Stage(office())
    stage.ready.add(ANNA)
    async with playing(stage):
        dialed = await stage.owner.handle(
            ACC, ANNA, Dial(id=CommandId("dial-00001"), target=NUMBER)
        )
        assert isinstance(dialed, Dialed)
        call = dialed.call_id
        await idle()
        await stage.leg(A1, "up", call=call)
        await stage.leg(CUSTOMER, "up", call=call)
        wish = MoveVoice(id=CommandId("move-00001"), call_id=call, leg_id=LegId(A1))
        task = asyncio.create_task(stage.owner.handle(ACC, ANNA, wish))
        await idle()
        await stage.leg(A2, "up", call=call)
    task.cancel()
    stage.new_owner()
    found = live(leg(CUSTOMER, "up"), leg(A1, "up"), leg(A2, "up"), connected=(CUSTOMER, A1))
    async with running(stage):
        await stage.connected(replace(found, call_id=call))
        assert [order[0] for order in stage.switch.said("hang_up")] == [A2]


async def test_a_new_owner_finds_the_old_leg_of_a_finished_move_and_hangs_it_up() -> None:
    stage = Stage(office())
    async with talking(stage):
        task = await moves(stage)
        await stage.leg(A2, "up")
        await sounds(stage)
        await task
    stage.new_owner()
    async with running(stage):
        legs = (leg(CUSTOMER, "up"), leg(A1, "up"), leg(A2, "up"))
        await stage.connected(live(*legs, connected=(CUSTOMER, A1, A2)))
        assert [order[0] for order in stage.switch.said("hang_up")] == [A1]
        await stage.gone(A1)
        assert (await stage.cards(ANNA))[0]["state"] == "talking"
