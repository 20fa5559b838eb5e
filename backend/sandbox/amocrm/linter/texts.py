"""Text files, translations, and files nobody asks for."""

from __future__ import annotations

import json
import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from backend.sandbox.amocrm.linter.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from backend.sandbox.amocrm.linter.finding import Package

_TEXT = frozenset({".json", ".js", ".css", ".twig", ".html", ".txt", ".svg"})
_BOM = b"\xef\xbb\xbf"
_LOGOS = re.compile(r"images/logo(_main|_medium|_min|_small|_dp)?\.(png|jpe?g|gif)")
_BRAND = re.compile(r"(?i)amo\s*-?crm|\bamo\b")
_SPELT = "amoCRM"
_I18N_PATH = re.compile(r"[a-zA-Z_]\w*(\.\w+)+")
_NAMED = ("name", "short_description", "description")


def encoding(files: Mapping[str, bytes]) -> Iterator[Finding]:
    """UTF-8 without a byte order mark, lines that end in a bare newline."""
    for path, raw in files.items():
        if PurePosixPath(path).suffix not in _TEXT:
            continue
        if raw.startswith(_BOM):
            yield Finding("text.bom", path, "begins with a byte order mark")
        if b"\r" in raw:
            yield Finding("text.crlf", path, "lines end in \\r\\n; \\n is wanted")
        try:
            raw.decode("utf-8")
        except UnicodeDecodeError:
            yield Finding("text.utf8", path, "is not UTF-8")


def locales(package: Package) -> Iterator[Finding]:
    """A file per locale, the same keys in all of them, and every path the manifest names."""
    trees: dict[str, Any] = {}
    for code in package.locales:
        path = f"i18n/{code}.json"
        if path not in package.files:
            yield Finding("i18n.missing", path, "the manifest promises this locale")
            continue
        try:
            trees[code] = json.loads(package.files[path].decode("utf-8-sig"))
        except ValueError as error:
            yield Finding("i18n.json", path, f"not strict JSON: {error}")
    if not trees:
        return
    first, *others = trees
    keys = set(_keys(trees[first]))
    for code in others:
        differs = sorted(keys ^ set(_keys(trees[code])))
        if differs:
            text = f"keys differ from i18n/{first}.json: {', '.join(differs[:5])}"
            yield Finding("i18n.keys", f"i18n/{code}.json", text)
    for code, tree in trees.items():
        path = f"i18n/{code}.json"
        for name in _paths(package.manifest):
            if not isinstance(_at(tree, name), str):
                yield Finding("i18n.path", path, f"no text at {name}, which the manifest names")
        yield from _brand(path, tree)


def _brand(path: str, tree: Any) -> Iterator[Finding]:
    """The platform's name is kept out of ours and spelt right elsewhere."""
    if _BRAND.search(str(_at(tree, "widget.name") or "")):
        yield Finding("i18n.brand", path, "the widget's name must not hold the platform's")
    for key in _NAMED[1:]:
        for word in _BRAND.findall(str(_at(tree, f"widget.{key}") or "")):
            if word != _SPELT:
                yield Finding("i18n.brand", path, f"write {_SPELT}, not {word}")


def unused(package: Package) -> Iterator[Finding]:
    """Files that neither the platform nor any other file of the package asks for."""
    wanted = {"manifest.json", "script.js", *package.tour_images()}
    wanted |= {f"i18n/{code}.json" for code in package.locales}
    code = "\n".join(
        package.text(path) for path in package.files if path.endswith((".js", ".css", ".twig"))
    )
    for path in package.files:
        name = PurePosixPath(path)
        if path in wanted or _LOGOS.fullmatch(path):
            continue
        # Files are named whole, or without their suffix as AMD dependencies are.
        if name.name in code or (name.suffix == ".js" and f"/{name.stem}'" in code):
            continue
        yield Finding("archive.unused", path, "nothing asks for this file")


def _keys(tree: Any, prefix: str = "") -> Iterator[str]:
    if not isinstance(tree, dict):
        yield prefix
        return
    for key, below in tree.items():
        yield from _keys(below, f"{prefix}.{key}" if prefix else key)


def _at(tree: Any, path: str) -> Any:
    for part in path.split("."):
        tree = tree.get(part) if isinstance(tree, dict) else None
    return tree


def _paths(body: Mapping[str, Any]) -> Iterator[str]:
    """i18n paths in the places of the manifest that hold them."""
    about = body.get("widget")
    for key in _NAMED:
        yield from _path(about, key)
    for group in ("settings", "left_menu", "salesbot_designer"):
        fields = body.get(group)
        for field in fields.values() if isinstance(fields, dict) else ():
            yield from _path(field, "name")
            yield from _path(field, "title")
    yield from _path(body.get("tour"), "tour_description")
    for group in ("advanced", "dp"):
        yield from _path(body.get(group), "title")


def _path(node: Any, key: str) -> Iterator[str]:
    value = node.get(key) if isinstance(node, dict) else None
    if isinstance(value, str) and _I18N_PATH.fullmatch(value):
        yield value
