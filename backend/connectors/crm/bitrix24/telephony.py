"""The portal's own call card: register, show, hide, finish."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from backend.errors import CrmRejected
from backend.kit.budget import Priority
from backend.services.call_words import said, why
from backend.services.ports.portal_calls import FinishedInPortal
from protocol.vocabulary import Direction, HangupCause, Outcome, RecordKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backend.connectors.crm.bitrix24.client import Bitrix24Client
    from backend.services.call_words import Language
    from backend.services.ports.portal_calls import PortalCall

TYPE = {Direction.OUTBOUND: 1, Direction.INBOUND: 2, Direction.INTERNAL: 2}
"""Of a call between employees the portal hears for the one who is called."""
CALLBACK = 4
"""TYPE of a call a form asked for: we register it ourselves (reference 3.8)."""
_ENTITY = {
    RecordKind.CONTACT: "CONTACT",
    RecordKind.COMPANY: "COMPANY",
    RecordKind.LEAD: "LEAD",
}
_ATTACH = "telephony.externalCall.attachRecord"
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

    def __init__(self, client: Bitrix24Client, *, language: Language = "ru") -> None:
        """`language` is what the portal's people read."""
        self._client = client
        self._language: Language = language

    async def register(self, call: PortalCall, user_id: str) -> str:
        """The portal's CALL_ID. Asking again within its half hour gives the same one, because the
        external id is ours and unique. No card yet (SHOW=0), no record made (CRM_CREATE=0)."""
        envelope = await self._client.call(
            "telephony.externalCall.register",
            {
                "USER_ID": int(user_id),
                "PHONE_NUMBER": call.number,
                "TYPE": CALLBACK if call.callback else TYPE[call.direction],
                "CALL_START_DATE": call.started_at.isoformat(timespec="seconds"),
                "CRM_CREATE": 0,
                "SHOW": 0,
                "ADD_TO_CHAT": 0,
                "EXTERNAL_CALL_ID": call.call_id,
                **({"LINE_NUMBER": call.line} if call.line else {}),
                **_entity(call),
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
        self,
        portal_call_id: str,
        user_id: str,
        *,
        talk_s: int,
        status: str,
        cause: HangupCause | None,
    ) -> FinishedInPortal:
        """Only the first finish counts; a later one finds nothing, and is told what the first
        one said."""
        try:
            envelope = await self._client.call(
                "telephony.externalCall.finish",
                {
                    "CALL_ID": portal_call_id,
                    "USER_ID": int(user_id),
                    "DURATION": talk_s,
                    "STATUS_CODE": status,
                    "FAILED_REASON": "" if cause is None else why(cause, self._language),
                    "ADD_TO_CHAT": 0,
                },
                priority=Priority.CALL,
            )
        except CrmRejected as refused:
            if GONE not in str(refused):
                raise
            row = await self._statistic(portal_call_id)
            return FinishedInPortal(
                status=str(row.get("CALL_FAILED_CODE") or status),
                activity_id=_id(row.get("CRM_ACTIVITY_ID")),
            )
        answer = envelope["result"] if isinstance(envelope["result"], dict) else {}
        return FinishedInPortal(status=status, activity_id=_id(answer.get("CRM_ACTIVITY_ID")))

    async def amend(self, activity_id: str, user_id: str, *, talk_s: int) -> None:
        """The open missed call in the card becomes a conversation somebody had. The portal's
        statistics cannot be corrected (§3.7 has no such method)."""
        minutes, seconds = divmod(talk_s, 60)
        await self._client.call(
            "crm.activity.update",
            {
                "id": int(activity_id),
                "fields": {
                    "COMPLETED": "Y",
                    "RESPONSIBLE_ID": int(user_id),
                    "DESCRIPTION": f"{said('talked', self._language)}, {minutes}:{seconds:02}",
                    "DESCRIPTION_TYPE": 1,
                },
            },
            priority=Priority.CALL,
        )

    async def fallback_user(self, number: str) -> str | None:
        """Whose call it is when nobody of ours was rung: the responsible of whoever has the
        number, else the user the application acts for."""
        found = await self._client.call(
            "telephony.externalCall.searchCrmEntities",
            {"PHONE_NUMBER": number},
            priority=Priority.BACKGROUND,
        )
        rows = found["result"] if isinstance(found["result"], list) else []
        for row in rows:
            if responsible := _id(row.get("ASSIGNED_BY_ID")):
                return responsible
        own = await self._client.call("user.current", priority=Priority.BACKGROUND)
        return _id(own["result"].get("ID")) if isinstance(own["result"], dict) else None

    async def attach_link(self, portal_call_id: str, url: str, file_name: str) -> None:
        """The portal downloads it before it answers (§3.4), so this takes as long."""
        await self._client.call(
            _ATTACH,
            {"CALL_ID": portal_call_id, "RECORD_URL": url, "FILENAME": file_name},
            priority=Priority.BACKGROUND,
        )

    async def attach_file(self, portal_call_id: str, file_name: str, content: bytes) -> None:
        """In two steps: a place for the file, then the file as a form."""
        asked = await self._client.call(
            _ATTACH,
            {"CALL_ID": portal_call_id, "FILENAME": file_name},
            priority=Priority.BACKGROUND,
        )
        place = asked["result"]
        await self._client.upload(
            str(place["uploadUrl"]), str(place["fieldName"]), file_name, content
        )

    async def has_record(self, portal_call_id: str) -> bool:
        return bool((await self._statistic(portal_call_id)).get("RECORD_FILE_ID"))

    async def _statistic(self, portal_call_id: str) -> dict[str, Any]:
        """The portal's own row of the call; empty where the grant's user may not see it (§3.7)."""
        try:
            envelope = await self._client.call(
                "voximplant.statistic.get",
                {"FILTER": {"CALL_ID": portal_call_id}},
                priority=Priority.BACKGROUND,
            )
        except CrmRejected:
            return {}
        rows = envelope["result"]
        return rows[0] if isinstance(rows, list) and rows and isinstance(rows[0], dict) else {}


def _entity(call: PortalCall) -> dict[str, Any]:
    if call.record is None or call.record.kind not in _ENTITY:
        return {}
    return {"CRM_ENTITY_TYPE": _ENTITY[call.record.kind], "CRM_ENTITY_ID": int(call.record.id)}


def _id(value: Any) -> str | None:
    """Ids come as numbers or texts; 0 and nothing mean none."""
    text = str(value or "")
    return text if text.isdigit() and text != "0" else None
