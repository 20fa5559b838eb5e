"""What the rest of the house asks of a Bitrix24 portal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

import structlog

from backend.connectors.crm.bitrix24 import cards, mapping
from backend.connectors.crm.bitrix24.auth import Refresher
from backend.connectors.crm.bitrix24.client import Bitrix24Client
from backend.connectors.crm.bitrix24.limits import BURST, MAX_DUPLICATE_VALUES, PAGE, RATE_PER_S
from backend.domain import phone_number
from backend.kit.budget import Buckets, Budget, Priority
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
"""Stages and funnels change rarely; a stage nobody knows makes the next card bring them anew."""

log = structlog.get_logger(__name__)


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
        buckets: Buckets | None = None,
    ) -> None:
        """`buckets`: what others have spent at this address."""
        self._clock = clock
        self._region = region
        self._portal = portal_url.rstrip("/")
        bucket = (buckets or Buckets()).of(portal_url.rstrip("/"), RATE_PER_S, BURST, clock)
        self.budget = Budget(bucket, clock)
        refresher = Refresher(http, clock, client_id=client_id, client_secret=client_secret)
        self.client = Bitrix24Client(http, grants, refresher, self.budget, clock)
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

    def deal_url(self, deal_id: str) -> str:
        return mapping.deal_url(self._portal, deal_id)

    async def find_by_phone(self, number: PhoneNumber) -> list[ContactMatch]:
        """Two requests: which records have the number, then all of them with what is open."""
        envelope = await self.client.call(
            "crm.duplicate.findbycomm",
            {"type": "PHONE", "values": list(number.spellings())[:MAX_DUPLICATE_VALUES]},
            priority=Priority.POP_UP,
        )
        ids = cards.record_ids(envelope["result"])
        if not ids:
            return []
        return await self._details(ids)

    async def _details(self, ids: dict[RecordKind, list[str]]) -> list[ContactMatch]:
        stale = self._clock.monotonic() - self._names_at > DICTIONARY_TTL_S
        commands = cards.commands(ids) | (cards.dictionary_commands() if stale else {})
        answers = await self.client.batch(commands, priority=Priority.POP_UP)
        for key, error in answers.failed.items():
            if key in ids:
                raise error
            # Without deals, work or names the card is poorer, but it is a card.
            log.warning("bitrix24.part_of_card_failed", part=key, error=str(error))
        if stale and not cards.DICTIONARY & answers.failed.keys():
            self._names = mapping.dictionary(answers.found)
            self._names_at = self._clock.monotonic()
        matches, complete = cards.matches(
            self._portal, answers.found, self._names, self._clock.now()
        )
        if not complete:
            self._names_at = float("-inf")
        return matches

    async def walk_phones(self) -> AsyncIterator[IndexedPhone]:
        """Pages by growing ID, so that changes meanwhile neither skip nor repeat a row."""
        for kind, (method, select) in cards.METHOD.items():
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
                    for phone in self.phones(kind, row):
                        yield phone
                if len(rows) < PAGE:
                    break
                last = max(int(row["ID"]) for row in rows)

    def phones(self, kind: RecordKind, row: dict[str, Any]) -> list[IndexedPhone]:
        """The numbers of one row, each once."""
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
