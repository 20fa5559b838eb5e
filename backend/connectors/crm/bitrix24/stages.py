"""Deals and leads of a dialer's list, moved to the stage of what was said (D1, reference §5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from backend.kit.budget import Priority

if TYPE_CHECKING:
    from backend.connectors.crm.bitrix24.client import Bitrix24Client

_TYPES: Final = {"lead": 1, "deal": 2}
"""entityTypeId."""


class Bitrix24Stages:
    """`services.dialer.stages.StageMover`. Its stages are `STAGE_ID`s, such as `C1:WON`."""

    def __init__(self, client: Bitrix24Client) -> None:
        self._client = client

    async def move(self, kind: str, record_id: str, stage: str) -> None:
        await self._client.call(
            "crm.item.update",
            {"entityTypeId": _TYPES[kind], "id": int(record_id), "fields": {"stageId": stage}},
            priority=Priority.CALL,
        )
