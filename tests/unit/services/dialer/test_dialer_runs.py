"""A list from its first person to its figures: what the clock does and what the operator does."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from backend.errors import BadRequest, NoDevice, NotAllowed, NotFound, WrongState
from backend.services.dialer.engine import LEASE
from backend.services.dialer.lists import NewList, Proof, Row
from protocol.dialer import (
    MAX_WRAP_UP_S,
    BlendList,
    DialItem,
    DisposeItem,
    ListItems,
    ListLists,
    MoveItem,
    NextItem,
    RemoveItem,
    RepeatList,
    ResetList,
    SkipItem,
    StartList,
    StopList,
    TypeOn,
)
from protocol.dialer_words import (
    AttemptOutcome,
    ItemPhase,
    ItemReason,
    ListId,
    ListMode,
    ListPurpose,
    ListState,
    RunState,
    WaitReason,
)
from protocol.vocabulary import AgentStatus, RefusalReason
from tests.dialer_house import ACC, ANNA, BORIS, LEAD, NUMBERS, VERA, House, with_rules


async def started(house: House, **how: Any) -> ListId:
    """A list Anna works on, whose first person is shown. The list's id."""
    work, _ = await house.load(**how)
    await house.arrives(ANNA)
    await house.ask(ANNA, StartList, list_id=work.id)
    await house.tick()
    return work.id


async def held(house: House) -> dict[str, Any]:
    shown = await house.shown()
    assert shown.in_hand is not None
    return {"item_id": shown.in_hand.item.id, "fence": shown.in_hand.item.fence}


@pytest.mark.feature("D3")
async def test_the_card_first_then_the_time_then_the_call() -> None:
    house = House()
    await started(house)
    shown = await house.shown()
    assert shown.in_hand is not None
    assert shown.in_hand.item.phase is ItemPhase.SHOWN
    assert shown.in_hand.until == house.clock.now() + timedelta(seconds=10)
    await house.ticks(9)
    assert house.owner.begun == []
    await house.ticks(1)
    [order] = house.owner.begun
    assert (order.employee_id, order.number) == (ANNA, NUMBERS[0])


@pytest.mark.feature("D3")
async def test_dial_now_does_not_wait_for_the_time() -> None:
    house = House()
    await started(house)
    await house.ask(ANNA, DialItem, **await held(house))
    assert [order.number for order in house.owner.begun] == [NUMBERS[0]]


async def test_pressed_twice_and_by_the_clock_it_is_one_call() -> None:
    house = House()
    await started(house)
    hand = await held(house)
    await house.ask(ANNA, DialItem, id="pressed-once", **hand)
    await house.ask(ANNA, DialItem, id="pressed-once", **hand)
    with pytest.raises(WrongState):
        await house.ask(ANNA, DialItem, **hand)
    await house.ticks(20)
    assert len(house.owner.begun) == 1


async def test_advertising_is_never_dialled_by_the_clock() -> None:
    house = House()
    _work, check = await house.load(purpose=ListPurpose.ADVERTISING)
    assert {one.reason for one in check.refused} == {ItemReason.NO_CONSENT}
    assert check.counts.excluded == 3


async def test_advertising_with_consent_waits_for_the_press() -> None:
    house = House()
    work, _ = await house.load(purpose=ListPurpose.ADVERTISING, rows=consented(house))
    await house.arrives(ANNA)
    await house.ask(ANNA, StartList, list_id=work.id)
    await house.ticks(120)
    shown = await house.shown()
    assert shown.in_hand is not None
    assert shown.in_hand.press
    assert house.owner.begun == []
    await house.ask(ANNA, DialItem, **await held(house))
    assert len(house.owner.begun) == 1


def consented(house: House) -> list[Row]:
    proof = Proof(evidence="form on the site", given_at=house.clock.now())
    return [Row(numbers=(number,), consent=proof) for number in NUMBERS[:2]]


async def test_advertising_cannot_be_progressive_nor_begun_by_an_operator() -> None:
    house = House()
    with pytest.raises(BadRequest) as caught:
        await house.load(
            purpose=ListPurpose.ADVERTISING,
            mode=ListMode.PROGRESSIVE,
            rows=consented(house),
        )
    assert caught.value.data["why"] == "advertising_progressive"
    with pytest.raises(NotAllowed):
        await house.lists.make(
            ACC,
            NewList(
                name="x",
                purpose=ListPurpose.ADVERTISING,
                owner_id=ANNA,
                rows=tuple(consented(house)),
            ),
            who=f"employee:{ANNA}",
            role="operator",
            key="k",
        )


