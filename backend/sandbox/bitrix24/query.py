"""Filters, order, select and paging as the list methods know them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from backend.sandbox.bitrix24.errors import RestError, plain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

PAGE = 50
_OPERATORS = ("!=%", "!%=", "!@", "!%", "!=", "=%", "%=", ">=", "<=", "@", "!", "=", ">", "<", "%")
_MULTIFIELDS = ("PHONE", "EMAIL", "IM", "WEB")
HIDDEN = frozenset({"CONTACT_IDS"})
"""Kept in rows, written by clients, shown by methods of their own only."""
Row = dict[str, Any]


@dataclass(frozen=True)
class Listing:
    """A page of rows; `total` and `next` go beside the result, not inside it.

    `key` names the wrapping of crm.item.list (`result.items`); None leaves the rows bare.
    """

    rows: list[Any]
    total: int
    next: int | None
    key: str | None = None

    @property
    def result(self) -> Any:
        return self.rows if self.key is None else {self.key: self.rows}


def split_key(key: str) -> tuple[str, str]:
    """Operator and field name of a filter key."""
    for operator in _OPERATORS:
        if key.startswith(operator):
            return operator, key[len(operator) :]
    return "=", key


def comparable(value: Any) -> tuple[int, Any]:
    """A sort key that puts numbers, instants and texts each in their own order."""
    if value is None or value == "":
        return (0, 0.0)
    if isinstance(value, bool):
        return (1, float(value))
    if isinstance(value, int | float):
        return (1, float(value))
    text = str(value)
    try:
        return (1, float(text))
    except ValueError:
        pass
    if len(text) >= 10 and text[4:5] == "-":
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            return (3, text.casefold())
        return (2, moment.replace(tzinfo=None) - (moment.utcoffset() or moment - moment))
    return (3, text.casefold())


def _like(pattern: str) -> re.Pattern[str]:
    escaped = re.escape(pattern).replace("%", ".*")
    return re.compile(rf"^{escaped}$", re.IGNORECASE | re.DOTALL)


def _stored(row: Row, name: str) -> list[Any]:
    """What the row has under `name`: a multifield has many values, the rest have one."""
    value = row.get(name)
    if name in _MULTIFIELDS:
        return [item["VALUE"] for item in value or []]
    return list(value) if isinstance(value, list) else [value]


def _test(operator: str, wanted: Any) -> Callable[[Any], bool]:
    if operator in {"=", "@"} and isinstance(wanted, list):
        keys = {comparable(item) for item in wanted}
        return lambda have: comparable(have) in keys
    if operator == "=":
        key = comparable(wanted)
        return lambda have: comparable(have) == key
    if operator == "@":
        keys = {comparable(item) for item in str(wanted).split(",")}
        return lambda have: comparable(have) in keys
    if operator in {"%", "%=", "=%"}:
        text = str(wanted)
        pattern = _like(f"%{text}%" if operator == "%" else text)
        return lambda have: bool(pattern.match("" if have is None else str(have)))
    key = comparable(wanted)
    if operator == ">":
        return lambda have: comparable(have) > key
    if operator == ">=":
        return lambda have: comparable(have) >= key
    if operator == "<":
        return lambda have: comparable(have) < key
    return lambda have: comparable(have) <= key


def condition(key: str, wanted: Any) -> Callable[[Row], bool]:
    """The test one filter entry puts to a row."""
    operator, name = split_key(key)
    if operator.startswith("!"):
        test = _test(operator[1:] or "=", wanted)
        return lambda row: not any(test(have) for have in _stored(row, name) or [None])
    test = _test(operator, wanted)
    return lambda row: any(test(have) for have in _stored(row, name))


def matching(rows: Iterable[Row], conditions: Mapping[str, Any]) -> list[Row]:
    """Rows that pass every condition of an upper-case-named filter, nested OR groups included."""
    if not isinstance(conditions, dict):
        raise plain("Parameter 'filter' must be array.")
    test = _all(conditions)
    return [row for row in rows if test(row)]


def _all(conditions: Mapping[str, Any]) -> Callable[[Row], bool]:
    tests: list[Callable[[Row], bool]] = []
    for key, wanted in conditions.items():
        if key.lower() == "logic":
            continue
        if isinstance(wanted, dict):
            tests.append(_all(wanted))
        elif key.isdigit() and isinstance(wanted, list):
            tests.extend(_all(item) for item in wanted)
        else:
            tests.append(condition(key, wanted))
    if str(conditions.get("logic", "AND")).upper() == "OR":
        return lambda row: any(test(row) for test in tests)
    return lambda row: all(test(row) for test in tests)


def ordered(rows: list[Row], order: Mapping[str, Any]) -> list[Row]:
    """Rows in the wanted order; the last key decides among equals."""
    if not order:
        return rows
    if not isinstance(order, dict):
        raise plain("Parameter 'order' must be array.")
    result = list(rows)
    for name, way in reversed(list(order.items())):
        result.sort(
            key=lambda row, name=name: comparable(_first(row.get(name))),  # type: ignore[misc]
            reverse=str(way).upper() == "DESC",
        )
    return result


def _first(value: Any) -> Any:
    if isinstance(value, list):
        value = value[0] if value else None
    return value.get("VALUE") if isinstance(value, dict) else value


def selected(row: Row, select: list[str]) -> Row:
    """The named fields; `*` is every plain field, `UF_*` every custom one, ID always comes."""
    names = [str(name).upper() for name in select] or ["*", "UF_*"]
    result: Row = {}
    for name, value in row.items():
        if name in HIDDEN:
            continue
        custom, multiple = name.startswith("UF_"), name in _MULTIFIELDS
        wanted = (
            name in names
            or (custom and "UF_*" in names)
            or (not custom and not multiple and "*" in names)
        )
        if (name == "ID" or wanted) and not (multiple and not value):
            result[name] = value
    return result


def page(rows: list[Any], start: Any, *, key: str | None = None) -> Listing:
    """Fifty rows from `start`; -1 asks for no count and gets `total` 0 and no `next`."""
    try:
        offset = int(start or 0)
    except (TypeError, ValueError):
        raise RestError("ERROR_ARGUMENT", "start should be a number", argument="start") from None
    if offset < 0:
        return Listing(rows[:PAGE], 0, None, key)
    following = offset + PAGE if offset + PAGE < len(rows) else None
    return Listing(rows[offset : offset + PAGE], len(rows), following, key)
