"""Pipelines and stages, custom fields, tags: what cards are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.routing import Route

from backend.sandbox.amocrm import envelope
from backend.sandbox.amocrm.amo import amo_of
from backend.sandbox.amocrm.api.filters import filter_of
from backend.sandbox.amocrm.auth import admin_of, caller_of
from backend.sandbox.amocrm.brackets import values
from backend.sandbox.amocrm.envelope import Errors, Problem, hal, page_answer, self_link, written
from backend.sandbox.amocrm.seed import custom_field
from backend.sandbox.amocrm.seed import status as new_status
from backend.sandbox.amocrm.world import KINDS, LOST, WON

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from backend.sandbox.amocrm.config import Json

_FIELDS_PAGE = 50
_WITH_ENUMS = ("select", "multiselect", "radiobutton")
_TYPES = (
    *_WITH_ENUMS,
    *("text", "numeric", "checkbox", "date", "url", "textarea", "streetaddress"),
    *("smart_address", "birthday", "legal_entity", "date_time", "price", "category", "items"),
    *("tracking_data", "linked_entity", "chained_list", "monetary", "file", "payer", "supplier"),
)
_PIPELINES = "/api/v4/leads/pipelines"


def _show_status(request: Request, status: Json) -> Json:
    path = f"{_PIPELINES}/{status['pipeline_id']}/statuses/{status['id']}"
    return {**status, "_links": self_link(request, path)}


def _show_pipeline(request: Request, pipeline: Json) -> Json:
    body = {k: v for k, v in pipeline.items() if not k.startswith("_")}
    statuses = [_show_status(request, s) for s in pipeline["_statuses"]]
    links = self_link(request, f"{_PIPELINES}/{pipeline['id']}")
    return {**body, "_links": links, "_embedded": {"statuses": statuses}}


def _all(request: Request, name: str, rows: list[Json]) -> Response:
    return hal(
        {
            "_total_items": len(rows),
            "_links": self_link(request, request.url.path),
            "_embedded": {name: rows},
        }
    )


def _pipeline(request: Request) -> Json:
    found = amo_of(request).world.pipelines.get(request.path_params["pipeline"])
    if found is None:
        raise Problem(404, "Pipeline not found")
    return found


async def pipelines(request: Request) -> Response:
    caller_of(request)
    known = amo_of(request).world.pipelines.values()
    return _all(request, "pipelines", [_show_pipeline(request, p) for p in known])


async def add_pipelines(request: Request) -> Response:
    """New pipelines get their unsorted stage, the stages sent, and the two final ones."""
    world = amo_of(request).world
    admin_of(request)
    rows: list[Json] = []
    for item in await envelope.batch(request):
        if not item.get("name"):
            errors = Errors()
            errors.add(item["request_id"], "FieldMissing", "name", "This field is missing.")
            errors.check()
        pid = world.next_id()
        first = new_status(world, pid, world.next_id(), "Неразобранное", 10, "#c1c1c1")
        statuses = [first | {"type": 1, "is_editable": False}]
        sent = (item.get("_embedded") or {}).get("statuses") or [{"name": "Первичный контакт"}]
        for n, one in enumerate(s for s in sent if s.get("id") not in (WON, LOST)):
            color = one.get("color") or "#99ccff"
            sort = one.get("sort") or 20 + n * 10
            statuses.append(new_status(world, pid, world.next_id(), one["name"], sort, color))
        for status_id, name, sort, color in (
            (WON, "Успешно реализовано", 10_000, "#CCFF66"),
            (LOST, "Закрыто и не реализовано", 11_000, "#D5D8DB"),
        ):
            last = new_status(world, pid, status_id, name, sort, color)
            statuses.append(last | {"is_editable": False})
        world.pipelines[pid] = {
            "id": pid,
            "name": item["name"],
            "sort": item.get("sort") or len(world.pipelines) + 1,
            "is_main": False,
            "is_unsorted_on": item.get("is_unsorted_on", True),
            "is_archive": False,
            "account_id": world.account_id,
            "_statuses": statuses,
        }
        shown = _show_pipeline(request, world.pipelines[pid])
        rows.append({**shown, "request_id": item["request_id"]})
    return written(request, "pipelines", rows)


async def pipeline(request: Request) -> Response:
    """Read, rename or delete one pipeline; one with leads stays."""
    world, found = amo_of(request).world, _pipeline(request)
    if request.method == "GET":
        caller_of(request)
        return hal(_show_pipeline(request, found))
    admin_of(request)
    if request.method == "DELETE":
        busy = any(
            lead["pipeline_id"] == found["id"] and not lead["is_deleted"]
            for lead in world.leads.values()
        )
        if busy or found["is_main"]:
            raise Problem(400, "Pipeline can not be deleted")
        del world.pipelines[found["id"]]
        return envelope.empty()
    item = await envelope.one(request)
    found |= {k: item[k] for k in ("name", "sort", "is_unsorted_on") if k in item}
    return hal(_show_pipeline(request, found))


async def statuses(request: Request) -> Response:
    caller_of(request)
    rows = [_show_status(request, s) for s in _pipeline(request)["_statuses"]]
    return _all(request, "statuses", rows)


async def add_statuses(request: Request) -> Response:
    world, found = amo_of(request).world, _pipeline(request)
    admin_of(request)
    rows: list[Json] = []
    for item in await envelope.batch(request):
        sort, color = item.get("sort") or 500, item.get("color") or "#99ccff"
        status = new_status(
            world, found["id"], world.next_id(), str(item.get("name", "")), sort, color
        )
        found["_statuses"].append(status)
        rows.append({**_show_status(request, status), "request_id": item["request_id"]})
    found["_statuses"].sort(key=lambda s: s["sort"])
    return written(request, "statuses", rows)


async def status(request: Request) -> Response:
    """Read, change or delete one stage. The platform's own stages cannot be deleted."""
    world, found = amo_of(request).world, _pipeline(request)
    one = next((s for s in found["_statuses"] if s["id"] == request.path_params["id"]), None)
    if one is None:
        raise Problem(404, "Status not found")
    if request.method == "GET":
        caller_of(request)
        return hal(_show_status(request, one))
    admin_of(request)
    if request.method == "DELETE":
        if not one["is_editable"]:
            raise Problem(400, "Status can not be deleted")
        found["_statuses"].remove(one)
        first = world.first_status(found["id"])
        for lead in world.leads.values():
            if lead["status_id"] == one["id"]:
                lead["status_id"] = first
        return envelope.empty()
    item = await envelope.one(request)
    one |= {k: item[k] for k in ("name", "sort", "color") if k in item}
    return hal(_show_status(request, one))


