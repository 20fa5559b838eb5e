"""Filters, order and rights that lists of cards share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from backend.sandbox.amocrm.brackets import numbers, parse, values
from backend.sandbox.amocrm.envelope import Problem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.requests import Request

    from backend.sandbox.amocrm.auth import Caller
    from backend.sandbox.amocrm.config import Json

_RANGES = ("created_at", "updated_at", "closed_at", "closest_task_at", "price")
_CHOICES = ("id", "responsible_user_id", "created_by", "updated_by", "pipeline_id", "group_id")


def asked(request: Request) -> dict[str, Any]:
    """The whole query string as nested dictionaries."""
    return parse(request.query_params.multi_items())


def filter_of(request: Request) -> dict[str, Any]:
    found = asked(request).get("filter")
    return found if isinstance(found, dict) else {}


def matches(record: Json, wanted: dict[str, Any]) -> bool:
    """Does the card satisfy every filter the platform knows? Unknown ones are ignored."""
    for key in _CHOICES:
        if key in wanted and record.get(key) not in numbers(wanted[key]):
            return False
    for key in _RANGES:
        if key in wanted and not in_range(record.get(key), wanted[key]):
            return False
    if "name" in wanted and record["name"] not in values(wanted["name"]):
        return False
    statuses = wanted.get("statuses")
    if isinstance(statuses, dict):
        pairs = [
            (numbers(s.get("pipeline_id")), numbers(s.get("status_id")))
            for s in statuses.values()
            if isinstance(s, dict)
        ]
        return any(
            record.get("pipeline_id") in pipelines and record.get("status_id") in ids
            for pipelines, ids in pairs
        )
    return True


def in_range(value: object, wanted: object) -> bool:
    """`[from]`/`[to]` bounds, both inclusive, or one exact value."""
    if not isinstance(wanted, dict):
        return value in numbers(wanted)
    if not isinstance(value, int):
        return False
    low, high = numbers(wanted.get("from")), numbers(wanted.get("to"))
    return not (low and value < low[0]) and not (high and value > high[0])


def ordered(request: Request, rows: Sequence[Json], keys: Sequence[str]) -> list[Json]:
    """Sorted by the first known key of `order`; by id when nothing was asked."""
    order = asked(request).get("order")
    if isinstance(order, dict):
        for key, way in order.items():
            if key in keys:
                return sorted(
                    rows, key=lambda r: (r.get(key) or 0, r["id"]), reverse=str(way) == "desc"
                )
    return sorted(rows, key=lambda r: r["id"])


def visible(rows: Sequence[Json], caller: Caller, plural: str) -> list[Json]:
    """Rows this user may see: right A all, M own ones, D none (then the platform answers 403)."""
    table = "leads" if plural == "customers" else plural  # customers inherit rights of leads
    right = "A" if caller.is_admin else caller.user["rights"][table]["view"]
    if right == "D":
        raise Problem(403, "Forbidden")
    if right == "M":
        return [r for r in rows if r["responsible_user_id"] == caller.id]
    return list(rows)
