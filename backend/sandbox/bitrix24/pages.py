"""The portal's pages, the deeds behind their buttons and their push channel."""

from __future__ import annotations

import asyncio
import contextlib
import json
from html import escape
from string import Template
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from backend.sandbox.bitrix24 import launch, views
from backend.sandbox.bitrix24.calls import OUTGOING, Call
from backend.sandbox.bitrix24.errors import RestError
from backend.sandbox.bitrix24.oauth import SESSION_COOKIE
from backend.sandbox.bitrix24.rest.params import as_int
from backend.sandbox.bitrix24.rest.telephony import bind
from backend.sandbox.bitrix24.texts import text

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from starlette.requests import HTTPConnection, Request

    from backend.sandbox.bitrix24.hub import Page
    from backend.sandbox.bitrix24.portal import Portal
    from backend.sandbox.dataset import User

_KINDS = {"contact": "contacts", "company": "companies", "lead": "leads"}
_LANGUAGE_COOKIE = "portal_lang"


class Pages:
    """Routes of everything a browser sees; each page knows its user by the session cookie."""

    def __init__(self, portal: Portal, folder: Path) -> None:
        self._portal = portal
        self._layout = Template((folder / "layout.html").read_text("utf-8"))
        self._login = Template((folder / "login.html").read_text("utf-8"))

    def routes(self) -> list[BaseRoute]:
        page = self._page
        return [
            Route("/", lambda _: RedirectResponse("/crm/contact/list/", 302)),
            Route("/login/", self.login, methods=["GET", "POST"]),
            Route("/logout/", self.logout),
            Route("/crm/deal/list/", page(self.deals)),
            Route("/crm/{kind}/list/", page(self.entities)),
            Route("/crm/{kind}/details/{number:int}/", page(self.details)),
            Route("/company/", page(self.staff)),
            Route("/company/personal/user/{number:int}/", page(self.staff)),
            Route("/marketplace/", page(self.applications)),
            Route("/marketplace/app/", page(self.application)),
            Route("/marketplace/view/{client_id}/", page(self.application)),
            Route("/marketplace/widget/{place:int}/", page(self.widget)),
            Route("/portal/launch", self._deed(self.launch), methods=["POST"]),
            Route("/portal/auth", self._deed(self.auth), methods=["POST"]),
            Route("/portal/install", self._deed(self.install), methods=["POST"]),
            Route("/portal/option", self._deed(self.option), methods=["POST"]),
            Route("/portal/call", self._deed(self.call), methods=["POST"]),
            WebSocketRoute("/portal/stream", self.stream),
        ]

    # Who is looking, and in which language.

    def _user(self, connection: HTTPConnection) -> User | None:
        session = connection.cookies.get(SESSION_COOKIE, "")
        return self._portal.active_user(self._portal.sessions.get(session))

    def _language(self, request: HTTPConnection) -> str:
        wanted = request.query_params.get("lang") or request.cookies.get(_LANGUAGE_COOKIE)
        return wanted if wanted in {"ru", "en"} else self._portal.config.language

    def _page(
        self, content: Callable[[Request, User, str], tuple[str, str, dict[str, Any]]]
    ) -> Callable[[Request], Awaitable[Response]]:
        """A whole page around `content`, which gives title, HTML and what the script must know."""

        async def respond(request: Request) -> Response:
            user = self._user(request)
            path = request.url.path
            if user is None:
                return RedirectResponse(f"/login/?back={quote(path, safe='')}", 302)
            language = self._language(request)
            slider = request.query_params.get("IFRAME") == "Y"
            try:
                title, html, boot = content(request, user, language)
                status = 200
            except RestError:
                title, boot, status = text("not_found", language), {}, 404
                html = f"<h1>{title}</h1>"
            portal = self._portal
            known = {
                "language": language,
                "slider": slider,
                "user": {"id": user.id, "admin": user.is_admin},
                "worker": bool(portal.bound("PAGE_BACKGROUND_WORKER", user.id)),
                "cardTabs": _titles(portal, user, "CALL_CARD"),
                "profileMenu": _titles(portal, user, "USER_PROFILE_MENU"),
                "clientId": portal.config.application.client_id,
                **boot,
            }
            page = self._layout.substitute(
                language=language,
                title=escape(title),
                shape="slider" if slider else "full",
                body=f'<main class="content">{html}</main>'
                if slider
                else views.shell(portal, user, language, path, html),
                boot=json.dumps(known, ensure_ascii=False).replace("<", "\\u003c"),
            )
            response = HTMLResponse(page, status, headers={"Cache-Control": "no-store"})
            if request.query_params.get("lang"):
                response.set_cookie(_LANGUAGE_COOKIE, language, samesite="lax")
            return response

        return respond

    # Pages.

    async def login(self, request: Request) -> Response:
        """Pick who you are; `?user=2` signs in at once, for links of the demo."""
        portal = self._portal
        back = request.query_params.get("back", "/")
        chosen = portal.active_user(request.query_params.get("user"))
        if request.method == "POST":
            async with request.form() as form:
                chosen = portal.active_user(form.get("user"))
                back = str(form.get("back") or "/")
        if chosen is not None:
            # Only a path of our own: an open redirect would hand out nothing, but why offer one.
            target = back if back.startswith("/") and not back.startswith("//") else "/"
            response: Response = RedirectResponse(target, 303)
            cookie = portal.sign_in(chosen.id)
            response.set_cookie(SESSION_COOKIE, cookie, httponly=True, samesite="lax")
            return response
        language = self._language(request)
        people = "".join(
            f'<button name="user" value="{user.id}"><span class="avatar">{views.initials(user)}'
            f"</span><span>{user.first_name} {user.last_name}<small>{user.position}, "
            f"{user.extension}</small></span></button>"
            for user in portal.users.values()
            if user.active
        )
        page = self._login.substitute(
            language=language,
            title=text("sign_in", language),
            hint=text("choose", language),
            back=escape(back, quote=True),
            people=people,
        )
        return HTMLResponse(page)

    async def logout(self, request: Request) -> Response:
        self._portal.sessions.pop(request.cookies.get(SESSION_COOKIE, ""), None)
        response = RedirectResponse("/login/", 303)
        response.delete_cookie(SESSION_COOKIE)
        return response

    def entities(self, request: Request, _: User, language: str) -> tuple[str, str, dict[str, Any]]:
        key = _KINDS.get(request.path_params["kind"])
        if key is None:
            raise RestError("", "no such list", 404)
        title = text(key, language)
        html = views.entity_list(
            self._portal,
            request.path_params["kind"].upper(),
            language,
            start=max(0, as_int(request.query_params.get("start"))),
            query=request.query_params.get("q", ""),
            title=title,
        )
        return title, html, {}

    def deals(self, request: Request, _: User, language: str) -> tuple[str, str, dict[str, Any]]:
        funnel = as_int(request.query_params.get("funnel"))
        return text("deals", language), views.deal_board(self._portal, language, funnel), {}

    def details(
        self, request: Request, user: User, language: str
    ) -> tuple[str, str, dict[str, Any]]:
        kind = request.path_params["kind"].upper()
        if kind not in {"CONTACT", "COMPANY", "LEAD", "DEAL"}:
            raise RestError("", "no such card", 404)
        portal = self._portal
        row = portal.store.get(kind, request.path_params["number"])
        code = f"CRM_{kind}_DETAIL_TAB"
        boot = {
            "detail": {
                "code": code,
                "id": row["ID"],
                "tabs": _titles(portal, user, code),
            }
        }
        html = views.details(portal, user, kind, row, language)
        return portal.store.title(kind, row), html, boot

    def staff(self, _: Request, __: User, language: str) -> tuple[str, str, dict[str, Any]]:
        return text("staff", language), views.staff(self._portal, language), {}

    def applications(
        self, _: Request, user: User, language: str
    ) -> tuple[str, str, dict[str, Any]]:
        return text("apps", language), views.applications(self._portal, user, language), {}

    def application(
        self, request: Request, _: User, language: str
    ) -> tuple[str, str, dict[str, Any]]:
        """The application's main page in a frame; link parameters reach its options."""
        application = self._portal.config.application
        if not application.installed:
            title = text("not_installed", language)
            return application.title, f"<h1>{title}</h1>", {}
        options = {
            key[7:-1]: value
            for key, value in request.query_params.items()
            if key.startswith("params[") and key.endswith("]")
        }
        boot = {"stage": {"code": launch.MAIN, "handler": "", "options": options}}
        return application.title, '<div id="app-stage"></div>', boot

    def widget(self, request: Request, user: User, _: str) -> tuple[str, str, dict[str, Any]]:
        found = self._portal.bound("LEFT_MENU", user.id)
        place = request.path_params["place"]
        if place >= len(found):
            raise RestError("", "no such widget", 404)
        item = found[place]
        boot = {"stage": {"code": item.code, "handler": item.handler, "options": {}}}
        return item.title, '<div id="app-stage"></div>', boot

    # Deeds.

    def _deed(
        self, act: Callable[[User, dict[str, Any], str], dict[str, Any]]
    ) -> Callable[[Request], Awaitable[Response]]:
        """A JSON call of our own script; another site's page cannot make it (JSON, SameSite)."""

        async def respond(request: Request) -> Response:
            user = self._user(request)
            kind = request.headers.get("content-type", "")
            if user is None or not kind.startswith("application/json"):
                return JSONResponse({"error": "NO_AUTH_FOUND"}, 401)
            try:
                body = json.loads(await request.body())
                return JSONResponse(act(user, body, self._language(request)))
            except RestError as error:
                return JSONResponse(error.body(), error.status)
            except (ValueError, KeyError, TypeError):
                return JSONResponse({"error": "ERROR_ARGUMENT"}, 400)

        return respond

    def launch(self, user: User, body: dict[str, Any], language: str) -> dict[str, Any]:
        return launch.launch(
            self._portal,
            user,
            code=str(body["code"]),
            handler=str(body.get("handler") or ""),
            options=dict(body.get("options") or {}),
            language=language,
        )

    def auth(self, user: User, _: dict[str, Any], __: str) -> dict[str, Any]:
        """Fresh tokens for `refreshAuth`."""
        grant = self._portal.tokens.issue(user.id)
        return {
            "AUTH_ID": grant.access_token,
            "AUTH_EXPIRES": str(int(self._portal.config.access_lifetime_s)),
            "REFRESH_ID": grant.refresh_token,
        }

    def install(self, user: User, _: dict[str, Any], __: str) -> dict[str, Any]:
        """`setInstallFinish`: widgets appear and events flow from now on."""
        if not user.is_admin:
            raise RestError("ACCESS_DENIED", "Only an administrator installs", 403)
        self._portal.finish_installation(user.id)
        return {"installed": True}

    def option(self, user: User, body: dict[str, Any], _: str) -> dict[str, Any]:
        portal = self._portal
        values = portal.user_options.setdefault(user.id, {})
        if body.get("scope") == "app":
            if not user.is_admin:
                raise RestError("AccessException", "Administrator authorization required", 403)
            values = portal.app_options
        values[str(body["name"])] = body.get("value")
        return {"ok": True}

    def call(self, user: User, body: dict[str, Any], _: str) -> dict[str, Any]:
        """Click-to-call: the portal registers the call itself and asks the line's owner to dial."""
        portal = self._portal
        phone = "".join(char for char in str(body["phone"]) if char.isdigit() or char == "+")
        if not phone:
            raise RestError("ERROR_ARGUMENT", "phone", 400)
        call = Call(
            call_id=portal.telephony.new_id(),
            user_id=user.id,
            phone=phone,
            type=OUTGOING,
            line=portal.telephony.outgoing_line(),
            external_id=None,
            started_at=portal.clock.now(),
        )
        kind, number = str(body.get("kind") or "").upper(), as_int(body.get("id"))
        if kind in {"CONTACT", "COMPANY", "LEAD"} and portal.store.find(kind, number):
            bind(portal, call, kind, number)
        else:
            for found, row in portal.store.by_phone(phone):
                bind(portal, call, found, int(row["ID"]))
                break
        portal.telephony.calls[call.call_id] = call
        portal.show_card(call, [user.id])
        digits = "".join(char for char in phone if char.isdigit())[-10:]
        portal.events.fire(
            "ONEXTERNALCALLSTART",
            {
                "PHONE_NUMBER": phone,
                "PHONE_NUMBER_INTERNATIONAL": f"+7{digits}" if len(digits) == 10 else phone,
                "EXTENSION": "",
                "USER_ID": user.id,
                "CALL_LIST_ID": 0,
                "LINE_NUMBER": call.line,
                "IS_MOBILE": 0,
                "CALL_ID": call.call_id,
                "CRM_ENTITY_TYPE": call.entity_type,
                "CRM_ENTITY_ID": call.entity_id or 0,
            },
            user.id,
        )
        return {"callId": call.call_id}

    # The push channel.

    async def stream(self, socket: WebSocket) -> None:
        """Pushes to one open page; the page reports whether it is seen and its card closed."""
        user = self._user(socket)
        if user is None:
            await socket.close(4401)
            return
        await socket.accept()
        page = self._portal.hub.open(socket.cookies[SESSION_COOKIE], user.id)
        sender = asyncio.create_task(_send(socket, page))
        try:
            while True:
                self._reported(page, await socket.receive_json())
        except (WebSocketDisconnect, ValueError, KeyError):
            pass
        finally:
            sender.cancel()
            with contextlib.suppress(asyncio.CancelledError, WebSocketDisconnect, RuntimeError):
                await sender
            self._portal.hub.close(page)

    def _reported(self, page: Page, message: dict[str, Any]) -> None:
        if "visible" in message:
            self._portal.hub.visibility(page, bool(message["visible"]))
        if "cardClosed" in message:
            self._portal.hub.card_closed(page, str(message["cardClosed"]))


async def _send(socket: WebSocket, page: Page) -> None:
    while True:
        await socket.send_json(await page.queue.get())


def _titles(portal: Portal, user: User, code: str) -> list[dict[str, str]]:
    return [
        {"code": code, "handler": item.handler, "title": item.title}
        for item in portal.bound(code, user.id)
    ]
