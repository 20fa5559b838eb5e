"""The deeds behind the portal's buttons, as JSON calls of its own script, and its push channel."""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from backend.sandbox.bitrix24 import clicks, launch, staff
from backend.sandbox.bitrix24.errors import RestError
from backend.sandbox.bitrix24.oauth import SESSION_COOKIE
from backend.sandbox.bitrix24.rest.entities import KINDS
from backend.sandbox.bitrix24.rest.params import as_int
from backend.sandbox.bitrix24.visitor import language_of, user_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request

    from backend.sandbox.bitrix24.hub import Page
    from backend.sandbox.bitrix24.portal import Portal
    from backend.sandbox.dataset import User


class Deeds:
    """Routes of `/portal/…` that change something, each in the name of the signed-in user."""

    def __init__(self, portal: Portal) -> None:
        self._portal = portal

    def routes(self) -> list[BaseRoute]:
        deeds = {
            "launch": self.launch,
            "auth": self.auth,
            "install": self.install,
            "uninstall": self.uninstall,
            "option": self.option,
            "call": self.call,
            "comment": self.comment,
            "loaded": self.loaded,
            "day": self.day,
            "employ": self.employ,
            "assign": self.assign,
        }
        return [
            *(
                Route(f"/portal/{name}", self._deed(act), methods=["POST"])
                for name, act in deeds.items()
            ),
            WebSocketRoute("/portal/stream", self.stream),
        ]

    def _deed(
        self, act: Callable[[User, dict[str, Any], Request], dict[str, Any]]
    ) -> Callable[[Request], Awaitable[Response]]:
        """A JSON call of our own script; another site's page cannot make it (JSON, SameSite)."""

        async def respond(request: Request) -> Response:
            user = user_of(self._portal, request)
            kind = request.headers.get("content-type", "")
            if user is None or not kind.startswith("application/json"):
                return JSONResponse({"error": "NO_AUTH_FOUND"}, 401)
            try:
                body = json.loads(await request.body())
                return JSONResponse(act(user, body, request))
            except RestError as error:
                return JSONResponse(error.body(), error.status)
            except (ValueError, KeyError, TypeError):
                return JSONResponse({"error": "ERROR_ARGUMENT"}, 400)

        return respond

    def launch(self, user: User, body: dict[str, Any], request: Request) -> dict[str, Any]:
        """Everything the page needs to open a frame of the application."""
        portal = self._portal
        return launch.launch(
            portal,
            user,
            code=str(body["code"]),
            handler=str(body.get("handler") or ""),
            options=dict(body.get("options") or {}),
            language=language_of(portal, request),
            at=portal.config.at(request.headers.get("host", "")),
        )

    def auth(self, user: User, _: dict[str, Any], __: Request) -> dict[str, Any]:
        """Fresh tokens for `refreshAuth`."""
        grant = self._portal.tokens.issue(user.id)
        return {
            "AUTH_ID": grant.access_token,
            "AUTH_EXPIRES": str(int(self._portal.config.access_lifetime_s)),
            "REFRESH_ID": grant.refresh_token,
        }

    def comment(self, _: User, body: dict[str, Any], __: Request) -> dict[str, Any]:
        """What was typed on the card stays with the call, the last as the call's own comment."""
        call = self._portal.telephony.calls.get(str(body["call"]))
        if call is None:
            raise RestError("NOT_FOUND", "no such call", 404)
        call.comment = str(body["text"])
        return {"kept": True}

    def install(self, user: User, _: dict[str, Any], __: Request) -> dict[str, Any]:
        """`setInstallFinish`, or the button itself for an application without pages."""
        _administrator(user)
        self._portal.finish_installation(user.id)
        return {"installed": True}

    def uninstall(self, user: User, body: dict[str, Any], _: Request) -> dict[str, Any]:
        """The administrator deletes the application, with its data when `clean` is set."""
        _administrator(user)
        self._portal.uninstall(clean=bool(body.get("clean")))
        return {"installed": False}

    def option(self, user: User, body: dict[str, Any], _: Request) -> dict[str, Any]:
        portal = self._portal
        values = portal.user_options.setdefault(user.id, {})
        if body.get("scope") == "app":
            if not user.is_admin:
                raise RestError("AccessException", "Administrator authorization required", 403)
            values = portal.app_options
        values[str(body["name"])] = body.get("value")
        return {"ok": True}

    def call(self, user: User, body: dict[str, Any], _: Request) -> dict[str, Any]:
        """A number was clicked."""
        call = clicks.dial(
            self._portal,
            user,
            str(body["phone"]),
            kind=str(body.get("kind") or ""),
            number=as_int(body.get("id")),
            list_id=as_int(body.get("list")),
        )
        return {"callId": call.call_id}

    def loaded(self, _: User, body: dict[str, Any], __: Request) -> dict[str, Any]:
        """How long a frame of the application took to load."""
        gone = self._portal.overtime.loaded(
            str(body["code"]), str(body["handler"]), float(body["ms"])
        )
        return {"unregistered": gone}

    def day(self, user: User, body: dict[str, Any], _: Request) -> dict[str, Any]:
        """The signed-in user opens, pauses or closes the working day."""
        days = self._portal.workdays
        act = str(body["act"])
        if act == "pause":
            days.pause(user.id)
        elif act == "close":
            days.close(user.id, None)
        else:
            days.open(user.id, None)
        return {"status": days.status(user.id)}

    def employ(self, user: User, body: dict[str, Any], _: Request) -> dict[str, Any]:
        """An administrator dismisses somebody else or takes them back."""
        _administrator(user)
        number = int(body["id"])
        if number == user.id:
            raise RestError("ERROR_ARGUMENT", "Nobody dismisses himself")
        changed = staff.change(self._portal, number, {"active": bool(body["active"])})
        return {"id": changed.id, "active": changed.active}

    def assign(self, user: User, body: dict[str, Any], _: Request) -> dict[str, Any]:
        """Another employee becomes responsible for a row; subscribers hear that it changed."""
        portal, kind = self._portal, str(body["kind"]).upper()
        if kind not in KINDS or portal.active_user(body["user"]) is None:
            raise RestError("ERROR_ARGUMENT", "No such row or employee")
        values = {"ASSIGNED_BY_ID": str(body["user"])}
        if portal.store.update(kind, body["id"], values, user.id):
            fields = {"FIELDS": {"ID": str(body["id"])}}
            portal.events.fire(f"ONCRM{kind}UPDATE", fields, user.id)
        return {"responsible": values["ASSIGNED_BY_ID"]}

    # The push channel.

    async def stream(self, socket: WebSocket) -> None:
        """Pushes to one open page; the page reports whether it is seen and its card closed."""
        user = user_of(self._portal, socket)
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


def _administrator(user: User) -> None:
    if not user.is_admin:
        raise RestError("ACCESS_DENIED", "Only an administrator installs", 403)
