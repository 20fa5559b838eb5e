"""Cards of a dialer's list: names and numbers by id (D1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from backend.connectors.crm.amocrm import errors, mapping
from backend.connectors.crm.amocrm.limits import (
    LISTED_IDS,
    MAX_LISTED_PAGES,
    MAX_LISTED_SINGLES,
    PAGE,
)
from backend.kit.budget import Priority
from backend.services.dialer.crm_records import CardRow
from protocol.vocabulary import RecordKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from backend.connectors.crm.amocrm.client import Query
    from backend.connectors.crm.amocrm.connector import AmoCrm
    from backend.services.dialer.reviewing import RecordKey

_Row = dict[str, Any]
_COLLECTION = {"contact": "contacts", "company": "companies", "deal": "leads"}
_KIND = {"contact": RecordKind.CONTACT, "company": RecordKind.COMPANY, "deal": RecordKind.LEAD}


class AmoCrmListedCards:
    """`ListedCards` over one account."""

    kinds = frozenset(_COLLECTION)

    def __init__(self, crm: AmoCrm) -> None:
        self._crm = crm

    async def rows(self, kind: str, ids: Sequence[str]) -> Mapping[str, CardRow]:
        """A request for fifty records where the account paid for filters. Otherwise records are
        read one by one while they are few, and as whole pages beyond."""
        return {key: self._row(kind, row) for key, row in (await self._read(kind, ids)).items()}

    def _row(self, kind: str, row: _Row) -> CardRow:
        record_id = str(row["id"])
        return CardRow(
            name=str(row.get("name") or f"#{record_id}"),
            numbers=tuple(mapping.phones(row)),
            url=self._crm.record_url(_KIND[kind], record_id),
            through=_through(row) if kind == "deal" else None,
        )

    async def _read(self, kind: str, ids: Sequence[str]) -> dict[str, _Row]:
        found: dict[str, _Row] = {}
        for first in range(0, len(ids), LISTED_IDS):
            some = ids[first : first + LISTED_IDS]
            rows = await self._page(kind, [(f"filter[id][{n}]", one) for n, one in enumerate(some)])
            mine = _by_id(rows, some)
            found |= mine
            if len(mine) != len(rows):
                # Strangers among them: the filter was ignored, it is a paid option.
                return found | await self._without_filter(kind, [i for i in ids if i not in found])
        return found

    async def _without_filter(self, kind: str, missing: list[str]) -> dict[str, _Row]:
        found: dict[str, _Row] = {}
        if len(missing) > MAX_LISTED_SINGLES:
            for page in range(1, MAX_LISTED_PAGES + 1):
                rows = await self._page(kind, [("page", str(page)), ("order[id]", "asc")])
                found |= _by_id(rows, missing)
                if len(rows) < PAGE or len(found) == len(missing):
                    return found
            missing = [one for one in missing if one not in found][:MAX_LISTED_SINGLES]
        for one in missing:
            if row := await self._single(kind, one):
                found[one] = row
        return found

    async def _single(self, kind: str, record_id: str) -> _Row:
        path = f"/{_COLLECTION[kind]}/{record_id}"
        try:
            return await self._crm.client.get(path, _with(kind), priority=Priority.CALL)
        except errors.NotThere:
            return {}

    async def _page(self, kind: str, query: Query) -> list[_Row]:
        collection = _COLLECTION[kind]
        asked = [("limit", str(PAGE)), *query, *_with(kind)]
        body = await self._crm.client.get(f"/{collection}", asked, priority=Priority.CALL)
        return mapping.embedded(body, collection)


def _with(kind: str) -> Query:
    return [("with", "contacts")] if kind == "deal" else []


def _by_id(rows: Iterable[_Row], wanted: Iterable[str]) -> dict[str, _Row]:
    known = set(wanted)
    return {str(row["id"]): row for row in rows if str(row.get("id")) in known}


def _through(deal: _Row) -> RecordKey | None:
    contacts = mapping.embedded(deal, "contacts")
    main = next((one for one in contacts if one.get("is_main")), contacts[0] if contacts else None)
    if main is not None:
        return "contact", str(main["id"])
    company = mapping.company_id(deal)
    return None if company is None else ("company", company)
