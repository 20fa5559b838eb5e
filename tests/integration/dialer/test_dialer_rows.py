"""The dialer's rows in PostgreSQL: two workers at once, one hand per person, accounts apart."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from backend.domain.dialer.item import Item
from backend.domain.dialer.rules import ListRules
from backend.errors import WrongState
from backend.services.dialer.facts import call_finished
from backend.services.dialer.moves import ToDial, call, take_next, wrap_up_over
from backend.services.ports import FinishedCall, FinishedLeg
from backend.services.ports.dialer import Left, Run, WorkList
from backend.store.calls import CallStore
from backend.store.database import Database
from backend.store.employees import Employee, EmployeeStore, Group
from backend.store.gateways.dialer import SqlDialer
from protocol.dialer_words import (
    AttemptOutcome,
    ItemId,
    ItemReason,
    ListId,
    ListMode,
    ListPurpose,
    RunState,
)
from protocol.vocabulary import CallId, EmployeeId, HangupCause, LegId
from tests.integration.conftest import ALPHA, BETA

NOON = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
PEOPLE = tuple(EmployeeId(f"e{n}") for n in range(6))
LIST = ListId("l1")
WORK = WorkList(
    id=LIST,
    name="Renewals",
    purpose=ListPurpose.SERVICE,
    mode=ListMode.PREVIEW,
    group_id="g1",
    rules=ListRules(wrap_up_s=0, missed_s=0, min_gap_s=0),
    created_at=NOON,
    created_by="tests",
)


def person(n: int, **more: object) -> Item:
    base = Item(id=ItemId(f"i{n:03d}"), position=n * 1024, numbers=(f"+7495000{n:04d}",))
    return replace(base, person=f"tel:+7495000{n:04d}", **more)  # type: ignore[arg-type]


@pytest.fixture
async def book(database: Database) -> SqlDialer:
    async with database.begin(ALPHA) as tx:
        store = EmployeeStore(tx)
        await store.save(ALPHA, [Employee(id=who, name=who) for who in PEOPLE])
        await store.save_group(ALPHA, Group(id="g1", name="Sales", members=PEOPLE))
    found = SqlDialer(database)
    async with found.begin(ALPHA) as tx:
        await tx.put_list(WORK)
    return found


async def load(book: SqlDialer, count: int) -> None:
    async with book.begin(ALPHA) as tx:
        await tx.add_items(LIST, [person(n) for n in range(1, count + 1)])


async def take(book: SqlDialer, who: EmployeeId, at: datetime) -> ToDial | Left:
    """Whoever is next, dialled at once."""
    async with book.begin(ALPHA) as tx:
        run = Run(employee_id=who, list_id=LIST, state=RunState.RUNNING, since=at, seen_at=at)
        await tx.put_run(run)
        taken = await take_next(tx, WORK, run, at)
        return taken if isinstance(taken, Left) else await call(tx, ALPHA, WORK, taken, at)


def finished(call_id: CallId, at: datetime, *, answered: bool, cause: HangupCause) -> FinishedCall:
    legs = (
        FinishedLeg(
            leg_id=LegId("agent-e0-1"), employee_id=PEOPLE[0], number="e0", started_at=at,
            answered_at=at, ended_at=at, cause=HangupCause.NORMAL,
        ),
        FinishedLeg(
            leg_id=LegId("customer-0"), employee_id=None, number="+74950000001", started_at=at,
            answered_at=at if answered else None, ended_at=at, cause=cause,
        ),
    )  # fmt: skip
    return FinishedCall(
        account_id=ALPHA, call_id=call_id, direction="outbound", number="+74950000001", name=None,
        virtual_number=None, scenario=None, started_at=at, answered_at=at if answered else None,
        ended_at=at + timedelta(seconds=30), talk_s=30 if answered else 0,
        outcome="answered" if answered else "lost", cause=cause,
        answered_by=PEOPLE[0] if answered else None, legs=legs,
    )  # fmt: skip


@pytest.mark.feature("D1")
async def test_six_hands_at_once_take_each_person_once(book: SqlDialer) -> None:
    await load(book, 24)
    dialled: list[str] = []

    async def work(who: EmployeeId) -> None:
        at = NOON
        while True:
            at += timedelta(seconds=60)
            order = await take(book, who, at)
            if isinstance(order, Left):
                if order.waiting == 0:
                    return
                continue
            dialled.append(order.attempt.number)
            async with book.begin(ALPHA) as tx:
                ended = finished(order.attempt.call_id, at, answered=True, cause=HangupCause.NORMAL)
                await call_finished(tx, ended)
                found = await tx.in_hand(who)
                assert found is not None
                await wrap_up_over(tx, WORK, found[1], at)

    await asyncio.gather(*(work(who) for who in PEOPLE))
    assert len(dialled) == 24
    assert max(Counter(dialled).values()) == 1
    async with book.begin(ALPHA) as tx:
        counts = await tx.counts(LIST)
    assert counts.holds
    assert (counts.done, counts.waiting) == (24, 0)


async def test_one_hand_cannot_hold_two(book: SqlDialer) -> None:
    await load(book, 2)
    assert not isinstance(await take(book, PEOPLE[0], NOON), Left)
    with pytest.raises(IntegrityError):
        await take(book, PEOPLE[0], NOON)


async def test_who_knows_an_older_row_changes_nothing(book: SqlDialer) -> None:
    await load(book, 1)
    async with book.begin(ALPHA) as tx:
        [before] = await tx.items(LIST)
    await take(book, PEOPLE[0], NOON)
    async with book.begin(ALPHA) as tx:
        with pytest.raises(WrongState):
            await tx.save(LIST, before, replace(before, position=9))


async def test_a_row_comes_back_as_it_was_kept(book: SqlDialer) -> None:
    whole = person(
        7,
        name="Мария",
        record_kind="deal",
        record_id="9",
        record_url="https://crm.test/9",
        zone="Asia/Omsk",
        note="n",
        due_at=NOON,
        due_for=PEOPLE[1],
        callback=True,
        outcome=AttemptOutcome.BUSY,
        reason=ItemReason.TOO_SOON,
        not_before=NOON,
    )
    async with book.begin(ALPHA) as tx:
        await tx.add_items(LIST, [whole])
    async with book.begin(ALPHA) as tx:
        assert await tx.items(LIST) == [whole]
        left = await tx.left(LIST, PEOPLE[1])
        assert (left.waiting, left.next_at, left.reason) == (1, NOON, ItemReason.TOO_SOON)
        assert (await tx.left(LIST, PEOPLE[2])).next_at is None


async def test_what_a_kept_call_says_is_the_attempts_end_once(
    book: SqlDialer, database: Database
) -> None:
    await load(book, 1)
    order = await take(book, PEOPLE[0], NOON)
    assert not isinstance(order, Left)
    lost = finished(order.attempt.call_id, NOON, answered=False, cause=HangupCause.BUSY)
    better = finished(order.attempt.call_id, NOON, answered=True, cause=HangupCause.NORMAL)
    async with book.begin(ALPHA) as tx:
        assert await tx.call_known(order.attempt.call_id) is None
    async with database.begin(ALPHA) as own:
        await CallStore(own).finish(lost)
    for told in (lost, lost, better, lost):
        async with book.begin(ALPHA) as tx:
            assert await call_finished(tx, told) == PEOPLE[0]
            assert await tx.call_known(order.attempt.call_id) == "kept"
    async with book.begin(ALPHA) as tx:
        attempt = await tx.attempt(order.attempt.call_id)
        assert attempt is not None
        assert (attempt.outcome, attempt.talk_s) == (AttemptOutcome.REACHED, 30)
        other = finished(CallId("another"), NOON, answered=True, cause=HangupCause.NORMAL)
        assert await call_finished(tx, other) is None


async def test_rows_are_moved_repeated_and_closed_together(book: SqlDialer) -> None:
    await load(book, 3)
    async with book.begin(ALPHA) as tx:
        for _ in range(14):
            # Between neighbours again and again: in the end all places are given anew.
            assert await tx.move(LIST, ItemId("i003"), ItemId("i001"))
            assert await tx.move(LIST, ItemId("i003"), ItemId("i002"))
        assert [one.id for one in await tx.items(LIST)] == ["i001", "i003", "i002"]
        assert not await tx.move(LIST, ItemId("i003"), ItemId("i009"))
        await tx.close_waiting(LIST, ItemReason.LIST_CLOSED, NOON)
        counts = await tx.counts(LIST)
        assert counts.holds
        assert counts.excluded == 3


async def test_another_account_sees_nothing_of_it(book: SqlDialer) -> None:
    await load(book, 1)
    await take(book, PEOPLE[0], NOON)
    async with book.begin(BETA) as tx:
        assert await tx.work_list(LIST) is None
        assert await tx.all_lists() == []
        assert await tx.items(LIST) == []
        assert await tx.runs() == []
        assert await tx.attempts(LIST) == []
    assert list(await book.working([ALPHA, BETA])) == [ALPHA]
