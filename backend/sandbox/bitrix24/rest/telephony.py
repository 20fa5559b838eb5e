"""telephony.externalCall.*: register, show, hide, finish and look-up."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from backend.sandbox.bitrix24.calls import CALLBACK, INCOMING, INFO, OUTGOING, REDIRECTED, Call
from backend.sandbox.bitrix24.errors import RestError, core
from backend.sandbox.bitrix24.records import TYPE_IDS, stamp
from backend.sandbox.bitrix24.rest.entities import changed, convert_lead
from backend.sandbox.bitrix24.rest.params import as_int
from backend.sandbox.bitrix24.rest.registry import method
from backend.sandbox.bitrix24.staff import PHONE_FIELDS, owner_of, phone_of

if TYPE_CHECKING:
    from backend.sandbox.bitrix24.portal import Portal
    from backend.sandbox.bitrix24.rest.params import Params
    from backend.sandbox.bitrix24.rest.registry import Context
    from backend.sandbox.dataset import User

Row = dict[str, Any]
_NO_USER = "USER_ID or USER_PHONE_INNER should be set"
_MISSED, _DONE = "304", "200"


def user_of(portal: Portal, params: Params) -> User:
    """The employee a call is about. Raises ERROR_CORE when none or no active one is named."""
    extension = params.text("USER_PHONE_INNER")
    if params.text("USER_ID"):
        user = portal.active_user(params.text("USER_ID"))
        if user is None:
            raise core("User is not found or is not active")
        return user
    user = portal.user_by_extension(extension) if extension else None
    if user is None:
        raise core(_NO_USER)
    return user


@method("telephony.externalCall.register", scope="telephony", application=True)
def register(context: Context, params: Params) -> Row:
    portal = context.portal
    user = user_of(portal, params)
    phone = re.sub(r"[^\d+*#;,]", "", params.text("PHONE_NUMBER"))
    if not phone:
        raise core("Unsupported phone number format")
    kind = params.number("TYPE")
    if kind not in {OUTGOING, INCOMING, REDIRECTED, CALLBACK, INFO}:
        raise core("Unknown TYPE")
    try:
        started_at = params.moment("CALL_START_DATE") or portal.clock.now()
    except ValueError:
        raise core("CALL_START_DATE should be in the ISO-8601 format") from None
    line = params.text("LINE_NUMBER") or None
    external_id = params.text("EXTERNAL_CALL_ID") or None
    call = portal.telephony.same(user.id, phone, kind, line, external_id)
    known = call is not None
    if call is None:
        call = Call(
            call_id=portal.telephony.new_id(),
            user_id=user.id,
            phone=phone,
            type=kind,
            line=line or f"REST_APP:{portal.config.application.id}",
            external_id=external_id,
            started_at=started_at,
        )
    # Sent before the portal looks for a call it knows, so a repeat announces itself again.
    portal.events.fire(
        "ONVOXIMPLANTCALLINIT",
        {
            "CALL_ID": call.call_id,
            "CALL_TYPE": kind,
            "CALLER_ID": phone,
            "REST_APP_ID": portal.config.application.id,
        },
        context.user.id,
    )
    if not known:
        portal.telephony.calls[call.call_id] = call
        if line is not None:
            portal.telephony.line(line)
        _connect(context, call, params)
        portal.events.fire(
            "ONVOXIMPLANTCALLSTART", {"CALL_ID": call.call_id, "USER_ID": user.id}, context.user.id
        )
    if params.flag("SHOW", default=True):
        portal.show_card(call, [user.id])
    answer: Row = {
        "CALL_ID": call.call_id,
        "CRM_CREATED_LEAD": call.created_lead,
        "CRM_CREATED_ENTITIES": call.created,
        "CRM_ENTITY_TYPE": call.entity_type,
        "CRM_ENTITY_ID": call.entity_id,
    }
    if call.lead_error:
        answer["LEAD_CREATION_ERROR"] = call.lead_error
    return answer


def _connect(context: Context, call: Call, params: Params) -> None:
    """Find or create whom the call is with."""
    portal = context.portal
    if portal.user_by_extension(call.phone) is not None:
        call.internal = True
        return
    kind, number = params.text("CRM_ENTITY_TYPE").upper(), params.number("CRM_ENTITY_ID")
    if kind in {"CONTACT", "COMPANY", "LEAD"} and portal.store.find(kind, number):
        bind(portal, call, kind, number)
        return
    for found, row in portal.store.by_phone(call.phone):
        bind(portal, call, found, int(row["ID"]))
        return
    if owner_of(portal, call.phone) is not None:
        call.lead_error = "Lead creation is disabled for local users"
    elif params.flag("CRM_CREATE", default=False):
        create(context, call, params.text("CRM_SOURCE", "CALL"))


def bind(portal: Portal, call: Call, kind: str, number: int) -> None:
    """Make the row the call's primary entity and add its open deals."""
    call.entity_type, call.entity_id = kind, number
    call.bindings = [{"ENTITY_TYPE": kind, "ENTITY_ID": number}]
    if kind in {"CONTACT", "COMPANY"}:
        call.bindings += [
            {"ENTITY_TYPE": "DEAL", "ENTITY_ID": int(deal["ID"])}
            for deal in portal.store.open_deals(kind, number)
        ]


