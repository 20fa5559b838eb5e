"""Who may use the settings' HTTP door, and how it says no: in the asker's language, with the place
of every fault."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from backend.api.answers import Handler, read_body, refusing
from backend.api.doors import Doors
from backend.api.settings_shapes import FaultAnswer
from backend.api.sign_on import bearer
from backend.domain.account_config import Kind, Role
from backend.domain.account_faults import Fault
from backend.errors import AppError, BadRequest, NotAllowed, NotFound
from backend.services.account_settings import ChangedMeanwhile, Invalid
from backend.services.sessions import Identity, Sessions
from backend.services.settings_texts import CODES, Language, language_of, sentence, told

MAX_BODY_BYTES = 262_144
"""A scenario of twenty steps with a hundred people each, some times over."""


@dataclass(frozen=True, slots=True)
class Asker:
    """Somebody with a session."""

    identity: Identity
    language: Language

    @property
    def who(self) -> str:
        """As the log names them."""
        return f"employee:{self.identity.employee_id}"

    @property
    def role(self) -> Role:
        return self.identity.role


Asked = Callable[[Request, Asker], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class SettingsDoor:
    sessions: Sessions
    doors: Doors

    def anybody(self, handler: Asked) -> Handler:
        """For every employee."""
        return self._door(handler, frozenset({"operator", "supervisor", "administrator"}), "")

    def readers(self, handler: Asked) -> Handler:
        allowed: frozenset[Role] = frozenset({"supervisor", "administrator"})
        return self._door(handler, allowed, "supervisors_only")

    def supervisors(self, handler: Asked) -> Handler:
        """For the supervisors' board."""
        allowed: frozenset[Role] = frozenset({"supervisor", "administrator"})
        return self._door(handler, allowed, "board_supervisors_only")

    def writers(self, handler: Asked) -> Handler:
        return self._door(handler, frozenset({"administrator"}), "administrators_only")

    def _door(self, handler: Asked, allowed: frozenset[Role], why: str) -> Handler:
        async def entered(request: Request) -> Response:
            language = language_of(
                request.query_params.get("lang") or request.headers.get("accept-language", "")
            )
            try:
                session = await self.sessions.check(bearer(request))
                if session.identity.role not in allowed:
                    raise NotAllowed(why=why)
                return await handler(request, Asker(session.identity, language))
            except AppError as error:
                raise _in_words(error, language) from error

        return refusing(self.doors.guarded(entered))


def _in_words(error: AppError, language: Language) -> AppError:
    """The same refusal with a sentence for people, and the faults one by one."""
    if isinstance(error, Invalid):
        faults = error.subject_faults if isinstance(error, OfOne) else _placed(error.faults)
        data = {"faults": [_fault(path, fault, language) for path, fault in faults]}
        return BadRequest(sentence("invalid", language), why="invalid", **data)
    why = str(error.data.get("why", ""))
    if why in CODES:
        error.args = (sentence(why, language, **error.data),)
    return error


def _fault(path: str, fault: Fault, language: Language) -> FaultAnswer:
    return FaultAnswer(path=path, code=fault.code, message=told(fault, language))


def _placed(faults: tuple[Fault, ...]) -> list[tuple[str, Fault]]:
    return [(".".join(filter(None, (f.kind, f.key, f.field))), f) for f in faults]


class OfOne(Invalid):
    """Faults of a request about one thing: their places are inside what was sent."""

    def __init__(self, error: Invalid, kind: Kind, key: str) -> None:
        super().__init__(error.faults, error.merged)
        self.subject_faults = [
            (f.field if (f.kind, f.key) == (kind, key) else path, f)
            for path, f in _placed(error.faults)
        ]


async def json_body(request: Request) -> dict[str, Any]:
    """Raises BadRequest."""
    try:
        body = msgspec.json.decode(await read_body(request, MAX_BODY_BYTES))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise BadRequest(why="not_json") from None
    if not isinstance(body, dict):
        raise BadRequest(why="not_json")
    return body


def expected_version(request: Request) -> str:
    """What the asker has seen. Raises BadRequest: a change made blindly undoes another's."""
    version = request.headers.get("if-match", "").strip().removeprefix("W/").strip('"')
    if not version:
        raise BadRequest(why="version_needed")
    return version


def require_version(request: Request, current: str) -> None:
    """Raises ChangedMeanwhile with the version there is now."""
    if expected_version(request) not in (current, "*"):
        raise ChangedMeanwhile(current)


def missing() -> NotFound:
    return NotFound(why="not_found")
