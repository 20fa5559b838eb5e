"""Calls the portal asks for: what its telephony events say (reference 3.8). Pure.

Every leaf is text on the wire; "0" and "" mean nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from backend.errors import BadRequest
from backend.services.click_to_call import CallBackWanted, Clicked

MESSAGE: Final = 1_000
"""As much of what a visitor wrote as somebody reads while a telephone rings."""
EXTENSION: Final = 20
_TONES: Final = frozenset("0123456789*#,")
_KINDS = {"CONTACT": "contact", "COMPANY": "company", "LEAD": "lead", "DEAL": "deal"}


def clicked(body: Mapping[str, Any]) -> Clicked:
    """ONEXTERNALCALLSTART: from a card, a list or a call list alike. Raises BadRequest."""
    data = _data(body)
    call_id, user = _text(data, "CALL_ID"), _text(data, "USER_ID")
    if not call_id or not user.isdigit() or user == "0":
        raise BadRequest("a click without CALL_ID or USER_ID")
    kind, record_id = _record(data)
    return Clicked(
        crm_call_id=call_id,
        crm_user_id=user,
        # Normalised by the portal; what it could not read is there as it was written.
        number=_text(data, "PHONE_NUMBER_INTERNATIONAL") or _text(data, "PHONE_NUMBER"),
        line=_line(data),
        record_kind=kind,
        record_id=record_id,
        extension=_digits(data, "EXTENSION"),
        call_list_id=_positive(data, "CALL_LIST_ID"),
        sent_at=_sent_at(body),
    )


def callback_wanted(body: Mapping[str, Any]) -> CallBackWanted:
    """ONEXTERNALCALLBACKSTART: a form on a site. The portal has not registered this call, unless a
    build sends CALL_ID. Raises BadRequest."""
    data = _data(body)
    number, line = _text(data, "PHONE_NUMBER"), _line(data)
    if not number:
        raise BadRequest("a call-back without PHONE_NUMBER")
    kind, record_id = _record(data)
    return CallBackWanted(
        number=number,
        line=line,
        crm_call_id=_text(data, "CALL_ID") or None,
        record_kind=kind,
        record_id=record_id,
        message=_text(data, "TEXT")[:MESSAGE] or None,
        sent_at=_sent_at(body),
    )


def _data(body: Mapping[str, Any]) -> Mapping[str, Any]:
    data = body.get("data")
    return data if isinstance(data, Mapping) else {}


def _text(data: Mapping[str, Any], name: str) -> str:
    value = data.get(name)
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    return str(value).strip()


def _digits(data: Mapping[str, Any], name: str) -> str | None:
    digits = "".join(char for char in _text(data, name) if char in _TONES)[:EXTENSION]
    return digits if digits.strip(",") else None


def _positive(data: Mapping[str, Any], name: str) -> str | None:
    value = _text(data, name)
    return value if value.isdecimal() and int(value) > 0 else None


def _sent_at(body: Mapping[str, Any]) -> datetime | None:
    """When the portal sent it, by the portal's clock; None where that was not kept."""
    sent = _text(body, "ts")
    if not sent.isdecimal() or len(sent) > len("9999999999"):
        return None
    return datetime.fromtimestamp(int(sent), UTC)


def _line(data: Mapping[str, Any]) -> str:
    """`REST_APP:<id>` stands for "the application's, none in particular"."""
    line = _text(data, "LINE_NUMBER")
    return "" if line.startswith("REST_APP") else line


def _record(data: Mapping[str, Any]) -> tuple[str | None, str | None]:
    kind = _KINDS.get(_text(data, "CRM_ENTITY_TYPE").upper())
    record_id = _text(data, "CRM_ENTITY_ID")
    if kind is None or record_id in ("", "0"):
        return None, None
    return kind, record_id
