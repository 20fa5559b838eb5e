"""The portal's offline queue, and the phones of records it names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backend.connectors.crm.bitrix24 import cards, mapping
from backend.connectors.crm.bitrix24.limits import PAGE
from backend.kit.budget import Priority
from backend.services.portal_changes import Waiting, record_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backend.connectors.crm.bitrix24.connector import Bitrix24
    from backend.services.contacts.changes import Record
    from backend.services.ports import IndexedPhone


class Bitrix24Changes:
    """`services.portal_changes.ChangingPortal` (section 6 of the reference)."""

    def __init__(self, source: Bitrix24) -> None:
        self._source = source

    async def waiting(self) -> Waiting | None:
        """`clear: 0` holds what it returns until it is cleared."""
        envelope = await self._source.client.call(
            "event.offline.get", {"clear": 0, "limit": PAGE}, priority=Priority.BACKGROUND
        )
        result = envelope["result"]
        rows = mapping.rows(result.get("events")) if isinstance(result, dict) else []
        if not rows or not result.get("process_id"):
            return None
        records = [
            record
            for row in rows
            if (record := record_of(str(row.get("EVENT_NAME")).upper(), row.get("EVENT_DATA")))
        ]
        return Waiting(
            process_id=str(result["process_id"]),
            message_ids=[str(row.get("MESSAGE_ID")) for row in rows],
            records=list(dict.fromkeys(records)),
            more=len(rows) >= PAGE,
        )

    async def clear(self, page: Waiting) -> None:
        await self._source.client.call(
            "event.offline.clear",
            {"process_id": page.process_id, "message_id": list(page.message_ids)},
            priority=Priority.BACKGROUND,
        )

    async def phones_of(self, records: Sequence[Record]) -> dict[Record, list[IndexedPhone]]:
        ids = {kind: [record_id for k, record_id in records if k is kind] for kind in cards.METHOD}
        answers = await self._source.client.batch(
            {
                kind.value: (
                    cards.METHOD[kind][0],
                    {
                        "filter": {"@ID": wanted},
                        "select": [*cards.METHOD[kind][1], "PHONE"],
                        "start": -1,
                    },
                )
                for kind, wanted in ids.items()
                if wanted
            },
            priority=Priority.BACKGROUND,
        )
        for error in answers.failed.values():
            raise error
        found: dict[Record, list[IndexedPhone]] = {record: [] for record in records}
        for kind in cards.METHOD:
            for row in mapping.rows(answers.found.get(kind.value)):
                if (key := (kind, str(row.get("ID")))) in found:
                    found[key] = self._source.phones(kind, row)
        return found