def create(context: Context, call: Call, source: str) -> None:
    """A lead for somebody unknown, or in simple mode a contact with a deal.

    An outgoing call through a line that creates nothing creates nothing.
    """
    portal = context.portal
    line = portal.telephony.lines.get(call.line)
    if call.type == OUTGOING and line is not None and line.crm_auto_create == "N":
        return
    way = "Исходящий" if call.type == OUTGOING else "Входящий"
    lead = portal.store.add(
        "LEAD",
        {
            "TITLE": f"{call.phone} - {way} звонок",
            "SOURCE_ID": source,
            "ASSIGNED_BY_ID": str(call.user_id),
            "PHONE": [{"VALUE": call.phone, "VALUE_TYPE": "WORK"}],
        },
        context.user.id,
    )
    number = int(lead["ID"])
    changed(context, "LEAD", "ADD", lead["ID"])
    if portal.config.crm_mode == 2:
        call.created = convert_lead(context, number)
        bind(portal, call, "CONTACT", call.created[0]["ENTITY_ID"])
    else:
        call.created_lead = number
        call.created = [{"ENTITY_TYPE": "LEAD", "ENTITY_ID": number}]
        bind(portal, call, "LEAD", number)


def _cards(context: Context, params: Params) -> tuple[Call | None, list[int]]:
    call = context.portal.telephony.calls.get(params.text("CALL_ID"))
    users = [as_int(item) for item in params.listing("USER_ID")]
    return call, users or ([call.user_id] if call is not None else [])


@method("telephony.externalCall.show", scope="telephony")
def show(context: Context, params: Params) -> bool:
    call, users = _cards(context, params)
    if call is None:
        return False
    context.portal.show_card(call, users)
    return True


@method("telephony.externalCall.hide", scope="telephony")
def hide(context: Context, params: Params) -> bool:
    call, users = _cards(context, params)
    if call is None:
        return False
    context.portal.hide_card(call, users)
    return True


def _day(portal: Portal, user_id: int) -> str:
    if "timeman" in portal.config.missing_modules:
        return "NOT_INSTALLED"
    return portal.workdays.status(user_id)


