"""Contacts, companies and leads: lists, single cards, batch writes, leads/complex."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.routing import Route

from backend.sandbox.amocrm import envelope
from backend.sandbox.amocrm.amo import amo_of
from backend.sandbox.amocrm.api.filters import filter_of, matches, ordered, visible
from backend.sandbox.amocrm.api.values import check_types, checked_values, merge_tags, merge_values
from backend.sandbox.amocrm.api.views import changed, created, show
from backend.sandbox.amocrm.auth import caller_of
from backend.sandbox.amocrm.card import card, customer_card, lead_card
from backend.sandbox.amocrm.envelope import (
    Errors,
    Problem,
    hal,
    page_answer,
    plain_json,
    with_of,
    written,
)
from backend.sandbox.amocrm.world import CONTACT, CUSTOMER, KINDS, LEAD, LOST, WON, live

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from backend.sandbox.amocrm.amo import Amo
    from backend.sandbox.amocrm.config import Json
    from backend.sandbox.amocrm.world import Kind

_TYPES: dict[str, type] = {
    "name": str,
    "first_name": str,
    "last_name": str,
    "responsible_user_id": int,
    "created_by": int,
    "updated_by": int,
    "created_at": int,
    "updated_at": int,
    "closed_at": int,
    "price": int,
    "next_price": int,
    "next_date": int,
    "periodicity": int,
    "status_id": int,
    "pipeline_id": int,
    "_embedded": dict,
}
_PLAIN = (
    "name",
    "price",
    "responsible_user_id",
    "closed_at",
    "loss_reason_id",
    "created_at",
    "next_price",
    "next_date",
    "periodicity",
)
_CHOICE = "The value you selected is not a valid choice."
COMPLEX_LIMIT = 50


def kind_of(request: Request) -> Kind:
    return KINDS[request.path_params["plural"]]


async def listing(request: Request) -> Response:
    amo, kind, caller = amo_of(request), kind_of(request), caller_of(request)
    wanted = with_of(request)
    rows = live(amo.world.table(kind.plural).values())
    if kind is LEAD and "only_deleted" in wanted:
        rows = [r for r in amo.world.leads.values() if r["is_deleted"]]
    rows = visible(rows, caller, kind.plural)
    if amo.faults.api_filter or caller.client_id is None:
        # A paid option: without it integrations get everything, their filters ignored. The CRM's
        # own pages do not depend on it.
        filters = filter_of(request)
        rows = [r for r in rows if matches(r, filters)]
    query = request.query_params.get("query", "")
    if query:
        rows = [r for r in rows if amo.world.search(r, query)]
    keys = ("created_at", "updated_at", "id")
    rows = ordered(request, rows, keys)
    return page_answer(
        request, rows, kind.plural, lambda r: show(request, amo.world, kind, r, wanted)
    )


async def single(request: Request) -> Response:
    """An unknown id answers 204, not 404."""
    amo, kind, caller = amo_of(request), kind_of(request), caller_of(request)
    record = amo.world.find(kind.plural, request.path_params["id"])
    if record is None or not visible([record], caller, kind.plural):
        return envelope.empty()
    return hal(show(request, amo.world, kind, record, with_of(request)))


async def add(request: Request) -> Response:
    amo, kind, caller = amo_of(request), kind_of(request), caller_of(request)
    if kind is CUSTOMER and amo.world.account["customers_mode"] == "disabled":
        raise Problem(403, "Forbidden")
    items = await envelope.batch(request)
    records = create(amo, kind, items, caller.id)
    rows = [created(request, kind, r, i["request_id"]) for r, i in zip(records, items, strict=True)]
    return written(request, kind.plural, rows)


async def change_many(request: Request) -> Response:
    amo, kind, caller = amo_of(request), kind_of(request), caller_of(request)
    items = await envelope.batch(request)
    errors = Errors()
    for item in items:
        if amo.world.find(kind.plural, item.get("id") or 0) is None:
            errors.add(item["request_id"], "NotSupportedChoice", "id", _CHOICE)
    errors.check()
    records = update(amo, kind, items, caller.id)
    rows = [changed(request, kind, r, i["request_id"]) for r, i in zip(records, items, strict=True)]
    return written(request, kind.plural, rows)


async def change_one(request: Request) -> Response:
    amo, kind, caller = amo_of(request), kind_of(request), caller_of(request)
    item = await envelope.one(request)
    record_id = request.path_params["id"]
    if amo.world.find(kind.plural, record_id) is None:
        raise Problem(404, "Entity not found")
    record = update(amo, kind, [{**item, "id": record_id}], caller.id)[0]
    answer = changed(request, kind, record, item["request_id"])
    answer.pop("request_id")
    return hal(answer)


async def complex_leads(request: Request) -> Response:
    """Leads with a contact and a company in one go. The answer is a bare array, no HAL."""
    amo, caller = amo_of(request), caller_of(request)
    items = await envelope.batch(request)
    if len(items) > COMPLEX_LIMIT:
        raise Problem(422, f"Limit {COMPLEX_LIMIT} items per request")
    answer: list[Json] = []
    for item in items:
        embedded = dict(item.get("_embedded") or {})
        contact = _inner(amo, KINDS["contacts"], embedded.pop("contacts", None), item, caller.id)
        company = _inner(amo, KINDS["companies"], embedded.pop("companies", None), item, caller.id)
        embedded.pop("metadata", None)
        lead = create(amo, LEAD, [{**item, "_embedded": embedded}], caller.id)[0]
        if contact is not None:
            lead["_contacts"] = {contact: True}
        if company is not None:
            lead["_company"] = company
            if contact is not None:
                amo.world.contacts[contact]["_company"] = company
        answer.append(
            {
                "id": lead["id"],
                "contact_id": contact,
                "company_id": company,
                "request_id": [item["request_id"]],
                "merged": False,
            }
        )
    return plain_json(answer)


def create(amo: Amo, kind: Kind, items: list[Json], by: int, *, hidden: bool = False) -> list[Json]:
    """New cards, all or none. `hidden` ones wait in Unsorted. Raises Problem 400."""
    errors = Errors()
    _check(amo, kind, items, errors)
    world = amo.world
    records: list[Json] = []
    for item in items:
        record_id = world.next_id()
        responsible = item.get("responsible_user_id") or by
        now = item.get("created_at") or world.now()
        if kind is LEAD:
            record = lead_card(world, record_id, f"Сделка #{record_id}", responsible, now)
        elif kind is CUSTOMER:
            record = customer_card(world, record_id, "", responsible, now)
        else:
            record = card(world, record_id, "", responsible, now)
        record["created_by"] = record["updated_by"] = item.get("created_by", by)
        record["updated_at"] = item.get("updated_at") or now
        record["_hidden"] = hidden
        if kind is CONTACT:
            record |= {"first_name": "", "last_name": ""}
        _apply(amo, kind, record, item, errors)
        records.append(record)
    errors.check()
    for record in records:
        world.table(kind.plural)[record["id"]] = record
        world.event(f"{kind.singular}_added", kind.singular, record["id"], record["created_by"])
        amo.hooks.record("add", kind, record)
    return records


def update(amo: Amo, kind: Kind, items: list[Json], by: int) -> list[Json]:
    """Change cards that exist. Raises Problem 400 before anything is changed."""
    errors = Errors()
    _check(amo, kind, items, errors)
    records: list[Json] = []
    for item in items:
        record = amo.world.table(kind.plural)[item["id"]]
        before = (record["responsible_user_id"], record.get("pipeline_id"), record.get("status_id"))
        _apply(amo, kind, record, item, errors)
        amo.world.touch(record, item.get("updated_by") or by)
        _tell(amo, kind, record, before, by)
        records.append(record)
    return records


def _tell(
    amo: Amo, kind: Kind, record: Json, before: tuple[int, int | None, int | None], by: int
) -> None:
    """Events and hooks of a change."""
    responsible, pipeline, stage = before
    if record["responsible_user_id"] != responsible:
        amo.hooks.record("responsible", kind, record, old_responsible_user_id=responsible)
        after = [{"responsible_user": {"id": record["responsible_user_id"]}}]
        was = [{"responsible_user": {"id": responsible}}]
        amo.world.event("entity_responsible_changed", kind.singular, record["id"], by, after, was)
    if kind is LEAD and (record["pipeline_id"], record["status_id"]) != (pipeline, stage):
        amo.hooks.record("status", kind, record, old_status_id=stage, old_pipeline_id=pipeline)
        after = [{"lead_status": {"id": record["status_id"], "pipeline_id": record["pipeline_id"]}}]
        stage_was: list[Json] = [{"lead_status": {"id": stage, "pipeline_id": pipeline}}]
        amo.world.event("lead_status_changed", "lead", record["id"], by, after, stage_was)
    amo.hooks.record("update", kind, record)


def _check(amo: Amo, kind: Kind, items: list[Json], errors: Errors) -> None:
    """Everything that is wrong with the whole batch, at once. Raises Problem 400."""
    for item in items:
        check_types(item, _TYPES, errors)
        checked_values(amo.world, kind.plural, item, errors)
        user = item.get("responsible_user_id")
        if isinstance(user, int) and user not in amo.world.users:
            errors.add(item["request_id"], "NotSupportedChoice", "responsible_user_id", _CHOICE)
        pipeline, stage = item.get("pipeline_id"), item.get("status_id")
        if kind is not LEAD:
            continue
        if pipeline is not None and pipeline not in amo.world.pipelines:
            errors.add(item["request_id"], "NotSupportedChoice", "pipeline_id", _CHOICE)
        elif isinstance(stage, int) and not _stage_exists(amo, pipeline, stage):
            errors.add(item["request_id"], "NotSupportedChoice", "status_id", _CHOICE)
    errors.check()


def _stage_exists(amo: Amo, pipeline: int | None, stage: int) -> bool:
    pipelines = amo.world.pipelines if pipeline is None else (pipeline,)
    return any(amo.world.has_status(p, stage) for p in pipelines)


def _apply(amo: Amo, kind: Kind, record: Json, item: Json, errors: Errors) -> None:
    for key in _PLAIN:
        if item.get(key) is not None and (key in record):
            record[key] = item[key]
    if kind is CONTACT:
        _name(record, item)
    if kind is LEAD:
        _stage(amo, record, item)
    merge_values(record, checked_values(amo.world, kind.plural, item, errors))
    merge_tags(amo.world, kind.plural, record, item, errors)
    embedded = item.get("_embedded") or {}
    for company in embedded.get("companies") or ():
        record["_company"] = company["id"]
    if kind in (LEAD, CUSTOMER) and embedded.get("contacts"):
        contacts = embedded["contacts"]
        main = next((c["id"] for c in contacts if c.get("is_main")), contacts[0]["id"])
        record["_contacts"] = {c["id"]: c["id"] == main for c in contacts}


def _name(record: Json, item: Json) -> None:
    """The whole name follows its parts, and stands alone when only it was sent."""
    for key in ("first_name", "last_name"):
        if item.get(key) is not None:
            record[key] = item[key]
    if item.get("name") is None and (item.get("first_name") or item.get("last_name")):
        record["name"] = f"{record['first_name']} {record['last_name']}".strip()
    elif item.get("name") is not None and item.get("first_name") is None:
        record["first_name"], record["last_name"] = item["name"], ""


def _stage(amo: Amo, record: Json, item: Json) -> None:
    if item.get("pipeline_id") is not None and item["pipeline_id"] != record["pipeline_id"]:
        record["pipeline_id"] = item["pipeline_id"]
        record["status_id"] = amo.world.first_status(item["pipeline_id"])
    if item.get("status_id") is not None:
        record["status_id"] = item["status_id"]
        if not amo.world.has_status(record["pipeline_id"], item["status_id"]):
            # A stage named alone brings its pipeline with it.
            record["pipeline_id"] = next(
                p for p in amo.world.pipelines if amo.world.has_status(p, item["status_id"])
            )
    closed = record["status_id"] in (WON, LOST)
    if closed and record["closed_at"] is None:
        record["closed_at"] = amo.world.now()
    if not closed:
        record["closed_at"] = None


def _inner(amo: Amo, kind: Kind, models: list[Json] | None, item: Json, by: int) -> int | None:
    """The contact or company of a complex lead: one that exists, by id, or a new one."""
    if not models:
        return None
    model = {**models[0], "request_id": item["request_id"]}
    if "id" not in model:
        return int(create(amo, kind, [model], by)[0]["id"])
    if amo.world.find(kind.plural, model["id"]) is None:
        errors = Errors()
        path = f"_embedded.{kind.plural}.0.id"
        errors.add(item["request_id"], "NotSupportedChoice", path, _CHOICE)
        errors.check()
    return int(model["id"])


def routes() -> list[Route]:
    cards, one = "/api/v4/{plural:card}", "/api/v4/{plural:card}/{id:int}"
    return [
        Route("/api/v4/leads/complex", complex_leads, methods=["POST"]),
        Route(cards, listing, methods=["GET"]),
        Route(cards, add, methods=["POST"]),
        Route(cards, change_many, methods=["PATCH"]),
        Route(one, single, methods=["GET"]),
        Route(one, change_one, methods=["PATCH"]),
    ]
