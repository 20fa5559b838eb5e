"""What `make check` proves beyond formatters, linters and types. It edits nothing."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
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
    faults = []
    for module in ("protocol.generate", "backend.api.settings_types"):
        done = subprocess.run(
            [sys.executable, "-m", module, "--check"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            faults.append(f"run `make protocol`: {done.stdout}{done.stderr}")
    return faults


def widget_is_fresh() -> list[str]:
    """`static/` is what the sources build to, byte for byte."""
    node = ROOT / ".venv" / "bin"
    with tempfile.TemporaryDirectory() as directory:
        # As `npm run build`: some pages are builds of their own, added to the first.
        for more in ((), *_more_builds()):
            done = subprocess.run(
                ["npx", "vite", "build", *more, "--outDir", directory, "--logLevel", "error"],
                cwd=ROOT / "widget",
                env={**os.environ, "PATH": f"{node}{os.pathsep}{os.environ['PATH']}"},
                capture_output=True,
                text=True,
                check=False,
            )
            if done.returncode != 0:
                return [f"the widget does not build: {done.stdout}{done.stderr}"]
        built, kept = _contents(Path(directory) / "assets"), _contents(ROOT / "static" / "assets")
    amocrm = {
        name: content
        for name, content in _contents(ROOT / "widget" / "amocrm").items()
        if not name.endswith(".py")
    }
    stale = sorted(
        {name for name in built.keys() | kept.keys() if built.get(name) != kept.get(name)}
        | {
            f"amocrm/{name}"
            for name in amocrm.keys() | _contents(ROOT / "static" / "amocrm").keys()
            if amocrm.get(name) != _contents(ROOT / "static" / "amocrm").get(name)
        }
    )
    return [f"static/ is older than the widget ({', '.join(stale)}): run `make widget`"] * bool(
        stale
    )


def _more_builds() -> list[tuple[str, str]]:
    package = json.loads((ROOT / "widget" / "package.json").read_text())
    names = re.findall(r"--config (\S+)", package["scripts"]["build"])
    return [("--config", name) for name in names]


def _contents(directory: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(directory)): path.read_bytes()
        for path in directory.rglob("*")
        if path.is_file()
    }


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
        if any((site / name).glob("*.py"))
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
