"""The portal's pages."""

from __future__ import annotations

import json
from html import escape
from string import Template
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from backend.sandbox.bitrix24 import company, launch, views
from backend.sandbox.bitrix24.errors import RestError
from backend.sandbox.bitrix24.oauth import SESSION_COOKIE
from backend.sandbox.bitrix24.rest.params import as_int
from backend.sandbox.bitrix24.texts import text
from backend.sandbox.bitrix24.visitor import LANGUAGE_COOKIE, language_of, user_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from starlette.requests import Request

    from backend.sandbox.bitrix24.portal import Portal
    from backend.sandbox.dataset import User

_KINDS = {"contact": "contacts", "company": "companies", "lead": "leads"}


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
            Route("/crm/calllist/{number:int}/", page(self.call_list)),
            Route("/company/", page(self.staff)),
            Route("/company/personal/user/{number:int}/", page(self.staff)),
            Route("/marketplace/", page(self.applications)),
            Route("/marketplace/app/", page(self.application)),
            Route("/marketplace/view/{client_id}/", page(self.application)),
            Route("/marketplace/widget/{place:int}/", page(self.widget)),
        ]

    def _page(
        self, content: Callable[[Request, User, str], tuple[str, str, dict[str, Any]]]
    ) -> Callable[[Request], Awaitable[Response]]:
        """A whole page around `content`, which gives title, HTML and what the script must know."""

        async def respond(request: Request) -> Response:
            user = user_of(self._portal, request)
            path = request.url.path
            if user is None:
                return RedirectResponse(f"/login/?back={quote(path, safe='')}", 302)
            language = language_of(self._portal, request)
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
                "desktop": portal.config.desktop_app,
                "workerMicrophone": portal.config.worker_microphone,
                "apiOnly": portal.config.application.api_only,
                "worker": _worker(portal, user),
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
                response.set_cookie(LANGUAGE_COOKIE, language, samesite="lax")
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
        language = language_of(self._portal, request)
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

    def entities(
        self, request: Request, user: User, language: str
    ) -> tuple[str, str, dict[str, Any]]:
        key = _KINDS.get(request.path_params["kind"])
        if key is None:
            raise RestError("", "no such list", 404)
        title = text(key, language)
        kind = request.path_params["kind"].upper()
        html = views.entity_list(
            self._portal,
            user,
            kind,
            language,
            start=max(0, as_int(request.query_params.get("start"))),
            query=request.query_params.get("q", ""),
            title=title,
        )
        codes = (f"CRM_{kind}_LIST_TOOLBAR", f"CRM_{kind}_LIST_MENU")
        return title, html, {"widgets": _widgets(self._portal, user, codes)}

    def deals(self, request: Request, user: User, language: str) -> tuple[str, str, dict[str, Any]]:
        funnel = as_int(request.query_params.get("funnel"))
        html = views.deal_board(self._portal, user, language, funnel)
        boot = {"widgets": _widgets(self._portal, user, ("CRM_DEAL_LIST_TOOLBAR",))}
        return text("deals", language), html, boot

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
            },
            "widgets": _widgets(portal, user, (f"CRM_{kind}_DETAIL_TOOLBAR",)),
        }
        html = views.details(portal, user, kind, row, language)
        return portal.store.title(kind, row), html, boot

    def call_list(
        self, request: Request, _: User, language: str
    ) -> tuple[str, str, dict[str, Any]]:
        found = self._portal.papers.call_lists.get(request.path_params["number"])
        if found is None:
            raise RestError("", "no such list", 404)
        title = f"{text('call_list', language)} #{found.id}"
        boot = {"hidesCard": self._portal.config.list_hides_card}
        return title, company.call_list(self._portal, found, language), boot

    def staff(self, _: Request, user: User, language: str) -> tuple[str, str, dict[str, Any]]:
        return text("staff", language), company.staff(self._portal, user, language), {}

    def applications(
        self, _: Request, user: User, language: str
    ) -> tuple[str, str, dict[str, Any]]:
        return text("apps", language), company.applications(self._portal, user, language), {}

    def application(
        self, request: Request, user: User, language: str
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
        code = launch.MAIN
        if "client_id" in request.path_params and self._portal.bound("REST_APP_URI", user.id):
            code = "REST_APP_URI"
        boot = {"stage": {"code": code, "handler": "", "options": options}}
        return application.title, '<div id="app-stage"></div>', boot

    def widget(self, request: Request, user: User, _: str) -> tuple[str, str, dict[str, Any]]:
        found = self._portal.bound("LEFT_MENU", user.id)
        place = request.path_params["place"]
        if place >= len(found):
            raise RestError("", "no such widget", 404)
        item = found[place]
        boot = {"stage": {"code": item.code, "handler": item.handler, "options": {}}}
        return item.title, '<div id="app-stage"></div>', boot


def _widgets(portal: Portal, user: User, codes: tuple[str, ...]) -> dict[str, Any]:
    """What the script must know of the buttons a page draws, by placement."""
    return {code: _titles(portal, user, code) for code in codes}


def _worker(portal: Portal, user: User) -> str:
    """The handler of the background worker: the user's own before everybody's; "" for none."""
    found = portal.bound("PAGE_BACKGROUND_WORKER", user.id)
    return max(found, key=lambda item: item.user_id).handler if found else ""


def _titles(portal: Portal, user: User, code: str) -> list[dict[str, str]]:
    return [
        {"code": code, "handler": item.handler, "title": item.title}
        for item in portal.bound(code, user.id)
    ]
