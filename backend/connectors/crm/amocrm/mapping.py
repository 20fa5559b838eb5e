"""amoCRM's rows as our words. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from backend.connectors.crm.amocrm.limits import SEARCH_DIGITS
from backend.connectors.crm.amocrm.wire import LOST, PHONE, WON
from backend.domain import phone_number
from backend.domain.phone_number import PhoneNumber
from protocol.pushes import ActivityBrief, ContactMatch, DealBrief, RecordRef
from protocol.vocabulary import RecordKind

_PATH = {RecordKind.CONTACT: "contacts", RecordKind.COMPANY: "companies", RecordKind.LEAD: "leads"}


@dataclass(frozen=True, slots=True)
class Dictionary:
    """What ids of an account are called."""

    stages: dict[tuple[int, int], tuple[str, str | None]] = field(default_factory=dict)
    """(pipeline, status) → (name, colour)."""
    funnels: dict[int, str] = field(default_factory=dict)
    users: dict[int, str] = field(default_factory=dict)
    currency: str = "RUB"


def record_url(account: str, kind: RecordKind, record_id: str) -> str:
    return f"{account}/{_PATH[kind]}/detail/{record_id}"


def create_url(account: str, number: str) -> str:
    return f"{account}/contacts/add/?phone={number.lstrip('+')}"


def phones(row: dict[str, Any]) -> list[str]:
    return [
        str(value.get("value") or "")
        for column in row.get("custom_fields_values") or []
        if column.get("field_code") == PHONE
        for value in column.get("values") or []
    ]


def has_number(row: dict[str, Any], number: PhoneNumber, region: str) -> bool:
    """`query` searches every field: only a phone that reads as this number is a match.

    Two countries may share ten digits, so the whole number counts where one can be read; the last
    digits decide for what people typed otherwise.
    """
    return any(_is_number(text, number, region) for text in phones(row))


def _is_number(text: str, number: PhoneNumber, region: str) -> bool:
    parsed = phone_number.parse(text, region=region)
    if parsed is not None:
        return parsed == number
    digits = "".join(filter(str.isdigit, text))
    return bool(digits) and digits[-SEARCH_DIGITS:] == number.digits[-SEARCH_DIGITS:]


def lead_ids(row: dict[str, Any]) -> list[str]:
    """Newest first."""
    ids = [str(lead["id"]) for lead in embedded(row, "leads")]
    return sorted(ids, key=int, reverse=True)


def company_id(row: dict[str, Any]) -> str | None:
    """A contact has one company at most, and embeds only its id."""
    return next((str(company["id"]) for company in embedded(row, "companies")), None)


def embedded(row: dict[str, Any], collection: str) -> list[dict[str, Any]]:
    return (row.get("_embedded") or {}).get(collection) or []


def is_open(lead: dict[str, Any]) -> bool:
    return (
        not lead.get("closed_at")
        and not lead.get("is_deleted")
        and lead.get("status_id") not in (WON, LOST)
    )


def match(
    account: str,
    kind: RecordKind,
    row: dict[str, Any],
    leads: list[dict[str, Any]],
    names: Dictionary,
    company: str | None,
    now: datetime,
) -> ContactMatch:
    return ContactMatch(
        record=RecordRef(kind=kind, id=str(row["id"])),
        name=str(row.get("name") or f"#{row['id']}"),
        company=company,
        url=record_url(account, kind, str(row["id"])),
        responsible=names.users.get(int(row.get("responsible_user_id") or 0)),
        deals=[deal_brief(account, lead, names) for lead in leads],
        activities=_nearest_tasks(account, kind, row, leads, now),
    )


def deal_brief(account: str, lead: dict[str, Any], names: Dictionary) -> DealBrief:
    pipeline, status = int(lead.get("pipeline_id") or 0), int(lead.get("status_id") or 0)
    stage, color = names.stages.get((pipeline, status), ("", None))
    return DealBrief(
        id=str(lead["id"]),
        title=str(lead.get("name") or f"#{lead['id']}"),
        funnel=names.funnels.get(pipeline, ""),
        stage=stage,
        stage_color=color,
        amount=money(lead.get("price"), names.currency),
        url=record_url(account, RecordKind.LEAD, str(lead["id"])),
    )


def _nearest_tasks(
    account: str,
    kind: RecordKind,
    row: dict[str, Any],
    leads: list[dict[str, Any]],
    now: datetime,
) -> list[ActivityBrief]:
    """The nearest task of the record and of each deal: its time comes with the row, so the card
    costs no further request."""
    found = []
    for owner_kind, owner in ((kind, row), *((RecordKind.LEAD, lead) for lead in leads)):
        at = owner.get("closest_task_at")
        if at:
            due = datetime.fromtimestamp(int(at), UTC)
            found.append(
                ActivityBrief(
                    id=f"{owner_kind}-{owner['id']}",
                    subject=str(owner.get("name") or ""),
                    due_at=due,
                    overdue=due < now,
                    url=record_url(account, owner_kind, str(owner["id"])),
                )
            )
    return found


def dictionary(
    account: dict[str, Any], pipelines: list[dict[str, Any]], users: list[dict[str, Any]]
) -> Dictionary:
    return Dictionary(
        stages={
            (int(pipeline["id"]), int(status["id"])): (str(status["name"]), status.get("color"))
            for pipeline in pipelines
            for status in embedded(pipeline, "statuses")
        },
        funnels={int(pipeline["id"]): str(pipeline["name"]) for pipeline in pipelines},
        users={int(user["id"]): str(user["name"]) for user in users},
        currency=str(account.get("currency") or "RUB"),
    )


def money(value: Any, currency: str) -> str | None:
    """`12 500 ₽`; None for nothing or zero."""
    amount = int(value or 0)
    if amount == 0:
        return None
    sign = {"RUB": "₽", "USD": "$", "EUR": "€", "KZT": "₸"}.get(currency, currency)
    return f"{amount:,}".replace(",", "\u00a0") + "\u00a0" + sign
