"""The CRM's tables: rows in the shape of the old methods, seeded from the data set."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from backend.sandbox.dataset import Activity, Company, Dataset, Deal, Lead, Person

PORTAL_ZONE = timezone(timedelta(hours=3))
TYPE_IDS = {"LEAD": 1, "DEAL": 2, "CONTACT": 3, "COMPANY": 4}
TYPE_NAMES = {number: name for name, number in TYPE_IDS.items()}
ACTIVITY_TYPES = {"meeting": 1, "call": 2, "task": 3, "email": 4}
Row = dict[str, Any]


def stamp(moment: datetime) -> str:
    """ISO-8601 in the portal's zone, whole seconds."""
    return moment.astimezone(PORTAL_ZONE).replace(microsecond=0).isoformat()


def stage_id(funnel_id: int, stage: str) -> str:
    """A deal stage as the wire has it: prefixed in every funnel but the first."""
    return stage if funnel_id == 0 else f"C{funnel_id}:{stage}"


def multifield(number: int, kind: str, value: str, value_type: str = "WORK") -> Row:
    return {"ID": str(number), "VALUE_TYPE": value_type, "VALUE": value, "TYPE_ID": kind}


class _Multi:
    """Numbers multifield items across all tables, as the portal does."""

    def __init__(self) -> None:
        self.next_id = 1

    def items(self, kind: str, values: tuple[str, ...], value_type: str) -> list[Row]:
        rows = []
        for value in values:
            rows.append(multifield(self.next_id, kind, value, value_type))
            self.next_id += 1
        return rows


def common(created: str, responsible: int) -> Row:
    """Fields every entity has."""
    who = str(responsible)
    return {
        "ASSIGNED_BY_ID": who,
        "CREATED_BY_ID": who,
        "MODIFY_BY_ID": who,
        "DATE_CREATE": created,
        "DATE_MODIFY": created,
        "OPENED": "Y",
        "COMMENTS": None,
        "ORIGINATOR_ID": None,
        "ORIGIN_ID": None,
        "UTM_SOURCE": None,
        "UTM_MEDIUM": None,
        "UTM_CAMPAIGN": None,
        "LAST_ACTIVITY_BY": who,
        "LAST_ACTIVITY_TIME": created,
    }


def _contact(row: Person, multi: _Multi) -> Row:
    emails = (row.email,) if row.email else ()
    return {
        "ID": str(row.id),
        "HONORIFIC": None,
        "NAME": row.first_name,
        "SECOND_NAME": row.second_name,
        "LAST_NAME": row.last_name,
        "PHOTO": None,
        "POST": row.position,
        "TYPE_ID": "CLIENT",
        "SOURCE_ID": "CALL",
        "COMPANY_ID": None if row.company_id is None else str(row.company_id),
        "LEAD_ID": None,
        "BIRTHDATE": "",
        "EXPORT": "Y",
        "HAS_PHONE": "Y" if row.phones else "N",
        "HAS_EMAIL": "Y" if emails else "N",
        "HAS_IMOL": "N",
        "ADDRESS_CITY": row.city,
        **common(stamp(row.created_at), row.responsible_id),
        "PHONE": multi.items("PHONE", row.phones, "MOBILE"),
        "EMAIL": multi.items("EMAIL", emails, "WORK"),
    }


def _company(row: Company, created: str, multi: _Multi) -> Row:
    return {
        "ID": str(row.id),
        "TITLE": row.title,
        "COMPANY_TYPE": "CUSTOMER",
        "LOGO": None,
        "INDUSTRY": row.industry,
        "REVENUE": None,
        "EMPLOYEES": "EMPLOYEES_1",
        "CURRENCY_ID": "RUB",
        "LEAD_ID": None,
        "HAS_PHONE": "Y" if row.phones else "N",
        "HAS_EMAIL": "N",
        "HAS_IMOL": "N",
        "IS_MY_COMPANY": "N",
        "ADDRESS_CITY": row.city,
        **common(created, row.responsible_id),
        "PHONE": multi.items("PHONE", row.phones, "WORK"),
        "EMAIL": [],
    }


