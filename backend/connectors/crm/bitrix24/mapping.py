"""Bitrix24's rows as our words. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from protocol.pushes import ActivityBrief, ContactMatch, DealBrief, RecordRef
from protocol.vocabulary import RecordKind

OWNER_LEAD, OWNER_DEAL, OWNER_CONTACT, OWNER_COMPANY = "1", "2", "3", "4"
_PATH = {RecordKind.CONTACT: "contact", RecordKind.COMPANY: "company", RecordKind.LEAD: "lead"}
OWNER = {
    RecordKind.CONTACT: OWNER_CONTACT,
    RecordKind.COMPANY: OWNER_COMPANY,
    RecordKind.LEAD: OWNER_LEAD,
}


@dataclass(frozen=True, slots=True)
class Dictionary:
    """What ids of a portal are called: read rarely, used for every card."""

    stages: dict[tuple[str, str], tuple[str, str | None]] = field(default_factory=dict)
    """(category id, stage id) → (name, colour)."""
    funnels: dict[str, str] = field(default_factory=dict)


def dictionary(answer: dict[str, Any]) -> Dictionary:
    """What the dictionary commands of a batch brought."""
    stages: dict[tuple[str, str], tuple[str, str | None]] = {}
    for row in rows(answer.get("statuses")):
        entity = str(row.get("ENTITY_ID") or "")
        if not entity.startswith("DEAL_STAGE"):
            continue
        category = entity.removeprefix("DEAL_STAGE").lstrip("_") or "0"
        extra = row.get("EXTRA")
        color = row.get("COLOR") or (extra.get("COLOR") if isinstance(extra, dict) else None)
        stages[category, str(row["STATUS_ID"])] = (str(row["NAME"]), color or None)
    found = answer.get("funnels")
    categories = found.get("categories") if isinstance(found, dict) else None
    return Dictionary(
        stages=stages,
        funnels={str(row["id"]): str(row["name"]) for row in rows(categories)},
    )


def record_url(portal: str, kind: RecordKind, record_id: str) -> str:
    return f"{portal}/crm/{_PATH[kind]}/details/{record_id}/"


def deal_url(portal: str, deal_id: str) -> str:
    return f"{portal}/crm/deal/details/{deal_id}/"


def create_url(portal: str, number: str) -> str:
    return f"{portal}/crm/contact/details/0/?phone={number.replace('+', '%2B')}"


def person_name(row: dict[str, Any]) -> str:
    """As one addresses a person, and as the portal itself writes names; the surname comes last."""
    parts = (row.get("NAME"), row.get("SECOND_NAME"), row.get("LAST_NAME"))
    return " ".join(str(part) for part in parts if part)


def record_name(kind: RecordKind, row: dict[str, Any]) -> str:
    if kind is RecordKind.COMPANY:
        name = str(row.get("TITLE") or "")
    else:
        name = person_name(row) or str(row.get("TITLE") or "")
    return name or f"#{row.get('ID')}"


def rows(value: Any) -> list[dict[str, Any]]:
    """A list result; PHP gives an object with numeric keys or `[]` at times."""
    if isinstance(value, dict):
        value = list(value.values())
    return [row for row in value or [] if isinstance(row, dict)]


def matches(
    portal: str,
    found: dict[RecordKind, list[dict[str, Any]]],
    deals: list[dict[str, Any]],
    activities: list[dict[str, Any]],
    names: Dictionary,
    people: dict[str, str],
    employers: dict[str, str],
    now: datetime,
) -> list[ContactMatch]:
    """Contacts, then companies, then leads, as Bitrix24 itself ranks a caller.

    `people` are names of users by id, `employers` titles of companies by id.
    """
    result = []
    for kind in (RecordKind.CONTACT, RecordKind.COMPANY, RecordKind.LEAD):
        for row in found[kind]:
            record_id = str(row["ID"])
            own = [deal for deal in deals if _owns(kind, record_id, deal)]
            own_ids = {str(deal["ID"]) for deal in own}
            result.append(
                ContactMatch(
                    record=RecordRef(kind=kind, id=record_id),
                    name=record_name(kind, row),
                    company=employers.get(str(row.get("COMPANY_ID") or ""))
                    or str(row.get("COMPANY_TITLE") or "")
                    or None,
                    url=record_url(portal, kind, record_id),
                    responsible=people.get(str(row.get("ASSIGNED_BY_ID") or "")),
                    deals=[deal_brief(portal, deal, names) for deal in own],
                    activities=[
                        activity_brief(portal, activity, now)
                        for activity in activities
                        if _belongs(kind, record_id, own_ids, activity)
                    ],
                )
            )
    return result


def _owns(kind: RecordKind, record_id: str, deal: dict[str, Any]) -> bool:
    column = {RecordKind.CONTACT: "CONTACT_ID", RecordKind.COMPANY: "COMPANY_ID"}.get(kind)
    return column is not None and str(deal.get(column) or "") == record_id


def _belongs(
    kind: RecordKind, record_id: str, deal_ids: set[str], activity: dict[str, Any]
) -> bool:
    owner = (str(activity.get("OWNER_TYPE_ID")), str(activity.get("OWNER_ID")))
    return owner == (OWNER[kind], record_id) or (owner[0] == OWNER_DEAL and owner[1] in deal_ids)


def deal_brief(portal: str, row: dict[str, Any], names: Dictionary) -> DealBrief:
    category = str(row.get("CATEGORY_ID") or "0")
    stage_id = str(row.get("STAGE_ID") or "")
    stage, color = names.stages.get((category, stage_id), (stage_id, None))
    return DealBrief(
        id=str(row["ID"]),
        title=str(row.get("TITLE") or f"#{row['ID']}"),
        funnel=names.funnels.get(category, ""),
        stage=stage,
        stage_color=color,
        amount=money(row.get("OPPORTUNITY"), str(row.get("CURRENCY_ID") or "RUB")),
        url=deal_url(portal, str(row["ID"])),
    )


def activity_brief(portal: str, row: dict[str, Any], now: datetime) -> ActivityBrief:
    due = moment(row.get("DEADLINE"))
    path = {OWNER_LEAD: "lead", OWNER_DEAL: "deal", OWNER_CONTACT: "contact"}
    owner = path.get(str(row.get("OWNER_TYPE_ID")), "company")
    return ActivityBrief(
        id=str(row["ID"]),
        subject=str(row.get("SUBJECT") or ""),
        due_at=due,
        overdue=due is not None and due < now,
        url=f"{portal}/crm/{owner}/details/{row.get('OWNER_ID')}/",
    )


def money(value: Any, currency: str) -> str | None:
    """`12 500 ₽`; None for nothing or zero."""
    try:
        amount = float(value or 0)
    except (TypeError, ValueError):
        return None
    if amount == 0:
        return None
    sign = {"RUB": "₽", "USD": "$", "EUR": "€", "BYN": "Br", "KZT": "₸"}.get(currency, currency)
    return f"{amount:,.0f}".replace(",", "\u00a0") + "\u00a0" + sign


def moment(value: Any) -> datetime | None:
    """An ISO date of the portal; it sends `{}` and empty text too."""
    if not isinstance(value, str) or not value:
        return None
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        return None
    return at.astimezone(UTC) if at.tzinfo else None
