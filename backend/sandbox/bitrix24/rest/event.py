"""event.*: subscriptions and the offline queue."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from backend.sandbox.bitrix24.errors import RestError, access_denied
from backend.sandbox.bitrix24.events import EVENT_NAMES, names
from backend.sandbox.bitrix24.query import matching, ordered, page
from backend.sandbox.bitrix24.rest.params import as_int
from backend.sandbox.bitrix24.rest.registry import method

if TYPE_CHECKING:
    from backend.sandbox.bitrix24.events import OfflineRecord
    from backend.sandbox.bitrix24.query import Listing
    from backend.sandbox.bitrix24.rest.params import Params
    from backend.sandbox.bitrix24.rest.registry import Context


def _offline(params: Params) -> bool:
    return params.text("event_type", "online").lower() == "offline"


@method("event.bind", application=True)
def bind(context: Context, params: Params) -> bool:
    event, offline = params.required("event").upper(), _offline(params)
    if event not in EVENT_NAMES:
        raise RestError("ERROR_EVENT_NOT_FOUND", "Event not found")
    admin = context.user.is_admin
    if offline and not admin:
        raise access_denied(
            "Access denied! Offline events binding requires administrator access rights"
        )
    auth_type = params.number("auth_type")
    if auth_type and auth_type != context.user.id and not admin:
        raise access_denied(
            "Access denied! Event binding with AUTH_TYPE requires administrator access rights"
        )
    handler = "" if offline else params.required("handler")
    if not admin:
        auth_type = context.user.id
    options = params.mapping("options")
    wake_s = float(as_int(options.get("minTimeout"), 1))
    if not context.portal.events.bind(
        event,
        handler,
        auth_type,
        offline=offline,
        min_timeout_s=wake_s,
        connector=params.text("auth_connector") if offline else "",
    ):
        raise RestError("ERROR_CORE", "Unable to set event handler: Handler already binded")
    return True


@method("event.unbind", application=True)
def unbind(context: Context, params: Params) -> dict[str, int]:
    event, offline = params.required("event"), _offline(params)
    handler = "" if offline else params.required("handler")
    return {"count": context.portal.events.unbind(event, handler, offline=offline)}


@method("event.get", application=True)
def get(context: Context, _: Params) -> list[dict[str, Any]]:
    return [
        {
            "event": item.event,
            "handler": item.url,
            "auth_type": str(item.auth_type),
            "offline": int(item.offline),
        }
        for item in context.portal.events.handlers
        if context.user.is_admin or item.auth_type == context.user.id
    ]


@method("events")
def event_names(context: Context, params: Params) -> list[str]:
    if params.flag("FULL", default=False):
        return names(None)
    scope = params.text("SCOPE")
    return names((scope,) if scope else ("app", *context.scopes))


@method("event.test", application=True)
def test(context: Context, params: Params) -> bool:
    context.portal.events.fire("ONAPPTEST", {"QUERY": params.values}, context.user.id)
    return True


def _matching(context: Context, params: Params) -> list[OfflineRecord]:
    source = params.text("auth_connector")
    rows = {row.id: row for row in context.portal.events.offline if row.connector == source}
    wanted = {str(key).upper(): value for key, value in params.mapping("filter").items()}
    order = {str(key).upper(): way for key, way in params.mapping("order").items()}
    shown = matching([row.shown() for row in rows.values()], wanted)
    return [rows[int(row["ID"])] for row in ordered(shown, order or {"TIMESTAMP_X": "ASC"})]


@method("event.offline.get", application=True, admin=True)
def offline_get(context: Context, params: Params) -> dict[str, Any]:
    """clear=1 deletes what it returns; clear=0 holds it under a process id."""
    queue = context.portal.events
    process_id = params.text("process_id") or None
    rows = [row for row in _matching(context, params) if row.process_id == process_id]
    rows = rows[: params.number("limit", 50)]
    if params.flag("clear", default=True):
        queue.offline = [row for row in queue.offline if row not in rows]
    elif rows and process_id is None:
        process_id = secrets.token_hex(16)
        for row in rows:
            row.process_id = process_id
    return {"process_id": process_id, "events": [row.shown() for row in rows]}


@method("event.offline.list", application=True, admin=True)
def offline_list(context: Context, params: Params) -> Listing:
    return page([row.shown() for row in _matching(context, params)], params.get("start"))


def _held(context: Context, params: Params) -> list[OfflineRecord]:
    process_id = params.required("process_id")
    ids = {str(item) for item in params.listing("id")}
    messages = {str(item) for item in params.listing("message_id")}
    return [
        row
        for row in context.portal.events.offline
        if row.process_id == process_id
        and (not ids or str(row.id) in ids)
        and (not messages or row.message_id in messages)
    ]


@method("event.offline.clear", application=True, admin=True)
def offline_clear(context: Context, params: Params) -> bool:
    done = _held(context, params)
    queue = context.portal.events
    queue.offline = [row for row in queue.offline if row not in done]
    return True


@method("event.offline.error", application=True, admin=True)
def offline_error(context: Context, params: Params) -> bool:
    for row in _held(context, params):
        row.failed = True
    return True
