"""`/sandbox/…`: what tests and the demo switch and look at; no part of the vendor's interface."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

if TYPE_CHECKING:
    from starlette.requests import Request

    from backend.sandbox.bitrix24.portal import Portal


class Control:
    """Faults, the log of REST calls, tokens and the state of the portal, as JSON."""

    def __init__(self, portal: Portal) -> None:
        self._portal = portal

    def routes(self) -> list[Route]:
        return [
            Route("/sandbox/state", self.state),
            Route("/sandbox/faults", self.faults, methods=["GET", "POST", "DELETE"]),
            Route("/sandbox/log", self.log, methods=["GET", "DELETE"]),
            Route("/sandbox/tokens", self.tokens, methods=["POST", "DELETE"]),
            Route("/sandbox/uninstall", self.uninstall, methods=["POST"]),
            Route("/sandbox/default-line", self.default_line, methods=["POST"]),
        ]

    async def state(self, _: Request) -> Response:
        """Everything an assertion may want, in one object."""
        portal = self._portal
        config = portal.config
        return JSONResponse(
            {
                "domain": config.domain,
                "member_id": config.member_id,
                "webhook_url": config.webhook_url,
                "client_endpoint": config.client_endpoint,
                "server_endpoint": config.server_endpoint,
                "installed": config.application.installed,
                "users": [
                    {
                        "id": user.id,
                        "name": f"{user.first_name} {user.last_name}",
                        "extension": user.extension,
                        "admin": user.is_admin,
                        "active": user.active,
                    }
                    for user in portal.users.values()
                ],
                "counts": {kind: len(rows) for kind, rows in portal.store.tables.items()},
                "placements": [
                    {"code": item.code, "handler": item.handler, "user": item.user_id}
                    for item in portal.placements
                ],
                "events": [
                    {"event": item.event, "handler": item.url} for item in portal.events.handlers
                ],
                "deliveries": [vars(item) for item in portal.events.deliveries],
                "calls": [
                    portal.card(call) | {"SHOWN_TO": sorted(call.shown_to)}
                    for call in portal.telephony.calls.values()
                ],
                "lines": [line.shown() for line in portal.telephony.lines.values()],
                "statistics": portal.telephony.statistics,
                "records": {k: len(item[1]) for k, item in portal.telephony.records.items()},
                "notices": portal.notices,
                "pages": [
                    {"id": page.id, "user": page.user_id, "visible": page.visible}
                    for page in portal.hub.pages.values()
                ],
                "cards": [{"call": call, "page": page} for call, page in portal.hub.drawn()],
                "faults": portal.faults.shown(),
            }
        )

    async def faults(self, request: Request) -> Response:
        """POST sets the named switches, DELETE clears all of them."""
        faults = self._portal.faults
        if request.method == "DELETE":
            faults.clear()
        elif request.method == "POST":
            try:
                faults.update(await _body(request))
            except (KeyError, TypeError, ValueError) as error:
                return JSONResponse({"error": f"no such fault: {error}"}, 400)
        return JSONResponse(faults.shown())

    async def log(self, request: Request) -> Response:
        if request.method == "DELETE":
            self._portal.log.clear()
        return JSONResponse(self._portal.log.shown())

    async def tokens(self, request: Request) -> Response:
        """POST {user} issues a pair; DELETE makes every access token expired."""
        portal = self._portal
        if request.method == "DELETE":
            portal.tokens.expire_all()
            return JSONResponse({"expired": True})
        user = portal.active_user((await _body(request)).get("user"))
        if user is None:
            return JSONResponse({"error": "no such user"}, 404)
        host = portal.config.domain
        return JSONResponse(portal.tokens.answer(portal.tokens.issue(user.id), host=host))

    async def uninstall(self, _: Request) -> Response:
        """The administrator deletes the application; it may be installed again."""
        self._portal.uninstall()
        return JSONResponse({"installed": False})

    async def default_line(self, request: Request) -> Response:
        """POST {number}: the line a click on a number dials through (empty for none)."""
        number = str((await _body(request)).get("number") or "")
        self._portal.telephony.default_line = number or None
        return JSONResponse({"default_line": number})


async def _body(request: Request) -> dict[str, Any]:
    try:
        body = json.loads(await request.body() or b"{}")
    except json.JSONDecodeError:
        return {}
    return body if isinstance(body, dict) else {}
