"""The archive an amoCRM account installs."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from backend.connectors.crm.amocrm.package import pack

STATIC = Path(__file__).parents[3] / "static" / "amocrm"


def test_everything_the_manifest_names_is_at_the_root_of_widget_zip(tmp_path: Path) -> None:
    archive = pack(STATIC, tmp_path)
    assert archive.name == "widget.zip"
    with zipfile.ZipFile(archive) as packed:
        names = set(packed.namelist())
        manifest = json.loads(packed.read("manifest.json"))
    assert {"manifest.json", "script.js"} <= names
    assert {f"i18n/{locale}.json" for locale in manifest["widget"]["locale"]} <= names
    tour = manifest["tour"]["tour_images"]
    assert {image.lstrip("/") for images in tour.values() for image in images} <= names


def test_packing_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    first, second = pack(STATIC, tmp_path / "a"), pack(STATIC, tmp_path / "b")
    assert first.read_bytes() == second.read_bytes()


def test_without_a_build_it_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="make widget"):
        pack(tmp_path, tmp_path / "out")
