"""The authorization server: consent, tokens, and whose token this is."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Host, Mount, Route, Router

from backend.sandbox.bitrix24 import brackets
from backend.sandbox.bitrix24.config import OAUTH_HOSTS
from backend.sandbox.bitrix24.errors import RestError
from backend.sandbox.bitrix24.records import PORTAL_ZONE
from backend.sandbox.bitrix24.rest.server import answer
from backend.sandbox.bitrix24.rest.trouble import Dropped, bad_gateway

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import datetime

    from starlette.requests import Request

    from backend.sandbox.bitrix24.portal import Portal

_TOKEN = ("/oauth/token/", "/oauth/token")
SESSION_COOKIE = "portal_session"


class OAuth:
    """Routes of `/oauth/authorize/` (on the portal) and of the authorization server.

    The server is below `/oauth-server/` on the portal's own address, and at the root under the
    vendor's names.
    """

    def __init__(self, portal: Portal) -> None:
        self._portal = portal

    def routes(self) -> list[BaseRoute]:
        server = self._server_routes()
        return [
            *(Host(name, Router(server)) for name in OAUTH_HOSTS),
            Route("/oauth/authorize/", self.authorize),
            # Older clients ask the portal itself, which passes such requests on.
            *(Route(path, self._guarded(self.token), methods=["GET", "POST"]) for path in _TOKEN),
            Mount("/oauth-server", Router(server)),
        ]

    def _server_routes(self) -> list[Route]:
        both = ["GET", "POST"]
        info = self._guarded(self.app_info)
        return [
            *(Route(path, self._guarded(self.token), methods=both) for path in _TOKEN),
            *(Route(f"/rest/app.info{end}", info, methods=both) for end in ("", "/", ".json")),
        ]

    def _guarded(
        self, respond: Callable[[Request], Awaitable[Response]]
    ) -> Callable[[Request], Awaitable[Response]]:
        """`respond` with the troubles of the authorization server before it."""

        async def guarded(request: Request) -> Response:
            faults = self._portal.faults
            if faults.auth_slow_s:
                await self._portal.clock.sleep(faults.auth_slow_s)
            if faults.spend("auth_503"):
                return bad_gateway(503)
            return await respond(request)

        return guarded

    async def authorize(self, request: Request) -> Response:
        """Send the signed-in user back with a code; `sandbox_user` stands in for signing in."""
        portal = self._portal
        application = portal.config.application
        if request.query_params.get("client_id") != application.client_id:
            # The portal explains itself and sends nobody anywhere.
            return HTMLResponse("<h1>Приложение не найдено</h1>", 404)
        user_id = portal.sessions.get(request.cookies.get(SESSION_COOKIE, ""))
        shortcut = portal.active_user(request.query_params.get("sandbox_user"))
        if shortcut is not None:
            user_id = shortcut.id
        if user_id is None:
            back = f"{request.url.path}?{request.url.query}"
            return RedirectResponse(f"/login/?back={quote(back, safe='')}", 302)
        at = portal.config.at(request.headers.get("host", ""))
        query = urlencode(
            {
                "code": portal.tokens.code(user_id),
                "state": request.query_params.get("state", ""),
                "domain": at.domain,
                "member_id": portal.config.member_id,
                "scope": ",".join(application.scopes),
                "server_domain": at.oauth_host,
            }
        )
        mark = "&" if "?" in application.redirect_uri else "?"
        return RedirectResponse(f"{application.redirect_uri}{mark}{query}", 302)

    async def token(self, request: Request) -> Response:
        """Both grants, as a GET query or a POST form."""
        values: dict[str, Any] = dict(request.query_params)
        if request.method == "POST":
            values |= brackets.parse_query((await request.body()).decode("utf-8", "replace"))
        portal = self._portal
        application = portal.config.application
        try:
            if portal.faults.auth_error:
                raise RestError(portal.faults.auth_error, "Switched on", 400)
            if values.get("client_id") != application.client_id or not secrets.compare_digest(
                str(values.get("client_secret", "")), application.client_secret
            ):
                raise RestError("invalid_client", "Client credentials are invalid", 401)
            if values.get("grant_type") == "authorization_code":
                grant = portal.tokens.exchange_code(str(values.get("code", "")))
            elif values.get("grant_type") == "refresh_token":
                if portal.faults.no_plan:
                    raise RestError("PAYMENT_REQUIRED", "Payment required", 401)
                grant = portal.tokens.refresh(str(values.get("refresh_token", "")))
                if portal.faults.spend("auth_lost"):
                    return Dropped()
            else:
                raise RestError("invalid_request", "Unknown grant type", 400)
        except RestError as error:
            return answer(error.body(), error.status)
        at = portal.config.at(request.headers.get("host", ""))
        return answer(portal.tokens.answer(grant, at))

    async def app_info(self, request: Request) -> Response:
        """Client, portal and user behind a token: the one check that cannot be forged."""
        values: dict[str, Any] = dict(request.query_params)
        if request.method == "POST":
            kind = request.headers.get("content-type", "")
            if kind.startswith("application/json"):
                body = await request.json()
                values |= body if isinstance(body, dict) else {}
            else:
                values |= brackets.parse_query((await request.body()).decode("utf-8", "replace"))
        portal = self._portal
        start = portal.clock.told()
        try:
            grant = portal.tokens.check(str(values.get("auth", "")))
        except RestError as error:
            return answer(error.body(), error.status)
        config, application = portal.config, portal.config.application
        at = config.at(request.headers.get("host", ""))
        scope = ",".join(application.scopes)
        result = {
            "client_id": application.client_id,
            "scope": scope,
            "expires": _iso(portal, grant.expires_at),
            "install": {
                "installed": application.installed,
                "version": str(application.version),
                "status": application.status,
                "scope": scope,
                "domain": at.domain,
                "uri": f"{'https' if at.protocol == '1' else 'http'}://{at.domain}",
                "client_endpoint": at.client_endpoint,
                "member_id": config.member_id,
                "member_type": "bitrix24",
            },
            "user_id": grant.user_id,
        }
        return answer({"result": result, "time": _times(start, portal.clock.told())})


def _iso(portal: Portal, unix: float) -> str:
    moment = portal.clock.now().fromtimestamp(unix, PORTAL_ZONE)
    return moment.replace(microsecond=0).isoformat()


def _times(start: datetime, finish: datetime) -> dict[str, Any]:
    duration = (finish - start).total_seconds()
    return {
        "start": start.timestamp(),
        "finish": finish.timestamp(),
        "duration": duration,
        "processing": duration,
        "date_start": start.astimezone(PORTAL_ZONE).isoformat(),
        "date_finish": finish.astimezone(PORTAL_ZONE).isoformat(),
    }
