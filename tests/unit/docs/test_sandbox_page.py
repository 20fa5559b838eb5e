"""Every point the sandbox page claims is shown by a test that exists."""

from __future__ import annotations

import re

from tests.features import ROOT
from tests.unit.docs.pages import page, rows

_TEST = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")


def test_each_point_names_tests_that_are_there() -> None:
    for cells in rows(page("sandbox.md")):
        if len(cells) != 3 or "tests/" not in cells[2]:
            continue
        for path, name in _TEST.findall(cells[2]):
            file = ROOT / path
            assert file.is_file(), path
            if name:
                assert re.search(rf"^async def {name}\(|^def {name}\(", file.read_text(), re.M), (
                    f"{path} has no {name}"
                )


def test_the_checklist_of_the_portal_is_complete() -> None:
    """The areas of the reference's emulator checklist, in its order."""
    areas = [cells[0] for cells in rows(page("sandbox.md"))]
    for area in (
        *("Authorization server", "REST", "Faults", "Limits", "Telephony", "Click-to-call"),
        *("Events", "Placements", "CRM", "People", "Chat", "Quirks"),
    ):
        assert area in areas
