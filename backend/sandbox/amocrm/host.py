"""The CRM's own pages: sign-in, the single page behind every address, files of the widget."""

from __future__ import annotations

import asyncio
import html
import json
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from starlette.responses import FileResponse, HTMLResponse, RedirectResponse
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.websockets import WebSocketDisconnect

from backend.sandbox.amocrm.amo import amo_of
from backend.sandbox.amocrm.auth import LANGUAGE, SESSION, language_of, session_user
from backend.sandbox.amocrm.envelope import Problem, plain_json
from backend.sandbox.amocrm.faults import NOBODY, PAGE
from backend.sandbox.amocrm.seed import TASK_TYPES
from backend.sandbox.amocrm.shell import PAGE_DIR, own_page, page_of

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.websockets import WebSocket

    from backend.sandbox.amocrm.amo import Amo
    from backend.sandbox.amocrm.config import Json

_SCRIPTS = (
    "amd",
    "select",
    "dom",
    "dom-content",
    "dom-events",
    "dom-ajax",
    "dom-more",
    "underscore",
    "underscore-more",
    "moment",
    "twig",
    "modules",
    "vendors",
    "widget",
    "notices",
    "texts",
    "app",
    "loader",
    "edit",
    "cards",
    "access",
    "market",
    "pages",
)
_POLICIES = {PAGE: "microphone=(self)", NOBODY: "microphone=()"}
_SIGNED_OUT = 4401  # close code of the live socket for a page without a session


async def login(request: Request) -> Response:
    """Pick who to be: the sandbox has no passwords."""
    back = request.query_params.get("back", "/")
    users = [u for u in amo_of(request).world.users.values() if u["rights"]["is_active"]]
    rows = "".join(
        f'<button class="plain__user" name="user_id" value="{u["id"]}"><b>'
        f"{html.escape(u['name'])}</b><span>{html.escape(u['email'])}"
        f"{' · администратор' if u['rights']['is_admin'] else ''}</span></button>"
        for u in users
    )
    name = html.escape(amo_of(request).config.account_name)
    body = (
        f"<h1>Вход в аккаунт</h1><p>{name}. Учебный аккаунт, пароли не нужны.</p>"
        f'<form method="post" action="/login" class="plain__users">'
        f'<input type="hidden" name="back" value="{html.escape(back)}">{rows}</form>'
    )
    return HTMLResponse(page_of("Вход", body))


async def login_answer(request: Request) -> Response:
    form = await request.form()
    user_id = str(form.get("user_id", ""))
    if not user_id.isdigit() or int(user_id) not in amo_of(request).world.users:
        raise Problem(400, "Unknown user")
    answer = RedirectResponse(own_page(str(form.get("back") or "/")), 303)
    answer.set_cookie(SESSION, user_id, httponly=True, samesite="lax")
    return answer


async def logout(request: Request) -> Response:
    answer = RedirectResponse("/login", 303)
    answer.delete_cookie(SESSION)
    return answer


async def page(request: Request) -> Response:
    """The one document every address of the CRM answers with; the rest is drawn in it."""
    user = session_user(request)
    if user is None:
        back = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return RedirectResponse("/login?" + urlencode({"back": back}), 303)
    amo = amo_of(request)
    language = language_of(request)
    boot = json.dumps(_boot(request, amo, user, language), ensure_ascii=False)
    scripts = "".join(f'<script src="/page/{name}.js"></script>' for name in _SCRIPTS)
    theme = ' data-color-scheme="dark"' if request.cookies.get("theme") == "dark" else ""
    response = HTMLResponse(
        f'<!doctype html><html lang="{html.escape(language)}"{theme}><head><meta charset="utf-8">'
        f"<title>{html.escape(amo.config.account_name)}</title>"
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<link rel="icon" href="data:,"><link rel="stylesheet" href="/page/host.css"></head><body>'
        '<script type="application/json" id="boot">' + boot.replace("</", "<\\/") + "</script>"
        f"{scripts}</body></html>"
    )
    if (policy := _POLICIES.get(amo.faults.microphone)) is not None:
        response.headers["Permissions-Policy"] = policy
    if LANGUAGE in request.query_params:
        response.set_cookie(LANGUAGE, language)
    return response


