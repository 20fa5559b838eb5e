"""Telephony: `POST /api/v4/calls` and the incoming-call pop-up of `POST /api/v2/events`."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from starlette.routing import Route

from backend.sandbox.amocrm import envelope
from backend.sandbox.amocrm.amo import amo_of
from backend.sandbox.amocrm.api.values import check_types
from backend.sandbox.amocrm.api.views import reference
from backend.sandbox.amocrm.auth import caller_of
from backend.sandbox.amocrm.brackets import numbers, parse
from backend.sandbox.amocrm.envelope import Errors, Problem, hal
from backend.sandbox.amocrm.world import LEAD, digits, values_of

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from backend.sandbox.amocrm.amo import Amo
    from backend.sandbox.amocrm.config import Json
    from backend.sandbox.amocrm.world import Kind

_TYPES: dict[str, type] = {"source": str, "uniq": str, "link": str, "call_result": str}
_TYPES |= {"duration": int, "call_status": int, "created_by": int, "responsible_user_id": int}
_REQUIRED = ("direction", "duration", "source", "phone")
_PARAMS = ("uniq", "duration", "source", "link", "phone", "call_result", "call_status")


async def add_calls(request: Request) -> Response:
    """Log calls. 400 with `Entity not found` when no number of the batch is known."""
    amo, caller = amo_of(request), caller_of(request)
    items = await envelope.batch(request)
    _check(items)
    done: list[Json] = []
    refused: list[Json] = []
    for item in items:
        target = amo.world.card_for_call(str(item["phone"]))
        if target is None:
            refused.append(
                {
                    "title": "Entity not found",
                    "type": "https://httpstatus.es/404",
                    "status": 404,
                    "detail": f"Entity with phone {item['phone']} not found",
                    "request_id": item["request_id"],
                }
            )
            continue
        kind, record = target
        note = add_call_note(amo, kind, record, item, caller.id)
        done.append(
            {
                "id": note["id"],
                "entity_id": record["id"],
                "entity_type": kind.singular,
                "account_id": amo.config.account_id,
                "request_id": item["request_id"],
                "_embedded": {"entity": reference(request, kind.plural, record["id"])},
            }
        )
    body = {"_total_items": len(done), "errors": refused, "_embedded": {"calls": done}}
    return hal(body, 200 if done else 400)


def add_call_note(amo: Amo, kind: Kind, record: Json, item: Json, by: int) -> Json:
    """Write the call into the card's feed, the audit log and the hooks."""
    params = {k: item[k] for k in _PARAMS if item.get(k) is not None}
    params["call_responsible"] = item.get("call_responsible") or item.get("created_by") or ""
    author = item.get("created_by") or _author(amo, item.get("call_responsible")) or 0
    inbound = item["direction"] == "inbound"
    note = amo.world.note(kind, record["id"], "call_in" if inbound else "call_out", params, author)
    note["responsible_user_id"] = item.get("responsible_user_id") or author or by
    if item.get("created_at"):
        note["created_at"] = note["updated_at"] = item["created_at"]
    event = "incoming_call" if inbound else "outgoing_call"
    after = [{"note": {"id": note["id"]}}]
    amo.world.event(event, kind.singular, record["id"], author, after)
    amo.hooks.note(kind, note)
    channel = f"{kind.plural}:card:{record['id']}"
    amo.live.send({"type": "channel", "name": channel, "key": "note_added", "data": note["id"]})
    return note


async def add_popups(request: Request) -> Response:
    """Show who is calling on the pages of the users named, or of everybody."""
    amo = amo_of(request)
    caller_of(request)
    items: list[Json] = []
    for item in await _events(request):
        if item.get("type") != "phone_call" or not item.get("phone_number"):
            continue
        number = str(item["phone_number"])
        target = amo.world.card_for_call(number)
        uid = str(uuid.uuid4())
        amo.live.send(_popup(amo, number, uid, target), _users(item.get("users")))
        items.append(
            {
                "element_id": None if target is None else target[1]["id"],
                "element_type": None if target is None else target[0].code,
                "uid": uid,
                "phone_number": number,
            }
        )
    links = {"self": {"href": "/api/v2/events", "method": "post"}}
    return hal({"_links": links, "_embedded": {"items": items}})


def _popup(amo: Amo, number: str, uid: str, target: tuple[Kind, Json] | None) -> Json:
    card: Json | None = None
    if target is not None:
        kind, record = target
        card = {"id": record["id"], "type": kind.singular, "name": record["name"]}
        card["url"] = f"/{kind.plural}/detail/{record['id']}"
        owner = amo.world.by_phone(number)
        if kind is LEAD and owner is not None:
            card["contact"] = owner[1]["name"]
            card["phones"] = values_of(owner[1], "PHONE")
    return {"type": "phone_call", "uid": uid, "phone_number": number, "element": card}


async def _events(request: Request) -> list[dict[str, Any]]:
    """The `add` list of a JSON or a form body."""
    if request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        body: Any = parse(parse_qsl((await request.body()).decode()))
    else:
        body = await envelope.read_json(request)
    add = body.get("add") if isinstance(body, dict) else None
    found = list(add.values()) if isinstance(add, dict) else add
    if not isinstance(found, list) or not found:
        raise Problem(400, "Request data can not be empty")
    return [item for item in found if isinstance(item, dict)]


def _users(sent: object) -> frozenset[int] | None:
    """An int, a string or an array of either; absent means everybody."""
    if sent is None:
        return None
    node = dict(enumerate(sent)) if isinstance(sent, list) else sent
    return frozenset(numbers(node))


def _author(amo: Amo, responsible: object) -> int | None:
    """Whose call it was, as far as the responsible names one of the users."""
    if isinstance(responsible, int):
        return responsible if responsible in amo.world.users else None
    for user in amo.world.users.values():
        if responsible and responsible in (str(user["id"]), user["name"]):
            return int(user["id"])
    return None


def _check(items: list[Json]) -> None:
    errors = Errors()
    for item in items:
        check_types(item, _TYPES, errors)
        for key in _REQUIRED:
            if item.get(key) in (None, ""):
                errors.add(item["request_id"], "FieldMissing", key, "This field is missing.")
        direction = item.get("direction")
        if direction is not None and direction not in ("inbound", "outbound"):
            detail = "The value you selected is not a valid choice."
            errors.add(item["request_id"], "NotSupportedChoice", "direction", detail)
        status = item.get("call_status")
        if isinstance(status, int) and not 1 <= status <= 7:
            detail = "The value you selected is not a valid choice."
            errors.add(item["request_id"], "NotSupportedChoice", "call_status", detail)
        phone = item.get("phone")
        if phone is not None and not digits(str(phone)):
            errors.add(item["request_id"], "InvalidType", "phone", "This value is not valid.")
    errors.check()


def routes() -> list[Route]:
    return [
        Route("/api/v4/calls", add_calls, methods=["POST"]),
        Route("/api/v2/events", add_popups, methods=["POST"]),
    ]
