"""Catalogues and their elements."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.routing import Route

from backend.sandbox.amocrm import envelope
from backend.sandbox.amocrm.amo import amo_of
from backend.sandbox.amocrm.api.filters import filter_of
from backend.sandbox.amocrm.auth import caller_of
from backend.sandbox.amocrm.brackets import numbers
from backend.sandbox.amocrm.envelope import Errors, Problem, hal, page_answer, self_link, written
from backend.sandbox.amocrm.trade import catalog as new_catalog
from backend.sandbox.amocrm.trade import element as new_element

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from backend.sandbox.amocrm.config import Json

_CATALOGS_LIMIT = 10  # reference, section 5
_PATH = "/api/v4/catalogs"


def _show_catalog(request: Request, row: Json) -> Json:
    return {**row, "_links": self_link(request, f"{_PATH}/{row['id']}")}


def _show_element(request: Request, row: Json) -> Json:
    path = f"{_PATH}/{row['catalog_id']}/elements/{row['id']}"
    return {**row, "_links": self_link(request, path), "_embedded": {}}


async def catalogs(request: Request) -> Response:
    caller_of(request)
    rows = list(amo_of(request).world.catalogs.values())
    return page_answer(request, rows, "catalogs", lambda r: _show_catalog(request, r))


async def catalog(request: Request) -> Response:
    """Read or rename one catalogue."""
    caller_of(request)
    found = _catalog(request)
    if request.method == "PATCH":
        item = await envelope.one(request)
        found |= {k: item[k] for k in ("name", "sort", "can_link_multiple") if k in item}
    return hal(_show_catalog(request, found))


async def add_catalogs(request: Request) -> Response:
    world = amo_of(request).world
    caller_of(request)
    items = await envelope.batch(request)
    _check_names(items)
    if len(world.catalogs) + len(items) > _CATALOGS_LIMIT:
        raise Problem(400, f"Limit {_CATALOGS_LIMIT} catalogs")
    rows: list[Json] = []
    for item in items:
        made = new_catalog(world, world.next_id(), item["name"], item.get("type") or "regular")
        world.catalogs[made["id"]] = made
        rows.append({**_show_catalog(request, made), "request_id": item["request_id"]})
    return written(request, "catalogs", rows)


async def elements(request: Request) -> Response:
    """Elements of a catalogue; `query` is a part of the name."""
    caller_of(request)
    catalog_id = _catalog(request)["id"]
    query = request.query_params.get("query", "").casefold()
    wanted = numbers(filter_of(request).get("id"))
    rows = [
        e
        for e in amo_of(request).world.elements.values()
        if e["catalog_id"] == catalog_id
        and query in e["name"].casefold()
        and (not wanted or e["id"] in wanted)
    ]
    return page_answer(request, rows, "elements", lambda r: _show_element(request, r))


async def element(request: Request) -> Response:
    """Read or change one element; an unknown id answers 204."""
    caller_of(request)
    catalog_id = _catalog(request)["id"]
    found = amo_of(request).world.elements.get(request.path_params["element"])
    if found is None or found["catalog_id"] != catalog_id:
        return envelope.empty()
    if request.method == "PATCH":
        item = await envelope.one(request)
        found |= {k: item[k] for k in ("name", "custom_fields_values") if k in item}
    return hal(_show_element(request, found))


async def change_elements(request: Request) -> Response:
    """Change several elements. Raises Problem 400 when one is not of this catalogue."""
    world = amo_of(request).world
    caller_of(request)
    catalog_id = _catalog(request)["id"]
    items = await envelope.batch(request)
    errors = Errors()
    for item in items:
        found = world.elements.get(item.get("id") or 0)
        if found is None or found["catalog_id"] != catalog_id:
            detail = "The value you selected is not a valid choice."
            errors.add(item["request_id"], "NotSupportedChoice", "id", detail)
    errors.check()
    rows: list[Json] = []
    for item in items:
        found = world.elements[item["id"]]
        found |= {k: item[k] for k in ("name", "custom_fields_values") if k in item}
        rows.append({**_show_element(request, found), "request_id": item["request_id"]})
    return written(request, "elements", rows)


async def add_elements(request: Request) -> Response:
    world = amo_of(request).world
    caller_of(request)
    catalog_id = _catalog(request)["id"]
    items = await envelope.batch(request)
    _check_names(items)
    rows: list[Json] = []
    for item in items:
        made = new_element(world, catalog_id, world.next_id(), item["name"])
        world.elements[made["id"]] = made
        rows.append({**_show_element(request, made), "request_id": item["request_id"]})
    return written(request, "elements", rows)


def _catalog(request: Request) -> Json:
    found = amo_of(request).world.catalogs.get(request.path_params["id"])
    if found is None:
        raise Problem(404, "Catalog not found")
    return found


def _check_names(items: list[Json]) -> None:
    errors = Errors()
    for item in items:
        if not item.get("name"):
            errors.add(item["request_id"], "FieldMissing", "name", "This field is missing.")
    errors.check()


def routes() -> list[Route]:
    one = _PATH + "/{id:int}"
    return [
        Route(_PATH, catalogs, methods=["GET"]),
        Route(_PATH, add_catalogs, methods=["POST"]),
        Route(one, catalog, methods=["GET", "PATCH"]),
        Route(one + "/elements", elements, methods=["GET"]),
        Route(one + "/elements", add_elements, methods=["POST"]),
        Route(one + "/elements", change_elements, methods=["PATCH"]),
        Route(one + "/elements/{element:int}", element, methods=["GET", "PATCH"]),
    ]