def _show_field(request: Request, field: Json) -> Json:
    path = f"/api/v4/{field['entity_type']}/custom_fields/{field['id']}"
    account = amo_of(request).config.account_id
    return {**field, "account_id": account, "_links": self_link(request, path)}


async def fields(request: Request) -> Response:
    caller_of(request)
    known = amo_of(request).world.custom_fields[request.path_params["plural"]].values()
    types = values(filter_of(request).get("type"))
    rows = [f for f in known if not types or f["type"] in types]
    return page_answer(
        request,
        rows,
        "custom_fields",
        lambda f: _show_field(request, f),
        top=_FIELDS_PAGE,
        totals=True,
    )


async def add_fields(request: Request) -> Response:
    world, plural = amo_of(request).world, request.path_params["plural"]
    admin_of(request)
    items = await envelope.batch(request)
    errors = Errors()
    for item in items:
        if not item.get("name"):
            errors.add(item["request_id"], "FieldMissing", "name", "This field is missing.")
        if item.get("type") not in _TYPES:
            detail = "The value you selected is not a valid choice."
            errors.add(item["request_id"], "NotSupportedChoice", "type", detail)
    errors.check()
    rows: list[Json] = []
    for item in items:
        sort = len(world.custom_fields[plural])
        field = custom_field(
            world, world.next_id(), item["name"], item.get("code"), item["type"], plural, sort
        )
        field |= {"is_api_only": bool(item.get("is_api_only"))}
        if item["type"] in _WITH_ENUMS:
            field["enums"] = [
                {"id": world.next_id(), "value": e["value"], "sort": e.get("sort", n)}
                for n, e in enumerate(item.get("enums") or ())
            ]
        world.custom_fields[plural][field["id"]] = field
        rows.append({**_show_field(request, field), "request_id": item["request_id"]})
    return written(request, "custom_fields", rows, status=201)


