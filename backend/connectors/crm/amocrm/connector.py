"""What the rest of the house asks of an amoCRM account."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

import structlog

from backend.connectors.crm.amocrm import mapping
from backend.connectors.crm.amocrm.auth import Refresher
from backend.connectors.crm.amocrm.care import AccountCare
from backend.connectors.crm.amocrm.client import AmoCrmClient
from backend.connectors.crm.amocrm.limits import BURST, MAX_LEADS, RATE_PER_S, SEARCH_DIGITS
from backend.domain import phone_number
from backend.errors import CrmAuthExpired, CrmError, CrmRejected
from backend.kit.budget import Buckets, Budget, Priority
from backend.services.ports import IndexedPhone
from protocol.vocabulary import RecordKind

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable

    import httpx

    from backend.connectors.crm.amocrm.hosts import Hosts
    from backend.domain.phone_number import PhoneNumber
    from backend.kit.clock import Clock
    from backend.services.ports import Grants
    from protocol.pushes import ContactMatch

DICTIONARY_TTL_S = 3600.0
MAX_SINGLE_LEADS = 6
"""How many deals of a caller, not among those changed last, are read one by one where the filter
option is not paid for."""
RETRY_DICTIONARY_S = 60.0
"""After names could not be read: cards do without them meanwhile."""

log = structlog.get_logger(__name__)

_Row = dict[str, Any]
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
        hosts: Hosts | None = None,
        buckets: Buckets | None = None,
    ) -> None:
        """`known_kind` tells from the local index what a number belongs to: that collection is
        searched first, so a known caller's card takes two requests. `buckets`: what others have
        spent at this address."""
        self._clock = clock
        self._region = region
        self._account = account_url.rstrip("/")
        self._known_kind = known_kind
        bucket = (buckets or Buckets()).of(account_url.rstrip("/"), RATE_PER_S, BURST, clock)
        self.budget = Budget(bucket, clock)
        refresher = Refresher(
            http,
            clock,
            client_id=client_id,
            client_secret=client_secret,
            redirect_uri=redirect_uri,
            hosts=hosts,
        )
        self.client = AmoCrmClient(http, grants, refresher, self.budget)
        self.care = AccountCare(self.client, clock)
        self._names = mapping.Dictionary()
        self._names_until = float("-inf")
        self._learning = asyncio.Lock()
        self._filters = True
        """Whether the account paid for filters; believed until it says or shows otherwise."""
        self._companies: dict[str, str] = {}
        """Company id → name, from synchronisations and cards: a contact embeds the id alone."""

    @property
    def origin(self) -> str:
        parts = urlsplit(self._account)
        return f"{parts.scheme}://{parts.netloc}"

    def create_url(self, number: PhoneNumber) -> str:
        return mapping.create_url(self._account, number.e164)

    def record_url(self, kind: RecordKind, record_id: str) -> str:
        return mapping.record_url(self._account, kind, record_id)

    async def find_by_phone(self, number: PhoneNumber) -> list[ContactMatch]:
        """Contacts with the number (companies where there is none), then their open deals.

        Two requests for a number the index knows; names of stages and people come from a
        dictionary, read beside the first card and each hour.
        """
        known = self._known_kind(number)
        names = asyncio.create_task(self._names_for_card())
        try:
            matches = await self._search(number, known)
            await names
        finally:
            # Without a card nobody needs the names; a task left behind would outlive its client.
            names.cancel()
            await asyncio.gather(names, return_exceptions=True)
        if matches is None:
            return []
        kind, rows, leads, companies = matches
        now = self._clock.now()
        found = [
            mapping.match(
                self._account,
                kind,
                row,
                [leads[lead_id] for lead_id in mapping.lead_ids(row) if lead_id in leads],
                self._names,
                companies.get(mapping.company_id(row) or ""),
                now,
            )
            for row in sorted(rows, key=lambda row: -int(row.get("updated_at") or 0))
        ]
        # Somebody with an open deal is the likelier caller; the sort is stable for the rest.
        return sorted(found, key=lambda match: not match.deals)

    async def _search(
        self, number: PhoneNumber, known: RecordKind | None
    ) -> tuple[RecordKind, list[_Row], dict[str, _Row], dict[str, str]] | None:
        """The records with the number, their open deals and the names of their companies."""
        for kind in sorted(_COLLECTION, key=lambda kind: kind is not known):
            rows = await self.with_number(kind, number)
            if rows:
                ids = list(dict.fromkeys(lead for row in rows for lead in mapping.lead_ids(row)))
                leads = await self.leads(ids)
                open_leads = {key: lead for key, lead in leads.items() if mapping.is_open(lead)}
                return kind, rows, open_leads, await self._company_names(rows, spare=not ids)
        return None

    async def with_number(self, kind: RecordKind, number: PhoneNumber) -> list[_Row]:
        rows = await self.client.search(
            _COLLECTION[kind],
            number.digits[-SEARCH_DIGITS:],
            include="leads",
            priority=Priority.POP_UP,
        )
        return [row for row in rows if mapping.has_number(row, number, self._region)]

    async def leads(self, ids: list[str]) -> dict[str, _Row]:
        """Deals by id, open or not, in one request wherever that can be. Raises CrmError."""
        if not ids:
            return {}
        if len(ids) == 1:
            return _by_id([await self.client.lead(ids[0], priority=Priority.POP_UP)], ids)
        if self._filters:
            rows = await self.client.leads(ids[:MAX_LEADS], priority=Priority.POP_UP)
            found = _by_id(rows, ids)
            # Strangers among the rows: the filter was ignored, whatever the account says.
            self._filters = len(found) == len(rows)
        else:
            rows = await self.client.recent_leads(priority=Priority.POP_UP)
            found = _by_id(rows, ids)
        if self._filters:
            return found
        missing = [lead_id for lead_id in ids if lead_id not in found][:MAX_SINGLE_LEADS]
        more = await asyncio.gather(
            *(self.client.lead(lead_id, priority=Priority.POP_UP) for lead_id in missing)
        )
        return found | _by_id(more, ids)

    async def _company_names(self, rows: list[_Row], *, spare: bool) -> dict[str, str]:
        """Names of the rows' companies as far as known; `spare`: a request is left to ask one."""
        ids = {company for row in rows if (company := mapping.company_id(row))}
        unknown = sorted(ids - self._companies.keys())
        if spare and unknown:
            row = await self.client.company(unknown[0], priority=Priority.POP_UP)
            if row.get("name"):
                self._companies[unknown[0]] = str(row["name"])
        return {company: self._companies[company] for company in ids & self._companies.keys()}

    async def _names_for_card(self) -> None:
        """Read the dictionary when it is old. A card does not fail for want of names."""
        if self._clock.monotonic() < self._names_until or self._learning.locked():
            return
        async with self._learning:
            try:
                await self.learn(Priority.CALL)
            except CrmAuthExpired:
                raise
            except CrmError as error:
                self._names_until = self._clock.monotonic() + RETRY_DICTIONARY_S
                log.warning("amocrm.names_unread", error=str(error))

    async def learn(self, priority: Priority) -> None:
        """Read names of stages and people and what the account has paid for. Raises CrmError."""
        account = await self.client.account(priority=priority)
        self._filters = bool(account.get("is_api_filter_enabled"))
        pipelines = await self.client.pipelines(priority=priority)
        try:
            users = await self.client.users(1, priority=priority)
        except CrmRejected:
            # A grant of somebody who is no administrator: cards go without the responsible.
            users = []
        self._names = mapping.dictionary(account, pipelines, users)
        self._names_until = self._clock.monotonic() + DICTIONARY_TTL_S

    async def walk_phones(self) -> AsyncIterator[IndexedPhone]:
        """Pages by growing id. Companies' names are kept for the cards of their people."""
        for kind, collection in _COLLECTION.items():
            page, more = 1, True
            while more:
                rows, more = await self.client.page(collection, page, priority=Priority.BACKGROUND)
                page += 1
                for row in rows:
                    if kind is RecordKind.COMPANY and row.get("name"):
                        self._companies[str(row["id"])] = str(row["name"])
                    for phone in self._phones(kind, row):
                        yield phone
                more = more and bool(rows)

    async def read_phones(self, kind: RecordKind, record_id: str) -> list[IndexedPhone]:
        """What one record has now; nothing when it is gone. Raises CrmError."""
        collection = _COLLECTION.get(kind)
        if collection is None:
            return []
        row = await self.client.contact(collection, record_id, priority=Priority.BACKGROUND)
        return self._phones(kind, row) if row and not row.get("is_deleted") else []

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


def _by_id(rows: Iterable[_Row], wanted: Iterable[str]) -> dict[str, _Row]:
    ids = set(wanted)
    return {str(row["id"]): row for row in rows if str(row.get("id")) in ids}
