"""crm.item.*: the same rows under camel-case names with native types."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from backend.sandbox.bitrix24.errors import RestError, missing
from backend.sandbox.bitrix24.query import HIDDEN, matching, ordered, page, split_key
from backend.sandbox.bitrix24.records import TYPE_NAMES
from backend.sandbox.bitrix24.rest.entities import changed, convert_lead, field_type, moved
from backend.sandbox.bitrix24.rest.params import as_int
from backend.sandbox.bitrix24.rest.registry import method

if TYPE_CHECKING:
    from backend.sandbox.bitrix24.query import Listing
    from backend.sandbox.bitrix24.rest.params import Params
    from backend.sandbox.bitrix24.rest.registry import Context

Row = dict[str, Any]
_SPECIAL = {
    "DATE_CREATE": "createdTime",
    "DATE_MODIFY": "updatedTime",
    "CREATED_BY_ID": "createdBy",
    "MODIFY_BY_ID": "updatedBy",
    "MOVED_BY_ID": "movedBy",
    "STATUS_ID": "stageId",
    "STATUS_SEMANTIC_ID": "stageSemanticId",
    "BEGINDATE": "begindate",
    "CLOSEDATE": "closedate",
    "BIRTHDATE": "birthdate",
}
_BACK = {camel: upper for upper, camel in _SPECIAL.items() if upper != "STATUS_ID"}
_FLAT = {"PHONE": "phone", "EMAIL": "email"}


def camel(name: str) -> str:
    """The crm.item name of an old field."""
    if name in _SPECIAL:
        return _SPECIAL[name]
    head, *rest = name.lower().split("_")
    return head + "".join(part.capitalize() for part in rest)


def upper(name: str, kind: str) -> str:
    """The old name of a crm.item field."""
    if kind == "LEAD" and name in {"stageId", "stageSemanticId"}:
        return "STATUS_ID" if name == "stageId" else "STATUS_SEMANTIC_ID"
    if name in _BACK and name != "stageSemanticId":
        return _BACK[name]
    if name == "contactIds":
        return "CONTACT_ID"
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).upper()


def native(name: str, value: Any) -> Any:
    """Numbers become numbers; an unset reference is 0."""
    if name == "OPPORTUNITY":
        return float(value or 0)
    if name == "ID" or name.endswith("_BY_ID") or name in {"CATEGORY_ID", "LEAD_ID"}:
        return as_int(value)
    if name in {"CONTACT_ID", "COMPANY_ID"}:
        return as_int(value)
    return "" if value is None and not name.startswith(("DATE", "MOVED_T")) else value


def _kind(params: Params) -> str:
    number = params.get("entityTypeId")
    if number is None:
        raise missing("entityTypeId")
    kind = TYPE_NAMES.get(as_int(number))
    if kind is None:
        raise RestError("NOT_FOUND", "Смарт-процесс не найден", 400)
    return kind


def _row(context: Context, kind: str, params: Params) -> Row:
    if params.get("id") is None:
        raise missing("id")
    row = context.portal.store.find(kind, params.get("id"))
    if row is None:
        raise RestError("NOT_FOUND", "Элемент не найден", 400)
    return row


def shown(kind: str, row: Row, *, phones: bool) -> Row:
    """The row as crm.item has it; multifields only where they may be seen."""
    item: Row = {}
    for name, value in row.items():
        if name in _FLAT or name in HIDDEN:
            continue
        item[camel(name)] = native(name, value)
    item["entityTypeId"] = {v: k for k, v in TYPE_NAMES.items()}[kind]
    if kind in {"DEAL", "LEAD"}:
        contact = item.get("contactId")
        item["contactIds"] = row.get("CONTACT_IDS") or ([contact] if contact else [])
        item["observers"] = []
    if phones and kind != "DEAL":
        item["fm"] = []
        for name, flat in _FLAT.items():
            values = row.get(name) or []
            item["fm"] += [
                {
                    "id": as_int(value["ID"]),
                    "typeId": name,
                    "valueType": value["VALUE_TYPE"],
                    "value": value["VALUE"],
                }
                for value in values
            ]
            item[flat] = values[0]["VALUE"] if values else ""
            for value in values:
                item.setdefault(flat + value["VALUE_TYPE"].capitalize(), value["VALUE"])
    return item


def _written(kind: str, params: Params) -> Row:
    fields = params.get("fields")
    if not isinstance(fields, dict):
        raise missing("fields")
    values: Row = {}
    for name, value in fields.items():
        if name == "fm":
            for item in value if isinstance(value, list) else value.values():
                entry = {
                    "ID": item.get("id"),
                    "VALUE": item.get("value"),
                    "VALUE_TYPE": item.get("valueType", "WORK"),
                }
                values.setdefault(str(item.get("typeId", "PHONE")), []).append(entry)
        elif name == "contactIds":
            values["CONTACT_IDS"] = [as_int(entry) for entry in value or []]
        else:
            values[upper(str(name), kind)] = value
    return values


def _conditions(kind: str, known: set[str], wanted: Any) -> Row:
    """The filter with old names. Raises INVALID_ARG_VALUE for a field that cannot be filtered."""
    result: Row = {}
    for key, value in wanted.items():
        if key == "logic":
            result[key] = value
        elif isinstance(value, dict):
            result[key] = _conditions(kind, known, value)
        elif key.isdigit() and isinstance(value, list):
            result[key] = [_conditions(kind, known, item) for item in value]
        else:
            operator, name = split_key(str(key))
            field = upper(name, kind)
            if field not in known or name == "fm":
                raise RestError(
                    "INVALID_ARG_VALUE", f"Invalid filter: field '{name}' is not allowed in filter"
                )
            result[(operator if operator != "=" else "") + field] = value
    return result


@method("crm.item.get", scope="crm")
def get(context: Context, params: Params) -> Row:
    kind = _kind(params)
    return {"item": shown(kind, _row(context, kind, params), phones=True)}


@method("crm.item.list", scope="crm")
def listing(context: Context, params: Params) -> Listing:
    kind = _kind(params)
    rows = context.portal.store.rows(kind)
    known = set(rows[0]) - set(_FLAT) if rows else set()
    conditions = _conditions(kind, known, params.mapping("filter"))
    order = {upper(str(k), kind): way for k, way in params.mapping("order").items()}
    found = page(ordered(matching(rows, conditions), order), params.get("start"), key="items")
    select = [str(name) for name in params.listing("select")]
    everything = not select or "*" in select
    items = []
    for row in found.rows:
        item = shown(kind, row, phones="*" in select)
        if not everything:
            item = {name: item[name] for name in ("id", *select) if name in item}
        items.append(item)
    return type(found)(items, found.total, found.next, "items")


@method("crm.item.add", scope="crm")
def add(context: Context, params: Params) -> Row:
    kind = _kind(params)
    row = context.portal.store.add(kind, _written(kind, params), context.user.id)
    changed(context, kind, "ADD", row["ID"])
    if kind == "LEAD" and context.portal.config.crm_mode == 2:
        shape = shown(kind, row, phones=True)
        convert_lead(context, int(row["ID"]))
        return {"item": shape}
    return {"item": shown(kind, row, phones=True)}


@method("crm.item.update", scope="crm")
def update(context: Context, params: Params) -> Row:
    kind = _kind(params)
    row = _row(context, kind, params)
    funnel = row.get("CATEGORY_ID")
    if context.portal.store.update(kind, row["ID"], _written(kind, params), context.user.id):
        changed(context, kind, "UPDATE", row["ID"])
        moved(context, kind, row["ID"], funnel)
    return {"item": shown(kind, row, phones=True)}


@method("crm.item.delete", scope="crm")
def delete(context: Context, params: Params) -> list[Any]:
    kind = _kind(params)
    row = _row(context, kind, params)
    context.portal.store.delete(kind, row["ID"])
    changed(context, kind, "DELETE", row["ID"])
    return []


@method("crm.item.fields", scope="crm")
def fields(context: Context, params: Params) -> Row:
    kind = _kind(params)
    template = next(iter(context.portal.store.tables[kind].values()), {})
    return {
        "fields": {
            camel(name): {
                "type": field_type(name),
                "isRequired": False,
                "isReadOnly": name in {"ID", "DATE_CREATE", "DATE_MODIFY"},
                "isImmutable": False,
                "isMultiple": False,
                "isDynamic": name.startswith("UF_"),
                "title": name.replace("_", " ").capitalize(),
                "upperName": name,
            }
            for name in template
            if name not in _FLAT and name not in HIDDEN
        }
    }
