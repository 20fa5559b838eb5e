"""telephony.call.attachTranscription and how it is read back (reference 3.5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from backend.sandbox.bitrix24.errors import core, missing, plain
from backend.sandbox.bitrix24.rest.params import as_int
from backend.sandbox.bitrix24.rest.registry import method

if TYPE_CHECKING:
    from backend.sandbox.bitrix24.rest.params import Params
    from backend.sandbox.bitrix24.rest.registry import Context

Row = dict[str, Any]


def _checked(messages: list[Any]) -> list[Row]:
    """The messages. Raises the vendor's text for the first that cannot be used."""
    rows = []
    for place, item in enumerate(messages):
        values = item if isinstance(item, dict) else {}
        name = f"MESSAGES[{place}]"
        if values.get("SIDE") not in {"User", "Client"}:
            raise core(f"{name}[SIDE] should be either Client or User")
        if as_int(values.get("START_TIME"), -1) < 0:
            raise core(f"{name}[START_TIME] should be greater or equal to zero")
        if as_int(values.get("STOP_TIME")) <= 0:
            raise core(f"{name}[STOP_TIME] should be greater than zero")
        if not values.get("MESSAGE"):
            raise core(f"{name}[MESSAGE] is empty")
        rows.append({key: values[key] for key in ("SIDE", "START_TIME", "STOP_TIME", "MESSAGE")})
    return rows


@method("telephony.call.attachTranscription", scope="telephony", application=True)
def attach(context: Context, params: Params) -> Row:
    call_id, messages = params.text("CALL_ID"), params.get("MESSAGES")
    if not call_id:
        raise core("CALL_ID should be set")
    if not isinstance(messages, list):
        raise core("MESSAGES should be an array")
    rows = _checked(messages)
    papers = context.portal.papers
    statistic = context.portal.telephony.statistic(call_id)
    if statistic is None:
        raise core(f"Call {call_id} is not found. Is it finished?")
    number = next(papers.ids)
    papers.transcripts[call_id] = {
        "id": number,
        "messages": rows,
        "cost": params.text("COST"),
        "currency": params.text("COST_CURRENCY"),
    }
    statistic["TRANSCRIPT_ID"] = str(number)
    return {"TRANSCRIPT_ID": number}


@method("crm.activity.call.getTranscript", scope="crm")
def read(context: Context, params: Params) -> list[Row]:
    if params.get("activityId") is None:
        raise missing("activityId")
    activity = context.portal.store.find("ACTIVITY", params.get("activityId"))
    if activity is None:
        raise plain("Not found")
    call_id = str(activity.get("ORIGIN_ID") or "").removeprefix("VI_")
    found = context.portal.papers.transcripts.get(call_id)
    return list(found["messages"]) if found else []