def _boot(request: Request, amo: Amo, user: Json, language: str) -> Json:
    """Constants the page's scripts show as APP.constant(...)."""
    world = amo.world
    managers = {
        str(u["id"]): {
            "id": str(u["id"]),
            "title": u["name"],
            "option": u["name"],
            "login": u["email"],
            "active": bool(u["rights"]["is_active"]),
            "status": "OK",
            "is_admin": "Y" if u["rights"]["is_admin"] else "N",
            "free_user": "Y" if u["rights"]["is_free"] else "N",
            "group": f"group_{u['rights']['group_id'] or 0}",
            "amojo_id": u["_uuid"],
            "amo_profile_id": u["_uuid"],
            "avatar": "",
            "theme": "default",
        }
        for u in world.users.values()
        if u["rights"]["is_active"]
    }
    fields = {
        str(f["id"]): {"ID": str(f["id"]), "NAME": f["name"], "CODE": f["code"], "TYPE_ID": 8}
        for plural in ("contacts", "companies", "leads")
        for f in world.custom_fields[plural].values()
    }
    return {
        "lang": language,
        "user": {
            "id": user["id"],
            "name": user["name"],
            "login": user["email"],
            "personal_mobile": "",
            "photo": "",
            "theme": "default",
            "tour": False,
            "user_rank": "candidate",
            "uuid": user["_uuid"],
            "amojo_id": user["_uuid"],
        },
        "user_rights": {
            "is_admin": user["rights"]["is_admin"],
            "is_free_user": user["rights"]["is_free"],
        },
        "account": {
            "id": amo.config.account_id,
            "name": amo.config.account_name,
            "subdomain": amo.world.account["subdomain"],
            "timezone": "Europe/Moscow",
            "language": language,
            "customers_mode": world.account["customers_mode"],
            "currency": "RUB",
            "cf": fields,
            "users": {str(u["id"]): u["name"] for u in world.users.values()},
        },
        "managers": managers,
        "groups": {f"group_{g}": name for g, name in world.groups.items()}
        | {"group_free_users": "Бесплатные пользователи"},
        "task_types": {
            code: {"id": t, "option": name, "color": None, "icon_id": None}
            for t, name, code in TASK_TYPES
        },
        "server": request.url.netloc,
    }


async def widget_file(request: Request) -> Response:
    """A file of the widget's archive. script.js may be replaced by another address."""
    widget = amo_of(request).config.widget
    path = str(request.path_params["path"])
    if widget is None or widget.code != request.path_params["code"]:
        raise Problem(404, f"Cannot GET {request.url}")
    if path.startswith("i18n/"):
        return plain_json(widget.read_i18n(path.removeprefix("i18n/").removesuffix(".json")))
    if path == "manifest.json":
        return plain_json(widget.read_manifest())
    if path == "script.js" and widget.script_url is not None:
        return RedirectResponse(widget.script_url)
    if widget.directory is not None:
        root = widget.directory.resolve()
        found = (root / path).resolve()
        if found.is_relative_to(root) and found.is_file():
            return FileResponse(found, headers={"Cache-Control": "no-cache"})
    raise Problem(404, f"Cannot GET {request.url}")


async def live_socket(socket: WebSocket) -> None:
    """Pushes to one open page: pop-ups, notifications, channel messages."""
    amo = amo_of(socket)
    user = session_user(socket)
    if user is None:
        await socket.accept()
        await socket.close(_SIGNED_OUT)
        return
    # Before accepting: what is sent right after the page sees the socket open must not be lost.
    queue = amo.live.open(int(user["id"]))
    await socket.accept()
    sender = asyncio.create_task(_forward(socket, queue))
    try:
        while True:
            await socket.receive_text()
    except WebSocketDisconnect:
        pass
    finally:
        amo.live.close(queue)
        sender.cancel()
        await asyncio.gather(sender, return_exceptions=True)


async def _forward(socket: WebSocket, queue: asyncio.Queue[Json]) -> None:
    while True:
        await socket.send_json(await queue.get())


def routes() -> list[BaseRoute]:
    pages = (
        "/",
        "/dashboard/",
        "/leads/",
        "/leads/{rest:path}",
        "/contacts/{rest:path}",
        "/companies/{rest:path}",
        "/settings/{rest:path}",
        "/todo/{rest:path}",
        "/customers/{rest:path}",
        "/widget_page/{rest:path}",
    )
    return [
        Route("/login", login, methods=["GET"]),
        Route("/login", login_answer, methods=["POST"]),
        Route("/logout", logout, methods=["GET", "POST"]),
        Route("/widgets/{code}/{path:path}", widget_file, methods=["GET"]),
        WebSocketRoute("/ajax/live", live_socket),
        Mount("/page", StaticFiles(directory=PAGE_DIR)),
        *(Route(path, page, methods=["GET"]) for path in pages),
    ]
