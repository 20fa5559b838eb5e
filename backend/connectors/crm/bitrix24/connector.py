"""What the rest of the house asks of a Bitrix24 portal."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from backend.connectors.crm.bitrix24 import mapping, wire
from backend.connectors.crm.bitrix24.auth import Refresher
from backend.connectors.crm.bitrix24.client import Bitrix24Client
from backend.connectors.crm.bitrix24.limits import BURST, MAX_DUPLICATE_VALUES, PAGE, RATE_PER_S
from backend.domain import phone_number
from backend.kit.budget import Budget, Priority
from backend.services.ports import IndexedPhone
from protocol.vocabulary import RecordKind

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import httpx

    from backend.domain.phone_number import PhoneNumber
    from backend.kit.clock import Clock
    from backend.services.ports import Grants
    from protocol.pushes import ContactMatch

DICTIONARY_TTL_S = 3600.0
"""Stages, funnels and people's names change rarely; an unknown stage reloads them at once."""

_METHOD = {
    RecordKind.CONTACT: ("crm.contact.list", wire.CONTACT),
    RecordKind.COMPANY: ("crm.company.list", wire.COMPANY),
    RecordKind.LEAD: ("crm.lead.list", wire.LEAD),
}


class Bitrix24:
    """A `ContactSource` over one portal."""

    kind: Literal["bitrix24"] = "bitrix24"

    def __init__(
        self,
        *,
        http: httpx.AsyncClient,
        grants: Grants,
        portal_url: str,
        client_id: str,
        client_secret: str,
        clock: Clock,
        region: str = "RU",
    ) -> None:
        self._clock = clock
        self._region = region
        self._portal = portal_url.rstrip("/")
        self.budget = Budget(RATE_PER_S, BURST, clock)
        refresher = Refresher(http, clock, client_id=client_id, client_secret=client_secret)
        self.client = Bitrix24Client(http, grants, refresher, self.budget)
        self._names = mapping.Dictionary()
        self._names_at = float("-inf")

    @property
    def origin(self) -> str:
        parts = urlsplit(self._portal)
        return f"{parts.scheme}://{parts.netloc}"

    def create_url(self, number: PhoneNumber) -> str:
        return mapping.create_url(self._portal, number.e164)

    def record_url(self, kind: RecordKind, record_id: str) -> str:
        return mapping.record_url(self._portal, kind, record_id)

    async def find_by_phone(self, number: PhoneNumber) -> list[ContactMatch]:
        """Two requests: which records have the number, then all of them with what is open."""
        envelope = await self.client.call(
            "crm.duplicate.findbycomm",
            {"type": "PHONE", "values": list(number.spellings())[:MAX_DUPLICATE_VALUES]},
            priority=Priority.POP_UP,
        )
        ids = _ids(envelope["result"])
        if not ids:
            return []
        return await self._details(ids)

    async def _details(self, ids: dict[RecordKind, list[str]]) -> list[ContactMatch]:
        contacts, companies = ids.get(RecordKind.CONTACT, []), ids.get(RecordKind.COMPANY, [])
        commands: dict[str, tuple[str, dict[str, Any]]] = {}
        for kind, wanted in ids.items():
            method, select = _METHOD[kind]
            commands[kind.value] = (
                method,
                {"filter": {"@ID": wanted}, "select": select, "start": -1},
            )
        if contacts:
            commands["employers"] = (
                "crm.company.list",
                {
                    "filter": {"@ID": "$result[contact][0][COMPANY_ID]"},
                    "select": wire.COMPANY,
                    "start": -1,
                },
            )
            commands["contact_deals"] = _deals({"@CONTACT_ID": contacts})
        if companies:
            commands["company_deals"] = _deals({"@COMPANY_ID": companies})
        commands["activities"] = _activities(ids)
        stale = time.monotonic() - self._names_at > DICTIONARY_TTL_S
        if stale:
            commands |= _dictionary_commands()
        answer = await self.client.batch(commands, priority=Priority.POP_UP)
        if stale:
            self._learn(answer)
        found = {kind: mapping.rows(answer.get(kind.value)) for kind in _METHOD}
        known = {str(row["ID"]) for row in found[RecordKind.COMPANY]}
        employers = [
            row for row in mapping.rows(answer.get("employers")) if str(row["ID"]) not in known
        ]
        result = mapping.matches(
            self._portal,
            {**found, RecordKind.COMPANY: found[RecordKind.COMPANY] + employers},
            _distinct(answer, "contact_deals", "company_deals"),
            _distinct(answer, "activities"),
            self._names,
            self._clock.now(),
        )
        # An employer is shown beside its person, not as a second caller.
        employer_ids = {str(row["ID"]) for row in employers}
        return [
            match
            for match in result
            if match.record.kind is not RecordKind.COMPANY or match.record.id not in employer_ids
        ]

    def _learn(self, answer: dict[str, Any]) -> None:
        """Take the dictionary that came with a card."""
        stages = {}
        for row in mapping.rows(answer.get("statuses")):
            entity = str(row.get("ENTITY_ID") or "")
            if not entity.startswith("DEAL_STAGE"):
                continue
            category = entity.removeprefix("DEAL_STAGE").lstrip("_") or "0"
            extra = row.get("EXTRA")
            color = row.get("COLOR") or (extra.get("COLOR") if isinstance(extra, dict) else None)
            stages[category, str(row["STATUS_ID"])] = (str(row["NAME"]), color or None)
        categories = answer.get("funnels") or {}
        users = {
            str(row["ID"]): mapping.person_name({**row, "SECOND_NAME": None})
            for key in ("users", "users2", "users3")
            for row in mapping.rows(answer.get(key))
        }
        self._names = mapping.Dictionary(
            stages=stages,
            funnels={
                str(row["id"]): str(row["name"])
                for row in mapping.rows(
                    categories.get("categories") if isinstance(categories, dict) else []
                )
            },
            users=users,
        )
        self._names_at = time.monotonic()

    async def walk_phones(self) -> AsyncIterator[IndexedPhone]:
        """Pages by growing ID, so that changes meanwhile neither skip nor repeat a row."""
        for kind, (method, select) in _METHOD.items():
            last = 0
            while True:
                envelope = await self.client.call(
                    method,
                    {
                        "order": {"ID": "ASC"},
                        "filter": {">ID": last, "HAS_PHONE": "Y"},
                        "select": [*select, "PHONE"],
                        "start": -1,
                    },
                    priority=Priority.BACKGROUND,
                )
                rows = mapping.rows(envelope["result"])
                for row in rows:
                    for phone in self._phones(kind, row):
                        yield phone
                if len(rows) < PAGE:
                    break
                last = max(int(row["ID"]) for row in rows)

    def _phones(self, kind: RecordKind, row: dict[str, Any]) -> list[IndexedPhone]:
        found = {}
        for item in mapping.rows(row.get("PHONE")):
            number = phone_number.parse(str(item.get("VALUE") or ""), region=self._region)
            if number is not None:
                found[number.e164] = IndexedPhone(
                    e164=number.e164,
                    kind=kind.value,
                    record_id=str(row["ID"]),
                    name=mapping.record_name(kind, row),
                    responsible_crm_id=str(row.get("ASSIGNED_BY_ID") or "") or None,
                )
        return list(found.values())


