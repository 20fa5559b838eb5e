"""One REST request as data, so that HTTP and REST-over-WebSocket share every operation."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote

from backend.sandbox.ari.errors import AriError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from backend.sandbox.ari.model import Json
    from backend.sandbox.ari.switch import Switch


@dataclass(frozen=True)
class RestRequest:
    """An operation's input: path parameters, query or body values, and the JSON body."""

    path: Mapping[str, str]
    values: Mapping[str, Sequence[str]]
    body: Mapping[str, Any]

    def text(self, name: str, default: str = "") -> str:
        found = self.values.get(name)
        return found[0] if found else default

    def required(self, name: str, otherwise: str = "") -> str:
        if not (value := self.text(name)):
            raise AriError(400, otherwise or f"{name} is required")
        return value

    def number(self, name: str, default: int) -> int:
        value = self.text(name)
        try:
            return int(value) if value else default
        except ValueError as error:
            raise AriError(400, f"{name} is not a number") from error

    def flag(self, name: str) -> bool:
        return self.text(name).lower() in ("true", "yes", "1")

    def list(self, name: str) -> list[str]:
        """Comma lists and repeated parameters alike."""
        given = (part.strip() for value in self.values.get(name, ()) for part in value.split(","))
        return [part for part in given if part]

    def variables(self) -> dict[str, str]:
        """The body's `variables` object; 400 when it is not an object of scalars."""
        found = self.body.get("variables", {})
        if not isinstance(found, dict) or any(isinstance(v, dict | list) for v in found.values()):
            raise AriError(400, "Unable to parse variables")
        return {str(name): str(value) for name, value in found.items()}


@dataclass(frozen=True)
class RestResponse:
    """`body` is JSON, raw bytes with `media_type`, or None for an empty 204."""

    body: Any = None
    status: int = 200
    media_type: str = "application/json"

    def encoded(self) -> bytes:
        if self.body is None:
            return b""
        if isinstance(self.body, bytes):
            return self.body
        return json.dumps(self.body, ensure_ascii=False).encode()


NO_CONTENT = RestResponse(None, 204)


@dataclass(frozen=True)
class Operation:
    """One ARI operation. `query` names its parameters: `*` required, `[]` list, `#` number."""

    method: str
    path: str
    nickname: str
    handler: Callable[[Switch, RestRequest], RestResponse]
    query: tuple[str, ...] = ()
    takes_body: bool = False
    response: str = "void"
    pattern: re.Pattern[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # Names of devices and recordings may hold slashes; every other parameter may not.
        wide = {"deviceName", "recordingName"}

        def group(match: re.Match[str]) -> str:
            return f"(?P<{match[1]}>{'.+' if match[1] in wide else '[^/]+'})"

        expression = re.sub(r"{(\w+)}", group, self.path)
        object.__setattr__(self, "pattern", re.compile(f"^{expression}$"))


class Router:
    """Finds and runs the operation for a method and a path below `/ari`."""

    def __init__(self, operations: Sequence[Operation]) -> None:
        self.operations = tuple(operations)

    def run(
        self, switch: Switch, method: str, path: str, query: str, content_type: str, body: bytes
    ) -> RestResponse:
        """Never raises for bad input: refusals come back as answers with an error body."""
        try:
            return self._run(switch, method, path, query, content_type, body)
        except AriError as error:
            return RestResponse(error.body, error.status)

    def _run(
        self, switch: Switch, method: str, path: str, query: str, content_type: str, body: bytes
    ) -> RestResponse:
        known = False
        for operation in self.operations:
            match = operation.pattern.match(path)
            if match is None:
                continue
            known = True
            if operation.method == method:
                values, parsed = _inputs(query, content_type, body)
                return operation.handler(switch, RestRequest(match.groupdict(), values, parsed))
        if known:
            raise AriError(405, "Invalid method")
        raise AriError(404, "Resource not found")


def split_uri(uri: str) -> tuple[str, str]:
    """Decoded path with one leading slash, and the query, of a REST-over-WebSocket `uri`."""
    path, _, query = uri.partition("?")
    path = "/" + unquote(path).lstrip("/")
    return path.removeprefix("/ari") if path.startswith("/ari/") else path, query


def _inputs(
    query: str, content_type: str, body: bytes
) -> tuple[dict[str, list[str]], Mapping[str, Any]]:
    """Query values, overlaid by the members of a JSON or form body."""
    values = parse_qs(query, keep_blank_values=True)
    if not body.strip():
        return values, {}
    if content_type.startswith("application/x-www-form-urlencoded"):
        values.update(parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True))
        return values, {}
    parsed = _json_object(body)
    for name, value in parsed.items():
        if isinstance(value, bool):
            values[name] = [str(value).lower()]
        elif isinstance(value, str | int | float):
            values[name] = [str(value)]
        elif isinstance(value, list) and all(isinstance(v, str) for v in value):
            values[name] = list(value)
    return values, parsed


def _json_object(body: bytes) -> Json:
    try:
        parsed = json.loads(body)
    except ValueError as error:
        raise AriError(400, "Request body is not valid JSON") from error
    if not isinstance(parsed, dict):
        raise AriError(400, "Request body is not a JSON object")
    return parsed
