"""The table of features and what proves it: read by `make check` and by every full test run."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
TABLE = ROOT / "docs" / "features.md"
FULL_RUN = "DOZVON_TEST_FULL_RUN"
"""Set by `tests.run`: then the done rows are held to what ran and passed."""
STATES = ("done", "partly", "planned")


@dataclass(frozen=True)
class Row:
    id: str
    state: str
    code: tuple[str, ...]
    tests: tuple[str, ...]


def rows(text: str | None = None) -> list[Row]:
    """`| id | what | state | code | test |`; paths are in backticks."""
    found = []
    for line in (TABLE.read_text() if text is None else text).splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if len(cells) == 5 and re.fullmatch(r"[A-Z]\d*", cells[0]):
            paths = [tuple(re.findall(r"`([^`]+)`", cell)) for cell in cells[3:]]
            found.append(Row(cells[0], cells[2], paths[0], paths[1]))
    return found


def marks(path: Path) -> set[str]:
    """Feature ids that tests of a file carry; those of skipped tests do not count."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        names = [ast.unparse(decorator) for decorator in node.decorator_list]
        if any("mark.skip" in name for name in names):
            continue
        for name in names:
            if "mark.feature(" in name:
                found.update(re.findall(r"'([A-Z]\d*)'", name))
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "pytestmark":
            found.update(re.findall(r"feature\('([A-Z]\d*)'\)", ast.unparse(node.value)))
    return found


def static_faults(spec_ids: frozenset[str] | None = None) -> list[str]:
    """What is wrong with the table itself, in sentences."""
    faults, seen = [], set()
    for row in rows():
        if row.id in seen:
            faults.append(f"{row.id} stands twice")
        seen.add(row.id)
        if row.state not in STATES:
            faults.append(f"{row.id}: state {row.state!r} is none of {', '.join(STATES)}")
        faults += [
            f"{row.id}: {path} does not exist"
            for path in (*row.code, *row.tests)
            if not (ROOT / path).exists()
        ]
        if row.state != "done":
            continue
        if not row.code or not row.tests:
            faults.append(f"{row.id} is done without code and test")
        faults += [
            f"{row.id}: {path} has no running test marked feature({row.id!r})"
            for path in row.tests
            if (ROOT / path).exists() and path.endswith(".py") and row.id not in marks(ROOT / path)
        ]
    if spec_ids is not None:
        faults += [f"{missing} is not in the table" for missing in sorted(spec_ids - seen)]
    return faults


def run_faults(passed: dict[str, set[str]]) -> list[str]:
    """Done rows whose tests did not run and pass. `passed`: feature ids by file."""
    return [
        f"{row.id} is called done, but no test marked with it passed in {path}"
        for row in rows()
        if row.state == "done"
        for path in row.tests
        if path.endswith(".py") and row.id not in passed.get(path, set())
    ]