def _ids(result: Any) -> dict[RecordKind, list[str]]:
    """`{"CONTACT": [1, 2]}`; nobody is `[]`."""
    if not isinstance(result, dict):
        return {}
    return {
        kind: [str(record_id) for record_id in result[name]]
        for kind, name in (
            (RecordKind.CONTACT, "CONTACT"),
            (RecordKind.COMPANY, "COMPANY"),
            (RecordKind.LEAD, "LEAD"),
        )
        if result.get(name)
    }


def _deals(of: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    return (
        "crm.deal.list",
        {
            "order": {"ID": "DESC"},
            "filter": {**of, "CLOSED": "N"},
            "select": wire.DEAL,
            "start": -1,
        },
    )


def _activities(ids: dict[RecordKind, list[str]]) -> tuple[str, dict[str, Any]]:
    """By binding, not by owner: what is planned in a deal is bound to its contact too."""
    bindings = [
        {"OWNER_TYPE_ID": mapping.OWNER[kind], "OWNER_ID": record_id}
        for kind, record_ids in ids.items()
        for record_id in record_ids
    ]
    return (
        "crm.activity.list",
        {
            "order": {"DEADLINE": "ASC"},
            "filter": {"BINDINGS": bindings, "COMPLETED": "N"},
            "select": wire.ACTIVITY,
            "start": -1,
        },
    )


def _dictionary_commands() -> dict[str, tuple[str, dict[str, Any]]]:
    return {
        "statuses": ("crm.status.list", {"order": {"SORT": "ASC"}}),
        "funnels": ("crm.category.list", {"entityTypeId": 2}),
        "users": ("user.get", {"sort": "ID", "order": "ASC", "start": 0}),
        "users2": ("user.get", {"sort": "ID", "order": "ASC", "start": PAGE}),
        "users3": ("user.get", {"sort": "ID", "order": "ASC", "start": 2 * PAGE}),
    }


def _distinct(answer: dict[str, Any], *keys: str) -> list[dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for key in keys:
        for row in mapping.rows(answer.get(key)):
            found.setdefault(str(row["ID"]), row)
    return list(found.values())
