"""`/sandbox/…`: what tests and the demo switch and look at; no part of the vendor's interface."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from backend.sandbox.bitrix24 import staff
from backend.sandbox.bitrix24.events import EVENT_NAMES
from backend.sandbox.bitrix24.overtime import SLOW_MS, WORKER
from backend.sandbox.bitrix24.rest.chats import open_chat

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
            Route("/sandbox/clock", self.clock, methods=["GET", "POST"]),
            Route("/sandbox/fire", self.fire, methods=["POST"]),
            Route("/sandbox/users", self.hire, methods=["POST"]),
            Route("/sandbox/users/{number:int}", self.change, methods=["PATCH"]),
            Route("/sandbox/workday", self.workday, methods=["POST"]),
            Route("/sandbox/rename", self.rename, methods=["POST"]),
            Route("/sandbox/confirm", self.confirm, methods=["POST"]),
            Route("/sandbox/chats", self.chat, methods=["POST"]),
            Route("/sandbox/update", self.update, methods=["POST"]),
            Route("/sandbox/worker-loaded", self.worker_loaded, methods=["POST"]),
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
                    portal.card(call)
                    | {"SHOWN_TO": sorted(call.shown_to), "INTERNAL": call.internal}
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
                "faults": portal.switches.values(),
                "refreshes": portal.tokens.refreshes,
                "call_lists": [vars(item) for item in portal.papers.call_lists.values()],
                "chats": [vars(item) for item in portal.papers.chats.values()],
                "connectors": [vars(item) for item in portal.papers.connectors.values()],
                "connector_messages": portal.papers.sent,
                "pushes": portal.papers.pushes,
                "transcripts": portal.papers.transcripts,
                "now": portal.clock.now().isoformat(),
            }
        )

    async def faults(self, request: Request) -> Response:
        """GET describes every switch, POST sets the named ones, DELETE sets all as at the start."""
        switches = self._portal.switches
        if request.method == "DELETE":
            switches.reset()
        elif request.method == "POST":
            try:
                switches.set(await _body(request))
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                return JSONResponse({"error": f"no such fault: {error}"}, 400)
        else:
            return JSONResponse(switches.described())
        return JSONResponse(switches.values())

    async def clock(self, request: Request) -> Response:
        """POST {advance_s} lets time pass for lifetimes, limits and working days alike."""
        clock = self._portal.clock
        if request.method == "POST":
            try:
                clock.advance(float((await _body(request)).get("advance_s", 0)))
            except (TypeError, ValueError) as error:
                return JSONResponse({"error": str(error)}, 400)
        return JSONResponse({"now": clock.now().isoformat(), "ahead_s": clock.ahead_s})

    async def fire(self, request: Request) -> Response:
        """POST {event, data, user}: an event nobody's deed here causes, such as ONAPPPAYMENT."""
        body = await _body(request)
        event, data = str(body.get("event", "")).upper(), body.get("data")
        if event not in EVENT_NAMES:
            return JSONResponse({"error": "no such event"}, 400)
        user = self._portal.active_user(body.get("user"))
        shown = data if isinstance(data, dict) else {}
        self._portal.events.fire(event, shown, user.id if user else None)
        return JSONResponse({"fired": event})

    async def hire(self, request: Request) -> Response:
        """POST {first_name, last_name, email, extension, department…}: a new employee."""
        body = await _body(request)
        return JSONResponse({"id": staff.hire(self._portal, body, by=1).id})

    async def change(self, request: Request) -> Response:
        """PATCH any field of an employee; {active: false} dismisses."""
        try:
            body = await _body(request)
            user = staff.change(self._portal, request.path_params["number"], body)
        except (KeyError, TypeError) as error:
            return JSONResponse({"error": f"no such user or field: {error}"}, 400)
        return JSONResponse({"id": user.id, "active": user.active})

    async def workday(self, request: Request) -> Response:
        """POST {user, tracked}: whether the person's working day is kept at all."""
        body = await _body(request)
        user = self._portal.active_user(body.get("user"))
        if user is None:
            return JSONResponse({"error": "no such user"}, 404)
        self._portal.workdays.track(user.id, on=bool(body.get("tracked", True)))
        return JSONResponse({"status": self._portal.workdays.status(user.id)})

    async def rename(self, request: Request) -> Response:
        """POST {public_url, server_url}: the portal moves; its old hosts answer 302."""
        body = await _body(request)
        public = str(body.get("public_url") or "")
        if not public.startswith(("http://", "https://")):
            return JSONResponse({"error": "public_url is an http(s) address"}, 400)
        self._portal.rename(public, str(body.get("server_url") or ""))
        return JSONResponse({"domain": self._portal.config.domain})

    async def confirm(self, request: Request) -> Response:
        """POST {method, allow}: the administrator's word on a method that waits for it."""
        body, papers = await _body(request), self._portal.papers
        name, allowed = str(body.get("method", "")).lower(), bool(body.get("allow", True))
        (papers.confirmed if allowed else papers.denied).add(name)
        (papers.denied if allowed else papers.confirmed).discard(name)
        data = {"METHOD": name, "CONFIRMED": "Y" if allowed else "N"}
        self._portal.events.fire("ONAPPMETHODCONFIRM", data, 1)
        return JSONResponse({"method": name, "allowed": allowed})

    async def chat(self, request: Request) -> Response:
        """POST {connector, entity_type, entity_id, members}: a client wrote into an open line."""
        body = await _body(request)
        chat = open_chat(
            self._portal,
            str(body.get("connector") or "livechat"),
            str(body.get("entity_type") or "contact").lower(),
            int(body.get("entity_id") or 0),
            [int(item) for item in body.get("members") or []],
        )
        return JSONResponse({"chat": chat.id})

    async def update(self, _: Request) -> Response:
        """A new version of the application: its handlers go and its installer has to run."""
        self._portal.update_application(1)
        return JSONResponse({"version": self._portal.config.application.version})

    async def worker_loaded(self, request: Request) -> Response:
        """POST {took_ms, times}: as if the background worker had loaded so, so often, today."""
        body = await _body(request)
        portal, gone = self._portal, False
        took_ms, times = float(body.get("took_ms", SLOW_MS + 1)), int(body.get("times", 1))
        for item in [item for item in portal.placements if item.code == WORKER]:
            for _ in range(min(times, 100)):
                gone = portal.overtime.loaded(item.code, item.handler, took_ms) or gone
        return JSONResponse({"unregistered": gone})

    async def log(self, request: Request) -> Response:
        if request.method == "DELETE":
            self._portal.log.clear()
        return JSONResponse(self._portal.log.shown())

    async def tokens(self, request: Request) -> Response:
        """POST {user} issues a pair; DELETE makes every access token expired.

        DELETE with `?revoke=all` or `?revoke=USER` withdraws the refresh tokens too.
        """
        portal = self._portal
        if request.method == "DELETE":
            whose = request.query_params.get("revoke")
            if whose is not None:
                portal.tokens.revoke(int(whose) if whose.isdigit() else None)
                return JSONResponse({"revoked": True})
            portal.tokens.expire_all()
            return JSONResponse({"expired": True})
        user = portal.active_user((await _body(request)).get("user"))
        if user is None:
            return JSONResponse({"error": "no such user"}, 404)
        at = portal.config.at(request.headers.get("host", ""))
        return JSONResponse(portal.tokens.answer(portal.tokens.issue(user.id), at))

    async def uninstall(self, request: Request) -> Response:
        """The administrator deletes the application; it may be installed again."""
        self._portal.uninstall(clean=bool((await _body(request)).get("clean")))
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
