"""What a person of the portal is told, and the calls nobody was rung for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backend.connectors.crm.bitrix24.telephony import GONE, Bitrix24Telephony
from backend.errors import CrmRejected
from backend.kit.budget import Priority

if TYPE_CHECKING:
    from backend.connectors.crm.bitrix24.client import Bitrix24Client


class Bitrix24Notices:
    """`services.refused_calls.Portal` over one portal."""

    def __init__(self, client: Bitrix24Client) -> None:
        self._client = client

    async def notify(self, user_id: str, text: str, tag: str) -> None:
        """In the portal's Notifications panel (L1307); an earlier one of `tag` goes. Scope `im`."""
        await self._client.call(
            "im.notify.personal.add",
            {"USER_ID": int(user_id), "MESSAGE": text, "TAG": tag},
            priority=Priority.CALL,
        )

    async def close_refused(
        self, crm_call_id: str, user_id: str, *, status: str, reason: str
    ) -> None:
        """The portal registered the call at the click; without `finish` it would hang for ever."""
        try:
            await self._client.call(
                "telephony.externalCall.finish",
                {
                    "CALL_ID": crm_call_id,
                    "USER_ID": int(user_id),
                    "DURATION": 0,
                    "STATUS_CODE": status,
                    "FAILED_REASON": reason,
                    "ADD_TO_CHAT": 0,
                },
                priority=Priority.CALL,
            )
        except CrmRejected as refused:
            if GONE not in str(refused):
                raise

    async def fallback_user(self, number: str) -> str | None:
        return await Bitrix24Telephony(self._client).fallback_user(number)
