"""Comments in the timeline of a card."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from backend.sandbox.bitrix24.errors import RestError, missing
from backend.sandbox.bitrix24.query import matching, ordered, page, selected
from backend.sandbox.bitrix24.records import stamp
from backend.sandbox.bitrix24.rest.entities import described
from backend.sandbox.bitrix24.rest.registry import method

if TYPE_CHECKING:
    from backend.sandbox.bitrix24.query import Listing
    from backend.sandbox.bitrix24.rest.params import Params
    from backend.sandbox.bitrix24.rest.registry import Context


@method("crm.timeline.comment.add", scope="crm")
def add(context: Context, params: Params) -> int:
    # The one method that insists on the exact name of its parameter.
    fields = params.values.get("fields")
    if not isinstance(fields, dict):
        raise missing("fields")
    kind, comment = str(fields.get("ENTITY_TYPE", "")).lower(), str(fields.get("COMMENT") or "")
    if not comment:
        raise RestError("INVALID_ARG_VALUE", "Comment message is empty")
    store = context.portal.store
    if (
        kind.upper() not in {"LEAD", "DEAL", "CONTACT", "COMPANY"}
        or store.find(kind.upper(), fields.get("ENTITY_ID")) is None
    ):
        raise RestError("OWNER_NOT_FOUND", "Владелец не найден")
    number = max(store.comments, default=0) + 1
    store.comments[number] = {
        "ID": str(number),
        "ENTITY_ID": int(fields["ENTITY_ID"]),
        "ENTITY_TYPE": kind,
        "CREATED": stamp(context.portal.clock.now()),
        "COMMENT": comment,
        "AUTHOR_ID": str(context.user.id),
        "FILES": {},
    }
    context.portal.events.fire(
        "ONCRMTIMELINECOMMENTADD", {"FIELDS": {"ID": number}}, context.user.id
    )
    return number


def _comment(context: Context, params: Params) -> tuple[int, dict[str, Any]]:
    """The comment the call names. Raises NOT_FOUND, or the controllers' word for no id."""
    if params.get("id") is None:
        raise missing("id")
    number = params.number("id")
    row = context.portal.store.comments.get(number)
    if row is None:
        raise RestError("NOT_FOUND", "Комментарий не найден")
    return number, row


@method("crm.timeline.comment.fields", scope="crm")
def fields(_: Context, __: Params) -> dict[str, Any]:
    names = ("ID", "ENTITY_ID", "ENTITY_TYPE", "CREATED", "COMMENT", "AUTHOR_ID", "FILES")
    return {name: described(name) for name in names}


@method("crm.timeline.comment.get", scope="crm")
def get(context: Context, params: Params) -> dict[str, Any]:
    _, row = _comment(context, params)
    return {name: value for name, value in row.items() if name != "BINDINGS"}


@method("crm.timeline.comment.update", scope="crm")
def update(context: Context, params: Params) -> bool:
    number, row = _comment(context, params)
    fields = params.values.get("fields")
    if not isinstance(fields, dict):
        raise missing("fields")
    row["COMMENT"] = str(fields.get("COMMENT") or row["COMMENT"])
    context.portal.events.fire(
        "ONCRMTIMELINECOMMENTUPDATE", {"FIELDS": {"ID": number}}, context.user.id
    )
    return True


@method("crm.timeline.comment.delete", scope="crm")
def delete(context: Context, params: Params) -> bool:
    number, _ = _comment(context, params)
    del context.portal.store.comments[number]
    context.portal.events.fire(
        "ONCRMTIMELINECOMMENTDELETE", {"FIELDS": {"ID": number}}, context.user.id
    )
    return True


@method("crm.timeline.comment.list", scope="crm")
def listing(context: Context, params: Params) -> Listing:
    wanted = {str(key).upper(): value for key, value in params.mapping("filter").items()}
    if "ENTITY_ID" not in wanted or "ENTITY_TYPE" not in wanted:
        raise RestError("INVALID_ARG_VALUE", "ENTITY_ID and ENTITY_TYPE are required in filter")
    order = {str(key).upper(): way for key, way in params.mapping("order").items()}
    rows = ordered(matching(context.portal.store.comments.values(), wanted), order)
    found = page(rows, params.get("start"))
    select = [str(name) for name in params.listing("select")]
    shown: list[Any] = [selected(row, select) for row in found.rows]
    return type(found)(shown, found.total, found.next)
