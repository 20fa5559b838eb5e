"""The pages of `docs/`, as tests read them."""

from __future__ import annotations

import re

from tests.features import ROOT


def page(name: str) -> str:
    """The text of a page, by its path below `docs/`."""
    return (ROOT / "docs" / name).read_text()


def section(text: str, title: str) -> str:
    """What stands between a heading and the next one. Raises ValueError when there is none."""
    found = re.search(
        rf"^(#+) {re.escape(title)}\n(.*?)(?=^#+ |\Z)", text, re.MULTILINE | re.DOTALL
    )
    if found is None:
        raise ValueError(f"no section {title!r}")
    return found[2]


def rows(text: str) -> list[list[str]]:
    """The cells of every table row but heads and rules, without the backticks around a cell."""
    found: list[list[str]] = []
    lines = text.splitlines()
    for number, line in enumerate(lines):
        if not line.startswith("|") or set(line) <= set("|-: "):
            continue
        after = lines[number + 1] if number + 1 < len(lines) else ""
        if set(after) <= set("|-: ") and after.startswith("|"):
            continue
        cells = re.split(r"(?<!\\)\|", line.strip().strip("|"))
        found.append([cell.strip() for cell in cells])
    return found


def code(text: str, language: str) -> list[str]:
    """The blocks of code in `language`."""
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
