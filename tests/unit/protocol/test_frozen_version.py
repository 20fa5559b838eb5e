"""A widget of the version that was released goes on working: what it sends is still accepted, and
what it is sent still has all it knows (docs/decisions/0006)."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest

from protocol import commands, generate
from protocol.frames import Hello, Pong
from protocol.vocabulary import PROTOCOL_VERSION

FROZEN = Path(generate.__file__).parent / "frozen"
FIXTURES = Path(generate.__file__).parent / "fixtures"
OPEN = {"ErrorCode", "Feature", "StreamName"}
"""Enums the server may add to: a widget has a sentence for a code it does not know, and is told
only of features it named and of streams it asked for itself."""

Schema = dict[str, Any]


def frozen() -> Schema:
    found: Schema = json.loads((FROZEN / f"v{PROTOCOL_VERSION}.schema.json").read_bytes())
    return found


def read_by_the_released(schema: Schema) -> Schema:
    """The schema as its widget reads by it: whatever comes in an open enum is a word to it."""
    return schema | {"$defs": schema["$defs"] | {name: {"type": "string"} for name in OPEN}}


def breaks(before: Schema, now: Schema) -> list[str]:
    """What somebody who knows only `before` could not live with, in sentences."""
    known = before["$defs"]
    sent = _reached(before, [k.__name__ for k in _FROM_CLIENT if k.__name__ in known])
    told = _reached(before, set(before["$defs"]) - sent)
    faults = []
    for name, old in before["$defs"].items():
        new = now["$defs"].get(name)
        if new is None:
            faults.append(f"{name} is gone")
            continue
        if "enum" in old:
            faults += _enum(name, old["enum"], new.get("enum", []), told=name in told)
            continue
        for field, shape in old.get("properties", {}).items():
            if field not in new.get("properties", {}):
                faults.append(f"{name}.{field} is gone")
            elif _bare(shape) != _bare(new["properties"][field]):
                faults.append(f"{name}.{field} is another")
        had, has = set(old.get("required", [])), set(new.get("required", []))
        if name in told:
            faults += [f"{name}.{field} may be missing now" for field in sorted(had - has)]
        if name in sent:
            faults += [f"{name}.{field} is demanded now" for field in sorted(has - had)]
    return faults


_FROM_CLIENT = (*generate._CLIENT_FRAMES, *commands.COMMANDS)


def _enum(name: str, old: list[str], new: list[str], *, told: bool) -> list[str]:
    faults = [f"{name} has no {value!r} now" for value in old if value not in new]
    if told and name not in OPEN:
        faults += [f"{name} has {value!r}, unknown before" for value in new if value not in old]
    return faults


def _reached(schema: Schema, names: Any) -> set[str]:
    """These definitions and those they are made of."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += _references(schema["$defs"][name])
    return found


def _references(shape: Any) -> list[str]:
    if isinstance(shape, dict):
        own = [shape["$ref"].rpartition("/")[2]] if "$ref" in shape else []
        return own + [name for value in shape.values() for name in _references(value)]
    if isinstance(shape, list):
        return [name for value in shape for name in _references(value)]
    return []


def _bare(shape: Any) -> Any:
    """Without the words, which may be put better."""
    if isinstance(shape, dict):
        return {k: _bare(v) for k, v in shape.items() if k not in ("title", "description")}
    if isinstance(shape, list):
        return [_bare(value) for value in shape]
    return shape


def test_the_released_version_is_understood() -> None:
    assert breaks(frozen(), generate.schema()) == []


def test_what_the_released_widget_sends_is_accepted() -> None:
    sent = json.loads((FROZEN / f"v{PROTOCOL_VERSION}.client.json").read_bytes())
    tags = set()
    for frame in sent:
        body = msgspec.json.encode(frame)
        kind: Any = {"hello": Hello, "pong": Pong}.get(frame["type"])
        read = commands.decode(body) if kind is None else msgspec.json.decode(body, type=kind)
        again = json.loads(msgspec.json.encode(read))
        # Nothing it said is lost on the way.
        assert {k: again[k] for k in frame} == frame
        tags.add(frame["type"])
    old = frozen()["$defs"]
    assert tags == {
        shape["properties"]["type"]["enum"][0]
        for name, shape in old.items()
        if name in {kind.__name__ for kind in _FROM_CLIENT}
    }


def released() -> list[tuple[Path, str]]:
    """Golden messages of today that the released version had, with their definition's name."""
    definitions = frozen()["$defs"]
    names = {
        shape["properties"]["type"]["enum"][0]: name
        for name, shape in definitions.items()
        if "enum" in shape.get("properties", {}).get("type", {})
    }
    found = []
    for path in sorted(FIXTURES.glob("*.json")):
        result = "".join(word.title() for word in path.stem.split("_"))
        name = names.get(path.stem, result)
        if name in definitions:
            found.append((path, name))
    return found


@pytest.mark.parametrize(("path", "name"), released(), ids=lambda value: getattr(value, "stem", ""))
def test_todays_messages_are_as_the_released_schema_says(path: Path, name: str) -> None:
    schema = read_by_the_released(frozen()) | {"$ref": f"#/$defs/{name}"}
    jsonschema.validate(json.loads(path.read_bytes()), schema)


def test_no_released_message_lost_its_golden_file() -> None:
    assert len(released()) >= len(json.loads((FROZEN / "v1.client.json").read_bytes())) + 20


def test_breaks_are_noticed_and_additions_are_none() -> None:
    before = generate.schema()

    def after(change: Any) -> list[str]:
        now = copy.deepcopy(before)
        change(now["$defs"])
        return breaks(before, now)

    card, answer = "CallChanged", "AnswerCall"
    text = {"type": "string"}
    assert after(lambda d: d.pop(card)) == [f"{card} is gone"]
    assert after(lambda d: d[card]["properties"].pop("device")) == [f"{card}.device is gone"]
    assert after(lambda d: d[card]["properties"].update(number={"type": "integer"})) == [
        f"{card}.number is another"
    ]
    assert after(lambda d: d[card]["properties"].update(type={"enum": ["call.moved"]})) == [
        f"{card}.type is another"
    ]
    assert after(lambda d: d[card]["required"].remove("number")) == [
        f"{card}.number may be missing now"
    ]
    assert after(lambda d: d[answer]["required"].append("device")) == [
        f"{answer}.device is demanded now"
    ]
    assert after(lambda d: d["CallState"]["enum"].append("parked")) == [
        "CallState has 'parked', unknown before"
    ]
    assert after(lambda d: d["AgentStatus"]["enum"].remove("away")) == [
        "AgentStatus has no 'away' now"
    ]
    # Additions.
    assert after(lambda d: d[card]["properties"].update(queue=text)) == []
    assert after(lambda d: d[answer]["properties"].update(device=text)) == []
    assert after(lambda d: d["ErrorCode"]["enum"].append("on_fire")) == []
    assert after(lambda d: d.update(CallParked=before["$defs"][card])) == []
    assert after(lambda d: d[card].update(description="In other words.")) == []
