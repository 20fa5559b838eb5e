"""A caller's card as one batch: the commands that ask for it and the reading of their answers.

Commands refer to each other (`$result[contact][0][COMPANY_ID]`), which saves a request each. A
reference that leads nowhere stops at the deepest level it found, so such a command may bring rows
nobody asked for: everything is matched by id on the way back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from backend.connectors.crm.bitrix24 import mapping, wire
from backend.connectors.crm.bitrix24.limits import MAX_DEALS_WITH_WORK, MAX_SHOWN
from protocol.vocabulary import RecordKind

if TYPE_CHECKING:
    from datetime import datetime

    from protocol.pushes import ContactMatch

Commands = dict[str, tuple[str, dict[str, Any]]]

METHOD = {
    RecordKind.CONTACT: ("crm.contact.list", wire.CONTACT),
    RecordKind.COMPANY: ("crm.company.list", wire.COMPANY),
    RecordKind.LEAD: ("crm.lead.list", wire.LEAD),
}
DICTIONARY = frozenset({"statuses", "funnels"})
_DEALS = {RecordKind.CONTACT: "contact_deals", RecordKind.COMPANY: "company_deals"}


def record_ids(result: Any) -> dict[RecordKind, list[str]]:
    """The answer of crm.duplicate.findbycomm: `{"CONTACT": [1, 2]}`; nobody is `[]`."""
    if not isinstance(result, dict):
        return {}
    return {
        kind: [str(record_id) for record_id in result[kind.name]][:MAX_SHOWN]
        for kind in METHOD
        if result.get(kind.name)
    }


def commands(ids: dict[RecordKind, list[str]]) -> Commands:
    """Ask for the records, whose they are, and what is open at them."""
    asked: Commands = {}
    for kind, wanted in ids.items():
        method, select = METHOD[kind]
        asked[kind.value] = (method, _listing({"@ID": wanted}, select, {"ID": "ASC"}))
    for kind, key in _DEALS.items():
        if kind in ids:
            conditions = {f"@{kind.name}_ID": ids[kind], "CLOSED": "N"}
            asked[key] = ("crm.deal.list", _listing(conditions, wire.DEAL, {"ID": "DESC"}))
    if RecordKind.CONTACT in ids:
        employers = _each(RecordKind.CONTACT, ids, "COMPANY_ID")
        asked["employers"] = ("crm.company.list", _listing({"@ID": employers}, wire.COMPANY))
    responsible = [ref for kind in ids for ref in _each(kind, ids, "ASSIGNED_BY_ID")]
    asked["people"] = ("user.get", {"FILTER": {"ID": responsible}})
    owned = [
        {"OWNER_TYPE_ID": mapping.OWNER[kind], "OWNER_ID": record_id}
        for kind, record_ids in ids.items()
        for record_id in record_ids
    ]
    asked["activities"] = _activities(owned)
    of_deals = [
        {"OWNER_TYPE_ID": mapping.OWNER_DEAL, "OWNER_ID": f"$result[{key}][{index}][ID]"}
        for kind, key in _DEALS.items()
        if kind in ids
        for index in range(MAX_DEALS_WITH_WORK)
    ]
    if of_deals:
        asked["deal_activities"] = _activities(of_deals)
    return asked


def dictionary_commands() -> Commands:
    return {
        "statuses": ("crm.status.list", {"order": {"SORT": "ASC"}}),
        "funnels": ("crm.category.list", {"entityTypeId": 2}),
    }


def matches(
    portal: str, found: dict[str, Any], names: mapping.Dictionary, now: datetime
) -> tuple[list[ContactMatch], bool]:
    """Everyone found, best first, and whether every stage had a name."""
    records = {kind: mapping.rows(found.get(kind.value)) for kind in METHOD}
    if records[RecordKind.CONTACT] or records[RecordKind.COMPANY]:
        # A converted lead lives on as the contact that was made of it.
        records[RecordKind.LEAD] = [
            row
            for row in records[RecordKind.LEAD]
            if row.get("STATUS_SEMANTIC_ID") != wire.CONVERTED
        ]
    companies = mapping.rows(found.get("employers")) + records[RecordKind.COMPANY]
    deals = _distinct(found, *_DEALS.values())
    result = mapping.matches(
        portal,
        records,
        deals,
        _distinct(found, "activities", "deal_activities"),
        names,
        {
            # Colleagues go without the patronymic.
            str(row["ID"]): mapping.person_name({**row, "SECOND_NAME": None})
            for row in mapping.rows(found.get("people"))
        },
        {str(row["ID"]): str(row.get("TITLE") or "") for row in companies},
        now,
    )
    complete = all(
        (str(deal.get("CATEGORY_ID") or "0"), str(deal.get("STAGE_ID") or "")) in names.stages
        for deal in deals
    )
    return result, complete


def _each(kind: RecordKind, ids: dict[RecordKind, list[str]], column: str) -> list[str]:
    return [f"$result[{kind.value}][{index}][{column}]" for index in range(len(ids[kind]))]


def _listing(
    conditions: dict[str, Any], select: list[str], order: dict[str, str] | None = None
) -> dict[str, Any]:
    """`start: -1` leaves out the count, which is the slow part."""
    asked: dict[str, Any] = {"filter": conditions, "select": select, "start": -1}
    return asked | ({"order": order} if order else {})


def _activities(bindings: list[dict[str, str]]) -> tuple[str, dict[str, Any]]:
    conditions = {"BINDINGS": bindings, "COMPLETED": "N"}
    return ("crm.activity.list", _listing(conditions, wire.ACTIVITY, {"DEADLINE": "ASC"}))


def _distinct(found: dict[str, Any], *keys: str) -> list[dict[str, Any]]:
    """Rows by id: a binding filter may bring a row twice."""
    unique: dict[str, dict[str, Any]] = {}
    for key in keys:
        for row in mapping.rows(found.get(key)):
            unique.setdefault(str(row["ID"]), row)
    return list(unique.values())
