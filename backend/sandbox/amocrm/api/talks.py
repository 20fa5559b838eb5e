"""Small families around a card: talks, chats of contacts, subscriptions, short links.

The account has no chat channel, so talks and chats are known to be absent rather than unknown.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from starlette.responses import Response
from starlette.routing import Route

from backend.sandbox.amocrm import envelope
from backend.sandbox.amocrm.amo import amo_of
from backend.sandbox.amocrm.auth import caller_of
from backend.sandbox.amocrm.envelope import Errors, Problem, page_answer, written

if TYPE_CHECKING:
    from starlette.requests import Request

    from backend.sandbox.amocrm.config import Json


async def nothing(request: Request) -> Response:
    """Collections this account has none of."""
    caller_of(request)
    return envelope.empty()


async def talk(request: Request) -> Response:
    caller_of(request)
    raise Problem(404, "Talk not found")


async def subscriptions(request: Request) -> Response:
    """Who watches a card: its responsible user."""
    amo = amo_of(request)
    caller_of(request)
    record = amo.world.find(request.path_params["plural"], request.path_params["id"])
    if record is None:
        raise Problem(404, "Entity not found")
    rows: list[Json] = [{"subscriber_id": record["responsible_user_id"], "type": "user"}]
    return page_answer(request, rows, "subscriptions", lambda r: r)


async def short_links(request: Request) -> Response:
    """Addresses whose clicks the platform counts; here they lead nowhere."""
    caller_of(request)
    items = await envelope.batch(request)
    errors = Errors()
    for item in items:
        for key in ("url", "metadata"):
            if not item.get(key):
                errors.add(item["request_id"], "FieldMissing", key, "This field is missing.")
    errors.check()
    account_id = amo_of(request).config.account_id
    rows = [
        {
            "url": f"{envelope.origin(request)}/l/{secrets.token_hex(4)}",
            "account_id": account_id,
            "entity_id": item["metadata"].get("entity_id"),
            "entity_type": item["metadata"].get("entity_type"),
            "request_id": item["request_id"],
        }
        for item in items
    ]
    return written(request, "short_links", rows)


def routes() -> list[Route]:
    return [
        Route("/api/v4/talks", nothing, methods=["GET"]),
        Route("/api/v4/talks/{id:int}", talk, methods=["GET"]),
        Route("/api/v4/talks/{id:int}/close", talk, methods=["POST"]),
        Route("/api/v4/contacts/chats", nothing, methods=["GET"]),
        Route("/api/v4/{plural:card}/{id:int}/subscriptions", subscriptions, methods=["GET"]),
        Route("/api/v4/short_links", short_links, methods=["POST"]),
    ]
