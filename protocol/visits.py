"""The way that led a caller here, as call tracking knows it (W4). Carried by calls and history."""

from __future__ import annotations

from datetime import datetime

import msgspec


class VisitPage(msgspec.Struct, frozen=True, kw_only=True):
    """`title` may be empty."""

    url: str
    title: str
    at: datetime


class VisitWay(msgspec.Struct, frozen=True, kw_only=True):
    """Empty text is unknown. `exact`: the caller was shown this number on a page; otherwise it is
    what the number itself stands for, and there are no pages."""

    exact: bool
    site: str = ""
    source: str = ""
    medium: str = ""
    campaign: str = ""
    keyword: str = ""
    content: str = ""
    referrer: str = ""
    landing: str = ""
    pages: list[VisitPage] = []
    """The first page and the newest ones, in the order they were seen."""
    pages_total: int = 0
    """Those that are not listed, too."""
    visits: int = 0
    """How many visits of this visitor are known, this one included."""
    first_at: datetime | None = None
    last_at: datetime | None = None
