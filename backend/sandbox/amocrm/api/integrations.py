"""Webhooks, widgets and sources: what connects the account to others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.routing import Route

from backend.sandbox.amocrm import envelope
from backend.sandbox.amocrm.amo import amo_of
from backend.sandbox.amocrm.api.filters import filter_of
from backend.sandbox.amocrm.auth import admin_of, caller_of
from backend.sandbox.amocrm.brackets import values
from backend.sandbox.amocrm.envelope import (
    Errors,
    Problem,
    hal,
    page_answer,
    plain_json,
    self_link,
    written,
)

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from backend.sandbox.amocrm.amo import Amo
    from backend.sandbox.amocrm.auth import Caller
    from backend.sandbox.amocrm.config import Json

_WEBHOOKS_LIMIT = 100
HOOK_CODES = frozenset(
    {f"{a}_{k}" for a in ("add", "update") for k in ("talk", "task")}
    | {f"{a}_{k}" for a in ("delete", "responsible") for k in ("task",)}
    | {
        f"{a}_{k}"
        for a in ("add", "update", "delete", "responsible", "note")
        for k in ("lead", "contact", "company", "customer")
    }
    | {f"restore_{k}" for k in ("lead", "contact", "company")}
    | {"status_lead", "add_chat_template_review"}
)


async def webhooks(request: Request) -> Response:
    amo = amo_of(request)
    admin_of(request)
    wanted = values(filter_of(request).get("destination"))
    rows = [h for h in amo.world.webhooks.values() if not wanted or h["destination"] in wanted]
    return page_answer(request, rows, "webhooks", lambda h: h)


async def add_webhook(request: Request) -> Response:
    """Subscribe; the same destination again replaces its settings."""
    amo, caller = amo_of(request), admin_of(request)
    item = await envelope.one(request)
    errors = Errors()
    destination = item.get("destination")
    if not isinstance(destination, str) or not destination.startswith(("http://", "https://")):
        detail = "This value is not a valid URL."
        errors.add(item["request_id"], "InvalidType", "destination", detail)
    settings = item.get("settings")
    if not isinstance(settings, list) or not settings:
        errors.add(item["request_id"], "FieldMissing", "settings", "This field is missing.")
    else:
        for n, code in enumerate(settings):
            if code not in HOOK_CODES:
                detail = "The value you selected is not a valid choice."
                errors.add(item["request_id"], "NotSupportedChoice", f"settings.{n}", detail)
    errors.check()
    known = amo.world.webhooks.get(str(destination))
    if known is None and len(amo.world.webhooks) >= _WEBHOOKS_LIMIT:
        raise Problem(400, f"Limit {_WEBHOOKS_LIMIT} webhooks")
    now = amo.world.now()
    hook = known or {
        "id": amo.world.next_id(),
        "destination": destination,
        "created_at": now,
        "account_id": amo.config.account_id,
        "created_by": caller.id,
        "sort": item.get("sort") or 0,
        "disabled": False,
    }
    hook |= {"updated_at": now, "settings": settings}
    amo.world.webhooks[str(destination)] = hook
    # That subscribing anew switches a disabled hook on is assumed; no source says so.
    amo.hooks.enable(str(destination))
    return hal(hook, 201)


async def delete_webhook(request: Request) -> Response:
    admin_of(request)
    item = await envelope.one(request)
    if amo_of(request).world.webhooks.pop(str(item.get("destination")), None) is None:
        raise Problem(404, "Webhook not found")
    return envelope.empty()


def _show_widget(request: Request, amo: Amo, caller: Caller) -> Json:
    widget = amo.config.widget
    assert widget is not None  # noqa: S101 - callers looked
    manifest = widget.read_manifest()
    fields = manifest.get("settings") or {}
    body: Json = {
        "id": 742_001,
        "code": widget.code,
        "version": str(manifest["widget"].get("version", "1.0.0")),
        "rating": "0,00",
        "settings_template": [
            {
                "key": key,
                "name": key,
                "type": field["type"],
                "is_required": bool(field.get("required")),
            }
            for key, field in fields.items()
        ],
        "is_lead_source": False,
        "is_work_with_dp": "digital_pipeline" in str(manifest.get("locations")),
        "is_crm_template": False,
        "client_uuid": widget.client_uuid,
        "is_active_in_account": amo.installs.active,
        "pipeline_id": None,
        "_links": self_link(request, f"/api/v4/widgets/{widget.code}"),
    }
    if caller.client_id == widget.client_uuid:
        # Only the integration the widget belongs to sees what was set.
        body["settings"] = amo.installs.settings
    return body


async def widgets(request: Request) -> Response:
    amo, caller = amo_of(request), caller_of(request)
    rows = [] if amo.config.widget is None else [_show_widget(request, amo, caller)]
    return page_answer(request, rows, "widgets", lambda w: w, totals=True)


async def widget(request: Request) -> Response:
    """Read, install (POST with flat fields) or switch off (DELETE) the account's widget."""
    amo, caller = amo_of(request), caller_of(request)
    known = amo.config.widget
    if known is None or known.code != request.path_params["code"]:
        raise Problem(404, "Widget not found")
    if request.method == "POST":
        admin_of(request)
        body = await envelope.read_json(request, default={})
        settings = body if isinstance(body, dict) else {}
        amo.installs.switch_on(settings, caller.id, request.url.netloc)
        amo.live.send({"type": "widgets"})
    elif request.method == "DELETE":
        admin_of(request)
        amo.installs.switch_off()
        amo.live.send({"type": "widgets"})
        return envelope.empty()
    return hal(_show_widget(request, amo, caller))