def _lead(row: Lead, multi: _Multi) -> Row:
    return {
        "ID": str(row.id),
        "TITLE": row.title,
        "NAME": row.first_name,
        "SECOND_NAME": None,
        "LAST_NAME": row.last_name or None,
        "COMPANY_TITLE": None,
        "COMPANY_ID": None,
        "CONTACT_ID": None,
        "IS_RETURN_CUSTOMER": "N",
        "SOURCE_ID": row.source,
        "SOURCE_DESCRIPTION": None,
        "STATUS_ID": row.status,
        "STATUS_DESCRIPTION": None,
        "STATUS_SEMANTIC_ID": lead_semantics(row.status),
        "POST": None,
        "CURRENCY_ID": "RUB",
        "OPPORTUNITY": "0.00",
        "IS_MANUAL_OPPORTUNITY": "N",
        "HAS_PHONE": "Y" if row.phones else "N",
        "HAS_EMAIL": "N",
        "HAS_IMOL": "N",
        "MOVED_BY_ID": str(row.responsible_id),
        "MOVED_TIME": stamp(row.created_at),
        "DATE_CLOSED": "",
        **common(stamp(row.created_at), row.responsible_id),
        "PHONE": multi.items("PHONE", row.phones, "WORK"),
        "EMAIL": [],
    }


def _deal(row: Deal, data: Dataset) -> Row:
    stage = data.funnels[row.funnel_id].stages[row.stage_index]
    created = stamp(row.created_at)
    closing = row.closed_at or row.created_at + timedelta(days=7)
    return {
        "ID": str(row.id),
        "TITLE": row.title,
        "TYPE_ID": "SALE",
        "CATEGORY_ID": str(row.funnel_id),
        "STAGE_ID": stage_id(row.funnel_id, stage.id),
        "STAGE_SEMANTIC_ID": {"process": "P", "success": "S", "failure": "F"}[stage.semantics],
        "PROBABILITY": None,
        "CURRENCY_ID": "RUB",
        "OPPORTUNITY": f"{row.amount}.00",
        "COMPANY_ID": None if row.company_id is None else str(row.company_id),
        "CONTACT_ID": None if row.contact_id is None else str(row.contact_id),
        "LEAD_ID": None,
        "BEGINDATE": created,
        "CLOSEDATE": stamp(closing),
        "CLOSED": "Y" if row.closed_at else "N",
        "IS_NEW": "N",
        "IS_RECURRING": "N",
        "IS_RETURN_CUSTOMER": "N",
        "IS_REPEATED_APPROACH": "N",
        "SOURCE_ID": row.source,
        "MOVED_BY_ID": str(row.responsible_id),
        "MOVED_TIME": created,
        **common(created, row.responsible_id),
    }


def _activity(row: Activity) -> Row:
    when, who = stamp(row.deadline), str(row.responsible_id)
    # A task of today's portal is the universal activity, not the old task type.
    todo = row.kind == "task"
    return {
        "ID": str(row.id),
        "OWNER_ID": str(row.owner_id),
        "OWNER_TYPE_ID": str(TYPE_IDS[row.owner_type.upper()]),
        "TYPE_ID": "6" if todo else str(ACTIVITY_TYPES[row.kind]),
        "PROVIDER_ID": "CRM_TODO" if todo else f"CRM_{row.kind.upper()}",
        "PROVIDER_TYPE_ID": "TODO" if todo else row.kind.upper(),
        "PROVIDER_GROUP_ID": None,
        "ASSOCIATED_ENTITY_ID": "0",
        "SUBJECT": row.subject,
        "CREATED": when,
        "LAST_UPDATED": when,
        "START_TIME": when,
        "END_TIME": when,
        "DEADLINE": when,
        "COMPLETED": "Y" if row.completed else "N",
        "STATUS": "2" if row.completed else "1",
        "RESPONSIBLE_ID": who,
        "PRIORITY": "2",
        "NOTIFY_TYPE": "0",
        "NOTIFY_VALUE": "0",
        "DESCRIPTION": "",
        "DESCRIPTION_TYPE": "1",
        "DIRECTION": "0",
        "LOCATION": "",
        "SETTINGS": [],
        "ORIGINATOR_ID": None,
        "ORIGIN_ID": None,
        "AUTHOR_ID": who,
        "EDITOR_ID": who,
        "RESULT_MARK": "0",
        "COMMUNICATIONS": [],
    }


def lead_semantics(status: str) -> str:
    return {"CONVERTED": "S", "JUNK": "F"}.get(status, "P")


def seed(data: Dataset) -> tuple[dict[str, dict[int, Row]], int]:
    """Tables by name (id → row) and the next free multifield id."""
    multi = _Multi()
    oldest = stamp(min(row.created_at for row in data.people))
    tables: dict[str, dict[int, Row]] = {
        "CONTACT": {row.id: _contact(row, multi) for row in data.people},
        "COMPANY": {row.id: _company(row, oldest, multi) for row in data.companies},
        "LEAD": {row.id: _lead(row, multi) for row in data.leads},
        "DEAL": {row.id: _deal(row, data) for row in data.deals},
        "ACTIVITY": {row.id: _activity(row) for row in data.activities},
    }
    return tables, multi.next_id
