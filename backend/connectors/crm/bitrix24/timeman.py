"""The working day of a portal's users (scope `timeman`). No event tells of it: it is polled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from backend.connectors.crm.bitrix24.limits import BATCH
from backend.domain.workday import DayState
from backend.errors import CrmRejected
from backend.kit.budget import Priority

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from backend.connectors.crm.bitrix24.client import Bitrix24Client

_STATES = {
    "OPENED": DayState.OPENED,
    "PAUSED": DayState.PAUSED,
    "CLOSED": DayState.CLOSED,
    "EXPIRED": DayState.EXPIRED,
}


class Bitrix24Workdays:
    """`WorkdaySource` over one portal. Days of others want an administrator's or a head's grant."""

    def __init__(self, client: Bitrix24Client) -> None:
        self._client = client

    async def days(self, user_ids: Sequence[str]) -> Mapping[str, DayState]:
        """One request for fifty users. A user the portal refuses (dismissed, no time-keeping) is
        missing; an outage is raised."""
        found: dict[str, DayState] = {}
        for start in range(0, len(user_ids), BATCH):
            some = user_ids[start : start + BATCH]
            answers = await self._client.batch(
                {f"u{user}": ("timeman.status", {"USER_ID": user}) for user in some},
                priority=Priority.BACKGROUND,
            )
            for error in answers.failed.values():
                if not isinstance(error, CrmRejected):
                    raise error
            for user in some:
                state = _state(answers.found.get(f"u{user}"))
                if state is not None:
                    found[user] = state
        return found

    async def pause(self, user_id: str) -> None:
        await self._write("timeman.pause", user_id)

    async def resume(self, user_id: str) -> None:
        await self._write("timeman.open", user_id)

    async def _write(self, method: str, user_id: str) -> None:
        await self._client.call(method, {"USER_ID": int(user_id)}, priority=Priority.CALL)


def _state(day: Any) -> DayState | None:
    return _STATES.get(str(day.get("STATUS"))) if isinstance(day, dict) else None
