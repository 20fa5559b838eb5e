"""Writes everything derived from the structs: `python -m protocol.generate [--check]`.

`generated/schema.json` (JSON Schema of every message), `generated/messages.ts` (the widget's
types) and `fixtures/<tag>.json` (golden messages in wire form). `--check` writes nothing and fails
when a file on disk differs, so that a forgotten run is caught before it is merged.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from protocol import board_samples, commands, dialer, dialer_samples, frames, phone, pushes, samples
from protocol.close_codes import CloseCode
from protocol.typescript import Schema, constant, declaration, union
from protocol.vocabulary import PROTOCOL_VERSION, CrmTrouble, ErrorCode, Feature, RefusalReason

_ROOM = Path(__file__).parent
_CLIENT_FRAMES: tuple[type[msgspec.Struct], ...] = (frames.Hello, frames.Pong)
_SERVER_FRAMES: tuple[type[msgspec.Struct], ...] = (
    frames.Welcome,
    frames.Reply,
    frames.Ping,
    frames.StreamReset,
    frames.Restarting,
)
_RESULTS: tuple[type[msgspec.Struct], ...] = (
    pushes.HistoryPage,
    pushes.SessionToken,
    pushes.Dialed,
    phone.PhoneCredentials,
    frames.StreamStart,
    dialer.DialerLists,
    dialer.DialerItems,
    dialer.DialerCheck,
)
_ALL = (*_CLIENT_FRAMES, *commands.COMMANDS, *_SERVER_FRAMES, *pushes.PUSHES, *_RESULTS)


def tag(kind: type[msgspec.Struct]) -> str:
    return str(kind.__struct_config__.tag)


def schema() -> Schema:
    """Every message under `$defs`; a push has `seq`, as on the wire."""
    _, parts = msgspec.json.schema_components([*_ALL, ErrorCode], ref_template="#/$defs/{name}")
    for kind in pushes.PUSHES:
        shape = parts[kind.__name__]
        shape["properties"] = {"seq": {"type": "integer"}, **shape["properties"]}
        shape["required"] = ["seq", *shape["required"]]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"Dozvon protocol, version {PROTOCOL_VERSION}",
        "$defs": dict(sorted(parts.items())),
    }


def typescript(parts: dict[str, Schema]) -> str:
    """The widget's module of types, tags and close codes."""
    from_client = {kind.__name__ for kind in (*_CLIENT_FRAMES, *commands.COMMANDS)}
    chunks = [
        "// Written by `make protocol` from protocol/*.py. Do not edit.\n",
        f"export const PROTOCOL_VERSION = {PROTOCOL_VERSION};\n",
        constant("FEATURES", [feature.value for feature in Feature]),
        constant("PUSH_TAGS", [tag(kind) for kind in pushes.PUSHES]),
        constant("ERROR_CODES", [code.value for code in ErrorCode]),
        constant("REFUSAL_REASONS", [reason.value for reason in RefusalReason]),
        constant("CRM_TROUBLES", [trouble.value for trouble in CrmTrouble]),
        _close_codes(),
    ]
    chunks += [
        declaration(name, shape, from_client=name in from_client, numbered=False)
        for name, shape in parts.items()
    ]
    chunks += [
        union("Command", [kind.__name__ for kind in commands.COMMANDS]),
        union("Push", [kind.__name__ for kind in pushes.PUSHES]),
        union("ServerFrame", [*(kind.__name__ for kind in _SERVER_FRAMES), "Push"]),
        union("ClientFrame", [*(kind.__name__ for kind in _CLIENT_FRAMES), "Command"]),
    ]
    return "\n".join(chunks)


def fixtures() -> dict[str, bytes]:
    """File name to golden message, indented; pushes carry a number as on the wire."""
    golden = {f"{tag(type(message))}.json": _pretty(message) for message in samples.FRAMES}
    asked = (*samples.COMMANDS, *dialer_samples.COMMANDS, *board_samples.COMMANDS)
    golden |= {f"{tag(type(command))}.json": _pretty(command) for command in asked}
    for seq, push in enumerate(
        (*samples.PUSHES, *dialer_samples.PUSHES, *board_samples.PUSHES), start=41
    ):
        wire = frames.numbered(pushes.encode(push), seq)
        golden[f"{tag(type(push))}.json"] = _indented(wire)
    golden |= {f"{name}.json": _pretty(result) for name, result in samples.RESULTS.items()}
    results = dialer_samples.RESULTS.items()
    return golden | {f"{name}.json": _pretty(result) for name, result in results}


def outputs() -> dict[Path, bytes]:
    """Every generated file and its content."""
    made = schema()
    files = {
        _ROOM / "generated" / "schema.json": _json(made),
        _ROOM / "generated" / "messages.ts": typescript(made["$defs"]).encode(),
    }
    files |= {_ROOM / "fixtures" / name: body for name, body in fixtures().items()}
    return files


def stale(files: dict[Path, bytes]) -> list[Path]:
    """Files that differ from what would be written, and golden files nobody makes any more."""
    different = [path for path, body in files.items() if _read(path) != body]
    orphans = [path for path in (_ROOM / "fixtures").glob("*.json") if path not in files]
    return sorted(different + orphans)


def main(arguments: Iterable[str]) -> int:
    files = outputs()
    old = stale(files)
    if "--check" in arguments:
        for path in old:
            sys.stderr.write(f"{path.relative_to(_ROOM.parent)} is stale: run `make protocol`\n")
        return 1 if old else 0
    for path in old:
        if path in files:
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(files[path])
        else:
            path.unlink()
    return 0


def _close_codes() -> str:
    rows = "".join(f"  {code.name}: {code.value},\n" for code in CloseCode)
    return f"export const CLOSE = {{\n{rows}}} as const;\n"


def _read(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None


def _pretty(message: msgspec.Struct) -> bytes:
    return _indented(msgspec.json.encode(message))


def _indented(wire: bytes) -> bytes:
    return msgspec.json.format(wire, indent=2) + b"\n"


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=2).encode() + b"\n"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
