"""Delays grow, stay below their ceiling and differ between clients."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from backend.kit.backoff import Backoff


def test_delays_double_up_to_the_ceiling() -> None:
    backoff = Backoff(first_s=0.5, ceiling_s=3.0, draw=lambda: 1.0)
    assert [backoff.next_s() for _ in range(5)] == [0.5, 1.0, 2.0, 3.0, 3.0]


def test_success_starts_small_again() -> None:
    backoff = Backoff(first_s=0.5, draw=lambda: 1.0)
    backoff.next_s()
    backoff.next_s()
    backoff.reset()
    assert backoff.next_s() == 0.5


@given(draw=st.floats(0, 1), failures=st.integers(0, 3000))
def test_a_delay_is_between_half_and_all_of_its_step(draw: float, failures: int) -> None:
    backoff = Backoff(first_s=1.0, ceiling_s=30.0, draw=lambda: draw)
    for _ in range(failures):
        last = backoff.next_s()
        assert 0.5 <= last <= 30.0
