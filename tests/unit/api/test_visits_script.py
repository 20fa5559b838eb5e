"""The script other people's sites load: small, readable, without cookies, served as written."""

from __future__ import annotations

import re

from tests.features import ROOT
from tests.unit.api.test_pages import browser

SOURCE = ROOT / "widget" / "site" / "visits.js"


async def test_any_site_may_load_it_as_it_is_written() -> None:
    async with browser() as http:
        answer = await http.get("/static/visits.js")
    assert answer.status_code == 200
    assert answer.text == SOURCE.read_text()
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    # Its name has no hash: a site asks whether it changed.
    assert answer.headers["cache-control"] == "no-cache"


def test_it_is_small_and_keeps_nothing_beyond_the_tab() -> None:
    text = SOURCE.read_text()
    assert len(text.encode()) <= 4096
    assert re.findall(r"document.cookie|localStorage|indexedDB|import\b|eval", text) == []
    assert max(len(line) for line in text.splitlines()) <= 110