async def test_progressive_dials_whoever_is_next_at_once() -> None:
    house = House()
    await started(house, mode=ListMode.PROGRESSIVE)
    assert len(house.owner.begun) == 1


@pytest.mark.feature("D4")
async def test_the_wrap_up_ends_by_time_or_by_next() -> None:
    house = House()
    await started(house)
    await house.ticks(10)
    await house.reached()
    await house.tick()
    shown = await house.shown()
    assert shown.in_hand is not None
    assert shown.in_hand.item.phase is ItemPhase.WRAP_UP
    await house.ticks(31)
    assert (await house.shown()).in_hand.item.numbers[0].number == NUMBERS[1]  # type: ignore[union-attr]
    await house.ticks(10)
    await house.reached()
    await house.tick()
    await house.ask(ANNA, NextItem, **await held(house))
    await house.tick()
    assert (await house.shown()).in_hand.item.numbers[0].number == NUMBERS[2]  # type: ignore[union-attr]


@pytest.mark.feature("D4")
async def test_the_wrap_up_breathes_while_the_operator_writes() -> None:
    house = House()
    await started(house, rules=with_rules(wrap_up_s=20))
    await house.ticks(10)
    await house.reached()
    for _ in range(8):
        await house.ticks(10)
        await house.ask(ANNA, TypeOn, **await held(house))
        shown = await house.shown()
        assert shown.in_hand is not None
        assert shown.in_hand.item.phase is ItemPhase.WRAP_UP
    await house.ticks(16)
    assert (await house.shown()).in_hand.item.phase is ItemPhase.SHOWN  # type: ignore[union-attr]


@pytest.mark.feature("D4")
async def test_no_wrap_up_is_longer_than_two_thousand_seconds() -> None:
    house = House()
    await started(house, rules=with_rules(wrap_up_s=MAX_WRAP_UP_S))
    await house.ticks(10)
    await house.reached()
    await house.clock.advance(MAX_WRAP_UP_S - 5)
    await house.ask(ANNA, TypeOn, **await held(house))
    await house.ticks(6)
    shown = await house.shown()
    assert shown.in_hand is not None
    assert shown.in_hand.item.phase is ItemPhase.SHOWN


@pytest.mark.feature("D4")
async def test_stop_puts_whoever_is_shown_back_and_finishes_a_talk_first() -> None:
    house = House()
    list_id = await started(house)
    await house.ask(ANNA, StopList)
    assert house.run_of().state is RunState.STOPPED
    assert (await house.counts(house.rows.lists[list_id])).waiting == 3
    await house.ask(ANNA, StartList, list_id=list_id)
    await house.ticks(11)
    await house.ask(ANNA, StopList)
    assert house.run_of().state is RunState.STOPPING
    await house.reached()
    await house.ticks(32)
    assert house.run_of().state is RunState.STOPPED
    assert len(house.owner.begun) == 1


@pytest.mark.feature("D5")
async def test_tabs_gone_the_list_stops_within_the_lease_and_goes_on_tomorrow() -> None:
    house = House()
    list_id = await started(house)
    await house.leaves(ANNA)
    begun = house.clock.now()
    await house.ticks(300)
    run = house.run_of()
    assert (run.state, run.waits) == (RunState.STOPPED, WaitReason.VANISHED)
    assert run.since - begun <= LEASE + timedelta(seconds=1)
    assert house.owner.begun == []
    await house.clock.advance(24 * 3600)
    await house.arrives(ANNA)
    await house.ask(ANNA, StartList, list_id=list_id)
    await house.ticks(11)
    assert [order.number for order in house.owner.begun] == [NUMBERS[0]]


@pytest.mark.feature("D5")
async def test_another_worker_goes_on_where_the_last_one_died() -> None:
    house = House()
    await started(house)
    house.owner.lost = 1
    await house.ticks(10)
    assert house.owner.begun == []
    house.engine = house.worker()
    await house.ticks(5)
    assert [order.number for order in house.owner.begun] == [NUMBERS[0]]


