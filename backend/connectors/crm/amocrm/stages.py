"""Deals of a dialer's list, moved to the stage of what was said (D1, reference §6.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from backend.errors import CrmRejected
from backend.kit.budget import Priority

if TYPE_CHECKING:
    from backend.connectors.crm.amocrm.connector import AmoCrm


class AmoCrmStages:
    """`services.dialer.stages.StageMover`. Its stages are `<pipeline>:<status>`, or a status of
    the deal's own pipeline."""

    def __init__(self, crm: AmoCrm) -> None:
        self._crm = crm

    async def move(self, kind: str, record_id: str, stage: str) -> None:
        if kind != "deal":
            return
        parts = stage.split(":")
        if not all(part.isdigit() for part in (record_id, *parts)) or len(parts) > 2:
            raise CrmRejected(f"{stage} is no stage of amoCRM: write <pipeline>:<status>")
        body: dict[str, Any] = {"status_id": int(parts[-1])}
        if len(parts) == 2:
            body["pipeline_id"] = int(parts[0])
        await self._crm.client.send("PATCH", f"/leads/{record_id}", body, priority=Priority.CALL)
