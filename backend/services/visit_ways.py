"""A caller's way as tabs are told of it."""

from __future__ import annotations

from typing import Final

from backend.domain.visits import Way
from protocol.visits import VisitPage, VisitWay

PAGES_SHOWN: Final = 20
"""On a card and in the history: the first page and the newest ones."""


def shown(way: Way | None) -> VisitWay | None:
    if way is None:
        return None
    source, pages = way.source, way.pages
    if len(pages) > PAGES_SHOWN:
        pages = (pages[0], *pages[len(pages) - PAGES_SHOWN + 1 :])
    return VisitWay(
        exact=way.exact,
        site=way.site,
        source=source.source,
        medium=source.medium,
        campaign=source.campaign,
        keyword=source.keyword,
        content=source.content,
        referrer=way.referrer,
        landing=way.landing,
        pages=[VisitPage(url=page.url, title=page.title, at=page.at) for page in pages],
        pages_total=way.pages_total,
        visits=way.visits,
        first_at=way.first_at,
        last_at=way.last_at,
    )
