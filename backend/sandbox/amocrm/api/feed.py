"""What a card's feed is made of: notes and the audit log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.routing import Route

from backend.sandbox.amocrm import envelope
from backend.sandbox.amocrm.amo import amo_of
from backend.sandbox.amocrm.api.filters import filter_of, in_range, ordered
from backend.sandbox.amocrm.api.views import reference
from backend.sandbox.amocrm.auth import caller_of
from backend.sandbox.amocrm.brackets import numbers, values
from backend.sandbox.amocrm.envelope import Errors, Problem, hal, page_answer, self_link, written
from backend.sandbox.amocrm.world import KINDS, SINGULAR, Kind

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from backend.sandbox.amocrm.amo import Amo
    from backend.sandbox.amocrm.config import Json

EVENTS_LIMIT = 100
_NOTE_TYPES: dict[str, tuple[str, ...]] = {
    "common": ("text",),
    "call_in": ("uniq", "duration", "source", "phone"),
    "call_out": ("uniq", "duration", "source", "phone"),
    "service_message": ("service", "text"),
    "extended_service_message": ("service", "text"),
    "message_cashier": ("status", "text"),
    "geolocation": ("text", "address"),
    "sms_in": ("text", "phone"),
    "sms_out": ("text", "phone"),
    "attachment": ("file_uuid", "file_name"),
}
_EVENT_TYPES = (
    ("lead_added", "Новая сделка"),
    ("lead_status_changed", "Изменение этапа продажи"),
    ("contact_added", "Новый контакт"),
    ("company_added", "Новая компания"),
    ("customer_added", "Новый покупатель"),
    ("lead_deleted", "Сделка удалена"),
    ("lead_restored", "Сделка восстановлена"),
    ("contact_deleted", "Контакт удалён"),
    ("contact_restored", "Контакт восстановлен"),
    ("company_deleted", "Компания удалена"),
    ("company_restored", "Компания восстановлена"),
    ("customer_deleted", "Покупатель удалён"),
    ("entity_responsible_changed", "Ответственный изменён"),
    ("entity_linked", "Прикрепление"),
    ("entity_unlinked", "Открепление"),
    ("incoming_call", "Входящий звонок"),
    ("outgoing_call", "Исходящий звонок"),
    ("common_note_added", "Новое примечание"),
    ("task_added", "Новая задача"),
    ("task_completed", "Завершение задачи"),
)


def _kind(request: Request) -> Kind:
    return KINDS[request.path_params["plural"]]


def _show_note(request: Request, note: Json) -> Json:
    body = {k: v for k, v in note.items() if not k.startswith("_")}
    path = f"/api/v4/{note['_kind']}/{note['entity_id']}/notes/{note['id']}"
    return {**body, "_links": self_link(request, path)}


async def notes(request: Request) -> Response:
    """Notes of all cards of a kind, or of one card."""
    amo, kind = amo_of(request), _kind(request)
    caller_of(request)
    wanted = filter_of(request)
    owner = request.path_params.get("owner")
    rows = [
        n
        for n in amo.world.notes.values()
        if n["_kind"] == kind.plural
        and (owner is None or n["entity_id"] == owner)
        and ("id" not in wanted or n["id"] in numbers(wanted["id"]))
        and ("entity_id" not in wanted or n["entity_id"] in numbers(wanted["entity_id"]))
        and ("note_type" not in wanted or n["note_type"] in values(wanted["note_type"]))
        and ("updated_at" not in wanted or in_range(n["updated_at"], wanted["updated_at"]))
    ]
    rows = ordered(request, rows, ("updated_at", "id"))
    return page_answer(request, rows, "notes", lambda n: _show_note(request, n))


async def note(request: Request) -> Response:
    amo = amo_of(request)
    caller_of(request)
    found = _find_note(amo, request)
    return envelope.empty() if found is None else hal(_show_note(request, found))


async def add_notes(request: Request) -> Response:
    amo, kind, caller = amo_of(request), _kind(request), caller_of(request)
    items = await envelope.batch(request)
    errors = Errors()
    for item in items:
        item.setdefault("entity_id", request.path_params.get("owner"))
        _check_note(amo, kind, item, errors)
    errors.check()
    rows: list[Json] = []
    for item in items:
        by = item.get("created_by", caller.id)
        added = amo.world.note(kind, item["entity_id"], item["note_type"], item["params"], by)
        if item.get("responsible_user_id"):
            added["responsible_user_id"] = item["responsible_user_id"]
        if item.get("created_at"):
            added["created_at"] = added["updated_at"] = item["created_at"]
        _tell(amo, kind, added)
        shown = _show_note(request, added)
        keys = ("id", "entity_id", "_links")
        rows.append({**{k: shown[k] for k in keys}, "request_id": item["request_id"]})
    return written(request, "notes", rows)


async def change_notes(request: Request) -> Response:
    """Change many notes or, with an id in the path, one."""
    amo, caller = amo_of(request), caller_of(request)
    note_id = request.path_params.get("id")
    if note_id is None:
        items = await envelope.batch(request)
    else:
        items = [{**await envelope.one(request), "id": note_id}]
    rows: list[Json] = []
    for item in items:
        found = amo.world.notes.get(item.get("id") or 0)
        if found is None:
            raise Problem(404, "Note not found")
        params = {k: v for k, v in (item.get("params") or {}).items() if v is not None}
        found["params"] = {**found["params"], **params}
        found["updated_at"] = amo.world.now()
        found["updated_by"] = caller.id
        shown = _show_note(request, found)
        keys = ("id", "entity_id", "updated_at", "_links")
        rows.append({**{k: shown[k] for k in keys}, "request_id": item["request_id"]})
    if note_id is not None:
        return hal(rows[0])
    return written(request, "notes", rows)


async def events(request: Request) -> Response:
    """The audit log, newest first; pages of at most a hundred."""
    amo = amo_of(request)
    caller_of(request)
    wanted = filter_of(request)
    types = {t for v in values(wanted.get("type")) for t in v.split(",")}
    entities = {t for v in values(wanted.get("entity")) for t in v.split(",")}
    rows = [
        e
        for e in reversed(amo.world.events)
        if (not types or e["type"] in types)
        and (not entities or e["entity_type"] in entities)
        and ("entity_id" not in wanted or e["entity_id"] in numbers(wanted["entity_id"]))
        and ("created_by" not in wanted or e["created_by"] in numbers(wanted["created_by"]))
        and ("created_at" not in wanted or in_range(e["created_at"], wanted["created_at"]))
    ]
    return page_answer(request, rows, "events", lambda e: _show_event(request, e), top=EVENTS_LIMIT)


async def event(request: Request) -> Response:
    caller_of(request)
    wanted = request.path_params["id"]
    for found in amo_of(request).world.events:
        if found["id"] == wanted:
            return hal(_show_event(request, found))
    return envelope.empty()


async def event_types(request: Request) -> Response:
    caller_of(request)
    rows = [{"key": key, "type": 0, "lang": text} for key, text in _EVENT_TYPES]
    return hal(
        {
            "_total_items": len(rows),
            "_links": self_link(request, "/api/v4/events/types"),
            "_embedded": {"events_types": rows},
        }
    )


def _show_event(request: Request, found: Json) -> Json:
    kind = SINGULAR.get(found["entity_type"])
    plural = kind.plural if kind is not None else f"{found['entity_type']}s"
    entity = reference(request, plural, found["entity_id"])
    links = self_link(request, f"/api/v4/events/{found['id']}")
    return {**found, "_links": links, "_embedded": {"entity": entity}}


def _find_note(amo: Amo, request: Request) -> Json | None:
    found = amo.world.notes.get(request.path_params["id"])
    if found is None or found["_kind"] != request.path_params["plural"]:
        return None
    owner = request.path_params.get("owner")
    return found if owner in (None, found["entity_id"]) else None


def _check_note(amo: Amo, kind: Kind, item: Json, errors: Errors) -> None:
    request_id = item["request_id"]
    choice = "The value you selected is not a valid choice."
    owner = item.get("entity_id")
    if not isinstance(owner, int) or owner not in amo.world.table(kind.plural):
        errors.add(request_id, "NotSupportedChoice", "entity_id", choice)
    required = _NOTE_TYPES.get(item.get("note_type") or "")
    if required is None:
        errors.add(request_id, "NotSupportedChoice", "note_type", choice)
        return
    params = item.get("params")
    if not isinstance(params, dict):
        errors.add(request_id, "FieldMissing", "params", "This field is missing.")
        return
    for key, value in params.items():
        if value is None:
            detail = "This value should not be null."
            errors.add(request_id, "NotNullable", f"params.{key}", detail)
    for key in required:
        if key not in params:
            errors.add(request_id, "FieldMissing", f"params.{key}", "This field is missing.")


def _tell(amo: Amo, kind: Kind, added: Json) -> None:
    types = {"common": "common_note_added", "call_in": "incoming_call", "call_out": "outgoing_call"}
    type_ = types.get(added["note_type"])
    if type_ is not None:
        after = [{"note": {"id": added["id"]}}]
        amo.world.event(type_, kind.singular, added["entity_id"], added["created_by"], after)
    amo.hooks.note(kind, added)


def routes() -> list[Route]:
    many, owned = "/api/v4/{plural:card}/notes", "/api/v4/{plural:card}/{owner:int}/notes"
    found = [
        Route("/api/v4/events", events, methods=["GET"]),
        Route("/api/v4/events/types", event_types, methods=["GET"]),
        Route("/api/v4/events/{id}", event, methods=["GET"]),
    ]
    for path in (many, owned):
        found += [
            Route(path, notes, methods=["GET"]),
            Route(path, add_notes, methods=["POST"]),
            Route(path, change_notes, methods=["PATCH"]),
            Route(path + "/{id:int}", note, methods=["GET"]),
            Route(path + "/{id:int}", change_notes, methods=["PATCH"]),
        ]
    return found
