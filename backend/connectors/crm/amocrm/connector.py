"""What the rest of the house asks of an amoCRM account."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from backend.connectors.crm.amocrm import mapping
from backend.connectors.crm.amocrm.auth import Refresher
from backend.connectors.crm.amocrm.client import AmoCrmClient
from backend.connectors.crm.amocrm.limits import BURST, RATE_PER_S, SEARCH_DIGITS
from backend.domain import phone_number
from backend.errors import CrmRejected
from backend.kit.budget import Budget, Priority
from backend.services.ports import IndexedPhone
from protocol.vocabulary import RecordKind

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    import httpx

    from backend.domain.phone_number import PhoneNumber
    from backend.kit.clock import Clock
    from backend.services.ports import Grants
    from protocol.pushes import ContactMatch

DICTIONARY_TTL_S = 3600.0
MAX_SINGLE_LEADS = 6
"""How many deals of a caller are read one by one where the filter option is not paid for."""

_COLLECTION = {RecordKind.CONTACT: "contacts", RecordKind.COMPANY: "companies"}


class AmoCrm:
    """A `ContactSource` over one account."""

    kind: Literal["amocrm"] = "amocrm"

    def __init__(
        self,
        *,
        http: httpx.AsyncClient,
        grants: Grants,
        account_url: str,
        client_id: str,
        client_secret: str,
        redirect_uri: str,
        clock: Clock,
        known_kind: Callable[[PhoneNumber], RecordKind | None] = lambda _number: None,
        region: str = "RU",
    ) -> None:
        """`known_kind` tells from the local index what a number belongs to: that collection is
        searched first, so a known caller's card takes two requests."""
        self._clock = clock
        self._region = region
        self._account = account_url.rstrip("/")
        self._known_kind = known_kind
        self.budget = Budget(RATE_PER_S, BURST, clock)
        refresher = Refresher(
            http,
            clock,
            client_id=client_id,
            client_secret=client_secret,
            redirect_uri=redirect_uri,
        )
        self.client = AmoCrmClient(http, grants, refresher, self.budget)
        self._names = mapping.Dictionary()
        self._names_at = float("-inf")
        self._filters = True
        self._currency = "RUB"

    @property
    def origin(self) -> str:
        parts = urlsplit(self._account)
        return f"{parts.scheme}://{parts.netloc}"

    def create_url(self, number: PhoneNumber) -> str:
        return mapping.create_url(self._account, number.e164)

    def record_url(self, kind: RecordKind, record_id: str) -> str:
        return mapping.record_url(self._account, kind, record_id)

    async def find_by_phone(self, number: PhoneNumber) -> list[ContactMatch]:
        """Contacts with the number (companies where there is none), then their open deals."""
        known = self._known_kind(number)
        if time.monotonic() - self._names_at > DICTIONARY_TTL_S:
            await self.learn(Priority.POP_UP)
        for kind in sorted(_COLLECTION, key=lambda kind: kind is not known):
            rows = await self._with_number(kind, number)
            if rows:
                return await self._matches(kind, rows)
        return []

    async def _with_number(self, kind: RecordKind, number: PhoneNumber) -> list[dict[str, Any]]:
        rows = await self.client.search(
            _COLLECTION[kind],
            number.digits[-SEARCH_DIGITS:],
            include="leads",
            priority=Priority.POP_UP,
        )
        return [row for row in rows if mapping.has_number(row, number.digits)]

    async def _matches(self, kind: RecordKind, rows: list[dict[str, Any]]) -> list[ContactMatch]:
        ids = list(dict.fromkeys(lead for row in rows for lead in mapping.lead_ids(row)))
        leads = {str(lead["id"]): lead for lead in await self._leads(ids)}
        now = self._clock.now()
        found = [
            mapping.match(
                self._account,
                kind,
                row,
                [
                    leads[lead_id]
                    for lead_id in mapping.lead_ids(row)
                    if lead_id in leads and mapping.is_open(leads[lead_id])
                ],
                self._names,
                self._currency,
                now,
            )
            for row in sorted(rows, key=lambda row: -int(row.get("updated_at") or 0))
        ]
        # Somebody with an open deal is the likelier caller; the sort is stable for the rest.
        return sorted(found, key=lambda match: not match.deals)

    async def _leads(self, ids: list[str]) -> list[dict[str, Any]]:
        if not ids:
            return []
        if self._filters:
            wanted = set(ids)
            rows = await self.client.leads(ids, priority=Priority.POP_UP)
            return [row for row in rows if str(row["id"]) in wanted]
        newest = sorted(ids, key=int, reverse=True)[:MAX_SINGLE_LEADS]
        rows = await asyncio.gather(
            *(self.client.lead(lead_id, priority=Priority.POP_UP) for lead_id in newest)
        )
        return [row for row in rows if row]

    async def learn(self, priority: Priority) -> None:
        """Read names of stages and people and what the account has paid for."""
        account = await self.client.account(priority=priority)
        self._filters = bool(account.get("is_api_filter_enabled"))
        self._currency = str(account.get("currency") or "RUB")
        pipelines = await self.client.pipelines(priority=priority)
        try:
            users = await self.client.users(1, priority=priority)
        except CrmRejected:
            # A grant of somebody who is no administrator: cards go without the responsible.
            users = []
        self._names = mapping.dictionary(pipelines, users)
        self._names_at = time.monotonic()

    async def walk_phones(self) -> AsyncIterator[IndexedPhone]:
        for kind, collection in _COLLECTION.items():
            page, more = 1, True
            while more:
                rows, more = await self.client.page(collection, page, priority=Priority.BACKGROUND)
                page += 1
                for row in rows:
                    for phone in self._phones(kind, row):
                        yield phone
                more = more and bool(rows)

    def _phones(self, kind: RecordKind, row: dict[str, Any]) -> list[IndexedPhone]:
        found = {}
        for text in mapping.phones(row):
            number = phone_number.parse(text, region=self._region)
            if number is not None:
                responsible = row.get("responsible_user_id")
                found[number.e164] = IndexedPhone(
                    e164=number.e164,
                    kind=kind.value,
                    record_id=str(row["id"]),
                    name=str(row.get("name") or f"#{row['id']}"),
                    responsible_crm_id=str(responsible) if responsible else None,
                )
        return list(found.values())
