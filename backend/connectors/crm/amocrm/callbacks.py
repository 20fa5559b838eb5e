"""Customers to be called back, as tasks in an amoCRM account (`CallbackWriter`, reference §6.11).

A task stands with the contact, or the company, that has the number; of a stranger it stands alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from backend.connectors.crm.amocrm.errors import NotThere
from backend.connectors.crm.amocrm.limits import PAGE
from backend.connectors.crm.amocrm.managers import KINDS
from backend.domain.phone_number import PhoneNumber
from backend.errors import CrmRejected, CrmUnavailable
from backend.kit.budget import Priority
from protocol.vocabulary import CrmKind, RecordKind

if TYPE_CHECKING:
    from backend.connectors.crm.amocrm.connector import AmoCrm
    from backend.services.ports.callbacks import CallbackReport

_TO_CALL: Final = 1
"""§6.11: task_type_id of a call or follow-up."""
_PLURAL: Final = {RecordKind.CONTACT: "contacts", RecordKind.COMPANY: "companies"}
_EARLIER_S: Final = 300
"""Clocks differ."""
_LOOK_BACK_PAGES: Final = 8
"""Two thousand tasks since this one: an account that makes more is looked at no further."""


class AmoCrmCallbacks:
    kind: str = CrmKind.AMOCRM.value

    def __init__(self, crm: AmoCrm) -> None:
        self._crm = crm

    async def write(self, report: CallbackReport) -> str:
        found = await self._record(report)
        task: dict[str, Any] = {
            "task_type_id": _TO_CALL,
            "text": f"{report.title}\n{report.details}",
            "complete_till": int(report.due_at.timestamp()),
            "created_at": int(report.began_at.timestamp()),
        }
        responsible: Any = None
        if found is not None:
            kind, row = found
            task |= {"entity_type": _PLURAL[kind], "entity_id": int(row["id"])}
            responsible = row.get("responsible_user_id")
        told = next(iter(report.told), None)
        if user := report.talked or responsible or told or report.stand_in:
            task["responsible_user_id"] = int(user)
        body = await self._crm.client.send("POST", "/tasks", [task], priority=Priority.CALL)
        rows = (body.get("_embedded") or {}).get("tasks") or []
        if not rows:
            raise CrmRejected("amoCRM took no task")
        return str(rows[0]["id"])

    async def look(self, report: CallbackReport) -> str | None:
        """The newest tasks back to before this one could be made."""
        since = int(report.began_at.timestamp()) - _EARLIER_S
        for page in range(1, _LOOK_BACK_PAGES + 1):
            body = await self._crm.client.get(
                "/tasks",
                [("order[created_at]", "desc"), ("limit", str(PAGE)), ("page", str(page))],
                priority=Priority.BACKGROUND,
            )
            rows = (body.get("_embedded") or {}).get("tasks") or []
            for row in rows:
                if report.key in str(row.get("text") or ""):
                    return str(row["id"])
            if len(rows) < PAGE or int(rows[-1].get("created_at") or 0) < since:
                return None
        raise CrmUnavailable("tasks: too many to find one of them")

    async def close(self, ref: str, words: str) -> None:
        body = {"is_completed": True, "result": {"text": words}}
        try:
            await self._crm.client.send("PATCH", f"/tasks/{ref}", body, priority=Priority.CALL)
        except NotThere:
            return

    async def _record(self, report: CallbackReport) -> tuple[RecordKind, dict[str, Any]] | None:
        """The card the call showed while it still has the number, else the one changed last."""
        number, shown = PhoneNumber(report.number), report.record
        for kind in KINDS:
            rows = await self._crm.with_number(kind, number)
            same = [row for row in rows if shown is not None and str(row["id"]) == shown.id]
            if rows:
                return kind, max(same or rows, key=lambda row: int(row.get("updated_at") or 0))
        return None
