"""Only one holds a lease, and what it does is checked against the counter it was given."""

from __future__ import annotations

import asyncio

from backend.services.ports import Lease
from backend.store.database import Database
from backend.store.journal import SqlCallJournal
from backend.store.leases import SqlLeases
from protocol.vocabulary import CallId, LegId
from tests.integration.conftest import ALPHA

NAME = "switch:main"


async def _take_over(leases: SqlLeases, holder: str) -> Lease:
    async with asyncio.timeout(5):
        while (lease := await leases.acquire(NAME, holder, ttl_s=30)) is None:
            pass
    return lease


async def test_one_of_many_gets_it(database: Database) -> None:
    leases = SqlLeases(database)
    got = await asyncio.gather(*(leases.acquire(NAME, f"w{n}", ttl_s=30) for n in range(5)))
    assert len([lease for lease in got if lease is not None]) == 1


async def test_a_new_holder_has_a_greater_token_and_the_old_one_loses(database: Database) -> None:
    leases = SqlLeases(database)
    old = await leases.acquire(NAME, "a", ttl_s=0.05)
    assert old is not None
    new = await _take_over(leases, "b")
    assert new.token > old.token
    assert await leases.renew(old, ttl_s=30) is None
    assert await leases.renew(new, ttl_s=30) is not None


async def test_a_released_lease_is_free_at_once_and_its_counter_goes_on(database: Database) -> None:
    leases = SqlLeases(database)
    first = await leases.acquire(NAME, "a", ttl_s=30)
    assert first is not None
    await leases.release(first)
    second = await leases.acquire(NAME, "b", ttl_s=30)
    assert second is not None
    assert second.token == first.token + 1
    await leases.release(first)
    assert await leases.acquire(NAME, "c", ttl_s=30) is None


async def test_an_intent_is_recorded_once_and_only_by_the_holder(database: Database) -> None:
    leases, journal = SqlLeases(database), SqlCallJournal(database)
    lease = await leases.acquire(NAME, "a", ttl_s=30)
    assert lease is not None
    leg = (ALPHA, CallId("call-1"), LegId("agent-e1-1"))
    assert await journal.record_intent(lease, *leg)
    assert not await journal.record_intent(lease, *leg)
    await leases.release(lease)
    assert not await journal.record_intent(lease, ALPHA, CallId("call-1"), LegId("agent-e1-2"))
    taken = await leases.acquire(NAME, "b", ttl_s=30)
    assert taken is not None
    assert not await journal.record_intent(lease, ALPHA, CallId("call-1"), LegId("agent-e1-2"))
    assert await journal.record_intent(taken, ALPHA, CallId("call-1"), LegId("agent-e1-2"))
