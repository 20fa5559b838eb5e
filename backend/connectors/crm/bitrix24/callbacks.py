"""Customers to be called back, as to-dos in a portal (`CallbackWriter`, reference §5.5).

A to-do belongs to a record. Of a number the portal does not know its person is told by a
notification instead, whose tag keeps it one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from backend.connectors.crm.bitrix24 import mapping
from backend.connectors.crm.bitrix24.managers import RANKS
from backend.connectors.crm.bitrix24.notify import Bitrix24Notices
from backend.errors import CrmRejected
from backend.kit.budget import Priority
from protocol.vocabulary import CrmKind, RecordKind

if TYPE_CHECKING:
    from backend.connectors.crm.bitrix24.client import Bitrix24Client
    from backend.services.ports.callbacks import CallbackReport

_TYPE_ID: Final = {"LEAD": 1, "CONTACT": 3, "COMPANY": 4}
"""§5.3: entityTypeId."""
_KIND: Final = {
    RecordKind.CONTACT: "CONTACT",
    RecordKind.COMPANY: "COMPANY",
    RecordKind.LEAD: "LEAD",
}
_TODO, _NOTICE = "todo", "notice"
_GONE: Final = ("NOT_FOUND", "Not found", "is not found")


class Bitrix24Callbacks:
    kind: str = CrmKind.BITRIX24.value

    def __init__(self, client: Bitrix24Client) -> None:
        self._client = client

    async def write(self, report: CallbackReport) -> str:
        row = await self._record(report)
        responsible = str((row or {}).get("ASSIGNED_BY_ID") or "0")
        chosen = report.talked or (responsible if responsible != "0" else None)
        user = chosen or next(iter(report.told), None) or report.stand_in
        if row is None:
            return await self._notify(report, user)
        envelope = await self._client.call(
            "crm.activity.todo.add",
            {
                "ownerTypeId": _TYPE_ID[str(row["CRM_ENTITY_TYPE"])],
                "ownerId": int(row["CRM_ENTITY_ID"]),
                "deadline": report.due_at.isoformat(timespec="seconds"),
                "title": report.title,
                "description": report.details,
                **({"responsibleId": int(user)} if user else {}),
            },
            priority=Priority.CALL,
        )
        return f"{_TODO}:{envelope['result']['id']}"

    async def _notify(self, report: CallbackReport, user: str | None) -> str:
        if user is None:
            own = await self._client.call("user.current", priority=Priority.BACKGROUND)
            user = str(own["result"]["ID"])
        text = f"{report.title}\n{report.details}"
        await Bitrix24Notices(self._client).notify(user, text, f"dozvon-callback-{report.key}")
        return f"{_NOTICE}:{user}"

    async def look(self, report: CallbackReport) -> str | None:
        row = await self._record(report)
        if row is None:
            return None
        envelope = await self._client.call(
            "crm.activity.list",
            {
                "filter": {
                    "OWNER_TYPE_ID": _TYPE_ID[str(row["CRM_ENTITY_TYPE"])],
                    "OWNER_ID": row["CRM_ENTITY_ID"],
                    "PROVIDER_ID": "CRM_TODO",
                },
                "order": {"ID": "DESC"},
                "select": ["ID", "SUBJECT"],
            },
            priority=Priority.BACKGROUND,
        )
        for todo in mapping.rows(envelope["result"]):
            if report.key in str(todo.get("SUBJECT") or ""):
                return f"{_TODO}:{todo['ID']}"
        return None

    async def close(self, ref: str, words: str) -> None:
        """`words` have no place in a to-do that is done."""
        kind, _, number = ref.partition(":")
        if kind != _TODO:
            return
        try:
            await self._client.call(
                "crm.activity.update",
                {"id": int(number), "fields": {"COMPLETED": "Y"}},
                priority=Priority.CALL,
            )
        except CrmRejected as refused:
            if not any(word in str(refused) for word in _GONE):
                raise

    async def _record(self, report: CallbackReport) -> dict[str, Any] | None:
        """The card the call showed while it still has the number, else the best there is."""
        envelope = await self._client.call(
            "telephony.externalCall.searchCrmEntities",
            {"PHONE_NUMBER": report.number},
            priority=Priority.BACKGROUND,
        )
        rows = [
            row
            for row in mapping.rows(envelope["result"])
            if row.get("CRM_ENTITY_TYPE") in RANKS and row.get("CRM_ENTITY_ID")
        ]
        shown = report.record
        for row in rows:
            kind, number = row["CRM_ENTITY_TYPE"], str(row["CRM_ENTITY_ID"])
            if shown is not None and (kind, number) == (_KIND.get(shown.kind), shown.id):
                return row
        return min(rows, key=lambda row: RANKS.index(str(row["CRM_ENTITY_TYPE"])), default=None)