async def test_nobody_answers_an_order_and_nobody_dials_twice() -> None:
    house = House()
    await started(house)
    house.owner.unanswered = 1
    await house.ticks(60)
    assert len(house.owner.begun) == 1
    assert (await house.shown()).in_hand.item.phase is ItemPhase.DIALLING  # type: ignore[union-attr]


async def test_an_order_that_never_arrives_is_given_up_and_counts_as_nothing() -> None:
    house = House()
    list_id = await started(house)
    house.owner.lost = 1_000
    await house.ticks(60)
    run = house.run_of()
    assert (run.state, run.waits) == (RunState.STOPPED, WaitReason.SWITCH_AWAY)
    [first] = [one for _, one in house.rows.items.values() if one.position == 1024]
    assert (first.phase, first.attempts) == (ItemPhase.WAITING, 0)
    house.owner.lost = 0
    await house.ask(ANNA, StartList, list_id=list_id)
    await house.ticks(11)
    assert [order.number for order in house.owner.begun] == [NUMBERS[0]]


async def test_a_refusal_stops_the_run_and_says_why() -> None:
    house = House()
    await started(house)
    house.owner.refusal = NoDevice("nothing rings", reason=RefusalReason.NO_REGISTERED_LINE.value)
    await house.ticks(11)
    shown = await house.shown()
    assert (shown.state, shown.waits) == (RunState.STOPPED, WaitReason.REFUSED)
    assert shown.refusal is RefusalReason.NO_REGISTERED_LINE


async def test_on_a_break_nothing_is_put_before_him() -> None:
    house = House()
    work, _ = await house.load()
    await house.arrives(ANNA)
    house.routing.set_status(ACC, ANNA, AgentStatus.BREAK)
    await house.ask(ANNA, StartList, list_id=work.id)
    await house.tick()
    shown = await house.shown()
    assert (shown.waits, shown.in_hand) == (WaitReason.STATUS, None)
    house.routing.set_status(ACC, ANNA, AgentStatus.DO_NOT_DISTURB)
    await house.tick()
    assert (await house.shown()).in_hand is not None


@pytest.mark.feature("D6")
async def test_at_the_end_those_not_reached_are_called_again_or_the_list_is_put_away() -> None:
    house = House()
    list_id = await started(house, numbers=NUMBERS[:2])
    await house.ticks(10)
    await house.reached()
    await house.ticks(41)
    await house.over(house.owner.begun[-1].call_id, AttemptOutcome.NO_ANSWER)
    await house.ticks(7)
    shown = await house.shown()
    assert shown.state is RunState.FINISHED
    assert shown.current is not None
    assert shown.current.state is ListState.FINISHED
    assert shown.current.counts.done == 2
    await house.ask(ANNA, RepeatList, list_id=list_id)
    await house.ask(ANNA, StartList, list_id=list_id)
    await house.ticks(11)
    assert [o.number for o in house.owner.begun] == [NUMBERS[0], NUMBERS[1], NUMBERS[1]]
    await house.reached()
    await house.ticks(32)
    with pytest.raises(WrongState):
        await house.ask(ANNA, RepeatList, list_id=list_id)
    await house.ask(ANNA, ResetList, list_id=list_id)
    assert (await house.shown()).current is None
    assert (await house.ask(ANNA, ListLists)).lists == []


@pytest.mark.feature("D1")
async def test_three_operators_of_a_team_never_have_the_same_person() -> None:
    house = House()
    work, _ = await house.load(NUMBERS[:6], team=True)
    for who in (ANNA, BORIS, VERA):
        await house.arrives(who)
        await house.ask(who, StartList, list_id=work.id)
    await house.ticks(11)
    assert sorted(o.number for o in house.owner.begun) == sorted(NUMBERS[:3])
    assert len({o.employee_id for o in house.owner.begun}) == 3


async def test_one_person_on_two_lists_is_in_one_hand() -> None:
    house = House()
    await started(house, numbers=NUMBERS[:1])
    other, _ = await house.load(NUMBERS[:1], team=True)
    await house.arrives(BORIS)
    await house.ask(BORIS, StartList, list_id=other.id)
    await house.tick()
    shown = await house.shown(BORIS)
    assert (shown.in_hand, shown.waits) == (None, WaitReason.OTHERS)


