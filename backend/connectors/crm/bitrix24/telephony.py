"""The portal's own call card: register, show, hide, finish."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backend.errors import CrmRejected
from backend.kit.budget import Priority
from protocol.vocabulary import Direction, HangupCause, Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backend.connectors.crm.bitrix24.client import Bitrix24Client
    from backend.services.portal_calls import PortalCall

TYPE = {Direction.OUTBOUND: 1, Direction.INBOUND: 2}
GONE = "Call is not found"
"""How the answer to a second `finish` begins; its punctuation differs between builds."""

_STATUS = {
    HangupCause.BUSY: "486",
    HangupCause.REJECTED: "603",
    HangupCause.CANCELLED: "603-S",
    HangupCause.INVALID_NUMBER: "404",
    HangupCause.UNREACHABLE: "480",
    HangupCause.CONGESTION: "503",
}


def status_code(outcome: Outcome, cause: HangupCause | None, direction: Direction) -> str:
    """The portal's SIP-like code of how a call ended."""
    if outcome is Outcome.ANSWERED:
        return "200"
    if direction is Direction.INBOUND:
        return "304"
    return _STATUS.get(cause or HangupCause.NO_ANSWER, "304")


class Bitrix24Telephony:
    """`PortalTelephony` over one portal."""

    def __init__(self, client: Bitrix24Client) -> None:
        self._client = client

    async def register(self, call: PortalCall, user_id: str) -> str:
        """The portal's CALL_ID. Asking again within its half hour gives the same one, because the
        external id is ours and unique. No card yet (SHOW=0), no record made (CRM_CREATE=0)."""
        envelope = await self._client.call(
            "telephony.externalCall.register",
            {
                "USER_ID": int(user_id),
                "PHONE_NUMBER": call.number,
                "TYPE": TYPE[call.direction],
                "CALL_START_DATE": call.started_at.isoformat(timespec="seconds"),
                "CRM_CREATE": 0,
                "SHOW": 0,
                "ADD_TO_CHAT": 0,
                "EXTERNAL_CALL_ID": call.call_id,
                **({"LINE_NUMBER": call.line} if call.line else {}),
            },
            priority=Priority.CALL,
        )
        return str(envelope["result"]["CALL_ID"])

    async def show(self, portal_call_id: str, user_ids: Sequence[str]) -> None:
        await self._card("show", portal_call_id, user_ids)

    async def hide(self, portal_call_id: str, user_ids: Sequence[str]) -> None:
        await self._card("hide", portal_call_id, user_ids)

    async def _card(self, verb: str, portal_call_id: str, user_ids: Sequence[str]) -> None:
        await self._client.call(
            f"telephony.externalCall.{verb}",
            {"CALL_ID": portal_call_id, "USER_ID": [int(user_id) for user_id in user_ids]},
            priority=Priority.CALL,
        )

    async def finish(
        self, portal_call_id: str, user_id: str, *, talk_s: int, status: str, reason: str
    ) -> None:
        """Only the first finish counts; a later one finds nothing, which is as good as done."""
        try:
            await self._client.call(
                "telephony.externalCall.finish",
                {
                    "CALL_ID": portal_call_id,
                    "USER_ID": int(user_id),
                    "DURATION": talk_s,
                    "STATUS_CODE": status,
                    "FAILED_REASON": reason,
                    "ADD_TO_CHAT": 0,
                },
                priority=Priority.CALL,
            )
        except CrmRejected as refused:
            if GONE not in str(refused):
                raise
