"""Ties between rows: activities and comments with more entities, traces of tracking."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from backend.sandbox.bitrix24.errors import RestError, missing, plain
from backend.sandbox.bitrix24.records import TYPE_NAMES
from backend.sandbox.bitrix24.rest.params import as_int
from backend.sandbox.bitrix24.rest.registry import method

if TYPE_CHECKING:
    from backend.sandbox.bitrix24.rest.params import Params
    from backend.sandbox.bitrix24.rest.registry import Context

Row = dict[str, Any]
_MAX_BINDINGS = 100


def _activity(context: Context, params: Params) -> tuple[Row, str, str]:
    """The activity and the entity the call names. Raises what controllers answer."""
    for name in ("activityId", "entityTypeId", "entityId"):
        if params.get(name) is None:
            raise missing(name)
    row = context.portal.store.find("ACTIVITY", params.get("activityId"))
    kind = TYPE_NAMES.get(params.number("entityTypeId"), "")
    if row is None:
        raise RestError("NOT_FOUND", "Дело не найдено")
    if not kind or context.portal.store.find(kind, params.get("entityId")) is None:
        raise RestError("OWNER_NOT_FOUND", "Элемент не найден")
    return row, params.text("entityTypeId"), params.text("entityId")


def _bound(row: Row) -> list[Row]:
    own = {"OWNER_TYPE_ID": row.get("OWNER_TYPE_ID"), "OWNER_ID": row.get("OWNER_ID")}
    found = [dict(item) for item in row.get("BINDINGS") or []]
    return found if own in found or not own["OWNER_ID"] else [own, *found]


@method("crm.activity.binding.add", scope="crm")
def add(context: Context, params: Params) -> bool:
    row, kind, number = _activity(context, params)
    bound = _bound(row)
    new = {"OWNER_TYPE_ID": kind, "OWNER_ID": number}
    if new in bound:
        raise RestError("BINDING_ALREADY_EXISTS", "Привязка уже есть")
    if len(bound) >= _MAX_BINDINGS:
        raise RestError("BINDINGS_COUNT_EXCEEDED", "Слишком много привязок")
    row["BINDINGS"] = [*bound, new]
    return True


@method("crm.activity.binding.list", scope="crm")
def listing(context: Context, params: Params) -> list[Row]:
    if params.get("activityId") is None:
        raise missing("activityId")
    row = context.portal.store.find("ACTIVITY", params.get("activityId"))
    if row is None:
        raise RestError("NOT_FOUND", "Дело не найдено")
    return [
        {"entityTypeId": as_int(item["OWNER_TYPE_ID"]), "entityId": as_int(item["OWNER_ID"])}
        for item in _bound(row)
    ]


@method("crm.activity.binding.delete", scope="crm")
def delete(context: Context, params: Params) -> bool:
    row, kind, number = _activity(context, params)
    bound = _bound(row)
    if len(bound) <= 1:
        raise RestError("LAST_BINDING_CANNOT_BE_DELETED", "Последнюю привязку не удалить")
    left = [item for item in bound if item != {"OWNER_TYPE_ID": kind, "OWNER_ID": number}]
    if len(left) == len(bound):
        raise RestError("BINDING_NOT_FOUND", "Привязка не найдена")
    row["BINDINGS"] = left
    row["OWNER_TYPE_ID"], row["OWNER_ID"] = left[0]["OWNER_TYPE_ID"], left[0]["OWNER_ID"]
    return True


@method("crm.timeline.bindings.bind", scope="crm")
def bind_comment(context: Context, params: Params) -> bool:
    fields = params.mapping("fields")
    comment = context.portal.store.comments.get(as_int(fields.get("OWNER_ID")))
    kind = str(fields.get("ENTITY_TYPE", "")).lower()
    number = as_int(fields.get("ENTITY_ID"))
    if comment is None:
        raise plain("Not found")
    if kind.upper() not in TYPE_NAMES.values() or not context.portal.store.find(
        kind.upper(), number
    ):
        raise RestError("OWNER_NOT_FOUND", "Владелец не найден")
    tie = {"ENTITY_TYPE": kind, "ENTITY_ID": number}
    comment.setdefault("BINDINGS", [])
    if tie not in comment["BINDINGS"]:
        comment["BINDINGS"].append(tie)
    return True


def _bound_comment(context: Context, params: Params) -> Row:
    number = as_int(
        params.mapping("fields").get("OWNER_ID") or params.mapping("filter").get("OWNER_ID")
    )
    comment = context.portal.store.comments.get(number)
    if comment is None:
        raise plain("Not found")
    return comment


@method("crm.timeline.bindings.list", scope="crm")
def comment_bindings(context: Context, params: Params) -> list[Row]:
    comment = _bound_comment(context, params)
    own = {"ENTITY_TYPE": comment["ENTITY_TYPE"], "ENTITY_ID": comment["ENTITY_ID"]}
    return [{"OWNER_ID": comment["ID"], **tie} for tie in (own, *comment.get("BINDINGS", []))]


@method("crm.timeline.bindings.unbind", scope="crm")
def unbind_comment(context: Context, params: Params) -> bool:
    comment, fields = _bound_comment(context, params), params.mapping("fields")
    tie = {
        "ENTITY_TYPE": str(fields.get("ENTITY_TYPE", "")).lower(),
        "ENTITY_ID": as_int(fields.get("ENTITY_ID")),
    }
    if tie not in comment.get("BINDINGS", []):
        raise plain("Not found")
    comment["BINDINGS"].remove(tie)
    return True


@method("crm.activity.binding.move", scope="crm")
def move(context: Context, params: Params) -> bool:
    """From one entity to another, both named by type and id."""
    activity = context.portal.store.find("ACTIVITY", params.get("activityId"))
    if activity is None:
        raise RestError("NOT_FOUND", "Дело не найдено")
    old, new = (
        {
            "OWNER_TYPE_ID": params.text(f"{side}EntityTypeId"),
            "OWNER_ID": params.text(f"{side}EntityId"),
        }
        for side in ("source", "target")
    )
    bound = _bound(activity)
    if old not in bound:
        raise RestError("BINDING_NOT_FOUND", "Привязка не найдена")
    kind = TYPE_NAMES.get(as_int(new["OWNER_TYPE_ID"]), "")
    if not kind or context.portal.store.find(kind, new["OWNER_ID"]) is None:
        raise RestError("OWNER_NOT_FOUND", "Элемент не найден")
    activity["BINDINGS"] = [new if item == old else item for item in bound]
    first = activity["BINDINGS"][0]
    activity["OWNER_TYPE_ID"], activity["OWNER_ID"] = first["OWNER_TYPE_ID"], first["OWNER_ID"]
    return True


@method("crm.tracking.trace.add", scope="crm")
def trace(context: Context, params: Params) -> int:
    papers = context.portal.papers
    number = next(papers.ids)
    papers.traces[number] = {
        "TRACE": params.required("TRACE"),
        "ENTITIES": params.listing("ENTITIES"),
    }
    return number


@method("crm.tracking.trace.delete", scope="crm")
def untrace(context: Context, params: Params) -> bool:
    if context.portal.papers.traces.pop(params.number("id"), None) is None:
        raise plain("Not found")
    return True
