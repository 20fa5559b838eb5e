"""The page of what breaks names tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.unit.docs.pages import page, rows, section

ROOT = Path(__file__).parent.parent.parent.parent
TEXT = page("reliability.md")
SECTIONS = (
    "An operator is lost in the middle of a talk",
    "The voice moves to another tab",
    "Everything else",
    "The UIS cloud",
)


@pytest.mark.parametrize("title", SECTIONS)
def test_every_row_names_a_test_that_exists(title: str) -> None:
    told = rows(section(TEXT, title))
    assert len(told) > 5
    for row in told:
        named = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", row[-1])
        assert named, row
        for file, name in named:
            source = (ROOT / file).read_text()
            assert not name or re.search(rf"^(?:async )?def {name}\(", source, re.MULTILINE), name
