"""Writes the settings' shapes as TypeScript: `python -m backend.api.settings_types [--check]`."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

import msgspec

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
_SENT = (
    EmployeePatch, OwnPatch, GroupPatch, ScenarioPatch, TeamPatch, VirtualNumberPatch,
    VisitKeyPatch,
)  # fmt: skip


def typescript() -> str:
    """Answers whole; what is sent may leave out every field that has a default."""
    _, parts = msgspec.json.schema_components(
        [*ANSWERS, *_SENT, *AREAS.values()], ref_template="#/$defs/{name}"
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


def main(arguments: Iterable[str]) -> int:
    made = typescript()
    if FILE.exists() and FILE.read_text() == made:
        return 0
    if "--check" in arguments:
        sys.stderr.write("widget/src/settings/api.ts is stale: run `make protocol`\n")
        return 1
    FILE.parent.mkdir(parents=True, exist_ok=True)
    FILE.write_text(made)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
