"""Pauses of a recording as facts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from backend.domain.recording_pause import Pauses, begun, ended, under_way
from protocol.vocabulary import EmployeeId

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
ANNA = EmployeeId("anna")


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 600)), max_size=12))
def test_however_it_is_asked_pauses_follow_each_other_and_none_ends_before_it_began(
    asked: list[tuple[bool, int]],
) -> None:
    pauses: Pauses = ()
    for on, second in asked:
        at = NOON + timedelta(seconds=second)
        pauses = begun(pauses, ANNA, at, at + timedelta(minutes=2)) if on else ended(pauses, at)
        assert (under_way(pauses) is not None) is on
    assert all(pause.ended_at is not None for pause in pauses[:-1])
    assert all(pause.ended_at >= pause.began_at for pause in pauses if pause.ended_at)
