"""The Lua scripts, known to the server by their hash."""

from __future__ import annotations

import hashlib
from pathlib import Path

import hiredis

from backend.bus.line import Wire, Word

_NAMES = (
    "change",
    "count",
    "employees",
    "generation",
    "gone",
    "position",
    "present",
    "publish",
    "read",
    "reset",
    "tabs",
    "version",
)
SOURCES: dict[str, bytes] = {
    name: (Path(__file__).parent / f"{name}.lua").read_bytes() for name in _NAMES
}
HASHES: dict[str, str] = {
    # The server's own name for a script; no secret is protected by it.
    name: hashlib.sha1(source, usedforsecurity=False).hexdigest()
    for name, source in SOURCES.items()
}


async def load(wire: Wire) -> None:
    for answer in [wire.ask("SCRIPT", "LOAD", source) for source in SOURCES.values()]:
        await answer


def call(name: str, keys: list[str], args: list[Word]) -> list[Word]:
    return ["EVALSHA", HASHES[name], len(keys), *keys, *args]


def forgotten(error: hiredis.ReplyError) -> bool:
    """The server lost its scripts (SCRIPT FLUSH, a failover) while the connection stayed."""
    return str(error).startswith("NOSCRIPT")
