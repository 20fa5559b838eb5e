"""The account, its users and their roles."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.routing import Route

from backend.sandbox.amocrm import envelope, people
from backend.sandbox.amocrm.amo import amo_of
from backend.sandbox.amocrm.auth import admin_of, caller_of
from backend.sandbox.amocrm.envelope import (
    Errors,
    Problem,
    hal,
    page_answer,
    self_link,
    with_of,
    written,
)
from backend.sandbox.amocrm.people import UUID
from backend.sandbox.amocrm.seed import TASK_TYPES

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from backend.sandbox.amocrm.amo import Amo
    from backend.sandbox.amocrm.config import Json

_USERS_PER_POST = 10
_CLOSED_ABOVE = 100  # accounts this big add users in the interface only (reference, section 5)


async def account(request: Request) -> Response:
    amo, caller = amo_of(request), caller_of(request)
    wanted = with_of(request)
    body = {**amo.world.account, "current_user_id": caller.id}
    more = {
        "amojo_id": UUID.format(amo.config.account_id),
        "uuid": UUID.format(amo.config.account_id),
        "version": 13,
        "drive_url": envelope.origin(request),
        "is_api_filter_enabled": amo.faults.api_filter,
        "entity_names": {"leads": {"ru": {"gender": "f"}}},
        "invoices_settings": None,
    }
    body |= {k: v for k, v in more.items() if k in wanted}
    if "amojo_id" in wanted:
        body["uuid"] = more["uuid"]
    embedded: Json = {}
    if "amojo_rights" in wanted:
        embedded["amojo_rights"] = {"can_direct": True, "can_create_groups": True}
    if "users_groups" in wanted:
        embedded["users_groups"] = [
            {"id": g, "name": name, "uuid": None} for g, name in amo.world.groups.items()
        ]
    if "task_types" in wanted:
        embedded["task_types"] = [
            {"id": t, "name": name, "color": None, "icon_id": None, "code": code}
            for t, name, code in TASK_TYPES
        ]
    if "datetime_settings" in wanted:
        embedded["datetime_settings"] = {
            "date_pattern": "DD.MM.YYYY HH:mm",
            "short_date_pattern": "DD.MM.YYYY",
            "short_time_pattern": "HH:mm",
            "date_format": "d.m.Y",
            "time_format": "H:i:s",
            "timezone": "Europe/Moscow",
            "timezone_offset": "+03:00",
        }
    if embedded:
        body["_embedded"] = embedded
    body["_links"] = self_link(request, "/api/v4/account")
    return hal(body)


def show_user(request: Request, amo: Amo, user: Json, wanted: frozenset[str]) -> Json:
    body = {k: v for k, v in user.items() if not k.startswith("_")}
    group = user["rights"]["group_id"]
    role = user["rights"]["role_id"]
    embedded: Json = {}
    if "role" in wanted:
        known = amo.world.roles.get(role)
        embedded["roles"] = [] if known is None else [{"id": role, "name": known["name"]}]
    if "group" in wanted:
        name = amo.world.groups.get(group or 0, "")
        embedded["groups"] = [{"id": group or 0, "name": name}]
    if "uuid" in wanted:
        body["uuid"] = user["_uuid"]
    if "amojo_id" in wanted:
        body["amojo_id"] = user["_uuid"]
    if "phone_number" in wanted:
        body["phone_number"] = None
    if "user_rank" in wanted:
        body["user_rank"] = "candidate"
    body["_links"] = self_link(request, f"/api/v4/users/{user['id']}")
    body["_embedded"] = embedded
    return body


def _insider(request: Request) -> None:
    """Administrators only, and no external integrations (reference, section 1)."""
    caller = admin_of(request)
    if amo_of(request).registry.is_external(caller.client_id):
        raise Problem(403, "Forbidden")


async def users(request: Request) -> Response:
    amo = amo_of(request)
    _insider(request)
    wanted = with_of(request)
    rows = list(amo.world.users.values())
    return page_answer(
        request, rows, "users", lambda u: show_user(request, amo, u, wanted), totals=True
    )


async def user(request: Request) -> Response:
    amo = amo_of(request)
    _insider(request)
    found = amo.world.users.get(request.path_params["id"])
    if found is None:
        raise Problem(404, "User not found")
    return hal(show_user(request, amo, found, with_of(request)))


async def add_users(request: Request) -> Response:
    amo = amo_of(request)
    _insider(request)
    items = await envelope.batch(request)
    if len(amo.world.users) > _CLOSED_ABOVE:
        raise Problem(403, "Forbidden")
    if len(items) > _USERS_PER_POST:
        raise Problem(422, f"Limit {_USERS_PER_POST} items per request")
    errors = Errors()
    taken = {u["email"] for u in amo.world.users.values()}
    for item in items:
        for key in ("name", "email"):
            if not item.get(key):
                errors.add(item["request_id"], "FieldMissing", key, "This field is missing.")
        if item.get("email") in taken:
            errors.add(item["request_id"], "NotUnique", "email", "This e-mail is taken.")
    errors.check()
    rows: list[Json] = []
    for item in items:
        made = people.add(amo, item)
        shown = show_user(request, amo, made, frozenset())
        rows.append({**shown, "request_id": item["request_id"]})
    return written(request, "users", rows, status=201)


def _show_role(request: Request, amo: Amo, role: Json) -> Json:
    members = [u["id"] for u in amo.world.users.values() if u["rights"]["role_id"] == role["id"]]
    links = self_link(request, f"/api/v4/roles/{role['id']}")
    return {**role, "_links": links, "_embedded": {"users": members}}


async def roles(request: Request) -> Response:
    amo = amo_of(request)
    admin_of(request)
    rows = list(amo.world.roles.values())
    return page_answer(request, rows, "roles", lambda r: _show_role(request, amo, r), totals=True)


async def add_roles(request: Request) -> Response:
    amo = amo_of(request)
    admin_of(request)
    rows: list[Json] = []
    for item in await envelope.batch(request):
        role_id = amo.world.next_id()
        role = {"id": role_id, "name": item.get("name", ""), "rights": item.get("rights") or {}}
        amo.world.roles[role_id] = role
        rows.append({**_show_role(request, amo, role), "request_id": item["request_id"]})
    return written(request, "roles", rows, status=201)


async def role(request: Request) -> Response:
    """Read, change or delete one role."""
    amo = amo_of(request)
    admin_of(request)
    found = amo.world.roles.get(request.path_params["id"])
    if found is None:
        raise Problem(404, "Role not found")
    if request.method == "DELETE":
        del amo.world.roles[found["id"]]
        for known in amo.world.users.values():
            if known["rights"]["role_id"] == found["id"]:
                known["rights"]["role_id"] = None
        return envelope.empty()
    if request.method == "PATCH":
        item = await envelope.one(request)
        found |= {k: item[k] for k in ("name", "rights") if k in item}
    return hal(_show_role(request, amo, found))


async def legacy_account(request: Request) -> Response:
    """`/api/v2/account`: what old widgets still ask from the page."""
    amo, caller = amo_of(request), caller_of(request)
    known = {key: amo.world.account[key] for key in ("id", "name", "subdomain", "currency")}
    more = {"timezone": "Europe/Moscow", "timezone_offset": "+03:00", "language": "ru"}
    links = self_link(request, "/api/v2/account")
    return hal({"_links": links, **known, **more, "current_user": caller.id})


async def resource_owner(request: Request) -> Response:
    """`/v3/user`: who granted the token, as the vendor's OAuth client asks."""
    caller = caller_of(request)
    first, _, last = str(caller.user["name"]).partition(" ")
    return hal(
        {
            "id": caller.id,
            "first_name": first,
            "last_name": last,
            "name": caller.user["name"],
            "email": caller.user["email"],
            "account_id": amo_of(request).config.account_id,
            "_links": self_link(request, "/v3/user"),
        }
    )


def routes() -> list[Route]:
    return [
        Route("/api/v4/account", account, methods=["GET"]),
        Route("/api/v4/users", users, methods=["GET"]),
        Route("/api/v4/users", add_users, methods=["POST"]),
        Route("/api/v4/users/{id:int}", user, methods=["GET"]),
        Route("/api/v4/roles", roles, methods=["GET"]),
        Route("/api/v4/roles", add_roles, methods=["POST"]),
        Route("/api/v4/roles/{id:int}", role, methods=["GET", "PATCH", "DELETE"]),
        Route("/api/v2/account", legacy_account, methods=["GET"]),
        Route("/v3/user", resource_owner, methods=["GET"]),
    ]
