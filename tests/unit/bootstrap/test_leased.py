"""What only one may do: who takes over from a dead holder, and how soon."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from backend.bootstrap.leased import RENEW_S, TTL_S, WAIT_S, Held, under_lease
from backend.kit.clock import ManualClock
from backend.services.ports import Lease

NAME = "switch:main"


class MemoryLeases:
    """One lease on a clock of its own, as the table keeps it."""

    def __init__(self, clock: ManualClock) -> None:
        self._clock = clock
        self.lease: Lease | None = None
        self.dead: set[str] = set()
        """Holders whose process is gone: nothing of theirs arrives any more."""
        self.answer_s = 0.0
        """How long the answer to whoever gets the lease is on its way."""
        self.unreachable: set[str] = set()
        """Holders who lost the way to it."""

    async def acquire(self, name: str, holder: str, *, ttl_s: float) -> Lease | None:
        now, held = self._clock.now(), self.lease
        if holder in self.unreachable:
            raise ConnectionError("the database is away")
        if held is not None and held.expires_at > now and held.holder != holder:
            return None
        token = 1 if held is None else held.token + 1
        lease = self.lease = Lease(name, holder, token, now + timedelta(seconds=ttl_s))
        if self.answer_s:
            await self._clock.sleep(self.answer_s)
        return lease

    async def renew(self, lease: Lease, *, ttl_s: float) -> Lease | None:
        if lease.holder in self.dead:
            await asyncio.Event().wait()
        if lease.holder in self.unreachable:
            raise ConnectionError("the database is away")
        held, now = self.lease, self._clock.now()
        if held is None or held.token != lease.token:
            return None
        self.lease = Lease(held.name, held.holder, held.token, now + timedelta(seconds=ttl_s))
        return self.lease

    async def release(self, lease: Lease) -> None:
        if lease.holder not in self.dead and self.lease is not None:
            self.lease = Lease(lease.name, lease.holder, lease.token, self._clock.now())


class House:
    def __init__(self) -> None:
        self.clock = ManualClock()
        self.leases = MemoryLeases(self.clock)
        self.at_work: set[str] = set()
        self.together = 0
        """The most that ever worked at once."""
        self.tasks: dict[str, asyncio.Task[None]] = {}

    def start(self, holder: str) -> None:
        async def work(held: Held) -> None:
            self.at_work.add(holder)
            self.together = max(self.together, len(self.at_work))
            try:
                while held() is not None:
                    await self.clock.sleep(0.5)
            finally:
                self.at_work.discard(holder)

        self.tasks[holder] = asyncio.create_task(
            under_lease(self.leases, self.clock, NAME, holder, work)
        )

    async def kill(self, holder: str) -> None:
        """As a process dies: its lease is neither renewed nor released."""
        self.leases.dead.add(holder)
        await self.stop(holder)

    async def stop(self, holder: str) -> None:
        self.tasks[holder].cancel()
        await asyncio.gather(self.tasks[holder], return_exceptions=True)

    async def until_at_work(self, holder: str) -> float:
        """Seconds that pass."""
        began = self.clock.monotonic()
        while holder not in self.at_work:
            await self.clock.advance(0.25)
            assert self.clock.monotonic() - began < 60
        return self.clock.monotonic() - began


@asynccontextmanager
async def house() -> AsyncIterator[House]:
    made = House()
    try:
        yield made
    finally:
        for holder in made.tasks:
            await made.stop(holder)


@pytest.mark.parametrize("age_s", [0.0, 0.3, 0.7, RENEW_S, 1.9, 2.6])
async def test_a_killed_holder_is_followed_within_five_seconds(age_s: float) -> None:
    async with house() as made:
        made.start("a")
        await made.until_at_work("a")
        made.start("b")
        await made.clock.advance(3 + age_s)
        await made.kill("a")
        assert await made.until_at_work("b") <= 4.75, "connecting takes time, too"
        assert made.together == 1


def test_the_numbers_leave_room_for_a_renewal_that_fails() -> None:
    assert TTL_S + WAIT_S < 5.0
    assert TTL_S > 3 * RENEW_S


async def test_a_holder_that_leaves_is_followed_at_once() -> None:
    async with house() as made:
        made.start("a")
        await made.until_at_work("a")
        made.start("b")
        await made.clock.advance(7)
        await made.stop("a")
        assert await made.until_at_work("b") <= WAIT_S + 0.25
        assert made.together == 1


async def test_one_of_many_works_and_it_stays() -> None:
    async with house() as made:
        for holder in ("a", "b", "c"):
            made.start(holder)
        await made.clock.advance(1)
        (worker,) = made.at_work
        await made.clock.advance(20)
        assert made.at_work == {worker}
        assert made.together == 1


@pytest.mark.parametrize("answer_s", [2.6, 4.5])
async def test_a_lease_counts_from_when_it_was_asked_for(answer_s: float) -> None:
    """The answer was long on its way: whoever comes next counts from when it was written."""
    async with house() as made:
        made.leases.answer_s = answer_s
        made.start("a")
        await made.clock.advance(0.25)
        made.leases.answer_s = 0.0
        made.leases.unreachable.add("a")
        made.start("b")
        await made.until_at_work("b")
        for _ in range(20):
            await made.clock.advance(0.25)
        assert made.at_work == {"b"}
        assert made.together == 1
