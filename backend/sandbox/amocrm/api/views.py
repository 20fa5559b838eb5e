"""Cards as API v4 shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backend.sandbox.amocrm.envelope import self_link
from backend.sandbox.amocrm.world import COMPANY, CONTACT, CUSTOMER, LEAD

if TYPE_CHECKING:
    from starlette.requests import Request

    from backend.sandbox.amocrm.config import Json
    from backend.sandbox.amocrm.world import Kind, World


def link(request: Request, plural: str, record_id: int) -> Json:
    return self_link(request, f"/api/v4/{plural}/{record_id}")


def reference(request: Request, plural: str, record_id: int) -> Json:
    """What stands for a card inside another one."""
    return {"id": record_id, "_links": link(request, plural, record_id)}


def show(request: Request, world: World, kind: Kind, record: Json, wanted: frozenset[str]) -> Json:
    """One card; `wanted` are the names of the `with` parameter."""
    body = {k: v for k, v in record.items() if not k.startswith("_")}
    if kind is CONTACT:
        body["is_unsorted"] = record["_hidden"]
    embedded: Json = {
        "tags": [
            {"id": t, "name": world.tags[kind.plural][t], "color": None} for t in record["_tags"]
        ]
    }
    if kind is not COMPANY:
        company = record["_company"]
        embedded["companies"] = (
            [] if company is None else [reference(request, "companies", company)]
        )
    if kind in (LEAD, CUSTOMER):
        if "contacts" in wanted:
            embedded["contacts"] = [
                {**reference(request, "contacts", c), "is_main": is_main}
                for c, is_main in record["_contacts"].items()
            ]
        if "loss_reason" in wanted:
            embedded["loss_reason"] = []
        if "source_id" not in wanted and "source" not in wanted:
            body.pop("source_id", None)
    else:
        if "leads" in wanted:
            leads = world.leads_of(kind, record["id"])
            embedded["leads"] = [reference(request, "leads", lead["id"]) for lead in leads]
        if "customers" in wanted:
            customers = world.customers_of(kind, record["id"])
            embedded["customers"] = [reference(request, "customers", c["id"]) for c in customers]
    if kind is COMPANY and "contacts" in wanted:
        embedded["contacts"] = [
            reference(request, "contacts", c["id"])
            for c in world.contacts.values()
            if c["_company"] == record["id"] and not c["is_deleted"] and not c["_hidden"]
        ]
    if "catalog_elements" in wanted:
        embedded["catalog_elements"] = []
    body["_links"] = link(request, kind.plural, record["id"])
    body["_embedded"] = embedded
    return body


def created(request: Request, kind: Kind, record: Json, request_id: str) -> Json:
    """An item of the answer to a POST."""
    return {**reference(request, kind.plural, record["id"]), "request_id": request_id}


def changed(request: Request, kind: Kind, record: Json, request_id: str) -> Json:
    """An item of the answer to a PATCH."""
    return {
        "id": record["id"],
        "name": record["name"],
        "updated_at": record["updated_at"],
        "request_id": request_id,
        "_links": link(request, kind.plural, record["id"]),
    }
