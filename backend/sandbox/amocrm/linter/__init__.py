"""Checks a widget's archive as the platform does at upload and its moderators after it.

`lint_archive` takes the file, `lint_files` its contents; both answer with a list of findings, an
empty one for a package that may be uploaded. The rules are those of the reference, sections 2 and
3.10; each finding names its rule. What no program can see (is the description true, does the
widget work) is not here. Run it by hand with `python -m backend.sandbox.amocrm.linter widget.zip`.
"""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING

from backend.sandbox.amocrm.linter import images, manifest, scripts, styles, texts
from backend.sandbox.amocrm.linter.finding import Finding, Package

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

ARCHIVE_NAME = "widget.zip"

__all__ = ["Finding", "lint_archive", "lint_directory", "lint_files"]


def lint_archive(name: str, content: bytes) -> list[Finding]:
    """Findings of an archive called `name`; a folder inside it hides every file from us."""
    found: list[Finding] = []
    if name != ARCHIVE_NAME:
        found.append(Finding("archive.name", name, f"the archive is called {ARCHIVE_NAME}"))
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            files = {i.filename: archive.read(i) for i in archive.infolist() if not i.is_dir()}
    except (zipfile.BadZipFile, OSError):
        return [*found, Finding("archive.broken", name, "this is no zip archive")]
    return found + lint_files(files)


def lint_directory(directory: Path) -> list[Finding]:
    """The same for a package that is not packed yet."""
    return lint_files(
        {
            path.relative_to(directory).as_posix(): path.read_bytes()
            for path in sorted(directory.rglob("*"))
            if path.is_file()
        }
    )


def lint_files(files: Mapping[str, bytes]) -> list[Finding]:
    """Findings of a package given as path → content."""
    if "manifest.json" not in files:
        inside = [path for path in files if path.endswith("/manifest.json")]
        why = "the files lie in a folder" if inside else "there is no manifest"
        rule = "archive.root" if inside else "manifest.missing"
        return [Finding(rule, inside[0] if inside else "manifest.json", why)]
    found = list(texts.encoding(files))
    body, problems = manifest.read(files["manifest.json"])
    found += problems
    if body is None:
        return found
    package = Package(files=files, manifest=body)
    for check in (
        manifest.check,
        texts.locales,
        images.check,
        scripts.check,
        styles.check,
        texts.unused,
    ):
        found += check(package)
    return found
