"""The journal never waits, loses nothing while the database is away, and ends a call once."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.services.ports import FinishedCall, FinishedLeg, JournalEntry
from backend.store.calls import CallStore
from backend.store.database import Database
from backend.store.journal import SqlCallJournal
from protocol.vocabulary import AccountId, CallId, EmployeeId, HangupCause, LegId
from tests.integration.conftest import ALPHA, BETA

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def entry(call: str, kind: str, account: AccountId = ALPHA, n: int = 0) -> JournalEntry:
    return JournalEntry(
        account_id=account,
        call_id=CallId(call),
        kind=kind,
        at=AT + timedelta(seconds=n),
        data={"n": n},
    )


def finished(call: str, account: AccountId = ALPHA) -> FinishedCall:
    return FinishedCall(
        account_id=account,
        call_id=CallId(call),
        direction="inbound",
        number="+79991234567",
        name=None,
        virtual_number="+74951234567",
        scenario="main",
        started_at=AT,
        answered_at=AT + timedelta(seconds=5),
        ended_at=AT + timedelta(seconds=65),
        talk_s=60,
        outcome="answered",
        cause=HangupCause.NORMAL,
        answered_by=EmployeeId("e1"),
        legs=(
            FinishedLeg(
                leg_id=LegId("agent-e1-1"),
                employee_id=EmployeeId("e1"),
                number="101",
                started_at=AT,
                answered_at=AT + timedelta(seconds=5),
                ended_at=AT + timedelta(seconds=65),
                cause=HangupCause.NORMAL,
            ),
        ),
    )


async def test_open_calls_come_back_in_order_and_only_of_the_accounts_asked_for(
    database: Database,
) -> None:
    journal = SqlCallJournal(database)
    async with journal.running():
        for n in range(450):
            journal.append(entry(f"c{n % 3}", "moved", n=n))
        journal.append(entry("b1", "moved", BETA))
        await journal.flush()
        assert journal.waiting == 0
    found = await journal.open_calls([ALPHA])
    assert sorted(found) == ["c0", "c1", "c2"]
    assert [e.data["n"] for e in found[CallId("c1")]] == list(range(1, 450, 3))
    assert found[CallId("c0")][0] == entry("c0", "moved", n=0)
    assert sorted(await journal.open_calls([ALPHA, BETA])) == ["b1", "c0", "c1", "c2"]
    assert await journal.open_calls([]) == {}


async def test_many_entries_share_a_commit(database: Database) -> None:
    commits = 0

    def count(_connection: object) -> None:
        nonlocal commits
        commits += 1

    event.listen(database._engine.sync_engine, "commit", count)
    journal = SqlCallJournal(database)
    async with journal.running():
        for n in range(400):
            journal.append(entry("c1", "moved", n=n))
        await journal.flush()
    assert commits == 2


async def test_answered_beats_lost_whoever_writes_last(database: Database) -> None:
    # An owner cut off from the switch ends the call as lost; the next one saw it answered.
    answered = finished("c1")
    lost = replace(
        answered,
        outcome="lost",
        answered_at=None,
        answered_by=None,
        talk_s=0,
        legs=(replace(answered.legs[0], answered_at=None),),
    )
    for order in ((lost, answered), (answered, lost), (lost, answered, lost)):
        async with database.begin(ALPHA) as tx:
            store = CallStore(tx)
            kept = [await store.finish(call) for call in order]
            assert await store.find(ALPHA, CallId("c1")) == answered
            assert kept == [n == 0 or call is answered for n, call in enumerate(order)]
            await tx.rollback()


async def test_a_stronger_outcome_leaves_the_record_the_crm_named(database: Database) -> None:
    answered = finished("c1")
    async with database.begin(ALPHA) as tx:
        store = CallStore(tx)
        await store.finish(replace(answered, outcome="lost", answered_by=None))
        await store.set_record(ALPHA, CallId("c1"), kind="contact", record_id="7", url=None)
        await store.finish(answered)
        found = await store.find(ALPHA, CallId("c1"))
        assert found is not None
        assert (found.outcome, found.record_id) == ("answered", "7")


async def test_a_call_finished_twice_is_kept_once_and_causes_its_jobs_once(
    database: Database,
) -> None:
    jobs: list[str] = []

    async def on_finished(_tx: AsyncConnection, call: FinishedCall) -> None:
        jobs.append(call.call_id)

    journal = SqlCallJournal(database, on_finished=on_finished)
    async with journal.running():
        journal.append(entry("c1", "arrived"))
        journal.finish(finished("c1"))
        journal.finish(replace(finished("c1"), outcome="lost"))
        await journal.flush()
        journal.append(entry("c1", "late"))
    assert jobs == ["c1"]
    assert await journal.open_calls([ALPHA]) == {}
    async with database.begin(ALPHA) as tx:
        assert await CallStore(tx).find(ALPHA, CallId("c1")) == finished("c1")


@pytest.mark.parametrize("bug", ["python", "sql"])
async def test_the_jobs_of_a_call_fail_together_with_it(database: Database, bug: str) -> None:
    async def on_finished(tx: AsyncConnection, call: FinishedCall) -> None:
        await tx.execute(text("update accounts set name = 'queued'"))
        if call.call_id == "bad" and bug == "sql":
            await tx.execute(text("select no_such_column"))
        if call.call_id == "bad":
            raise ZeroDivisionError

    journal = SqlCallJournal(database, on_finished=on_finished)
    async with journal.running():
        journal.append(entry("bad", "arrived"))
        journal.finish(finished("bad"))
        journal.finish(finished("good", BETA))
        await journal.flush()
    async with database.begin_many([ALPHA, BETA]) as tx:
        kept = (await tx.execute(text("select id from calls"))).scalars().all()
        names = (await tx.execute(text("select name from accounts order by id"))).scalars().all()
    # One call's bug takes neither the next call nor the flusher down.
    assert (kept, names) == (["good"], ["Alpha", "queued"])
    # It stays open: whoever owns the calls next ends it again, then with its jobs.
    assert list(await journal.open_calls([ALPHA])) == ["bad"]


async def test_one_refused_entry_does_not_hold_up_the_rest(database: Database) -> None:
    journal = SqlCallJournal(database)
    async with journal.running():
        journal.append(entry("c1", "moved", n=1))
        journal.append(entry("c2", "moved", AccountId("nobody")))
        journal.append(replace(entry("c3", "moved"), data={"bad": object()}))
        journal.append(entry("c1", "moved", n=2))
        await journal.flush()
    found = await journal.open_calls([ALPHA])
    assert [e.data["n"] for e in found[CallId("c1")]] == [1, 2]
    assert list(found) == ["c1"]


async def test_nothing_is_lost_while_the_database_is_away(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = 0
    real = CallStore.finish

    async def away(self: CallStore, call: FinishedCall) -> bool:
        nonlocal tries
        tries += 1
        if tries < 3:
            # What a restarting server does to its clients, in the middle of a group.
            await self._tx.execute(text("select pg_terminate_backend(pg_backend_pid())"))
        return await real(self, call)

    monkeypatch.setattr(CallStore, "finish", away)
    journal = SqlCallJournal(database)
    async with journal.running():
        journal.append(entry("c1", "arrived"))
        journal.finish(finished("c1"))
        journal.append(entry("c2", "arrived"))
        await journal.flush()
    assert tries == 3
    assert list(await journal.open_calls([ALPHA])) == ["c2"]


async def test_memory_is_bounded_and_keeps_finished_calls(database: Database) -> None:
    journal = SqlCallJournal(database, max_waiting=10)
    journal.finish(finished("c1"))
    for n in range(25):
        journal.append(entry("c2", "moved", n=n))
    assert journal.waiting == 11
    async with journal.running():
        await journal.flush()
    found = await journal.open_calls([ALPHA])
    assert [e.data["n"] for e in found[CallId("c2")]] == list(range(15, 25))
    async with database.begin(ALPHA) as tx:
        assert await CallStore(tx).find(ALPHA, CallId("c1")) is not None


async def test_pruning_forgets_late_entries_of_kept_calls_only(database: Database) -> None:
    journal = SqlCallJournal(database)
    async with journal.running():
        journal.finish(finished("c1"))
        journal.append(entry("c1", "late"))
        journal.append(entry("c2", "arrived"))
    async with database.begin(ALPHA) as tx:
        await CallStore(tx).prune(ALPHA, before=AT + timedelta(hours=1))
        left = (await tx.execute(text("select call_id from call_events"))).scalars().all()
    assert left == ["c2"]
