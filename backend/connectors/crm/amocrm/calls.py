"""Finished calls in an amoCRM account (`CallWriter`).

A call goes by `POST /calls` into the card of whoever has the number (reference §6.6); one of a
stranger that somebody answered goes by `POST /leads/unsorted/sip` (§6.8). amoCRM tells the two
apart by answering "Entity not found", so no search comes first. It does not recognise a call sent
twice, hence `look`: our id travels as `uniq`.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from backend.connectors.crm.amocrm.errors import NotThere
from backend.connectors.crm.amocrm.limits import PAGE
from backend.connectors.crm.amocrm.tracking import tracking_values
from backend.errors import (
    CrmAuthExpired,
    CrmDeclined,
    CrmRejected,
    CrmUnavailable,
    CrmUnknownNumber,
)
from backend.kit.budget import Priority
from backend.services.call_words import said
from backend.services.ports import Written
from protocol.vocabulary import CrmKind, Direction, HangupCause, Outcome

if TYPE_CHECKING:
    from backend.connectors.crm.amocrm.client import AmoCrmClient
    from backend.services.call_words import Language, Word
    from backend.services.ports import CallReport

SOURCE: Final = "Dozvon"
SERVICE_CODE: Final = "dozvon"
ENTITY_NOT_FOUND: Final = "Entity not found"
_PLURAL: Final = {
    "contact": "contacts",
    "company": "companies",
    "lead": "leads",
    "customer": "customers",
}
_UNSORTED: Final = "unsorted"
_LOOK_BACK_PAGES: Final = 40
"""Ten thousand calls since this one began: an account that has more is read no further, and the
call is not written either (P13). Somebody sees it parked."""
_FOR_CUSTOMERS: Final = "customers"
"""Where a card of a repeat buyer gets its calls (§6.6), in accounts that have customers at all."""
_EARLIER: Final = timedelta(minutes=5)
"""Clocks differ, and a note of a call may carry the call's own time."""

# Numbers of §6.6: 4 the conversation took place, 5 wrong number, 6 nobody answered, 7 busy.
_TALKED, _WRONG, _UNANSWERED, _BUSY, _UNREACHABLE = 4, 5, 6, 7, 3
_STATUS: Final = {
    HangupCause.BUSY: _BUSY,
    HangupCause.REJECTED: _BUSY,
    HangupCause.INVALID_NUMBER: _WRONG,
    HangupCause.UNREACHABLE: _UNREACHABLE,
    HangupCause.CONGESTION: _UNREACHABLE,
}
_RESULT: Final[dict[int, Word]] = {
    _TALKED: "talked",
    _WRONG: "wrong_number",
    _UNANSWERED: "no_answer",
    _BUSY: "busy",
    _UNREACHABLE: "unreachable",
}


def unsorted_ref(uid: str) -> str:
    """Where a call stands that waits as this request."""
    return f"{_UNSORTED}:{uid}"