async def sources(request: Request) -> Response:
    caller_of(request)
    rows = list(amo_of(request).world.sources.values())
    return page_answer(request, rows, "sources", lambda s: s, totals=True)


async def add_sources(request: Request) -> Response:
    amo, caller = amo_of(request), caller_of(request)
    if caller.client_id is None:
        raise Problem(403, "Forbidden")
    items = await envelope.batch(request)
    taken = {s["external_id"] for s in amo.world.sources.values()}
    errors = Errors()
    for item in items:
        if not item.get("name") or not item.get("external_id"):
            errors.add(item["request_id"], "FieldMissing", "external_id", "This field is missing.")
        elif item["external_id"] in taken:
            errors.add(item["request_id"], "NotUnique", "external_id", "Already exists.")
    errors.check()
    rows: list[Json] = []
    for item in items:
        source_id = amo.world.next_id()
        amo.world.sources[source_id] = {
            "id": source_id,
            "name": item["name"],
            "external_id": item["external_id"],
            "pipeline_id": item.get("pipeline_id") or amo.world.main_pipeline()["id"],
            "services": item.get("services") or [],
            "_links": self_link(request, f"/api/v4/sources/{source_id}"),
        }
        rows.append({**amo.world.sources[source_id], "request_id": item["request_id"]})
    return written(request, "sources", rows)


async def source(request: Request) -> Response:
    caller_of(request)
    known = amo_of(request).world.sources
    found = known.get(request.path_params["id"])
    if found is None:
        raise Problem(404, "Source not found")
    if request.method == "DELETE":
        del known[found["id"]]
        return envelope.empty()
    if request.method == "PATCH":
        item = await envelope.one(request)
        found |= {k: item[k] for k in ("name", "pipeline_id", "services") if k in item}
    return plain_json(found)


def routes() -> list[Route]:
    return [
        Route("/api/v4/webhooks", webhooks, methods=["GET"]),
        Route("/api/v4/webhooks", add_webhook, methods=["POST"]),
        Route("/api/v4/webhooks", delete_webhook, methods=["DELETE"]),
        Route("/api/v4/widgets", widgets, methods=["GET"]),
        Route("/api/v4/widgets/{code}", widget, methods=["GET", "POST", "DELETE"]),
        Route("/api/v4/sources", sources, methods=["GET"]),
        Route("/api/v4/sources", add_sources, methods=["POST"]),
        Route("/api/v4/sources/{id:int}", source, methods=["GET", "PATCH", "DELETE"]),
    ]
