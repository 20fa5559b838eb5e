"""A service that keeps failing is left alone, then asked once."""

from __future__ import annotations

from backend.kit.breaker import Breaker
from backend.kit.clock import ManualClock


async def test_it_opens_tries_one_and_rests_longer_each_time() -> None:
    clock = ManualClock()
    breaker = Breaker(clock, failures=2, rest_s=5, longest_s=60)
    breaker.failed()
    assert breaker.allows()
    breaker.failed()
    assert (breaker.state, breaker.allows()) == ("open", False)
    await clock.advance(5)
    assert (breaker.state,) == ("half_open",)
    assert breaker.allows()
    assert not breaker.allows()
    breaker.failed()
    await clock.advance(9)
    assert (breaker.state,) == ("open",)
    await clock.advance(1)
    assert breaker.allows()
    breaker.succeeded()
    assert (breaker.state, breaker.allows()) == ("closed", True)


async def test_a_withdrawn_question_lets_the_next_one_try() -> None:
    clock = ManualClock()
    breaker = Breaker(clock, failures=1, rest_s=1)
    breaker.failed()
    await clock.advance(1)
    assert breaker.allows()
    breaker.gave_up()
    assert breaker.allows()
