"""Asterisk's way of writing configuration: sections, templates, `key = value`, `;` comments."""

from __future__ import annotations

import re
from collections.abc import Mapping


def comment(text: str) -> str:
    """Lines of a comment, each empty one kept."""
    return "".join(f"; {line}".rstrip() + "\n" for line in text.strip().split("\n"))


def section(name: str, values: Mapping[str, str], *, template: bool = False, like: str = "") -> str:
    """`[name](!)` for a template, `[name](like)` for one that begins with a template's values."""
    inherits = "(!)" if template else f"({like})" if like else ""
    return f"[{name}]{inherits}\n" + "".join(
        f"{key} = {value(text)}\n" for key, text in values.items()
    )


def value(text: str) -> str:
    """A value that stays one: a bare `;` would begin a comment, a line break another line."""
    return re.sub(r"[\r\n]+", " ", text).replace(";", r"\;")
