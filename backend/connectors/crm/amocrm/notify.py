"""amoCRM's own pop-up of a call (reference §6.7): it looks the number up by itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from backend.kit.budget import Priority

if TYPE_CHECKING:
    from backend.connectors.crm.amocrm.client import AmoCrmClient


class AmoCrmNotices:
    """`services.host_notices.Host` over one account."""

    def __init__(self, client: AmoCrmClient) -> None:
        self._client = client

    async def announce(self, number: str, user_ids: Sequence[str]) -> None:
        event = {
            "type": "phone_call",
            "phone_number": number,
            "users": [int(user) for user in user_ids if user.isdecimal()],
        }
        await self._client.send(
            "POST", "/api/v2/events", {"add": [event]}, priority=Priority.POP_UP
        )
