"""Writes the settings' shapes as TypeScript: `python -m backend.api.settings_types [--check]`."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

import msgspec

from backend.api.board_shapes import ANSWERS as BOARD_ANSWERS
from backend.api.cloud_shapes import CloudAnswer, CloudCheckAnswer, CloudPatch
from backend.api.settings_shapes import ANSWERS, VisitKeyPatch
from backend.domain.account_settings import AREAS
from backend.services.account_patch import (
    EmployeePatch,
    GroupPatch,
    OwnPatch,
    ScenarioPatch,
    TeamPatch,
    VirtualNumberPatch,
)
from protocol.typescript import declaration

FILE = Path(__file__).parent.parent.parent / "widget" / "src" / "settings" / "api.ts"
BOARD_FILE = FILE.parent.parent / "board" / "api.ts"
_SENT = (
    EmployeePatch, OwnPatch, GroupPatch, ScenarioPatch, TeamPatch, VirtualNumberPatch,
    VisitKeyPatch, CloudPatch,
)  # fmt: skip


def typescript() -> str:
    """Answers whole; what is sent may leave out every field that has a default."""
    _, parts = msgspec.json.schema_components(
        [*ANSWERS, CloudAnswer, CloudCheckAnswer, *_SENT, *AREAS.values()],
        ref_template="#/$defs/{name}",
    )
    chunks = ["// Written by `make protocol` from backend/api/settings_shapes.py. Do not edit.\n"]
    chunks += [
        declaration(name, shape, from_client=name.endswith("Patch"), numbered=False)
        for name, shape in sorted(parts.items())
    ]
    chunks.append(
        "export interface AreaValues {\n"
        + "".join(f"  readonly {name}: {kind.__name__};\n" for name, kind in AREAS.items())
        + "}\n"
    )
    return "\n".join(chunks)


def board_typescript() -> str:
    """The board's answers."""
    _, parts = msgspec.json.schema_components(BOARD_ANSWERS, ref_template="#/$defs/{name}")
    head = "// Written by `make protocol` from backend/api/board_shapes.py. Do not edit.\n"
    shapes = [
        declaration(name, shape, from_client=False, numbered=False)
        for name, shape in sorted(parts.items())
    ]
    return "\n".join([head, *shapes])


def main(arguments: Iterable[str]) -> int:
    check, stale = "--check" in arguments, False
    for file, made in ((FILE, typescript()), (BOARD_FILE, board_typescript())):
        if file.exists() and file.read_text() == made:
            continue
        stale = True
        if check:
            sys.stderr.write(f"{file.name} of {file.parent.name} is stale: run `make protocol`\n")
        else:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(made)
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
