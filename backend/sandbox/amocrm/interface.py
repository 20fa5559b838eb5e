"""What people change in the account by hand: cards, users, external integrations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import Response
from starlette.routing import Route

from backend.sandbox.amocrm import envelope, people
from backend.sandbox.amocrm.amo import amo_of
from backend.sandbox.amocrm.auth import page_user
from backend.sandbox.amocrm.envelope import Problem, plain_json
from backend.sandbox.amocrm.world import KINDS

if TYPE_CHECKING:
    from starlette.requests import Request


async def integrations(request: Request) -> Response:
    """External integrations of the account, which have no widget and so no tile of their own."""
    page_user(request)
    rows = [
        {"client_id": i.client_id, "name": i.name, "description": i.description}
        for i in amo_of(request).registry.external
    ]
    return plain_json({"items": rows})


async def drop_integration(request: Request) -> Response:
    """Switch an external integration off. Administrators only."""
    amo, user = amo_of(request), page_user(request)
    if not user["rights"]["is_admin"]:
        raise Problem(403, "Forbidden")
    if not amo.registry.drop(request.path_params["client_id"]):
        raise Problem(404, "Integration not found")
    return envelope.empty()


async def users(request: Request) -> Response:
    """Everybody in the account, as the settings page lists them."""
    page_user(request)
    rows = [
        {"id": u["id"], "name": u["name"], "email": u["email"], **u["rights"]}
        for u in amo_of(request).world.users.values()
    ]
    return plain_json({"items": rows})


async def change_user(request: Request) -> Response:
    """Rights of a user, or the user's removal, by an administrator who is somebody else."""
    amo, user = amo_of(request), page_user(request)
    user_id = request.path_params["id"]
    if not user["rights"]["is_admin"] or user_id == user["id"]:
        raise Problem(403, "Forbidden")
    if user_id not in amo.world.users:
        raise Problem(404, "User not found")
    if request.method == "DELETE":
        people.delete(amo, user_id)
    else:
        people.change(amo, user_id, {"rights": await envelope.one(request)})
    return envelope.empty()


async def webhooks(request: Request) -> Response:
    """Who listens to the account; PUT with `{destination}` switches one on again."""
    amo, user = amo_of(request), page_user(request)
    if request.method == "PUT":
        if not user["rights"]["is_admin"]:
            raise Problem(403, "Forbidden")
        item = await envelope.one(request)
        if not amo.hooks.enable(str(item.get("destination"))):
            raise Problem(404, "Webhook not found")
        return envelope.empty()
    return plain_json({"items": list(amo.world.webhooks.values())})


async def delete_card(request: Request) -> Response:
    """A card thrown away in the interface; API v4 has no such method."""
    return _set_deleted(request, deleted=True)


async def restore_card(request: Request) -> Response:
    return _set_deleted(request, deleted=False)


def _set_deleted(request: Request, *, deleted: bool) -> Response:
    amo, user = amo_of(request), page_user(request)
    kind = KINDS[request.path_params["plural"]]
    record = amo.world.table(kind.plural).get(request.path_params["id"])
    if record is None or record["is_deleted"] == deleted:
        raise Problem(404, "Entity not found")
    record["is_deleted"] = deleted
    amo.world.touch(record, int(user["id"]))
    word = "deleted" if deleted else "restored"
    amo.world.event(f"{kind.singular}_{word}", kind.singular, record["id"], int(user["id"]))
    amo.hooks.record("delete" if deleted else "restore", kind, record)
    return envelope.empty()


def routes() -> list[Route]:
    return [
        Route("/ajax/integrations/list", integrations, methods=["GET"]),
        Route("/ajax/integrations/{client_id}", drop_integration, methods=["DELETE"]),
        Route("/ajax/users/list", users, methods=["GET"]),
        Route("/ajax/users/{id:int}", change_user, methods=["PATCH", "DELETE"]),
        Route("/ajax/webhooks", webhooks, methods=["GET", "PUT"]),
        Route("/ajax/cards/{plural:card}/{id:int}", delete_card, methods=["DELETE"]),
        Route("/ajax/cards/{plural:card}/{id:int}/restore", restore_card, methods=["POST"]),
    ]
