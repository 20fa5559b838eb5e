"""A visit to a site as call tracking keeps it, and the way that led a caller here (W4).

A visit is one session of one visitor on one site. It is built from pages that may be told in any
order and more than once; whatever order they come in, the same visit comes out. Addresses are kept
without query and fragment: what somebody typed into a form may stand there.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final
from urllib.parse import parse_qsl, urlsplit

import msgspec

MAX_PAGES: Final = 50
"""Kept of a visit, the first one among them; how many there were is counted on."""
MAX_TEXT: Final = 500
_UTM: Final = {
    "utm_source": "source",
    "utm_medium": "medium",
    "utm_campaign": "campaign",
    "utm_term": "keyword",
    "utm_content": "content",
}
"""What an advertising system writes into the address of the page it leads to (L1034-L1038)."""


class Source(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where a visitor came from; '' is unknown. `keyword` is what was searched for."""

    source: str = ""
    medium: str = ""
    campaign: str = ""
    keyword: str = ""
    content: str = ""

    def __bool__(self) -> bool:
        return self != Source()


class Page(msgspec.Struct, frozen=True, kw_only=True):
    url: str
    title: str
    at: datetime


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """One page shown to a visitor. `source` is what is known of the way to this very page."""

    visitor: str
    session: str
    site: str
    page: Page
    referrer: str = ""
    source: Source = Source()


class Visit(msgspec.Struct, frozen=True, kw_only=True):
    """`pages` in the order they were seen; `pages_total` counts those that are not kept, too.
    `source` is that of the earliest page that had one, seen at `source_at`."""

    visitor: str
    session: str
    site: str
    began_at: datetime
    seen_at: datetime
    landing: str = ""
    referrer: str = ""
    source: Source = Source()
    source_at: datetime | None = None
    pages: tuple[Page, ...] = ()
    pages_total: int = 0


class Way(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a card says of how the caller came to dial the number.

    `exact`: this visitor was shown this number; otherwise it is what the number itself stands for,
    and only `site` and `source` are filled. `visits` are those known of the visitor, the first of
    them at `first_at`, the newest seen last at `last_at`.
    """

    exact: bool = False
    site: str = ""
    source: Source = Source()
    referrer: str = ""
    landing: str = ""
    pages: tuple[Page, ...] = ()
    pages_total: int = 0
    visits: int = 0
    first_at: datetime | None = None
    last_at: datetime | None = None


def joined(visit: Visit | None, seen: Seen) -> Visit:
    """The visit with one more page of its session; a first page makes it."""
    page = seen.page
    if visit is None:
        return Visit(
            visitor=seen.visitor,
            session=seen.session,
            site=seen.site,
            began_at=page.at,
            seen_at=page.at,
            landing=page.url,
            referrer=seen.referrer,
            source=seen.source,
            source_at=page.at if seen.source else None,
            pages=(page,),
            pages_total=1,
        )
    began = (visit.began_at, visit.landing, visit.referrer)
    first = (page.at, page.url, seen.referrer) < began
    better = bool(seen.source) and (
        visit.source_at is None
        or _rank(page.at, seen.source) < _rank(visit.source_at, visit.source)
    )
    return msgspec.structs.replace(
        visit,
        began_at=min(visit.began_at, page.at),
        seen_at=max(visit.seen_at, page.at),
        landing=page.url if first else visit.landing,
        referrer=seen.referrer if first else visit.referrer,
        source=seen.source if better else visit.source,
        source_at=page.at if better else visit.source_at,
        pages=_kept((*visit.pages, page)),
        pages_total=visit.pages_total + 1,
    )


def _rank(at: datetime, source: Source) -> tuple[datetime, tuple[str, ...]]:
    """Two pages of one instant are told apart by what they say, or their order would count."""
    return at, (source.source, source.medium, source.campaign, source.keyword, source.content)


def _kept(pages: tuple[Page, ...]) -> tuple[Page, ...]:
    """The first one and the newest ones."""
    ordered = sorted(pages, key=lambda page: (page.at, page.url, page.title))
    if len(ordered) <= MAX_PAGES:
        return tuple(ordered)
    return (ordered[0], *ordered[len(ordered) - MAX_PAGES + 1 :])


def way_of(visit: Visit, *, visits: int, first_at: datetime, last_at: datetime) -> Way:
    """The visitor's own way."""
    return Way(
        exact=True,
        site=visit.site,
        source=visit.source,
        referrer=visit.referrer,
        landing=visit.landing,
        pages=visit.pages,
        pages_total=visit.pages_total,
        visits=visits,
        first_at=first_at,
        last_at=last_at,
    )


def bare(address: str) -> str:
    """An address without query and fragment, and without a user's name in it; '' for what is none.
    Longer than `MAX_TEXT` it is cut."""
    try:
        parts = urlsplit(address.strip())
        host, port = parts.hostname, parts.port
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or not host:
        return ""
    place = host if port is None else f"{host}:{port}"
    return f"{parts.scheme}://{place}{parts.path or '/'}"[:MAX_TEXT]


def site_of(address: str) -> str:
    """The host of an address, without `www.`; '' for what is none."""
    try:
        host = urlsplit(address.strip()).hostname or ""
    except ValueError:
        return ""
    return host.removeprefix("www.")


def source_of(url: str, referrer: str, told: Source) -> Source:
    """What the way to a page says: what was told outright, else the marks in the page's address,
    else the site that led here. A page reached from the same site says nothing."""
    if told:
        return told
    marks = _marks(url)
    if marks:
        return marks
    from_site = site_of(referrer)
    if from_site and from_site != site_of(url):
        return Source(source=from_site[:MAX_TEXT], medium="referral")
    return Source()


def _marks(url: str) -> Source:
    try:
        query = urlsplit(url.strip()).query
    except ValueError:
        return Source()
    found: dict[str, str] = {}
    for name, value in parse_qsl(query, max_num_fields=200, errors="replace") if query else ():
        field = _UTM.get(name.lower())
        if field is not None and value.strip():
            found.setdefault(field, cleaned(value))
    return Source(**found)


def cleaned(text: str) -> str:
    """One line of what a stranger's browser sent, short enough to be kept: no control characters,
    which SQL refuses or a card would break at."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:MAX_TEXT]
