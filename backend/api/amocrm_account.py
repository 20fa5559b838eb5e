"""Doors of connected amoCRM accounts: webhooks, the disconnect hook, how the connection is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from backend.api.answers import json_answer, read_body, refusing
from backend.api.doors import Doors
from backend.services.amocrm_accounts import AmoCrmAccounts

MAX_WEBHOOK_BYTES = 2_000_000
"""Fifty changed leads with all their fields are some hundred kilobytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AmoCrmAccountApi:
    """`POST /amocrm/webhooks/{token}`, `GET /amocrm/disconnect`, `POST /api/amocrm/connection`."""

    accounts: AmoCrmAccounts
    pages: Callable[[], Awaitable[set[str]]]
    """Origins of all connected accounts' pages."""
    doors: Doors

    def routes(self) -> list[Route]:
        guarded = self.doors.guarded
        return [
            Route("/amocrm/webhooks/{token}", refusing(self.webhook), methods=["POST"]),
            Route("/amocrm/disconnect", refusing(guarded(self.disconnect))),
            Route("/api/amocrm/connection", self.connection, methods=["POST", "OPTIONS"]),
        ]

    async def webhook(self, request: Request) -> Response:
        """Answered within two seconds: stored and queued, nothing more. Not `guarded`: an account
        that changes much must not be held up, and its address is 256 random bits."""
        body = await read_body(request, MAX_WEBHOOK_BYTES)
        await self.accounts.webhook(request.path_params["token"], body)
        return PlainTextResponse("ok\n")

    async def disconnect(self, request: Request) -> Response:
        await self.accounts.disconnect(dict(request.query_params))
        return PlainTextResponse("ok\n")

    async def connection(self, request: Request) -> Response:
        """The amoCRM page asks with its disposable token, as it does for a session."""
        origin = request.headers.get("origin", "")
        if origin not in await self.pages():
            return json_answer({"error": {"code": "bad_proof", "message": "unknown page"}}, 401)
        if request.method == "OPTIONS":
            answer = Response(status_code=204)
        else:
            answer = await refusing(self.doors.guarded(self._status))(request)
        answer.headers["Access-Control-Allow-Origin"] = origin
        answer.headers["Access-Control-Allow-Headers"] = "X-Auth-Token, Content-Type"
        answer.headers["Access-Control-Allow-Methods"] = "POST"
        answer.headers["Access-Control-Max-Age"] = "600"
        answer.headers["Vary"] = "Origin"
        return answer

    async def _status(self, request: Request) -> Response:
        status = await self.accounts.status(request.headers.get("x-auth-token", ""))
        return json_answer(
            {"state": status.state, "is_admin": status.is_admin, "reconnect": status.reconnect}
        )