class AmoCalls:
    """Writes calls of one account."""

    kind: str = CrmKind.AMOCRM.value

    def __init__(self, client: AmoCrmClient, *, language: Language = "ru") -> None:
        """`language` is what the account's people read."""
        self._client = client
        self._language: Language = language

    async def write(self, report: CallReport) -> Written:
        """Raises CrmError; CrmUnknownNumber where amoCRM has nowhere to put the call."""
        try:
            return await self._call(report)
        except CrmRejected as refused:
            if ENTITY_NOT_FOUND not in str(refused):
                raise
        if not report.may_collect:
            raise CrmUnknownNumber("amoCRM knows nobody with this number")
        return await self._stranger(report)

    async def _call(self, report: CallReport) -> Written:
        linked = report.link if report.link_ready else None
        call = {
            "direction": _direction(report),
            "source": SOURCE,
            "phone": report.number,
            "created_at": _unix(report.started_at),
            "request_id": report.call_id,
            **_params(report, linked, self._language),
            **_owner(report),
        }
        body = await self._client.send("POST", "/calls", [call], priority=Priority.CALL)
        rows = (body.get("_embedded") or {}).get("calls") or []
        if not rows:
            # A batch of one that was taken and is not there was refused (§6.6, mixed batches).
            titles = [str(error.get("title", "")) for error in body.get("errors") or ()]
            raise CrmRejected(", ".join(titles) or "amoCRM took no call")
        row = rows[0]
        plural = _PLURAL.get(str(row.get("entity_type")), "contacts")
        return Written(ref=f"{plural}:{row['entity_id']}:{row['id']}", linked=linked is not None)

    async def _stranger(self, report: CallReport) -> Written:
        """Its address can never be added later, so the recording's is told even before the file is
        there; it is the same for good. While an earlier one of the number waits, none is added."""
        if report.earlier is not None and await self.waits(report.earlier):
            return Written(ref=report.earlier, linked=False, joined=True)
        if report.joined:
            # Whoever declined the request did so for all that was gathered under it.
            raise CrmDeclined("the request of this number was declined")
        user = report.responsible or report.stand_in
        metadata = {
            "from": report.number,
            "phone": report.number,
            "called_at": _unix(report.started_at),
            "duration": report.talk_s,
            "service_code": SERVICE_CODE,
            "uniq": report.call_id,
            "is_call_event_needed": True,
            **({"link": report.link} if report.link else {}),
            **({"call_responsible": int(user)} if user else {}),
        }
        phone = {"field_code": "PHONE", "values": [{"value": report.number, "enum_code": "WORK"}]}
        request: dict[str, Any] = {
            "source_name": SOURCE,
            "source_uid": report.call_id,
            "created_at": _unix(report.started_at),
            "request_id": report.call_id,
            "metadata": metadata,
            "_embedded": {"contacts": [{"name": report.number, "custom_fields_values": [phone]}]},
        }
        if report.visit is not None:
            known = await tracking_values(self._client, report.visit)
            if known:
                request["_embedded"]["leads"] = [{"custom_fields_values": known}]
        body = await self._client.send(
            "POST", "/leads/unsorted/sip", [request], priority=Priority.CALL
        )
        rows = (body.get("_embedded") or {}).get("unsorted") or [{}]
        return Written(ref=unsorted_ref(rows[0].get("uid", "")), linked=report.link is not None)

    async def waits(self, ref: str) -> bool:
        """Whether this request is neither accepted nor declined: then it is not there any more
        (§6.8), and what became of its contact shows in the next `POST /calls`."""
        plural, _, uid = ref.partition(":")
        if plural != _UNSORTED or not uid:
            return False
        try:
            path = f"/leads/unsorted/{uid}"
            return bool(await self._client.get(path, [], priority=Priority.CALL))
        except NotThere:
            return False

    async def look(self, report: CallReport) -> Written | None:
        """The newest notes of each kind of card, then the unsorted: only after a lost answer.

        None says for sure that it is not there. Raises CrmUnavailable where nobody can tell.
        """
        since = _unix(report.started_at - _EARLIER)
        for plural in ("leads", "contacts", "companies"):
            found = await self._note(plural, report, since)
            if found is not None:
                return found
        found = await self._of_a_customer(report, since)
        return found or await self._collected(report, since)

    async def _of_a_customer(self, report: CallReport, since: int) -> Written | None:
        try:
            return await self._note(_FOR_CUSTOMERS, report, since)
        except (CrmRejected, CrmAuthExpired):
            # The other cards were shown a moment ago: the account has no customers.
            return None

    async def _note(self, plural: str, report: CallReport, since: int) -> Written | None:
        for page in range(1, _LOOK_BACK_PAGES + 1):
            body = await self._client.get(
                f"/{plural}/notes",
                [
                    ("filter[note_type][]", _note_type(report)),
                    ("filter[updated_at][from]", since),
                    ("order[updated_at]", "desc"),
                    ("limit", PAGE),
                    ("page", page),
                ],
                priority=Priority.BACKGROUND,
            )
            notes = (body.get("_embedded") or {}).get("notes") or []
            for note in notes:
                params = note.get("params") or {}
                if params.get("uniq") == report.call_id:
                    ref = f"{plural}:{note['entity_id']}:{note['id']}"
                    return Written(ref=ref, linked=bool(params.get("link")))
            if len(notes) < PAGE or int(notes[-1].get("updated_at") or 0) < since:
                return None
        raise CrmUnavailable(f"{plural}: too many calls to find one of them")

    async def _collected(self, report: CallReport, since: int) -> Written | None:
        for page in range(1, _LOOK_BACK_PAGES + 1):
            body = await self._client.get(
                "/leads/unsorted",
                [
                    ("filter[category][]", "sip"),
                    ("order[created_at]", "desc"),
                    ("limit", PAGE),
                    ("page", page),
                ],
                priority=Priority.BACKGROUND,
            )
            rows = (body.get("_embedded") or {}).get("unsorted") or []
            for row in rows:
                metadata = row.get("metadata") or {}
                if report.call_id in (row.get("source_uid"), metadata.get("uniq")):
                    linked = bool(metadata.get("link"))
                    return Written(ref=unsorted_ref(row["uid"]), linked=linked)
            if len(rows) < PAGE or int(rows[-1].get("created_at") or 0) < since:
                return None
        raise CrmUnavailable("unsorted: too many calls to find one of them")

    async def amend(self, ref: str, report: CallReport) -> Written:
        """A note takes new parameters (§6.9); what lies unsorted stays as it was sent."""
        plural, _, rest = ref.partition(":")
        if plural == _UNSORTED:
            return Written(ref=ref, linked=True)
        entity_id, _, note_id = rest.partition(":")
        link = report.link if report.link_ready else None
        params = {"phone": report.number, "source": SOURCE, **_params(report, link, self._language)}
        if user := _user(report):
            params["call_responsible"] = int(user)
        await self._client.send(
            "PATCH",
            f"/{plural}/{entity_id}/notes/{note_id}",
            {"note_type": _note_type(report), "params": params},
            priority=Priority.CALL,
        )
        return Written(ref=ref, linked=link is not None)


