"""The archive an amoCRM account installs, against the platform's rules (reference §2, §3.10).

Written from the rules alone; the sandbox's own linter reads the same archive and must agree.
"""

from __future__ import annotations

import json
import re
import struct
import zipfile
from pathlib import Path
from typing import Any

import pytest

from backend.connectors.crm.amocrm.package import pack
from backend.sandbox.amocrm.linter import lint_archive

STATIC = Path(__file__).parents[3] / "static" / "amocrm"
SOURCE = Path(__file__).parents[3] / "widget" / "amocrm"
LOGOS = {
    "images/logo.png": (130, 100),
    "images/logo_main.png": (400, 272),
    "images/logo_medium.png": (240, 84),
    "images/logo_min.png": (84, 84),
    "images/logo_small.png": (108, 108),
}
TOUR = (1188, 616)
MAX_IMAGE_BYTES = 300 * 1024
MAX_LINES = 300
FORBIDDEN = {
    r"\beval\s*\(": "eval",
    r"\bnew\s+Function\b": "new Function",
    r"\bconsole\s*\.\s*(?!debug)": "console",
    r"(?<![\w.])(?:alert|confirm|prompt)\s*\(": "dialogs",
    r"\bdebugger\b": "debugger",
    r"createElement\(\s*['\"]script": "script elements",
    r"\bgetScript\b": "getScript",
    r"\basync\s*:\s*false": "synchronous requests",
    r"\b(?:APP|AMOCRM)(?:\.\w+)*\s*=(?!=)": "writing to the page's data",
    r"js-widget-(?:install|uninstall)": "Install pressed by code",
    r"['\"]http://": "http",
    r"postMessage\([^)]*'\*'": "a message to everybody",
}

pytestmark = pytest.mark.feature("A1")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    archive = pack(STATIC, tmp_path_factory.mktemp("package"))
    with zipfile.ZipFile(archive) as packed:
        return {name: packed.read(name) for name in packed.namelist()}


@pytest.fixture(scope="module")
def manifest(files: dict[str, bytes]) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(files["manifest.json"])
    return read


def scripts(files: dict[str, bytes]) -> dict[str, str]:
    return {name: body.decode() for name, body in files.items() if name.endswith(".js")}


def size_of(png: bytes) -> tuple[int, ...]:
    assert png.startswith(b"\x89PNG")
    return struct.unpack(">II", png[16:24])


def test_the_sandboxs_linter_finds_nothing(tmp_path: Path) -> None:
    archive = pack(STATIC, tmp_path)
    assert list(lint_archive(archive.name, archive.read_bytes())) == []


def test_the_archive_has_the_platforms_name_and_its_files_at_the_root(
    files: dict[str, bytes], tmp_path: Path
) -> None:
    assert pack(STATIC, tmp_path).name == "widget.zip"
    assert {"manifest.json", "script.js", *LOGOS} <= set(files)


def test_nothing_is_packed_that_nobody_uses(
    files: dict[str, bytes], manifest: dict[str, Any]
) -> None:
    named = {
        image.lstrip("/") for images in manifest["tour"]["tour_images"].values() for image in images
    }
    named |= {f"i18n/{locale}.json" for locale in manifest["widget"]["locale"]}
    reached, new = set(), {"script.js"}
    while new:
        name = new.pop()
        reached.add(name)
        for dependency in re.findall(r"'(\.[\w./-]+\.js)'", scripts(files)[name]):
            folder = Path(name).parent
            new |= {str(folder / dependency).removeprefix("./")} - reached
    assert set(files) == {"manifest.json", *LOGOS} | named | reached


def test_what_is_served_is_what_was_written() -> None:
    def tree(root: Path) -> dict[str, bytes]:
        return {str(p.relative_to(root)): p.read_bytes() for p in root.rglob("*") if p.is_file()}

    assert tree(STATIC) == tree(SOURCE)


def test_texts_are_plain_utf8(files: dict[str, bytes]) -> None:
    for name, body in files.items():
        if not name.endswith(".png"):
            assert not body.startswith(b"\xef\xbb\xbf"), name
            assert b"\r" not in body, name
            body.decode()


