"""The door of the UIS cloud: notifications, and its question where a call is to go.

The cloud signs nothing: a secret in the address is the proof, as its integrators do it. Whether a
refused notification is ever sent again is documented nowhere, so whatever comes is stored before it
is answered, what cannot be read included.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, Final, Protocol

import msgspec
import structlog
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from backend.api.answers import json_answer, read_body, refusing
from backend.api.doors import Doors
from backend.errors import BadProof, BadRequest

log = structlog.get_logger(__name__)

MAX_BODY: Final = 64 * 1024
UNREADABLE: Final = "unreadable"
_DISTINCT: Final = ("event", "call_session_id", "leg_id", "leg_ids", "notification_time")


class UisDoor(Protocol):
    """What comes from the cloud, on its way to whoever owns the connection."""

    async def connection(self, secret: str) -> str | None:
        """The connection the secret belongs to."""

    async def store(self, connection_id: str, key: str, event: str, body: dict[str, Any]) -> None:
        """On disk when it returns, once for each `key`; its reader is woken."""

    async def ask(self, connection_id: str, question: dict[str, Any]) -> dict[str, Any]:
        """The page the cloud gets, in time whatever happens."""

    async def keep(
        self, connection_id: str, question: dict[str, Any], answer: dict[str, Any]
    ) -> None:
        """What was asked and answered, for whoever looks into it."""


@dataclass(frozen=True, slots=True)
class UisApi:
    door: UisDoor
    doors: Doors

    def routes(self) -> list[Route]:
        return [
            Route(path, refusing(self.doors.guarded(handler)), methods=["GET", "POST"])
            for path, handler in (
                ("/uis/{secret}/events", self.events),
                ("/uis/{secret}/route", self.route),
            )
        ]

    async def events(self, request: Request) -> Response:
        connection_id = await self._connection(request)
        raw = await _raw(request)
        try:
            body = _read(request, raw)
        except ValueError as error:
            key = hashlib.sha256(raw).hexdigest()
            text = raw.decode("utf-8", "replace")
            await self.door.store(connection_id, key, UNREADABLE, {"raw": text})
            log.warning("uis.template_broken", connection=connection_id, error=str(error))
            raise BadRequest(
                "the body is no JSON: write the template's place-holders without quotes",
                why="uis_template",
            ) from error
        event = str(body.get("event") or "")
        await self.door.store(connection_id, _key(body), event, body)
        return json_answer({})

    async def route(self, request: Request) -> Response:
        connection_id = await self._connection(request)
        try:
            question = _read(request, await _raw(request))
        except ValueError as error:
            raise BadRequest("the question is no JSON", why="uis_template") from error
        answer = await self.door.ask(connection_id, question)
        page = json_answer(answer)
        page.background = BackgroundTask(self.door.keep, connection_id, question, answer)
        return page

    async def _connection(self, request: Request) -> str:
        found = await self.door.connection(request.path_params["secret"])
        if found is None:
            raise BadProof("no connection has this secret")
        return found


async def _raw(request: Request) -> bytes:
    return await read_body(request, MAX_BODY)


def _read(request: Request, raw: bytes) -> dict[str, Any]:
    """JSON of a template; what the address says comes with it, and is all there is with GET.
    Raises ValueError."""
    body: dict[str, Any] = dict(request.query_params)
    if not raw.strip():
        return body
    told = msgspec.json.decode(raw)
    if not isinstance(told, dict):
        raise ValueError("not an object")  # noqa: TRY004  # as unreadable as broken JSON
    return body | told


def _key(body: dict[str, Any]) -> str:
    """The same for a notification that comes twice. Without a time the whole body counts."""
    chosen: Any = [body.get(name) for name in _DISTINCT] if body.get("notification_time") else body
    encoded = msgspec.json.encode(chosen, order="deterministic")
    return hashlib.sha256(encoded).hexdigest()
