"""A visit is the same whatever order its pages come in; what is kept of an address."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.domain.visits import (
    MAX_PAGES,
    MAX_TEXT,
    Page,
    Seen,
    Source,
    Visit,
    bare,
    cleaned,
    joined,
    site_of,
    source_of,
)

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def seen(minute: int, path: str = "/", source: Source | None = None, referrer: str = "") -> Seen:
    return Seen(
        visitor="v",
        session="s",
        site="svet.example",
        page=Page(url=f"https://svet.example{path}", title=path, at=NOON + timedelta(0, minute)),
        referrer=referrer,
        source=source or Source(),
    )


def built(pages: list[Seen]) -> Visit:
    visit = None
    for page in pages:
        visit = joined(visit, page)
    assert visit is not None
    return visit


def test_a_visit_has_its_landing_its_source_and_its_pages_in_order() -> None:
    ad = Source(source="yandex", medium="cpc", campaign="spring", keyword="lamps")
    visit = built(
        [seen(5, "/prices"), seen(0, "/catalog", ad, "https://ya.example/"), seen(9, "/")]
    )
    assert visit.landing == "https://svet.example/catalog"
    assert visit.referrer == "https://ya.example/"
    assert visit.source == ad
    assert [page.title for page in visit.pages] == ["/catalog", "/prices", "/"]
    assert (visit.began_at, visit.seen_at) == (NOON, NOON + timedelta(0, 9))
    assert visit.pages_total == 3


def test_the_first_page_with_a_source_says_where_the_visitor_came_from() -> None:
    first, second = Source(source="mail"), Source(source="yandex")
    assert built([seen(3, source=second), seen(1, source=first), seen(0)]).source == first


def test_a_long_visit_keeps_its_first_page_and_its_newest() -> None:
    visit = built([seen(n, f"/{n}") for n in range(MAX_PAGES + 30)])
    assert visit.pages_total == MAX_PAGES + 30
    assert len(visit.pages) == MAX_PAGES
    assert (visit.pages[0].title, visit.pages[1].title) == ("/0", "/31")


pages = st.lists(
    st.builds(
        seen,
        st.integers(0, 8),
        st.sampled_from(["/", "/a", "/b"]),
        st.sampled_from([Source(), Source(source="x"), Source(source="y", medium="cpc")]),
        st.sampled_from(["", "https://a.example/"]),
    ),
    min_size=1,
    max_size=8,
)


@settings(max_examples=150, deadline=None)
@given(pages, st.randoms(use_true_random=False))
def test_pages_may_come_in_any_order(told: list[Seen], shuffled: object) -> None:
    other = sorted(told, key=lambda _: shuffled.random())  # type: ignore[attr-defined]
    assert built(told) == built(other)


@pytest.mark.parametrize(
    "address, kept",
    [
        ("https://svet.example/a?email=anna@x.example#top", "https://svet.example/a"),
        ("HTTPS://Svet.Example", "https://svet.example/"),
        ("http://anna:secret@svet.example:8080/x", "http://svet.example:8080/x"),
        ("javascript:alert(1)", ""),
        ("/catalog", ""),
        ("https://[half/", ""),
        ("https://svet.example:port/", ""),
        ("", ""),
    ],
)
def test_an_address_is_kept_without_what_people_typed(address: str, kept: str) -> None:
    assert bare(address) == kept


def test_a_site_is_its_host() -> None:
    assert site_of("https://www.svet.example/a") == "svet.example"
    assert site_of("nonsense") == ""


def test_a_source_is_what_was_told_else_the_marks_else_the_site_that_led_here() -> None:
    marked = "https://svet.example/?utm_source=yandex&UTM_Medium=cpc&utm_term=%D0%BB%D0%B0%D0%BC%D0%BF%D0%B0"
    marks = Source(source="yandex", medium="cpc", keyword="лампа")
    outright = Source(campaign="spring")
    assert source_of(marked, "https://ya.example/", outright) == outright
    assert source_of(marked, "https://ya.example/", Source()) == marks
    plain = "https://svet.example/"
    assert source_of(plain, "https://www.ya.example/x", Source()) == Source(
        source="ya.example", medium="referral"
    )
    assert source_of(plain, "https://www.svet.example/a", Source()) == Source()
    assert source_of(plain, "", Source()) == Source()


def test_what_a_browser_sends_is_one_short_line() -> None:
    assert cleaned(" a\n\tb\x00c \u2028d ") == "a b c d"
    assert len(cleaned("x" * 900)) == MAX_TEXT
