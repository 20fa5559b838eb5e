"""Pop-ups jump the queue."""

from __future__ import annotations

import asyncio

import pytest

from backend.kit.budget import Bucket, Buckets, Budget, Priority, Silenced
from backend.kit.clock import ManualClock


async def test_pop_ups_pass_whoever_waits() -> None:
    clock = ManualClock()
    budget = Budget(Bucket(1.0, 3.0, clock, reserve=1.0), clock)
    order: list[str] = []

    async def ask(name: str, priority: Priority) -> None:
        await budget.acquire(priority)
        order.append(name)

    for _ in range(3):
        await budget.acquire(Priority.POP_UP)
    background = [asyncio.create_task(ask(f"b{n}", Priority.BACKGROUND)) for n in range(2)]
    await clock.advance(0)
    pop_up = asyncio.create_task(ask("pop-up", Priority.POP_UP))
    await clock.advance(20)
    await asyncio.gather(*background, pop_up)
    assert order == ["pop-up", "b0", "b1"]
    await budget.aclose()


async def test_background_leaves_a_reserve_that_a_pop_up_takes_at_once() -> None:
    clock = ManualClock()
    budget = Budget(Bucket(1.0, 3.0, clock, reserve=2.0), clock)
    await budget.acquire(Priority.BACKGROUND)
    waiting = asyncio.create_task(budget.acquire(Priority.BACKGROUND))
    await clock.advance(0)
    assert not waiting.done()
    # The clock stands still: the pop-up does not wait for the queue to be looked at.
    await budget.acquire(Priority.POP_UP)
    assert budget.waiting == 1
    await budget.aclose()
    assert waiting.cancelled() or waiting.cancelling() or not waiting.done()
    await asyncio.gather(waiting, return_exceptions=True)


async def test_silence_holds_everybody() -> None:
    clock = ManualClock()
    budget = Budget(Bucket(10.0, 10.0, clock), clock)
    budget.pause(5)
    asked = asyncio.create_task(budget.acquire(Priority.POP_UP))
    await clock.advance(4.9)
    assert not asked.done()
    assert budget.paused_s > 0
    await clock.advance(1)
    assert asked.done()
    await budget.aclose()


async def test_nobody_waits_out_a_longer_silence_than_they_care_to() -> None:
    clock = ManualClock()
    budget = Budget(Bucket(1, 1, clock, reserve=0), clock)
    await budget.acquire(Priority.CALL)
    early = asyncio.create_task(budget.acquire(Priority.CALL, patience_s=10))
    patient = asyncio.create_task(budget.acquire(Priority.CALL))
    await clock.advance(0)
    budget.pause(300)
    for asked in (early, asyncio.create_task(budget.acquire(Priority.CALL, patience_s=10))):
        with pytest.raises(Silenced) as caught:
            await asked
        assert caught.value.seconds == pytest.approx(300)
    assert not patient.done()
    await clock.advance(302)
    assert patient.done()
    await budget.aclose()


async def test_who_connects_anew_goes_on_with_what_is_left() -> None:
    clock, buckets = ManualClock(), Buckets()
    first = Budget(buckets.of("https://one.example", 1.0, 4.0, clock), clock)
    for _ in range(4):
        await first.acquire(Priority.POP_UP)
    await first.aclose()
    second = Budget(buckets.of("https://one.example", 1.0, 4.0, clock), clock)
    waits = asyncio.create_task(second.acquire(Priority.POP_UP))
    await clock.advance(0.4)
    assert not waits.done()
    await clock.advance(2)
    assert waits.done()
    elsewhere = Budget(buckets.of("https://two.example", 1.0, 4.0, clock), clock)
    await elsewhere.acquire(Priority.POP_UP)
    assert (first.spent, second.spent, elsewhere.spent) == (4, 1, 1)
    await second.aclose()


async def test_silence_asked_of_one_holds_the_other_at_the_same_address() -> None:
    clock, buckets = ManualClock(), Buckets()
    one, other = (
        Budget(buckets.of("https://one.example", 9.0, 9.0, clock), clock) for _ in range(2)
    )
    one.pause(5)
    with pytest.raises(Silenced):
        await other.acquire(Priority.CALL, patience_s=4)
