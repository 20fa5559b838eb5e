"""Style sheets: everything stays inside the widget's own root class."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from backend.sandbox.amocrm.linter.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backend.sandbox.amocrm.linter.finding import Package

_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_RULE = re.compile(r"(?:^|[{}])([^{}@;]+)\{")
_OWN = re.compile(r"[.#][\w-]+")
_SYSTEM = re.compile(
    r"[.#](?:modal|notification|nav|card-|feed-|widget_settings|widgets_block|button-input"
    r"|control-|list__|page_holder|work-area|switcher__(?:on|off))"
)
_STEPS = re.compile(r"(?:from|to|\d+(?:\.\d+)?%)(?:\s*,\s*(?:from|to|\d+(?:\.\d+)?%))*")
_PALETTE = re.compile(r"(--palette-[\w-]+)\s*:")


_SHOWN = 5
"""Findings of one file that are spelt out: a foreign library brings thousands."""


def check(package: Package) -> Iterator[Finding]:
    for path in package.files:
        if path.endswith(".css"):
            found = list(_findings(path, package.text(path)))
            yield from found[:_SHOWN]
            if len(found) > _SHOWN:
                yield Finding("css.more", path, f"{len(found) - _SHOWN} more of this kind")


def _findings(path: str, source: str) -> Iterator[Finding]:
    text = _COMMENT.sub("", source)
    for match in _RULE.finditer(text):
        selectors = match.group(1).strip()
        if _STEPS.fullmatch(selectors):
            continue
        for selector in selectors.split(","):
            yield from _selector(path, selector.strip())
    for match in _PALETTE.finditer(text):
        yield Finding("css.palette", path, f"{match.group(1)} belongs to the page")


def _selector(path: str, selector: str) -> Iterator[Finding]:
    if not _OWN.match(selector):
        yield Finding("css.global", path, f"{selector!r} reaches outside the widget")
    elif _SYSTEM.match(selector):
        yield Finding("css.system", path, f"{selector!r} is a class of the page itself")
