"""From data of unknown shape to a struct, with every fault of it by its place and a code."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Literal, get_args, get_origin, get_type_hints

import msgspec

MAX_DEPTH = 16
_AT = re.compile(r"^(?P<said>.*?)(?: - at `\$(?P<path>[^`]*)`)?$", re.DOTALL)
_UNKNOWN = re.compile(r"unknown field `(.*)`$")
_MISSING = re.compile(r"missing required field `(.*)`$")
_BOUND = re.compile(r"(>=|<=) ([0-9.]+)$")
_EXPECTED = re.compile(r"Expected `([^`]*)`, got `([^`]*)`$")


class Wrong(msgspec.Struct, frozen=True):
    """`field` is the way from the item: `numbers[0].kind`, or '' for the item itself."""

    field: str
    code: str
    data: dict[str, Any]


def what_is_wrong(data: Any, kind: type[msgspec.Struct]) -> list[Wrong]:
    """The first fault of each field, none when `data` can be read as `kind`."""
    if not isinstance(data, dict):
        return [Wrong("", "not_a_table", {})]
    found = [Wrong(str(name), "bad_character", {}) for name in data if _cannot_be_kept(data[name])]
    hints = get_type_hints(kind, include_extras=True)
    names = set(kind.__struct_fields__)
    for name in [*data]:
        if name not in names:
            known = ", ".join(kind.__struct_fields__)
            found.append(Wrong(str(name), "unknown_field", {"name": name, "known": known}))
    rest = {name: value for name, value in data.items() if name in names}
    required = {f.name for f in msgspec.structs.fields(kind) if f.required}
    found += [
        Wrong(name, "missing", {"name": name})
        for name in kind.__struct_fields__
        if name in required and name not in rest
    ]
    bad = []
    for name, value in rest.items():
        try:
            msgspec.convert(value, hints[name])
        except msgspec.ValidationError as error:
            bad.append(_wrong(name, str(error), kind))
    return found + bad


def _wrong(name: str, message: str, kind: type[msgspec.Struct]) -> Wrong:
    matched = _AT.match(message)
    said = matched["said"] if matched else message
    path = name + ((matched["path"] if matched else None) or "")
    if unknown := _UNKNOWN.search(said):
        known = ", ".join(_fields(kind, path))
        return Wrong(f"{path}.{unknown[1]}", "unknown_field", {"name": unknown[1], "known": known})
    if missing := _MISSING.search(said):
        return Wrong(f"{path}.{missing[1]}", "missing", {"name": missing[1]})
    if expected := _EXPECTED.search(said):
        return Wrong(path, "wrong_type", {"expected": expected[1], "got": expected[2]})
    if "Invalid enum value" in said:
        return Wrong(path, "not_one_of", {"known": ", ".join(_choices(kind, path))})
    if bound := _BOUND.search(said):
        return Wrong(path, "at_least" if bound[1] == ">=" else "at_most", {"bound": bound[2]})
    return Wrong(path, "bad_value", {"said": said})


def _cannot_be_kept(value: Any, depth: int = 0) -> bool:
    """Text no database takes, or nesting nobody writes on purpose."""
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, dict):
        inside: Iterable[Any] = (part for pair in value.items() for part in pair)
    elif isinstance(value, list | tuple):
        inside = value
    else:
        return False
    return depth == MAX_DEPTH or any(_cannot_be_kept(inner, depth + 1) for inner in inside)


def _choices(kind: type[msgspec.Struct], path: str) -> list[str]:
    """The words a field may be, where its type names them."""
    return [
        str(word)
        for option in _inside(_type_at(kind, path))
        if get_origin(option) is Literal
        for word in get_args(option)
    ]


def _fields(kind: type[msgspec.Struct], path: str) -> list[str]:
    """The fields of the struct at `path`."""
    return [name for option in _structs(_type_at(kind, path)) for name in option.__struct_fields__]


def _type_at(kind: Any, path: str) -> Any:
    for name in re.findall(r"[a-z_]+", path):
        for struct in _structs(kind):
            kind = get_type_hints(struct).get(name, Any)
    return kind


def _structs(kind: Any) -> list[type[msgspec.Struct]]:
    return [k for k in _inside(kind) if isinstance(k, type) and issubclass(k, msgspec.Struct)][:1]


def _inside(kind: Any) -> list[Any]:
    return [kind, *(inner for arg in get_args(kind) for inner in _inside(arg))]
