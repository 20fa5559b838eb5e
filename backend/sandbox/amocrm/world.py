"""The account's data: records in the vendor's own shape, with private keys starting with `_`.

A card keeps its relations in `_company` (id or None) and, for leads, `_contacts`
(contact id → is it the main one). `_hidden` marks what waits in Unsorted, `_text` is the search
index of the record and is rebuilt after a write.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from backend.kit.clock import Clock
    from backend.sandbox.amocrm.config import Json

WON, LOST = 142, 143
"""Status ids every pipeline shares (docs, leads_pipelines)."""
MATCHED_DIGITS = 10
"""Calls find their contact by the last ten digits (docs, calls-api)."""

_NOT_DIGIT = re.compile(r"\D")


@dataclass(frozen=True)
class Kind:
    """One of the four card types and the names the platform has for it."""

    plural: str
    singular: str
    code: int


CONTACT = Kind("contacts", "contact", 1)
LEAD = Kind("leads", "lead", 2)
COMPANY = Kind("companies", "company", 3)
CUSTOMER = Kind("customers", "customer", 12)
KINDS = {kind.plural: kind for kind in (CONTACT, LEAD, COMPANY, CUSTOMER)}
SINGULAR = {kind.singular: kind for kind in KINDS.values()}


def digits(text: str) -> str:
    return _NOT_DIGIT.sub("", text)


def values_of(record: Json, code: str) -> list[str]:
    """Values of the predefined field PHONE or EMAIL."""
    for item in record.get("custom_fields_values") or ():
        if item.get("field_code") == code:
            return [str(value["value"]) for value in item["values"]]
    return []


@dataclass
class World:
    """All tables of the account. Ids are counted per table above what the seed used."""

    clock: Clock
    account_id: int
    account: Json = field(default_factory=dict)
    users: dict[int, Json] = field(default_factory=dict)
    groups: dict[int, str] = field(default_factory=dict)
    roles: dict[int, Json] = field(default_factory=dict)
    contacts: dict[int, Json] = field(default_factory=dict)
    companies: dict[int, Json] = field(default_factory=dict)
    leads: dict[int, Json] = field(default_factory=dict)
    customers: dict[int, Json] = field(default_factory=dict)
    catalogs: dict[int, Json] = field(default_factory=dict)
    elements: dict[int, Json] = field(default_factory=dict)
    deleted_users: dict[int, Json] = field(default_factory=dict)
    pipelines: dict[int, Json] = field(default_factory=dict)
    tasks: dict[int, Json] = field(default_factory=dict)
    notes: dict[int, Json] = field(default_factory=dict)
    events: list[Json] = field(default_factory=list)
    tags: dict[str, dict[int, str]] = field(default_factory=dict)
    custom_fields: dict[str, dict[int, Json]] = field(default_factory=dict)
    unsorted: dict[str, Json] = field(default_factory=dict)
    webhooks: dict[str, Json] = field(default_factory=dict)
    sources: dict[int, Json] = field(default_factory=dict)
    last_id: int = 5_000_000

    def now(self) -> int:
        return int(self.clock.now().timestamp())

    def next_id(self) -> int:
        """Contacts, companies and leads share their numbering on the platform; so does the rest."""
        self.last_id += 1
        return self.last_id

    def table(self, plural: str) -> dict[int, Json]:
        return {
            "contacts": self.contacts,
            "companies": self.companies,
            "leads": self.leads,
            "customers": self.customers,
        }[plural]

    def find(self, plural: str, record_id: int) -> Json | None:
        found = self.table(plural).get(record_id)
        return None if found is None or found["is_deleted"] else found

    def main_pipeline(self) -> Json:
        return next(p for p in self.pipelines.values() if p["is_main"])

    def unsorted_status(self, pipeline_id: int) -> int:
        """Id of the pipeline's stage for what nobody has accepted yet."""
        for status in self.pipelines[pipeline_id]["_statuses"]:
            if status["type"] == 1:
                return int(status["id"])
        raise LookupError(f"pipeline {pipeline_id} has no unsorted stage")

    def first_status(self, pipeline_id: int) -> int:
        return next(int(s["id"]) for s in self.pipelines[pipeline_id]["_statuses"] if not s["type"])

    def has_status(self, pipeline_id: int, status_id: int) -> bool:
        pipeline = self.pipelines.get(pipeline_id)
        return pipeline is not None and any(s["id"] == status_id for s in pipeline["_statuses"])

    def leads_of(self, kind: Kind, record_id: int) -> list[Json]:
        """Leads linked to a contact or a company, hidden and deleted ones left out."""
        return _belonging(self.leads, kind, record_id)

    def customers_of(self, kind: Kind, record_id: int) -> list[Json]:
        return _belonging(self.customers, kind, record_id)

    def active_leads_of(self, kind: Kind, record_id: int) -> list[Json]:
        return [lead for lead in self.leads_of(kind, record_id) if lead["closed_at"] is None]

    def by_phone(self, phone: str) -> tuple[Kind, Json] | None:
        """Whose number this is, by its last ten digits; contacts go before companies.

        Which contact wins among several is documented nowhere. Here: one with an active lead, then
        the one changed last, so that the pop-up and the call note agree.
        """
        tail = digits(phone)[-MATCHED_DIGITS:]
        if not tail:
            return None
        for kind in (CONTACT, COMPANY):
            found = [r for r in self.table(kind.plural).values() if self._has_phone(r, tail)]
            if found:
                best = max(
                    found,
                    key=lambda r: (
                        bool(self.active_leads_of(kind, r["id"])),
                        r["updated_at"],
                        r["id"],
                    ),
                )
                return kind, best
        return None

    def card_for_call(self, phone: str) -> tuple[Kind, Json] | None:
        """The card a call belongs to, found from whoever has the number.

        The only active lead when there is no customer, the only customer when there is no active
        lead, else the contact or company itself (reference, section 6.6).
        """
        owner = self.by_phone(phone)
        if owner is None:
            return None
        active = self.active_leads_of(owner[0], owner[1]["id"])
        customers = self.customers_of(owner[0], owner[1]["id"])
        if len(active) == 1 and not customers:
            return LEAD, active[0]
        return (CUSTOMER, customers[0]) if len(customers) == 1 and not active else owner

    def search(self, record: Json, query: str) -> bool:
        """Is `query` a part of any filled field, or its digits a part of any number?"""
        text = record.get("_text")
        if text is None:
            text = record["_text"] = _index(record)
        wanted = query.casefold().strip()
        if wanted in text:
            return True
        number = digits(wanted)
        return len(number) >= 3 and not re.search(r"[^\d+()\s.-]", wanted) and number in text

    def touch(self, record: Json, user_id: int) -> None:
        record.pop("_text", None)
        record["updated_at"] = self.now()
        record["updated_by"] = user_id

    def note(self, kind: Kind, record_id: int, note_type: str, params: Json, by: int) -> Json:
        now = self.now()
        note_id = self.next_id()
        found: Json = {
            "id": note_id,
            "entity_id": record_id,
            "created_by": by,
            "updated_by": by,
            "created_at": now,
            "updated_at": now,
            "responsible_user_id": by,
            "group_id": 0,
            "note_type": note_type,
            "params": params,
            "account_id": self.account_id,
            "_kind": kind.plural,
        }
        self.notes[note_id] = found
        return found

    def event(
        self,
        type_: str,
        singular: str,
        record_id: int,
        by: int,
        after: list[Json] | None = None,
        before: list[Json] | None = None,
    ) -> None:
        """Write a line of the audit log."""
        self.events.append(
            {
                "id": "01" + secrets.token_hex(12),
                "type": type_,
                "entity_id": record_id,
                "entity_type": singular,
                "created_by": by,
                "created_at": self.now(),
                "value_after": after or [],
                "value_before": before or [],
                "account_id": self.account_id,
            }
        )

    def closest_task(self, plural: str, record_id: int) -> None:
        """Bring the card's `closest_task_at` up to date after one of its tasks changed."""
        record = self.table(plural).get(record_id) if plural in KINDS else None
        if record is not None:
            times = [
                t["complete_till"]
                for t in self.tasks.values()
                if t["entity_type"] == plural
                and t["entity_id"] == record_id
                and not t["is_completed"]
            ]
            record["closest_task_at"] = min(times, default=None)

    def tag(self, plural: str, wanted: Json) -> int | None:
        """The id of a tag named by id or by name; a new name makes a new tag."""
        table = self.tags.setdefault(plural, {})
        if "id" in wanted:
            return int(wanted["id"]) if int(wanted["id"]) in table else None
        name = str(wanted.get("name", ""))
        for tag_id, known in table.items():
            if known.casefold() == name.casefold():
                return tag_id
        tag_id = self.next_id()
        table[tag_id] = name
        return tag_id

    @staticmethod
    def _has_phone(record: Json, tail: str) -> bool:
        return (
            not record["is_deleted"]
            and not record["_hidden"]
            and any(digits(p)[-MATCHED_DIGITS:] == tail for p in values_of(record, "PHONE"))
        )


def _belonging(table: dict[int, Json], kind: Kind, record_id: int) -> list[Json]:
    return [
        record
        for record in table.values()
        if not record["is_deleted"]
        and not record["_hidden"]
        and (
            record_id in record["_contacts"] if kind is CONTACT else record["_company"] == record_id
        )
    ]


def _index(record: Json) -> str:
    parts = [str(record["name"])]
    for item in record.get("custom_fields_values") or ():
        for value in item["values"]:
            text = str(value["value"])
            parts.append(text)
            if item.get("field_code") == "PHONE":
                parts.append(digits(text))
    return "\n".join(parts).casefold()


def live(records: Iterable[Json]) -> list[Json]:
    """Records a list shows: neither deleted nor waiting in Unsorted."""
    return [r for r in records if not r["is_deleted"] and not r["_hidden"]]
