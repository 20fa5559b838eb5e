"""What `make check` proves beyond formatters, linters and types. It edits nothing."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
import tomllib
from pathlib import Path

from tests import features

ROOT = features.ROOT
SPEC_IDS = frozenset(
    [f"W{n}" for n in range(1, 17)]
    + [f"B{n}" for n in range(1, 22)]
    + [f"A{n}" for n in range(1, 18)]
    + [f"D{n}" for n in range(1, 7)]
    + ["S1", "T", "R", "M", "K", "F", "H", "O", "N", "I", "P", "G"]
)


def changelog() -> list[str]:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    text = (ROOT / "CHANGELOG.md").read_text()
    if not re.search(r"^## (Unreleased|\[Unreleased\])", text, re.MULTILINE):
        return ["CHANGELOG.md has no Unreleased section"]
    released = re.search(r"^## \[?(\d+\.\d+\.\d+)", text, re.MULTILINE)
    if released and released[1] != version:
        return [f"CHANGELOG.md ends at {released[1]}, pyproject.toml says {version}"]
    return []


def generated() -> list[str]:
    done = subprocess.run(
        [sys.executable, "-m", "protocol.generate", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return [] if done.returncode == 0 else [f"run `make protocol`: {done.stdout}{done.stderr}"]


def widget_is_fresh() -> list[str]:
    """`static/` was built from these sources: its stamp is their hash."""
    stamp = ROOT / "static" / "sources.sha256"
    if not stamp.exists():
        return ["static/ was never built: run `make widget`"]
    if stamp.read_text().strip() != widget_sources():
        return ["static/ is older than the widget's sources: run `make widget`"]
    return []


def widget_sources() -> str:
    digest = hashlib.sha256()
    names = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "widget", "protocol/generated"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split("\n")
    for name in sorted(filter(None, names)):
        if _shapes_the_build(name) and (ROOT / name).is_file():
            digest.update(name.encode() + b"\0" + (ROOT / name).read_bytes())
    return digest.hexdigest()


def _shapes_the_build(name: str) -> bool:
    return not name.endswith((".test.ts", ".test.tsx", ".md")) and "/gallery/" not in name


def locks() -> list[str]:
    faults = []
    for name in ("requirements.lock", "requirements-dev.lock", "widget/package-lock.json"):
        if re.search(
            r"https?://(?!opencollective|github|tidelift|www\.patreon|ko-fi|feross)",
            (ROOT / name).read_text(),
        ):
            hosts = set(re.findall(r'"resolved": "https?://([^/"]+)', (ROOT / name).read_text()))
            if hosts or name.endswith(".lock"):
                faults.append(f"{name} names download addresses: {', '.join(sorted(hosts))}")
    return faults


def names() -> list[str]:
    """Our import packages collide with nothing we depend on."""
    site = Path(next(p for p in sys.path if p.endswith("site-packages")))
    return [
        f"a dependency also installs {name}/"
        for name in ("backend", "protocol")
        if (site / name).is_dir()
    ]


def main() -> int:
    faults = [
        *features.static_faults(SPEC_IDS),
        *changelog(),
        *generated(),
        *widget_is_fresh(),
        *locks(),
        *names(),
    ]
    for fault in faults:
        sys.stderr.write(f"check: {fault}\n")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
