"""Unsorted: requests nobody has taken yet (kinds sip and forms)."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from starlette.routing import Route

from backend.sandbox.amocrm import envelope
from backend.sandbox.amocrm.amo import amo_of
from backend.sandbox.amocrm.api.calls import add_call_note
from backend.sandbox.amocrm.api.cards import create
from backend.sandbox.amocrm.api.filters import filter_of, in_range, ordered
from backend.sandbox.amocrm.api.views import reference
from backend.sandbox.amocrm.auth import caller_of
from backend.sandbox.amocrm.brackets import numbers, values
from backend.sandbox.amocrm.envelope import Errors, Problem, hal, page_answer, self_link
from backend.sandbox.amocrm.world import COMPANY, CONTACT, LEAD

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from backend.sandbox.amocrm.amo import Amo
    from backend.sandbox.amocrm.config import Json

_REQUIRED = {
    "sip": ("phone", "called_at", "duration", "service_code", "uniq"),
    "forms": ("form_id", "form_name", "form_page", "form_sent_at", "ip"),
}
_KINDS = (("leads", LEAD), ("contacts", CONTACT), ("companies", COMPANY))


async def listing(request: Request) -> Response:
    amo = amo_of(request)
    caller_of(request)
    wanted = filter_of(request)
    rows = [
        u
        for u in amo.world.unsorted.values()
        if u["_state"] == "new"
        and ("uid" not in wanted or u["uid"] in values(wanted["uid"]))
        and ("category" not in wanted or u["category"] in values(wanted["category"]))
        and ("pipeline_id" not in wanted or u["pipeline_id"] in numbers(wanted["pipeline_id"]))
        and ("created_at" not in wanted or in_range(u["created_at"], wanted["created_at"]))
    ]
    rows = ordered(request, [{**r, "id": n} for n, r in enumerate(rows)], ("created_at",))
    return page_answer(request, rows, "unsorted", lambda u: _show(request, u))


async def single(request: Request) -> Response:
    caller_of(request)
    return hal(_show(request, _find(request, "new")))


async def summary(request: Request) -> Response:
    amo = amo_of(request)
    caller_of(request)
    rows = list(amo.world.unsorted.values())
    states = [u["_state"] for u in rows]
    times = [u["_sorted_at"] - u["created_at"] for u in rows if u["_state"] != "new"]
    return hal(
        {
            "total": len(rows),
            "accepted": states.count("accepted"),
            "declined": states.count("declined"),
            "average_sort_time": sum(times) // len(times) if times else 0,
            "categories": {
                category: {"total": sum(u["category"] == category for u in rows)}
                for category in ("sip", "mail", "forms", "chats")
            },
            "_links": self_link(request, "/api/v4/leads/unsorted/summary"),
        }
    )


async def add(request: Request) -> Response:
    amo, caller = amo_of(request), caller_of(request)
    category = request.path_params["category"]
    items = await envelope.batch(request)
    _check(amo, category, items)
    rows = [_add(request, amo, category, item, caller.id) for item in items]
    return hal(
        {
            "_total_items": len(rows),
            "_links": self_link(request, request.url.path),
            "_embedded": {"unsorted": rows},
        }
    )


async def accept(request: Request) -> Response:
    """The lead leaves Unsorted for a stage, its contacts become visible."""
    amo, caller = amo_of(request), caller_of(request)
    item = _find(request, "new")
    body = await envelope.read_json(request, default={}) or {}
    user = body.get("user_id") or caller.id
    item |= {"_state": "accepted", "_sorted_at": amo.world.now()}
    for plural, kind in _KINDS:
        for record_id in item["_ids"][plural]:
            record = amo.world.table(plural)[record_id]
            record["_hidden"] = False
            record["responsible_user_id"] = user
            if kind is LEAD:
                first = amo.world.first_status(record["pipeline_id"])
                record["status_id"] = body.get("status_id") or first
            amo.world.touch(record, user)
            amo.hooks.record("add", kind, record)
    if item["category"] == "sip":
        _note(amo, item, user)
    result = {"leads": item["_ids"]["leads"], "contacts": item["_ids"]["contacts"]}
    hook = {"uid": item["uid"], "action": "accept", "accept_result": result}
    amo.hooks.unsorted("delete", hook)
    return hal(_short(request, item))


async def decline(request: Request) -> Response:
    """The request and the cards it brought are gone."""
    amo = amo_of(request)
    caller_of(request)
    item = _find(request, "new")
    item |= {"_state": "declined", "_sorted_at": amo.world.now()}
    for plural, _ in _KINDS:
        for record_id in item["_ids"][plural]:
            record = amo.world.table(plural)[record_id]
            record["is_deleted"] = record["is_deleted"] or record["_hidden"]
    result = {"leads": item["_ids"]["leads"], "contacts": item["_ids"]["contacts"]}
    hook = {"uid": item["uid"], "action": "decline", "decline_result": result}
    amo.hooks.unsorted("delete", hook)
    return hal(_short(request, item))


async def link(request: Request) -> Response:
    """Only chats may be linked; the account has none."""
    caller_of(request)
    _find(request, "new")
    raise Problem(400, "Linking is possible for chats only")


def _check(amo: Amo, category: str, items: list[Json]) -> None:
    errors = Errors()
    for item in items:
        request_id = item["request_id"]
        for key in ("source_name", "source_uid", "metadata"):
            if not item.get(key):
                errors.add(request_id, "FieldMissing", key, "This field is missing.")
        metadata = item.get("metadata")
        if isinstance(metadata, dict):
            for key in _REQUIRED[category]:
                if metadata.get(key) is None:
                    path = f"metadata.{key}"
                    errors.add(request_id, "FieldMissing", path, "This field is missing.")
        pipeline = item.get("pipeline_id")
        if pipeline is not None and pipeline not in amo.world.pipelines:
            detail = "The value you selected is not a valid choice."
            errors.add(request_id, "NotSupportedChoice", "pipeline_id", detail)
        for known in amo.world.unsorted.values():
            same = (known["source_uid"], known["metadata"]) == (item.get("source_uid"), metadata)
            if same and known["category"] == category:
                errors.add(request_id, "NotUnique", "", "Such a request exists already.")
                break
    errors.check()


def _add(request: Request, amo: Amo, category: str, item: Json, by: int) -> Json:
    world = amo.world
    pipeline_id = item.get("pipeline_id") or world.main_pipeline()["id"]
    embedded = item.get("_embedded") or {}
    name = item["metadata"].get("form_name") or f"Звонок с {item['metadata'].get('phone')}"
    model = {"name": name, **(embedded.get("leads") or [{}])[0], "pipeline_id": pipeline_id}
    model |= {"status_id": world.unsorted_status(pipeline_id), "request_id": item["request_id"]}
    lead = create(amo, LEAD, [model], by, hidden=True)[0]
    ids: dict[str, list[int]] = {"leads": [lead["id"]], "contacts": [], "companies": []}
    for plural, kind in _KINDS[1:]:
        for inner in embedded.get(plural) or ():
            known = isinstance(inner.get("id"), int) and world.find(plural, inner["id"]) is not None
            if known:
                record_id = inner["id"]
            else:
                new = {"request_id": item["request_id"], **inner}
                record_id = create(amo, kind, [new], by, hidden=True)[0]["id"]
            ids[plural].append(record_id)
    lead["_contacts"] = {c: n == 0 for n, c in enumerate(ids["contacts"])}
    lead["_company"] = ids["companies"][0] if ids["companies"] else None
    uid = secrets.token_hex(32)
    world.unsorted[uid] = {
        "uid": uid,
        "source_uid": item["source_uid"],
        "source_name": item["source_name"],
        "category": category,
        "pipeline_id": pipeline_id,
        "created_at": item.get("created_at") or world.now(),
        "metadata": item["metadata"],
        "account_id": amo.config.account_id,
        "_state": "new",
        "_sorted_at": 0,
        "_ids": ids,
    }
    hook = {"uid": uid, "category": category, "source": item["source_name"]}
    amo.hooks.unsorted("add", {**hook, "pipeline_id": pipeline_id})
    return {
        "uid": uid,
        "account_id": amo.config.account_id,
        "request_id": item["request_id"],
        **_linked(request, world.unsorted[uid]),
    }


def _note(amo: Amo, item: Json, user: int) -> None:
    """With `is_call_event_needed` the accepted lead gets the call into its feed."""
    metadata = item["metadata"]
    if metadata.get("is_call_event_needed"):
        lead = amo.world.leads[item["_ids"]["leads"][0]]
        call = {
            "direction": "inbound",
            "source": item["source_name"],
            "created_at": metadata["called_at"],
            **{k: metadata.get(k) for k in ("phone", "duration", "link", "uniq")},
            "call_responsible": metadata.get("call_responsible"),
        }
        add_call_note(amo, LEAD, lead, call, user)


def _find(request: Request, state: str) -> Json:
    found = amo_of(request).world.unsorted.get(request.path_params["uid"])
    if found is None or found["_state"] != state:
        raise Problem(404, "Unsorted not found")
    return found


def _linked(request: Request, item: Json) -> Json:
    return {
        "_links": self_link(request, f"/api/v4/leads/unsorted/{item['uid']}"),
        "_embedded": {
            plural: [reference(request, plural, i) for i in ids]
            for plural, ids in item["_ids"].items()
        },
    }


def _show(request: Request, item: Json) -> Json:
    body = {k: v for k, v in item.items() if not k.startswith("_") and k != "id"}
    # Write-only on the platform.
    hidden = ("is_call_event_needed",)
    body["metadata"] = {k: v for k, v in item["metadata"].items() if k not in hidden}
    return {**body, **_linked(request, item)}


def _short(request: Request, item: Json) -> Json:
    keys = ("uid", "pipeline_id", "category", "created_at")
    return {**{k: item[k] for k in keys}, **_linked(request, item)}


def routes() -> list[Route]:
    base = "/api/v4/leads/unsorted"
    return [
        Route(base, listing, methods=["GET"]),
        Route(base + "/summary", summary, methods=["GET"]),
        Route(base + "/{category:unsorted}", add, methods=["POST"]),
        Route(base + "/{uid}", single, methods=["GET"]),
        Route(base + "/{uid}/accept", accept, methods=["POST"]),
        Route(base + "/{uid}/decline", decline, methods=["DELETE"]),
        Route(base + "/{uid}/link", link, methods=["POST"]),
    ]
