"""PHP's bracket keys (`filter[id][0]=1`), which the platform uses in queries and in webhooks."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

_PART = re.compile(r"\[([^\]]*)\]")


def parse(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Nested dictionaries of strings; `a[]=x` counts its own index."""
    root: dict[str, Any] = {}
    for key, value in pairs:
        head, bracket, rest = key.partition("[")
        parts = [head, *_PART.findall(bracket + rest)]
        node = root
        for part in parts[:-1]:
            step = part or str(len(node))
            below = node.get(step)
            if not isinstance(below, dict):
                below = {}
                node[step] = below
            node = below
        node[parts[-1] or str(len(node))] = value
    return root


def flatten(value: object, prefix: str = "") -> list[tuple[str, str]]:
    """The form pairs of a nested value. None becomes an empty string, a boolean 1 or 0."""
    if isinstance(value, dict):
        items = [(str(k), v) for k, v in value.items()]
    elif isinstance(value, (list, tuple)):
        items = [(str(n), v) for n, v in enumerate(value)]
    elif value is None:
        return [(prefix, "")]
    elif isinstance(value, bool):
        return [(prefix, "1" if value else "0")]
    else:
        return [(prefix, str(value))]
    found: list[tuple[str, str]] = []
    for key, below in items:
        found += flatten(below, f"{prefix}[{key}]" if prefix else key)
    return found


def values(node: object) -> list[str]:
    """The scalars under a node: one string, or all items of an array."""
    if isinstance(node, dict):
        return [v for below in node.values() for v in values(below)]
    return [] if node is None else [str(node)]


def numbers(node: object) -> list[int]:
    return [int(v) for v in values(node) if v.lstrip("-").isdigit()]


def number(text: str | None, default: int) -> int:
    return int(text) if text is not None and text.isdigit() else default