@method("telephony.externalCall.searchCrmEntities", scope="telephony")
def search(context: Context, params: Params) -> list[Row]:
    portal = context.portal
    phone = params.text("PHONE_NUMBER")
    if not phone:
        raise core("PHONE_NUMBER is empty")
    rows: list[Row] = []
    for kind, row in portal.store.by_phone(phone):
        responsible = as_int(row.get("ASSIGNED_BY_ID"))
        user = portal.users.get(responsible)
        rows.append(
            {
                "CRM_ENTITY_TYPE": kind,
                "CRM_ENTITY_ID": int(row["ID"]),
                "ASSIGNED_BY_ID": responsible,
                "NAME": portal.store.title(kind, row),
                "ASSIGNED_BY": {
                    "ID": str(responsible),
                    "TIMEMAN_STATUS": _day(portal, responsible),
                    "USER_PHONE_INNER": user.extension if user else None,
                    **{name: phone_of(portal, responsible, name) or None for name in PHONE_FIELDS},
                },
            }
        )
    return rows


@method("telephony.externalCall.finish", scope="telephony", application=True)
def finish(context: Context, params: Params) -> Row:
    portal = context.portal
    if not isinstance(params.get("CALL_ID"), str):
        raise RestError("INVALID_ARGUMENT", "CALL_ID must be a string")
    user = user_of(portal, params)
    call = portal.telephony.calls.get(params.text("CALL_ID"))
    if call is None or (call.internal and not portal.config.internal_finish):
        # A call between employees has a card and is no call of the CRM: nothing records its end.
        raise core("Call is not found (call should be registered prior to finishing)")
    del portal.telephony.calls[call.call_id]
    duration = params.number("DURATION")
    code = params.text("STATUS_CODE") or (_DONE if duration > 0 else _MISSED)
    portal.hub.ended(call.call_id, code)
    portal.hub.hide(call.call_id, user.id, {"failedCode": code})
    activity = _activity(context, call, user, duration, code, params.number("VOTE"))
    application = portal.config.application
    row_id = portal.telephony.next_row()
    answer: Row = {
        "CALL_ID": call.call_id,
        "EXTERNAL_CALL_ID": call.external_id,
        "PORTAL_USER_ID": user.id,
        "PHONE_NUMBER": call.phone,
        "PORTAL_NUMBER": call.line,
        "INCOMING": str(call.type),
        "CALL_DURATION": duration,
        # A moment nobody converted: PHP prints an object without fields.
        "CALL_START_DATE": {},
        "CALL_STATUS": 1 if duration > 0 else 0,
        "CALL_VOTE": params.number("VOTE"),
        "COST": float(params.text("COST") or 0),
        "COST_CURRENCY": params.text("COST_CURRENCY"),
        "CALL_FAILED_CODE": code,
        "CALL_FAILED_REASON": params.text("FAILED_REASON"),
        "REST_APP_ID": str(application.id),
        "REST_APP_NAME": application.title,
        "CRM_ACTIVITY_ID": activity or 0,
        "COMMENT": call.comment,
        "CRM_ENTITY_TYPE": call.entity_type,
        "CRM_ENTITY_ID": call.entity_id or 0,
        "ID": row_id,
    }
    if activity is None and not call.internal:
        answer["ERRORS"] = {
            "ACTIVITY_CREATION": "Could not find associated crm entity for the current call"
        }
    portal.telephony.statistics.append(_statistics_row(call, answer))
    portal.events.fire(
        "ONVOXIMPLANTCALLEND",
        {
            "CALL_ID": call.call_id,
            "CALL_TYPE": call.type,
            "PHONE_NUMBER": call.phone,
            "PORTAL_NUMBER": call.line,
            "PORTAL_USER_ID": user.id,
            "CALL_DURATION": duration,
            "CALL_START_DATE": stamp(call.started_at),
            "COST": "0.0000",
            "COST_CURRENCY": answer["COST_CURRENCY"],
            "CALL_FAILED_CODE": code,
            "CALL_FAILED_REASON": answer["CALL_FAILED_REASON"],
            "CRM_ACTIVITY_ID": activity or 0,
        },
        context.user.id,
    )
    return answer