@pytest.mark.parametrize("name", sorted(LOGOS))
def test_a_logo_has_its_size(files: dict[str, bytes], name: str) -> None:
    assert size_of(files[name]) == LOGOS[name]
    assert len(files[name]) <= MAX_IMAGE_BYTES


def test_tour_images_have_their_size(files: dict[str, bytes], manifest: dict[str, Any]) -> None:
    tour = manifest["tour"]
    assert tour["is_tour"] is True
    assert set(tour["tour_images"]) == set(manifest["widget"]["locale"])
    for image in (one for images in tour["tour_images"].values() for one in images):
        assert size_of(files[image.lstrip("/")]) == TOUR
        assert len(files[image.lstrip("/")]) <= MAX_IMAGE_BYTES


def test_the_manifest_is_of_a_phone(manifest: dict[str, Any]) -> None:
    widget = manifest["widget"]
    assert widget["init_once"] is True
    assert widget["interface_version"] == 2
    assert widget["installation"] is True
    assert widget["support"]["link"].startswith("https://")
    assert re.fullmatch(r"\d+\.\d+\.\d+", widget["version"])
    assert not {"code", "secret_key"} & set(widget)
    assert manifest["locations"] == [
        "everywhere",
        "clist-1",
        "llist-1",
        "settings",
        "advanced_settings",
    ]
    assert manifest["advanced"]["title"]


def test_every_text_exists_in_every_language(
    files: dict[str, bytes], manifest: dict[str, Any]
) -> None:
    def paths(tree: Any, at: str = "") -> set[str]:
        if not isinstance(tree, dict):
            return {at}
        return {one for key, value in tree.items() for one in paths(value, f"{at}.{key}")}

    texts = {
        locale: json.loads(files[f"i18n/{locale}.json"]) for locale in manifest["widget"]["locale"]
    }
    shapes = [paths(tree) for tree in texts.values()]
    assert all(shape == shapes[0] for shape in shapes)
    named = [value for value in _strings(manifest) if re.fullmatch(r"[a-z]+(\.\w+)+", value)]
    assert named
    for tree in texts.values():
        for path in named:
            if not re.fullmatch(r"[\d.]+", path):
                value: Any = tree
                for part in path.split("."):
                    value = value[part]
                assert value.strip()


def test_the_vendors_name_is_not_ours(files: dict[str, bytes], manifest: dict[str, Any]) -> None:
    for locale in manifest["widget"]["locale"]:
        name = json.loads(files[f"i18n/{locale}.json"])["widget"]["name"]
        assert "amo" not in name.lower()
        assert "амо" not in name.lower()


@pytest.mark.parametrize("pattern", sorted(FORBIDDEN), ids=lambda p: FORBIDDEN[p])
def test_the_code_does_nothing_moderation_forbids(files: dict[str, bytes], pattern: str) -> None:
    for name, source in scripts(files).items():
        code = re.sub(r"/\*.*?\*/|//[^\n'\"]*$", "", source, flags=re.DOTALL | re.MULTILINE)
        assert not re.search(pattern, code), f"{name}: {FORBIDDEN[pattern]}"


def test_the_code_is_written_for_people(files: dict[str, bytes]) -> None:
    for name, source in scripts(files).items():
        lines = source.splitlines()
        assert len(lines) <= MAX_LINES, name
        assert max(map(len, lines)) <= 200, name
        assert re.match(r"\s*/\*", source), f"{name} begins with what it is for"
        assert re.search(r"^define\(", source, re.MULTILINE), name


def test_the_three_callbacks_the_loader_wants_are_there(files: dict[str, bytes]) -> None:
    script = files["script.js"].decode()
    for name in ("render", "init", "bind_actions", "onSave", "destroy", "advancedSettings"):
        assert re.search(rf"^      {name}: function", script, re.MULTILINE), name


def test_packing_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    first, second = pack(STATIC, tmp_path / "a"), pack(STATIC, tmp_path / "b")
    assert first.read_bytes() == second.read_bytes()


def test_without_a_build_it_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="make widget"):
        pack(tmp_path, tmp_path / "out")


def _strings(tree: Any) -> list[str]:
    if isinstance(tree, str):
        return [tree]
    values = tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ()
    return [one for value in values for one in _strings(value)]
