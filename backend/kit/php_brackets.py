"""Forms in PHP's spelling (`data[FIELDS][ID]=5`), as both CRMs send their hooks."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl

MAX_FIELDS = 5000
"""A hook about fifty changed records stays under this; more is not a hook."""
MAX_DEPTH = 12
_SEGMENT = re.compile(r"\[([^\[\]]*)\]")


def parse(form: str) -> dict[str, Any]:
    """Nested dictionaries; a list is a dictionary with the keys "0", "1"… Values are text.

    Raises ValueError for too many fields or levels.
    """
    root: dict[str, Any] = {}
    pairs = parse_qsl(form, keep_blank_values=True, max_num_fields=MAX_FIELDS)
    for key, value in pairs:
        head, bracket, tail = key.partition("[")
        path = [head, *_SEGMENT.findall(bracket + tail)]
        if len(path) > MAX_DEPTH:
            raise ValueError("a form nested too deeply")
        node = root
        for segment in path[:-1]:
            child = node.setdefault(segment or str(len(node)), {})
            if not isinstance(child, dict):
                # `a=1&a[b]=2`: PHP lets the later one win.
                child = node[segment] = {}
            node = child
        node[path[-1] or str(len(node))] = value
    return root


def values(node: Any) -> list[Any]:
    """The items of what was a list; anything else holds none."""
    return list(node.values()) if isinstance(node, dict) else []
