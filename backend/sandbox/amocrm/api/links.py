"""Links between cards: who belongs to which lead and company."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.routing import Route

from backend.sandbox.amocrm import envelope
from backend.sandbox.amocrm.amo import amo_of
from backend.sandbox.amocrm.api.filters import filter_of
from backend.sandbox.amocrm.auth import caller_of
from backend.sandbox.amocrm.brackets import numbers
from backend.sandbox.amocrm.envelope import Problem, hal, self_link, written
from backend.sandbox.amocrm.world import KINDS, World

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from backend.sandbox.amocrm.config import Json


_HOLDERS = ("leads", "customers")
"""Kinds that keep their contacts themselves."""


def links_of(world: World, plural: str, record_id: int) -> list[Json]:
    """Everything linked to a card, from its point of view."""
    record = world.table(plural)[record_id]
    found: list[Json] = []
    if plural in _HOLDERS:
        found += [_link("contacts", c, main) for c, main in record["_contacts"].items()]
    else:
        leads = world.leads_of(KINDS[plural], record_id)
        found += [_link("leads", lead["id"]) for lead in leads]
        customers = world.customers_of(KINDS[plural], record_id)
        found += [_link("customers", customer["id"]) for customer in customers]
    if plural == "companies":
        found += [
            _link("contacts", c["id"])
            for c in world.contacts.values()
            if c["_company"] == record_id and not c["is_deleted"]
        ]
    elif record["_company"] is not None:
        found.append(_link("companies", record["_company"]))
    return found


def _link(plural: str, record_id: int, main: bool | None = None) -> Json:
    metadata = None if main is None else {"main_contact": main}
    return {"to_entity_id": record_id, "to_entity_type": plural, "metadata": metadata}


async def links(request: Request) -> Response:
    """Links of one card, or of those named by filter[entity_id]."""
    world, plural = amo_of(request).world, request.path_params["plural"]
    caller_of(request)
    owner = request.path_params.get("id")
    wanted = [owner] if owner is not None else numbers(filter_of(request).get("entity_id"))
    rows: list[Json] = []
    for record_id in wanted:
        if world.find(plural, record_id) is None:
            raise Problem(404, "Entity not found")
        for found in links_of(world, plural, record_id):
            entity = {} if owner else {"entity_id": record_id, "entity_type": plural}
            rows.append({**entity, **found})
    return hal(
        {
            "_total_items": len(rows),
            "_links": self_link(request, request.url.path),
            "_embedded": {"links": rows},
        }
    )


async def link(request: Request) -> Response:
    """Link cards. The answer lists what was linked."""
    amo, caller = amo_of(request), caller_of(request)
    plural = request.path_params["plural"]
    rows: list[Json] = []
    for owner, item in await _pairs(request):
        _join(amo.world, plural, owner, item)
        amo.world.event("entity_linked", KINDS[plural].singular, owner, caller.id)
        rows.append({"entity_id": owner, "entity_type": plural, **item})
    return written(request, "links", rows)


async def unlink(request: Request) -> Response:
    amo, caller = amo_of(request), caller_of(request)
    plural = request.path_params["plural"]
    for owner, item in await _pairs(request):
        _part(amo.world, plural, owner, item)
        amo.world.event("entity_unlinked", KINDS[plural].singular, owner, caller.id)
    return envelope.empty()


async def _pairs(request: Request) -> list[tuple[int, Json]]:
    """(card, link item) of a body; both ends must exist, else Problem 404 or 400."""
    world, plural = amo_of(request).world, request.path_params["plural"]
    found: list[tuple[int, Json]] = []
    for item in await envelope.batch(request):
        owner = request.path_params.get("id") or item.get("entity_id") or 0
        if world.find(plural, owner) is None:
            raise Problem(404, "Entity not found")
        other = item.get("to_entity_type")
        if other not in KINDS or world.find(other, item.get("to_entity_id") or 0) is None:
            raise Problem(400, "Invalid link target")
        keys = ("to_entity_id", "to_entity_type", "metadata")
        found.append((owner, {k: item.get(k) for k in keys}))
    return found


def _join(world: World, plural: str, owner: int, item: Json) -> None:
    other, other_id = item["to_entity_type"], item["to_entity_id"]
    held = _held(world, plural, owner, other, other_id)
    if held is not None:
        contacts, contact_id = held
        main = bool((item["metadata"] or {}).get("is_main")) or not contacts
        if main:
            contacts.update(dict.fromkeys(contacts, False))
        contacts[contact_id] = main
    elif other == "companies":
        world.table(plural)[owner]["_company"] = other_id
    elif plural == "companies":
        world.table(other)[other_id]["_company"] = owner


def _held(
    world: World, plural: str, owner: int, other: str, other_id: int
) -> tuple[dict[int, bool], int] | None:
    """The contacts of the lead or customer in the pair, and which contact is meant."""
    if plural in _HOLDERS and other == "contacts":
        return world.table(plural)[owner]["_contacts"], other_id
    if other in _HOLDERS and plural == "contacts":
        return world.table(other)[other_id]["_contacts"], owner
    return None


def _part(world: World, plural: str, owner: int, item: Json) -> None:
    other, other_id = item["to_entity_type"], item["to_entity_id"]
    held = _held(world, plural, owner, other, other_id)
    if held is not None:
        held[0].pop(held[1], None)
    elif other == "companies":
        world.table(plural)[owner]["_company"] = None
    elif plural == "companies":
        world.table(other)[other_id]["_company"] = None


def routes() -> list[Route]:
    many, one = "/api/v4/{plural:card}", "/api/v4/{plural:card}/{id:int}"
    found: list[Route] = []
    for path in (many, one):
        found += [
            Route(path + "/links", links, methods=["GET"]),
            Route(path + "/link", link, methods=["POST"]),
            Route(path + "/unlink", unlink, methods=["POST"]),
        ]
    return found
