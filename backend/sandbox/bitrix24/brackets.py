"""PHP's bracket notation for nested values: `fields[PHONE][0][VALUE]=…`, both ways."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_SEGMENT = re.compile(r"\[([^\]]*)\]")


def parse(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Nested dicts and lists from flat pairs; keys 0..n-1 make a list, as a PHP array would be."""
    root: dict[str, Any] = {}
    for key, value in pairs:
        head, bracket, _ = key.partition("[")
        path = [head, *_SEGMENT.findall(key[len(head) :])] if bracket else [key]
        node = root
        for position, segment in enumerate(path):
            name = segment if segment or position == 0 else str(len(node))
            if position == len(path) - 1:
                node[name] = value
                break
            child = node.get(name)
            if not isinstance(child, dict):
                child = node[name] = {}
            node = child
    return {key: _listed(value) for key, value in root.items()}


def parse_query(query: str) -> dict[str, Any]:
    """The same from an urlencoded string."""
    return parse(parse_qsl(query, keep_blank_values=True))


def _listed(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    inner = {key: _listed(item) for key, item in value.items()}
    if inner and list(inner) == [str(index) for index in range(len(inner))]:
        return list(inner.values())
    return inner


def encode(values: Mapping[str, Any]) -> str:
    """An urlencoded form of nested `values`; every leaf becomes text, None becomes empty."""
    return urlencode(list(_flat(values)))


def _flat(values: Mapping[str, Any], prefix: str = "") -> Iterable[tuple[str, str]]:
    for key, value in values.items():
        name = f"{prefix}[{key}]" if prefix else str(key)
        if isinstance(value, dict):
            yield from _flat(value, name)
        elif isinstance(value, list | tuple):
            yield from _flat({str(index): item for index, item in enumerate(value)}, name)
        elif isinstance(value, bool):
            yield name, "1" if value else "0"
        else:
            yield name, "" if value is None else str(value)