async def field(request: Request) -> Response:
    """Read, change or delete one field; its values leave the cards with it."""
    world, plural = amo_of(request).world, request.path_params["plural"]
    known = world.custom_fields[plural]
    found = known.get(request.path_params["id"])
    if found is None:
        raise Problem(404, "Field not found")
    if request.method == "GET":
        caller_of(request)
        return hal(_show_field(request, found))
    admin_of(request)
    if request.method == "DELETE":
        if not found["is_deletable"]:
            raise Problem(400, "Field can not be deleted")
        del known[found["id"]]
        for record in world.table(plural).values() if plural in KINDS else ():
            kept = [v for v in record["custom_fields_values"] or () if v["field_id"] in known]
            record["custom_fields_values"] = kept or None
            record.pop("_text", None)
        return envelope.empty()
    item = await envelope.one(request)
    found |= {k: item[k] for k in ("name", "sort", "is_api_only") if k in item}
    return hal(_show_field(request, found))


async def groups(request: Request) -> Response:
    caller_of(request)
    plural = request.path_params["plural"]
    name = {"id": "default", "name": "Основное", "type": "general", "entity_type": plural}
    return _all(request, "custom_field_groups", [{**name, "is_predefined": True, "sort": 0}])


async def tags(request: Request) -> Response:
    caller_of(request)
    world, plural = amo_of(request).world, request.path_params["plural"]
    query = request.query_params.get("query", "").casefold()
    rows: list[Json] = [
        {"id": tag_id, "name": name, "color": None}
        for tag_id, name in world.tags[plural].items()
        if query in name.casefold()
    ]
    return page_answer(request, rows, "tags", lambda t: t)


async def add_tags(request: Request) -> Response:
    caller_of(request)
    world, plural = amo_of(request).world, request.path_params["plural"]
    rows: list[Json] = []
    for item in await envelope.batch(request):
        tag_id = world.tag(plural, {"name": item.get("name", "")})
        name = item.get("name", "")
        rows.append({"id": tag_id, "name": name, "request_id": item["request_id"]})
    return written(request, "tags", rows)


async def loss_reasons(request: Request) -> Response:
    caller_of(request)
    rows: list[Json] = [
        {"id": 700_001 + n, "name": name, "sort": (n + 1) * 10}
        for n, name in enumerate(("Дорого", "Выбрали других", "Не дозвонились"))
    ]
    return page_answer(request, rows, "loss_reasons", lambda r: r)


def routes() -> list[Route]:
    one = _PIPELINES + "/{pipeline:int}"
    own = "/api/v4/{plural:card}/custom_fields"
    return [
        Route(_PIPELINES, pipelines, methods=["GET"]),
        Route(_PIPELINES, add_pipelines, methods=["POST"]),
        Route(one, pipeline, methods=["GET", "PATCH", "DELETE"]),
        Route(one + "/statuses", statuses, methods=["GET"]),
        Route(one + "/statuses", add_statuses, methods=["POST"]),
        Route(one + "/statuses/{id:int}", status, methods=["GET", "PATCH", "DELETE"]),
        Route(own, fields, methods=["GET"]),
        Route(own, add_fields, methods=["POST"]),
        Route(own + "/groups", groups, methods=["GET"]),
        Route(own + "/{id:int}", field, methods=["GET", "PATCH", "DELETE"]),
        Route("/api/v4/leads/loss_reasons", loss_reasons, methods=["GET"]),
        Route("/api/v4/{plural:card}/tags", tags, methods=["GET"]),
        Route("/api/v4/{plural:card}/tags", add_tags, methods=["POST"]),
    ]
