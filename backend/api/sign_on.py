"""Doors a CRM page comes in by, and the ticket office for sockets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from backend.api.answers import Handler, json_answer, read_body, refusing
from backend.api.doors import Doors
from backend.errors import BadRequest, NotAllowed
from backend.services.sessions import Sessions
from backend.services.sign_on import Directory, SignOn, origin_of
from protocol.vocabulary import CrmKind

MAX_BODY_BYTES = 16_384
SETTINGS = "settings"
"""What a page says it wants the session for, when not for the phone."""


@dataclass(frozen=True, slots=True)
class SignOnApi:
    """`POST /api/amocrm/session`, `POST /api/bitrix24/session`, `POST /api/window/session`,
    `POST /api/ticket`, `POST /api/sign-out`."""

    sign_on: SignOn
    sessions: Sessions
    directory: Directory
    own_origin: str
    doors: Doors

    def routes(self) -> list[Route]:
        def door(handler: Handler) -> Handler:
            return refusing(self.doors.guarded(handler))

        return [
            Route("/api/amocrm/session", self.amocrm, methods=["POST", "OPTIONS"]),
            Route("/api/bitrix24/session", door(self.bitrix24), methods=["POST"]),
            Route("/api/window/session", door(self.window), methods=["POST"]),
            Route("/api/ticket", door(self.ticket), methods=["POST"]),
            Route("/api/sign-out", door(self.sign_out), methods=["POST"]),
        ]

    async def amocrm(self, request: Request) -> Response:
        """The amoCRM page itself asks, from its own origin, with its disposable token."""
        origin = request.headers.get("origin", "")
        if origin not in await self._pages():
            return json_answer({"error": {"code": "bad_proof", "message": "unknown page"}}, 401)
        if request.method == "OPTIONS":
            answer = Response(status_code=204)
        else:
            answer = await refusing(self.doors.guarded(self._amocrm_session))(request)
        answer.headers["Access-Control-Allow-Origin"] = origin
        answer.headers["Access-Control-Allow-Headers"] = "X-Auth-Token, Content-Type"
        answer.headers["Access-Control-Allow-Methods"] = "POST"
        answer.headers["Access-Control-Max-Age"] = "600"
        answer.headers["Vary"] = "Origin"
        return answer

    async def _amocrm_session(self, request: Request) -> Response:
        token = request.headers.get("x-auth-token", "")
        issued, identity = await self.sign_on.open(
            CrmKind.AMOCRM,
            token,
            origin=request.headers.get("origin"),
            settings=request.query_params.get("for") == SETTINGS,
        )
        return json_answer(
            {
                "token": issued.token,
                "expires_at": issued.expires_at,
                "origin": self.own_origin,
                "employee": {"id": identity.employee_id, "name": identity.name},
            }
        )

    async def bitrix24(self, request: Request) -> Response:
        """Our own frame asks, with what the portal's page handed it."""
        if request.headers.get("origin", self.own_origin) != self.own_origin:
            raise NotAllowed("only our own pages may ask this")
        body = await _body(request)
        issued, identity = await self.sign_on.open(
            CrmKind.BITRIX24,
            _text(body, "auth_id"),
            hint=_text(body, "member_id"),
            settings=body.get("for") == SETTINGS,
        )
        return json_answer(
            {
                "token": issued.token,
                "expires_at": issued.expires_at,
                "employee": {"id": identity.employee_id, "name": identity.name},
            }
        )

    async def window(self, request: Request) -> Response:
        """The phone's own window asks, with the token of the page that opened it."""
        issued = await self.sessions.beside(bearer(request))
        return json_answer({"token": issued.token, "expires_at": issued.expires_at})

    async def ticket(self, request: Request) -> Response:
        ticket = await self.sessions.ticket(bearer(request))
        scheme = "wss" if self.own_origin.startswith("https") else "ws"
        host = self.own_origin.split("://", 1)[1]
        return json_answer({"ticket": ticket, "url": f"{scheme}://{host}/ws"})

    async def sign_out(self, request: Request) -> Response:
        session = await self.sessions.check(bearer(request))
        await self.sessions.revoke(session.identity.account_id, session.session_id)
        return json_answer({})

    async def _pages(self) -> set[str]:
        pages = await self.directory.pages()
        return {origin_of(url) for urls in pages.values() for url in urls}


def bearer(request: Request) -> str:
    """The session token of a request. Raises NotAllowed."""
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "bearer" or not token:
        raise NotAllowed("no session token")
    return token


async def _body(request: Request) -> dict[str, Any]:
    try:
        body = msgspec.json.decode(await read_body(request, MAX_BODY_BYTES))
    except msgspec.DecodeError:
        raise BadRequest("the body is not JSON") from None
    if not isinstance(body, dict):
        raise BadRequest("the body is not an object")
    return body


def _text(body: dict[str, Any], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not 1 <= len(value) <= 4096 or "\0" in value:
        raise BadRequest(f"{name} is missing")
    return value
