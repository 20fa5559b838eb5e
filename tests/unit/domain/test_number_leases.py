"""A number belongs to one visitor at an instant, whoever lent it and whatever came first."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from backend.domain.number_leases import SKEW, Lent, lend, owner, told

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
LASTS = timedelta(minutes=30)
ONE, TWO = "+74951230011", "+74951230012"


def span(
    visitor: str, since: float, until: float, number: str = ONE, session: str | None = None
) -> Lent:
    """Minutes after noon."""
    return Lent(
        number=number,
        visitor=visitor,
        session=session or f"s-{visitor}",
        since=NOON + timedelta(minutes=since),
        until=NOON + timedelta(minutes=until),
    )


def shown(spans: list[Lent], visitor: str, minute: float, pool: tuple[str, ...] = (ONE,)) -> Lent:
    found = lend(
        pool,
        spans,
        visitor=visitor,
        session=f"s-{visitor}",
        now=NOON + timedelta(minutes=minute),
        lasts=LASTS,
    )
    assert found is not None
    return found


def test_a_visitor_keeps_the_number_they_see_and_it_stays_longer() -> None:
    first = shown([], "anna", 0)
    again = shown([first], "anna", 20)
    assert (again.number, again.since) == (first.number, first.since)
    assert again.until == NOON + timedelta(minutes=50)


def test_two_visitors_are_never_shown_one_number_and_the_third_sees_none() -> None:
    pool = (ONE, TWO)
    anna = shown([], "anna", 0, pool)
    boris = shown([anna], "boris", 1, pool)
    assert {anna.number, boris.number} == {ONE, TWO}
    late = NOON + timedelta(minutes=2)
    assert lend(pool, [anna, boris], visitor="vera", session="s", now=late, lasts=LASTS) is None


def test_the_number_nobody_saw_for_the_longest_is_next() -> None:
    spans = [span("anna", -90, -60, ONE), span("boris", -100, -80, TWO)]
    assert shown(spans, "vera", 0, (ONE, TWO)).number == TWO
    third = "+74951230013"
    assert shown(spans, "vera", 0, (ONE, TWO, third)).number == third


def test_a_number_rests_until_its_last_visitor_cannot_be_meant_any_more() -> None:
    ended = span("anna", -30, 0)
    assert lend([ONE], [ended], visitor="b", session="s", now=NOON, lasts=LASTS) is None
    rested = NOON + SKEW
    found = lend([ONE], [ended], visitor="b", session="s", now=rested, lasts=LASTS)
    assert found is not None
    assert owner([ended, found], ONE, rested) == found


def test_a_number_taken_out_of_the_pool_is_shown_no_longer() -> None:
    anna = shown([], "anna", 0)
    assert shown([anna], "anna", 1, (TWO,)).number == TWO


def test_a_call_belongs_to_whoever_was_shown_the_number_then() -> None:
    spans = [span("anna", 0, 30), span("boris", 40, 70), span("vera", 0, 99, TWO)]
    minutes = {-10: None, 0: "anna", 29.9: "anna", 35: None, 40: "boris", 69: "boris", 80: None}
    found = {m: owner(spans, ONE, NOON + timedelta(minutes=m)) for m in minutes}
    assert {m: None if s is None else s.visitor for m, s in found.items()} == minutes


def test_a_switch_whose_clock_is_off_by_seconds_still_finds_the_visitor() -> None:
    spans = [span("anna", 0, 30)]
    assert owner(spans, ONE, NOON - SKEW) == spans[0]
    assert owner(spans, ONE, spans[0].until + SKEW) == spans[0]
    assert owner(spans, ONE, NOON - SKEW - timedelta(seconds=1)) is None
    # Who holds the instant is meant, however near another is.
    both = [span("anna", 0, 30), span("boris", 30, 60)]
    found = owner(both, ONE, both[0].until)
    assert found is not None
    assert found.visitor == "boris"


def test_two_equally_near_say_nothing() -> None:
    near = [span("anna", 0, 10), span("boris", 10.2, 20)]
    assert owner(near, ONE, NOON + timedelta(minutes=10.1)) is None


def test_what_another_tracking_showed_later_cuts_what_was_known() -> None:
    known = span("anna", 0, 30)
    left, cut = told([known], span("boris", 10, 40))
    assert left == span("boris", 10, 40)
    assert cut == ((known, span("anna", 0, 10)),)


def test_what_is_told_late_fits_in_before_what_is_known() -> None:
    known = span("boris", 10, 40)
    left, cut = told([known], span("anna", 0, 30))
    assert left == span("anna", 0, 10)
    assert cut == ()
    assert told([known], span("anna", 10, 30)) == (None, ())


def overlap(spans: list[Lent]) -> bool:
    ordered = sorted(spans, key=lambda s: (s.number, s.since))
    return any(a.number == b.number and a.until > b.since for a, b in pairwise(ordered))


steps = st.lists(
    st.tuples(
        st.sampled_from(["lend", "told"]),
        st.sampled_from(["anna", "boris", "vera", "gleb"]),
        st.integers(min_value=0, max_value=40),
        st.integers(min_value=0, max_value=90),
        st.sampled_from([ONE, TWO]),
    ),
    max_size=25,
)


@settings(max_examples=150, deadline=None)
@given(steps)
def test_whatever_is_lent_and_told_no_instant_has_two_owners(
    plan: list[tuple[str, str, int, int, str]],
) -> None:
    """Time goes on; what others tell may be of the past."""
    kept: dict[tuple[str, datetime], Lent] = {}
    now = NOON
    for kind, visitor, passed, back, number in plan:
        now += timedelta(minutes=passed)
        spans = list(kept.values())
        if kind == "lend":
            found = lend((ONE, TWO), spans, visitor=visitor, session="s", now=now, lasts=LASTS)
            if found is not None:
                kept[found.number, found.since] = found
                assert owner(kept.values(), found.number, now) == found
        else:
            at = now - timedelta(minutes=back)
            new = Lent(number=number, visitor=visitor, session="s", since=at, until=at + LASTS)
            left, cut = told(spans, new)
            for old, shorter in cut:
                assert shorter.until > shorter.since
                kept[old.number, old.since] = shorter
            if left is not None:
                kept[left.number, left.since] = left
                assert owner(kept.values(), number, at) == left
        assert not overlap(list(kept.values()))
