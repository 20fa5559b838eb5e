"""JSON Schema to TypeScript, for exactly the schemas msgspec makes of our messages.

Small on purpose: a general converter would bring a dependency and shapes nobody reads. A schema
word it does not know raises, so that a new kind of field is noticed when it is generated.
"""

from __future__ import annotations

import inspect
import json
from typing import Any

Schema = dict[str, Any]


def declaration(name: str, schema: Schema, *, from_client: bool, numbered: bool) -> str:
    """The exported type for one definition.

    `from_client`: fields with a default may be left out; what the server sends is always whole.
    `numbered`: adds `seq`, which only the wire form of a push has.
    """
    comment = _comment(schema.get("description", ""), "")
    if "enum" in schema:
        return f"{comment}export type {name} = {_type(schema)};\n"
    required = set(schema.get("required", ()))
    lines = [f"{comment}export interface {name} {{"]
    if numbered:
        lines.append("  readonly seq: number;")
    for field, shape in schema["properties"].items():
        optional = "?" if from_client and field not in required else ""
        lines.append(f"  readonly {field}{optional}: {_type(shape)};")
    lines.append("}\n")
    return "\n".join(lines)


def union(name: str, members: list[str]) -> str:
    return f"export type {name} =\n  | " + "\n  | ".join(members) + ";\n"


def constant(name: str, values: list[str]) -> str:
    quoted = "".join(f"  {json.dumps(value)},\n" for value in values)
    return f"export const {name} = [\n{quoted}] as const;\n"


def _type(shape: Schema) -> str:
    match shape:
        case {"$ref": str(ref)}:
            return ref.rsplit("/", 1)[-1]
        case {"enum": list(values)}:
            return " | ".join(json.dumps(value) for value in values)
        case {"anyOf": list(options)}:
            return " | ".join(_type(option) for option in options)
        case {"type": "array", "prefixItems": list(items)}:
            return "readonly [" + ", ".join(_type(item) for item in items) + "]"
        case {"type": "array", "items": dict(items)}:
            inner = _type(items)
            return f"readonly ({inner})[]" if " | " in inner else f"readonly {inner}[]"
        case {"type": "object", "additionalProperties": dict(values)}:
            return f"Readonly<Record<string, {_type(values)}>>"
        case {"type": "object"}:
            return "Readonly<Record<string, unknown>>"
        case {"type": "integer" | "number"}:
            return "number"
        case {"type": ("string" | "boolean" | "null") as plain}:
            return str(plain)
        case _ if not (set(shape) - {"default", "description", "title"}):
            return "unknown"
    raise ValueError(f"no TypeScript for {shape}")


def _comment(text: str, indent: str) -> str:
    if not text:
        return ""
    lines = inspect.cleandoc(text).replace("*/", "* /").splitlines()
    if len(lines) == 1:
        return f"{indent}/** {lines[0]} */\n"
    body = "".join(f"{indent} * {line}".rstrip() + "\n" for line in lines)
    return f"{indent}/**\n{body}{indent} */\n"