def _activity(
    context: Context, call: Call, user: User, duration: int, code: str, vote: int
) -> int | None:
    """The call in the timeline of its entity; None when it has none."""
    portal = context.portal
    if not call.entity_type or call.entity_id is None:
        return None
    incoming = call.type in {INCOMING, REDIRECTED}
    missed = incoming and code == _MISSED
    owner = TYPE_IDS[call.entity_type]
    mark = 0 if vote <= 0 else 1 if vote <= 2 else 2 if vote == 3 else 3
    way = "Входящий" if incoming else "Исходящий"
    row = portal.store.add(
        "ACTIVITY",
        {
            "OWNER_TYPE_ID": str(owner),
            "OWNER_ID": str(call.entity_id),
            "TYPE_ID": "2",
            "PROVIDER_ID": "VOXIMPLANT_CALL",
            "PROVIDER_TYPE_ID": "CALLBACK" if call.type == CALLBACK else "CALL",
            "SUBJECT": f"{way} звонок: {portal.client_name(call) or call.phone}",
            "DIRECTION": "1" if incoming else "2",
            "ORIGIN_ID": f"VI_{call.call_id}",
            "START_TIME": stamp(call.started_at),
            "END_TIME": stamp(call.started_at + timedelta(seconds=duration)),
            "DEADLINE": stamp(call.started_at),
            "COMPLETED": "N" if missed else "Y",
            "RESPONSIBLE_ID": str(user.id),
            "AUTHOR_ID": str(user.id),
            "SETTINGS": {"MISSED_CALL": True} if missed else [],
            "RESULT_MARK": str(mark),
            "COMMUNICATIONS": [
                {
                    "TYPE": "PHONE",
                    "VALUE": call.phone,
                    "ENTITY_ID": str(call.entity_id),
                    "ENTITY_TYPE_ID": str(owner),
                }
            ],
            "BINDINGS": [
                {
                    "OWNER_TYPE_ID": str(TYPE_IDS[item["ENTITY_TYPE"]]),
                    "OWNER_ID": str(item["ENTITY_ID"]),
                }
                for item in call.bindings
            ],
        },
        user.id,
    )
    changed(context, "ACTIVITY", "ADD", row["ID"])
    return int(row["ID"])


def _statistics_row(call: Call, answer: Row) -> Row:
    return {
        "ID": str(answer["ID"]),
        "PORTAL_USER_ID": str(answer["PORTAL_USER_ID"]),
        "PORTAL_NUMBER": call.line,
        "PHONE_NUMBER": call.phone,
        "CALL_ID": call.call_id,
        "EXTERNAL_CALL_ID": call.external_id,
        "CALL_CATEGORY": "external",
        "CALL_LOG": None,
        "CALL_DURATION": str(answer["CALL_DURATION"]),
        "CALL_START_DATE": stamp(call.started_at),
        "CALL_RECORD_URL": "",
        "CALL_VOTE": str(answer["CALL_VOTE"]),
        "COST": f"{answer['COST']:.4f}",
        "COST_CURRENCY": answer["COST_CURRENCY"],
        "CALL_FAILED_CODE": answer["CALL_FAILED_CODE"],
        "CALL_FAILED_REASON": answer["CALL_FAILED_REASON"],
        "CRM_ENTITY_TYPE": call.entity_type or None,
        "CRM_ENTITY_ID": str(call.entity_id) if call.entity_id else None,
        "CRM_ACTIVITY_ID": str(answer["CRM_ACTIVITY_ID"]) if answer["CRM_ACTIVITY_ID"] else None,
        "REST_APP_ID": answer["REST_APP_ID"],
        "REST_APP_NAME": answer["REST_APP_NAME"],
        "TRANSCRIPT_ID": None,
        "TRANSCRIPT_PENDING": "N",
        "SESSION_ID": None,
        "REDIAL_ATTEMPT": None,
        "COMMENT": call.comment,
        "RECORD_DURATION": None,
        "RECORD_FILE_ID": None,
        "CALL_TYPE": str(call.type),
    }
