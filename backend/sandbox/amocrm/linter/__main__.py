"""`python -m backend.sandbox.amocrm.linter FILE`: findings line by line, status 1 when any."""

from __future__ import annotations

import sys
from pathlib import Path

from backend.sandbox.amocrm.linter import lint_archive, lint_directory


def main(arguments: list[str]) -> int:
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m backend.sandbox.amocrm.linter WIDGET.ZIP|DIRECTORY\n")
        return 2
    path = Path(arguments[0])
    if not path.exists():
        sys.stderr.write(f"{path} does not exist\n")
        return 2
    is_dir = path.is_dir()
    found = lint_directory(path) if is_dir else lint_archive(path.name, path.read_bytes())
    sys.stdout.write("".join(f"{finding}\n" for finding in found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
