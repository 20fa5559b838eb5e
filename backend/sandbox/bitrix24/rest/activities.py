"""crm.activity.*: work planned and done."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from backend.sandbox.bitrix24.errors import RestError, missing, plain
from backend.sandbox.bitrix24.query import matching, ordered, page, selected
from backend.sandbox.bitrix24.records import TYPE_NAMES, stamp
from backend.sandbox.bitrix24.rest.entities import changed, described, written
from backend.sandbox.bitrix24.rest.params import as_int
from backend.sandbox.bitrix24.rest.registry import method

if TYPE_CHECKING:
    from backend.sandbox.bitrix24.query import Listing
    from backend.sandbox.bitrix24.rest.params import Params
    from backend.sandbox.bitrix24.rest.registry import Context

Row = dict[str, Any]
_CALL, _CUSTOM = 2, 6


@method("crm.activity.list", scope="crm")
def listing(context: Context, params: Params) -> Listing:
    wanted = {str(key).upper(): value for key, value in params.mapping("filter").items()}
    bindings = wanted.pop("BINDINGS", None)
    rows = context.portal.store.rows("ACTIVITY")
    if bindings:
        # Each binding is its own look-up: a row bound twice comes twice, as documented.
        pairs = [(str(b.get("OWNER_TYPE_ID")), str(b.get("OWNER_ID"))) for b in bindings]
        rows = [row for pair in pairs for row in rows if pair in _bound(row)]
    order = {str(key).upper(): way for key, way in params.mapping("order").items()}
    found = page(ordered(matching(rows, wanted), order), params.get("start"))
    select = [str(name).upper() for name in params.listing("select")]
    shown = []
    for row in found.rows:
        item = {k: v for k, v in selected(row, select).items() if k != "BINDINGS"}
        if "COMMUNICATIONS" not in select:
            item.pop("COMMUNICATIONS", None)
        shown.append(item)
    return type(found)(shown, found.total, found.next)


def _bound(row: Row) -> set[tuple[str, str]]:
    pairs = {(str(row.get("OWNER_TYPE_ID")), str(row.get("OWNER_ID")))}
    for item in row.get("BINDINGS") or []:
        pairs.add((str(item["OWNER_TYPE_ID"]), str(item["OWNER_ID"])))
    return pairs


@method("crm.activity.get", scope="crm")
def get(context: Context, params: Params) -> Row:
    row = context.portal.store.get("ACTIVITY", params.get("id"))
    return {key: value for key, value in row.items() if key not in {"BINDINGS", "COMMUNICATIONS"}}


@method("crm.activity.add", scope="crm")
def add(context: Context, params: Params) -> int:
    values = written(params)
    if not values.get("SUBJECT"):
        raise plain("The field SUBJECT is not defined or empty")
    for name in ("RESPONSIBLE_ID", "TYPE_ID"):
        if as_int(values.get(name)) <= 0:
            raise plain(f"The field {name} is not defined or invalid")
    if as_int(values["TYPE_ID"]) == _CUSTOM and not values.get("PROVIDER_ID"):
        raise plain("The custom activity without provider is not supported in current context")
    communications = values.get("COMMUNICATIONS")
    if not isinstance(communications, list) or not communications:
        raise plain("The field COMMUNICATIONS is not defined or invalid")
    if as_int(values["TYPE_ID"]) == _CALL and len(communications) > 1:
        raise plain("The only one communication is allowed for activity of specified type")
    values.setdefault("DEADLINE", values.get("START_TIME") or stamp(context.portal.clock.now()))
    values.pop("BINDINGS", None)
    row = context.portal.store.add("ACTIVITY", values, context.user.id)
    changed(context, "ACTIVITY", "ADD", row["ID"])
    return int(row["ID"])


@method("crm.activity.update", scope="crm")
def update(context: Context, params: Params) -> bool:
    number = params.get("id")
    if context.portal.store.update("ACTIVITY", number, written(params), context.user.id):
        changed(context, "ACTIVITY", "UPDATE", str(number))
    return True


@method("crm.activity.delete", scope="crm")
def delete(context: Context, params: Params) -> bool:
    context.portal.store.delete("ACTIVITY", params.get("id"))
    changed(context, "ACTIVITY", "DELETE", params.text("id"))
    return True


@method("crm.activity.fields", scope="crm")
def fields(context: Context, _: Params) -> Row:
    template = next(iter(context.portal.store.tables["ACTIVITY"].values()), {})
    return {name: described(name) for name in template if name != "BINDINGS"}


def _todo(context: Context, params: Params) -> Row:
    """The todo the call names with its owner. Raises what the controller answers."""
    for name in ("id", "ownerTypeId", "ownerId"):
        if params.get(name) in (None, ""):
            raise missing(name)
    row = context.portal.store.find("ACTIVITY", params.get("id"))
    owner = (params.text("ownerTypeId"), params.text("ownerId"))
    if row is None or (row["OWNER_TYPE_ID"], row["OWNER_ID"]) != owner:
        raise RestError("NOT_FOUND", "Дело не найдено")
    return row


def _todo_change(name: str, field: str, *, moment: bool = False) -> None:
    @method(f"crm.activity.todo.update{name}", scope="crm")
    def change(context: Context, params: Params) -> Row:
        row, value = _todo(context, params), params.get("value")
        if value in (None, ""):
            raise missing("value")
        if moment:
            try:
                value = stamp(datetime.fromisoformat(str(value)))
            except ValueError:
                raise RestError("WRONG_DATETIME_FORMAT", "Неверный формат даты") from None
        context.portal.store.update("ACTIVITY", row["ID"], {field: str(value)}, context.user.id)
        changed(context, "ACTIVITY", "UPDATE", row["ID"])
        return {"id": int(row["ID"])}


_todo_change("Deadline", "DEADLINE", moment=True)
_todo_change("Description", "DESCRIPTION")
_todo_change("ResponsibleUser", "RESPONSIBLE_ID")


@method("crm.activity.todo.add", scope="crm")
def todo(context: Context, params: Params) -> Row:
    for name in ("ownerTypeId", "ownerId", "deadline"):
        if params.get(name) in (None, ""):
            raise missing(name)
    kind = TYPE_NAMES.get(params.number("ownerTypeId"), "")
    owner = context.portal.store.find(kind, params.number("ownerId")) if kind else None
    if owner is None:
        raise RestError("OWNER_NOT_FOUND", "Владелец не найден", 400)
    try:
        deadline = datetime.fromisoformat(params.text("deadline"))
    except ValueError:
        raise RestError("WRONG_DATETIME_FORMAT", "Неверный формат даты", 400) from None
    responsible = params.number("responsibleId", context.user.id)
    row = context.portal.store.add(
        "ACTIVITY",
        {
            "OWNER_TYPE_ID": params.text("ownerTypeId"),
            "OWNER_ID": params.text("ownerId"),
            "PROVIDER_ID": "CRM_TODO",
            "PROVIDER_TYPE_ID": "TODO",
            "SUBJECT": params.text("title") or "Дело",
            "DESCRIPTION": params.text("description"),
            "START_TIME": stamp(deadline),
            "END_TIME": stamp(deadline),
            "DEADLINE": stamp(deadline),
            "RESPONSIBLE_ID": str(responsible),
        },
        context.user.id,
    )
    changed(context, "ACTIVITY", "ADD", row["ID"])
    return {"id": int(row["ID"])}
