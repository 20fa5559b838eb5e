"""batch: many calls in one request, with references from later ones to earlier results."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from backend.sandbox.bitrix24 import brackets
from backend.sandbox.bitrix24.errors import RestError
from backend.sandbox.bitrix24.query import Listing
from backend.sandbox.bitrix24.rest.params import Params

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

MAX_COMMANDS = 50
_REFERENCE = re.compile(r"\$result((?:\[[^\]]*\])+)")
_SEGMENT = re.compile(r"\[([^\]]*)\]")


def resolve(value: Any, results: dict[str, Any]) -> Any:
    """`value` with `$result[…]` replaced: a lone reference by the raw value, else as text."""
    if isinstance(value, dict):
        return {resolve(key, results): resolve(item, results) for key, item in value.items()}
    if isinstance(value, list):
        return [resolve(item, results) for item in value]
    if not isinstance(value, str):
        return value
    whole = _REFERENCE.fullmatch(value)
    if whole:
        return _looked_up(whole.group(1), results)
    return _REFERENCE.sub(lambda match: _text(_looked_up(match.group(1), results)), value)


def _looked_up(path: str, results: dict[str, Any]) -> Any:
    """What the path leads to; it stops at the deepest level that exists."""
    node: Any = results
    for segment in _SEGMENT.findall(path):
        if isinstance(node, dict) and segment in node:
            node = node[segment]
        elif isinstance(node, list) and segment.isdigit() and int(segment) < len(node):
            node = node[int(segment)]
        else:
            break
    return None if node is results else node


def _text(value: Any) -> str:
    return "" if value is None or isinstance(value, dict | list) else str(value)


async def run(
    params: Params,
    call: Callable[[str, Params], Awaitable[tuple[Any, dict[str, Any]]]],
) -> dict[str, Any]:
    """The five containers of a batch answer, keyed like `cmd`. An inner error fills its own."""
    commands = params.get("cmd")
    listed = isinstance(commands, list)
    if isinstance(commands, list):
        commands = {str(index): command for index, command in enumerate(commands)}
    if not isinstance(commands, dict):
        raise RestError("ERROR_ARGUMENT", "Argument 'cmd' is null or empty", argument="cmd")
    halt = params.flag("halt", default=False)
    results: dict[str, Any] = {}
    errors: dict[str, Any] = {}
    totals: dict[str, int] = {}
    nexts: dict[str, int] = {}
    times: dict[str, Any] = {}
    for place, (key, command) in enumerate(commands.items()):
        name, _, query = str(command).partition("?")
        name = name.strip().strip("/").lower().removesuffix(".json")
        try:
            if place >= MAX_COMMANDS:
                raise RestError("ERROR_BATCH_LENGTH_EXCEEDED", "Max batch length exceeded")
            if name in {"batch", "upload", "download"}:
                raise RestError("ERROR_BATCH_METHOD_NOT_ALLOWED", "Method is not allowed for batch")
            inner = Params(resolve(brackets.parse_query(query), results))
            answer, times[key] = await call(name, inner)
        except RestError as error:
            errors[key] = error.body()
            if halt:
                break
            continue
        if isinstance(answer, Listing):
            results[key] = answer.result
            totals[key] = answer.total
            if answer.next is not None:
                nexts[key] = answer.next
        else:
            results[key] = answer
    containers = {
        "result": results,
        "result_error": errors,
        "result_total": totals,
        "result_next": nexts,
        "result_time": times,
    }
    return {name: _container(values, listed) for name, values in containers.items()}


def _container(values: dict[str, Any], listed: bool) -> Any:
    """PHP's way: no entries make a list, and so do keys 0..n-1."""
    if not values:
        return []
    if listed and list(values) == [str(index) for index in range(len(values))]:
        return list(values.values())
    return values