def _params(report: CallReport, link: str | None, language: Language) -> dict[str, Any]:
    """Without empty members: notes refuse null (§6.9)."""
    status = _status(report)
    missed = report.direction is Direction.INBOUND and status != _TALKED
    return {
        "uniq": report.call_id,
        "duration": report.talk_s,
        "call_status": status,
        "call_result": said("missed" if missed else _RESULT[status], language),
        **({"link": link} if link else {}),
    }


def _status(report: CallReport) -> int:
    if report.outcome is Outcome.ANSWERED:
        return _TALKED
    if report.direction is Direction.INBOUND or report.cause is None:
        return _UNANSWERED
    return _STATUS.get(report.cause, _UNANSWERED)


def _user(report: CallReport) -> str | None:
    """Whose call it is. One that nobody took falls to the account's stand-in; a talk of somebody
    without an amoCRM user is not put down to a person who had no part in it."""
    if report.responsible or report.outcome is Outcome.ANSWERED:
        return report.responsible
    return report.stand_in if report.direction is Direction.INBOUND else None


def _owner(report: CallReport) -> dict[str, int]:
    """Author and responsible are the same, or analytics counts the call for nobody (§6.6)."""
    named = _user(report)
    if not named:
        return {}
    user = int(named)
    return {"call_responsible": user, "created_by": user, "responsible_user_id": user}


def _direction(report: CallReport) -> str:
    return "inbound" if report.direction is Direction.INBOUND else "outbound"


def _note_type(report: CallReport) -> str:
    return "call_in" if report.direction is Direction.INBOUND else "call_out"


def _unix(at: Any) -> int:
    return int(at.timestamp())
