"""Calls that begin on the portal's own pages: a clicked number, a callback form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from backend.sandbox.bitrix24.calls import OUTGOING, Call
from backend.sandbox.bitrix24.errors import RestError
from backend.sandbox.bitrix24.rest.registry import Context
from backend.sandbox.bitrix24.rest.telephony import bind, create

if TYPE_CHECKING:
    from backend.sandbox.bitrix24.portal import Portal
    from backend.sandbox.dataset import User

_BINDABLE = ("CONTACT", "COMPANY", "LEAD")


def dial(
    portal: Portal,
    user: User,
    phone: str,
    *,
    kind: str = "",
    number: int = 0,
    list_id: int = 0,
    mobile: bool = False,
) -> Call:
    """Click-to-call: the portal registers the call itself and asks the line's owner to dial.

    `kind` and `number` are the card or list row the click was in, `list_id` the call list. Raises
    ERROR_ARGUMENT for something that is no number.
    """
    main, _, extension = phone.replace(",", ";").partition(";")
    digits = "".join(char for char in main if char.isdigit() or char == "+")
    if not digits:
        raise RestError("ERROR_ARGUMENT", "phone", 400)
    call = Call(
        call_id=portal.telephony.new_id(),
        user_id=user.id,
        phone=digits,
        type=OUTGOING,
        line=portal.telephony.outgoing_line(),
        external_id=None,
        started_at=portal.clock.now(),
        list_id=list_id,
    )
    _connect(portal, user, call, kind.upper(), number)
    portal.telephony.calls[call.call_id] = call
    portal.show_card(call, [user.id])
    portal.events.fire(
        "ONEXTERNALCALLSTART",
        {
            "PHONE_NUMBER": digits,
            "PHONE_NUMBER_INTERNATIONAL": international(digits),
            "EXTENSION": "".join(char for char in extension if char.isdigit()),
            "USER_ID": user.id,
            "CALL_LIST_ID": list_id,
            "LINE_NUMBER": call.line,
            "IS_MOBILE": int(mobile),
            "CALL_ID": call.call_id,
            "CRM_ENTITY_TYPE": call.entity_type,
            "CRM_ENTITY_ID": call.entity_id or 0,
            "CRM_CREATED_LEAD": call.created_lead or "",
            "CRM_CREATED_ENTITIES": call.created,
        },
        user.id,
    )
    return call


def _connect(portal: Portal, user: User, call: Call, kind: str, number: int) -> None:
    if portal.user_by_extension(call.phone) is not None:
        call.internal = True
        return
    if kind in _BINDABLE and portal.store.find(kind, number):
        bind(portal, call, kind, number)
        return
    if kind == "DEAL" and portal.store.find(kind, number):
        # A deal has no number of its own: the click was on its contact's or company's.
        deal = portal.store.get(kind, number)
        for owner in ("CONTACT", "COMPANY"):
            if deal.get(f"{owner}_ID"):
                bind(portal, call, owner, int(deal[f"{owner}_ID"]))
                return
    for found, row in portal.store.by_phone(call.phone):
        bind(portal, call, found, int(row["ID"]))
        return
    # Registered by the portal with creation on; a line may say no (reference 3.8).
    scopes = portal.config.application.scopes
    create(Context(portal, user, "oauth", scopes, ""), call, "CALL")


def call_back(
    portal: Portal, phone: str, *, text: str = "", name: str = "", line: str = ""
) -> dict[str, Any]:
    """A visitor asks to be called: the form's lead is made and the line's owner is told.

    Returns the event's data. The application registers the call itself. Raises ERROR_ARGUMENT for
    something that is no number, NOT_FOUND when the form's line is gone.
    """
    digits = "".join(char for char in phone if char.isdigit() or char == "+")
    if len(digits) < 5:
        raise RestError("ERROR_ARGUMENT", "phone", 400)
    number = line or next(iter(portal.telephony.lines), "")
    if number not in portal.telephony.lines:
        raise RestError("NOT_FOUND", "The form has no line", 404)
    kind, entity = "", 0
    for found, row in portal.store.by_phone(digits):
        kind, entity = found, int(row["ID"])
        break
    if not kind and portal.config.crm_mode == 1:
        lead = portal.store.add(
            "LEAD",
            {
                "TITLE": f"Обратный звонок: {name or digits}",
                "NAME": name or None,
                "SOURCE_ID": "CALLBACK",
                "PHONE": [{"VALUE": digits, "VALUE_TYPE": "WORK"}],
            },
            1,
        )
        kind, entity = "LEAD", int(lead["ID"])
        portal.events.fire("ONCRMLEADADD", {"FIELDS": {"ID": entity}}, None)
    data = {
        "PHONE_NUMBER": digits,
        "TEXT": text,
        "VOICE": "",
        "CRM_ENTITY_TYPE": kind,
        "CRM_ENTITY_ID": entity or "",
        "LINE_NUMBER": number,
    }
    # Nobody signed in is behind a visitor's form, so no tokens go along.
    portal.events.fire("ONEXTERNALCALLBACKSTART", data, None)
    return data


def international(phone: str) -> str:
    """E.164 as a Russian portal makes it of what was typed; unchanged when it cannot."""
    digits = "".join(char for char in phone if char.isdigit())
    if phone.startswith("+"):
        return f"+{digits}"
    if len(digits) == 11 and digits[0] in "78":
        return f"+7{digits[1:]}"
    return f"+7{digits}" if len(digits) == 10 else phone
