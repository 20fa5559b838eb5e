"""The generated files are fresh, and every message has a golden copy both sides can decode."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import msgspec
import pytest

from protocol import commands, dialer_samples, frames, generate, pushes, samples

FIXTURES = Path(generate.__file__).parent / "fixtures"
FRAME_TYPES = {generate.tag(type(message)): type(message) for message in samples.FRAMES}
RESULTS = samples.RESULTS | dialer_samples.RESULTS
RESULT_TYPES = {name: type(result) for name, result in RESULTS.items()}


def test_what_is_on_disk_is_what_the_structs_say() -> None:
    assert generate.stale(generate.outputs()) == []


def test_every_command_and_push_has_a_golden_file() -> None:
    tags = {generate.tag(kind) for kind in (*commands.COMMANDS, *pushes.PUSHES)}
    assert tags <= {path.stem for path in FIXTURES.glob("*.json")}


@pytest.mark.parametrize("path", sorted(FIXTURES.glob("*.json")), ids=lambda path: path.stem)
def test_a_golden_file_decodes_and_matches_the_schema(path: Path) -> None:
    body = path.read_bytes()
    kind = _type_of(path.stem, body)
    schema = generate.schema()
    schema["$ref"] = f"#/$defs/{kind.__name__}"
    jsonschema.validate(json.loads(body), schema)


def test_a_field_the_schema_does_not_allow_is_noticed() -> None:
    body = json.loads((FIXTURES / "call.changed.json").read_bytes())
    body["state"] = "dreaming"
    schema = generate.schema() | {"$ref": "#/$defs/CallChanged"}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(body, schema)


def _type_of(name: str, body: bytes) -> type[msgspec.Struct]:
    if name in RESULT_TYPES:
        return type(msgspec.json.decode(body, type=RESULT_TYPES[name]))
    if name in FRAME_TYPES:
        return type(msgspec.json.decode(body, type=FRAME_TYPES[name]))
    if name in commands.TAGS:
        return type(commands.decode(body))
    push = pushes.decode(body)
    assert msgspec.json.decode(body, type=frames.Numbered).seq > 0
    return type(push)
