"""crm.calllist.*: lists of clients to call one after another (reference 3.9)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from backend.sandbox.bitrix24.errors import RestError
from backend.sandbox.bitrix24.papers import CallList
from backend.sandbox.bitrix24.query import matching, ordered, page
from backend.sandbox.bitrix24.records import TYPE_IDS, stamp
from backend.sandbox.bitrix24.rest.dictionaries import CALL_LIST_STATUSES
from backend.sandbox.bitrix24.rest.params import as_int
from backend.sandbox.bitrix24.rest.registry import method

if TYPE_CHECKING:
    from backend.sandbox.bitrix24.portal import Portal
    from backend.sandbox.bitrix24.query import Listing
    from backend.sandbox.bitrix24.rest.params import Params
    from backend.sandbox.bitrix24.rest.registry import Context

Row = dict[str, Any]
_FIELDS = ("ID", "DATE_CREATE", "CREATED_BY_ID", "WEBFORM_ID", "ENTITY_TYPE_ID")
_STATUSES = tuple(code for code, _ in CALL_LIST_STATUSES)


def _shown(item: CallList) -> Row:
    return {
        "ID": str(item.id),
        "DATE_CREATE": item.created_at,
        "CREATED_BY_ID": str(item.created_by),
        "WEBFORM_ID": str(item.webform_id) if item.webform_id else None,
        "ENTITY_TYPE_ID": str(TYPE_IDS[item.entity_type]),
        "ENTITY_TYPE": item.entity_type,
    }


def _composition(context: Context, params: Params) -> tuple[str, list[int]]:
    """The kind of the clients and their ids. Raises what the vendor answers to nonsense."""
    kind = params.text("ENTITY_TYPE").upper()
    entities = params.get("ENTITIES")
    if not isinstance(entities, list) or not entities:
        raise RestError("ENTITIES_ERROR", "Parameter 'ENTITIES' must be a filled array")
    if kind not in {"CONTACT", "COMPANY"}:
        raise RestError("ENTITY_TYPE_ERROR", "Parameter 'ENTITY_TYPE' is CONTACT or COMPANY")
    numbers = [as_int(item) for item in entities]
    for number in numbers:
        if context.portal.store.find(kind, number) is None:
            raise RestError("ENTITY_ERROR", f"Entity {number} is not found")
    return kind, numbers


def _found(portal: Portal, number: int) -> CallList:
    item = portal.papers.call_lists.get(number)
    if item is None:
        raise RestError("LIST_ID_ERROR", "Call list is not found")
    return item


@method("crm.calllist.add", scope="crm")
def add(context: Context, params: Params) -> int:
    kind, numbers = _composition(context, params)
    portal = context.portal
    number = max(portal.papers.call_lists, default=0) + 1
    activity = portal.store.add(
        "ACTIVITY",
        {
            "PROVIDER_ID": "CALL_LIST",
            "PROVIDER_TYPE_ID": "CALL_LIST",
            "SUBJECT": f"Обзвон #{number}",
            "OWNER_TYPE_ID": str(TYPE_IDS[kind]),
            "OWNER_ID": str(numbers[0]),
            "RESPONSIBLE_ID": str(context.user.id),
        },
        context.user.id,
    )
    portal.papers.call_lists[number] = CallList(
        id=number,
        entity_type=kind,
        created_at=stamp(portal.clock.now()),
        created_by=context.user.id,
        webform_id=params.number("WEBFORM_ID"),
        items=dict.fromkeys(numbers, _STATUSES[0]),
        activity_id=int(activity["ID"]),
    )
    return number


@method("crm.calllist.update", scope="crm")
def update(context: Context, params: Params) -> bool:
    """The new composition replaces the old; who stays keeps the status."""
    item = _found(context.portal, params.number("LIST_ID"))
    kind, numbers = _composition(context, params)
    item.entity_type = kind
    item.items = {number: item.items.get(number, _STATUSES[0]) for number in numbers}
    item.webform_id = params.number("WEBFORM_ID", item.webform_id)
    return True


@method("crm.calllist.get", scope="crm")
def get(context: Context, params: Params) -> Row:
    params.required("ID")
    return _shown(_found(context.portal, params.number("ID")))


@method("crm.calllist.list", scope="crm")
def listing(context: Context, params: Params) -> Listing:
    wanted = {str(key).upper(): value for key, value in params.mapping("FILTER").items()}
    for name in wanted:
        if name.lstrip("!=<>@%") not in _FIELDS:
            raise RestError("100", f"Unknown field definition `{name}`")
    order = {str(key).upper(): way for key, way in params.mapping("ORDER").items()}
    rows = [_shown(item) for item in context.portal.papers.call_lists.values()]
    return page(ordered(matching(rows, wanted), order), params.get("start"))


@method("crm.calllist.items.get", scope="crm")
def items(context: Context, params: Params) -> list[Row]:
    params.required("LIST_ID")
    item = _found(context.portal, params.number("LIST_ID"))
    wanted = {str(key).upper(): value for key, value in params.mapping("FILTER").items()}
    status = str(wanted.get("STATUS") or "")
    if status and status not in _STATUSES:
        raise RestError("STATUS_ERROR", "Status is not found")
    kind = TYPE_IDS[item.entity_type]
    return [
        {"ID": number, "STATUS": state, "ENTITY_TYPE": kind}
        for number, state in item.items.items()
        if status in ("", state)
    ]


@method("crm.calllist.statuslist", scope="crm")
def statuses(_: Context, __: Params) -> list[Row]:
    return [
        {"ID": number, "NAME": name, "SORT": number * 10, "STATUS_ID": code}
        for number, (code, name) in enumerate(CALL_LIST_STATUSES, 1)
    ]
