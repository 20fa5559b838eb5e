"""Cards of a dialer's list: names and numbers by id (D1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from backend.connectors.crm.bitrix24 import cards, mapping
from backend.connectors.crm.bitrix24.limits import BATCH, PAGE
from backend.kit.budget import Priority
from backend.services.dialer.crm_records import DEAL, CardRow

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from backend.connectors.crm.bitrix24.connector import Bitrix24
    from backend.services.dialer.reviewing import RecordKey

_KIND = {kind.value: kind for kind in cards.METHOD}
_DEAL = ["ID", "TITLE", "CONTACT_ID", "COMPANY_ID", "LEAD_ID"]
_OWNERS = (("contact", "CONTACT_ID"), ("company", "COMPANY_ID"), ("lead", "LEAD_ID"))
"""Whom a deal is dialled through, in this order."""


class Bitrix24ListedCards:
    """`ListedCards` over one portal."""

    kinds = frozenset({*_KIND, DEAL})

    def __init__(self, crm: Bitrix24) -> None:
        self._crm = crm

    async def rows(self, kind: str, ids: Sequence[str]) -> Mapping[str, CardRow]:
        """One request for 2,500 records."""
        found: dict[str, CardRow] = {}
        pages = [ids[first : first + PAGE] for first in range(0, len(ids), PAGE)]
        for first in range(0, len(pages), BATCH):
            some = enumerate(pages[first : first + BATCH])
            commands = {f"page{n}": _listing(kind, page) for n, page in some}
            answers = await self._crm.client.batch(commands, priority=Priority.CALL)
            for error in answers.failed.values():
                raise error
            for page in answers.found.values():
                found |= {str(row["ID"]): self._row(kind, row) for row in mapping.rows(page)}
        return found

    def _row(self, kind: str, row: dict[str, Any]) -> CardRow:
        record_id = str(row["ID"])
        if kind == DEAL:
            return CardRow(
                name=str(row.get("TITLE") or f"#{record_id}"),
                url=self._crm.deal_url(record_id),
                through=_through(row),
            )
        numbers = (str(item.get("VALUE") or "") for item in mapping.rows(row.get("PHONE")))
        return CardRow(
            name=mapping.record_name(_KIND[kind], row),
            numbers=tuple(number for number in numbers if number),
            url=self._crm.record_url(_KIND[kind], record_id),
        )


def _listing(kind: str, ids: Sequence[str]) -> tuple[str, dict[str, Any]]:
    if kind == DEAL:
        method, select = "crm.deal.list", _DEAL
    else:
        method, basis = cards.METHOD[_KIND[kind]]
        select = [*basis, "PHONE"]
    # `start: -1` leaves out the count, which is the slow part.
    return method, {"filter": {"@ID": list(ids)}, "select": select, "start": -1}


def _through(deal: dict[str, Any]) -> RecordKey | None:
    for kind, field in _OWNERS:
        owner = str(deal.get(field) or "0")
        if owner != "0":
            return kind, owner
    return None
