"""Packs the widget an amoCRM account installs: `python -m backend.connectors.crm.amocrm.package`.

The archive has the name and the layout amoCRM asks for: `widget.zip`, files at its root. Packing
the same sources twice gives the same bytes.
"""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

NAME = "widget.zip"
_MOMENT = (1980, 1, 1, 0, 0, 0)
"""The earliest time an archive knows; a real one would make every build another file."""


def pack(source: Path, target: Path) -> Path:
    """`target/widget.zip` with everything in `source`. Raises FileNotFoundError without a build."""
    if not (source / "manifest.json").is_file():
        raise FileNotFoundError(f"{source} holds no manifest.json: run `make widget`")
    target.mkdir(parents=True, exist_ok=True)
    archive = target / NAME
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for path in sorted(source.rglob("*")):
            if path.is_file():
                entry = zipfile.ZipInfo(str(path.relative_to(source)), _MOMENT)
                entry.compress_type = zipfile.ZIP_DEFLATED
                entry.external_attr = 0o644 << 16
                packed.writestr(entry, path.read_bytes())
    return archive


def main() -> None:
    root = Path(__file__).resolve().parents[4]
    archive = pack(root / "static" / "amocrm", root / "dist")
    sys.stdout.write(f"{archive} ({archive.stat().st_size} bytes)\n")


if __name__ == "__main__":
    main()