@pytest.mark.feature("D2")
async def test_rows_are_removed_moved_and_shown_with_their_reasons() -> None:
    house = House()
    work, check = await house.load([*NUMBERS[:3], "abc", "", NUMBERS[0]])
    reasons = {one.numbers[0].number if one.numbers else "": one.reason for one in check.refused}
    assert reasons == {
        "abc": ItemReason.BAD_NUMBER,
        "": ItemReason.NO_NUMBER,
        NUMBERS[0]: ItemReason.SAME_PERSON,
    }
    assert all(one.reason_text for one in check.refused)
    page = await house.ask(ANNA, ListItems, list_id=work.id, part="waiting")
    first, second, third = page.items
    await house.ask(ANNA, RemoveItem, list_id=work.id, item_id=second.id)
    await house.ask(ANNA, MoveItem, list_id=work.id, item_id=third.id, before=first.id)
    page = await house.ask(ANNA, ListItems, list_id=work.id, part="waiting")
    assert [one.id for one in page.items] == [third.id, first.id]
    counts = await house.counts(work)
    assert counts.holds
    assert counts.loaded == 6


async def test_a_call_back_comes_on_its_hour_before_everybody_else() -> None:
    house = House()
    await started(house, numbers=NUMBERS[:4])
    await house.ticks(10)
    await house.reached()
    hour = house.clock.now() + timedelta(seconds=100)
    hand = await held_after(house)
    with pytest.raises(BadRequest):
        await house.ask(ANNA, DisposeItem, disposition="callback", **hand)
    await house.ask(ANNA, DisposeItem, disposition="callback", callback_at=hour, **hand)
    await house.ask(ANNA, NextItem, **hand)
    await house.ticks(11)
    assert house.owner.begun[-1].number == NUMBERS[1]
    await house.reached(95)
    await house.ticks(32)
    shown = await house.shown()
    assert shown.in_hand is not None
    assert shown.in_hand.callback
    assert shown.in_hand.item.numbers[0].number == NUMBERS[0]


async def held_after(house: House) -> dict[str, Any]:
    await house.tick()
    return await held(house)


async def test_who_asks_not_to_be_called_is_on_no_list_any_more() -> None:
    house = House()
    await started(house, numbers=NUMBERS[:1])
    await house.ticks(10)
    await house.reached()
    hand = await held_after(house)
    await house.ask(ANNA, DisposeItem, disposition="never_again", **hand)
    await house.ask(ANNA, NextItem, **hand)
    _, check = await house.load(NUMBERS[:1])
    assert [one.reason for one in check.refused] == [ItemReason.OPTED_OUT]


async def test_skipped_goes_to_the_end_and_blending_is_told() -> None:
    house = House()
    await started(house)
    await house.ask(ANNA, SkipItem, **await held(house))
    await house.tick()
    assert (await house.shown()).in_hand.item.numbers[0].number == NUMBERS[1]  # type: ignore[union-attr]
    await house.ask(ANNA, BlendList, on=True)
    assert (await house.shown()).blend


async def test_a_strange_list_is_not_there_and_a_team_is_led_by_its_lead() -> None:
    house = House()
    own, _ = await house.load()
    with pytest.raises(NotFound):
        await house.ask(BORIS, StartList, list_id=own.id)
    team, _ = await house.load(NUMBERS[3:5], team=True)
    page = await house.ask(BORIS, ListItems, list_id=team.id)
    with pytest.raises(NotAllowed):
        await house.ask(BORIS, RemoveItem, list_id=team.id, item_id=page.items[0].id)
    await house.ask(LEAD, RemoveItem, list_id=team.id, item_id=page.items[0].id)


async def test_the_same_key_makes_one_list() -> None:
    house = House()
    first, _ = await house.load(key="k")
    second, _ = await house.load(key="k")
    assert first == second
    assert (await house.counts(first)).loaded == 3


async def test_several_numbers_are_tried_in_turn() -> None:
    house = House()
    await started(house, rows=[Row(numbers=NUMBERS[:2])])
    await house.ticks(10)
    await house.over(house.owner.begun[-1].call_id, AttemptOutcome.BUSY)
    await house.ticks(17)
    assert [o.number for o in house.owner.begun] == list(NUMBERS[:2])
