"""Event to view (R1): an old snapshot and the pushes after it are a fresh snapshot, whatever
happened and wherever the socket was cut. The second half folds with the widget's own reducer."""

from __future__ import annotations

import asyncio
import json
import os
import random
import sys
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from backend.services.ports import SwitchEvent
from protocol import commands, generate, pushes
from tests.contract import house_transcript
from tests.contract.house_hour import PEOPLE, Hour, busy_hour
from tests.contract.house_scenes import ONCE, SELDOM, Scene
from tests.contract.house_transcript import StreamRecord, folded
from tests.unit.protocol.test_frozen_version import frozen, read_by_the_released
from tests.unit.services.stage import ANNA

ROOT = Path(__file__).parent.parent.parent
SEED = 20260302


@dataclass
class Played:
    records: dict[str, StreamRecord]
    """By stream key."""
    asked: set[str]
    told: set[str]
    """Kinds of the switch's events."""
    tabs: dict[str, list[dict[str, Any]]]
    """Frames by employee, as the gateway sent them."""


def programme() -> list[Scene]:
    """Everything once, then again in other orders, with long silences and lost histories."""
    dice = random.Random(SEED)
    nothing, another_epoch = SELDOM
    return [
        *ONCE,
        another_epoch,
        *dice.sample(ONCE, len(ONCE)),
        nothing,
        *dice.sample(ONCE, len(ONCE)),
    ]


async def play() -> Played:
    records: dict[str, StreamRecord] = {}
    async with (
        busy_hour(lambda d: records[d.key].heard(d) if d.key in records else None) as hour,
        AsyncExitStack() as stack,
    ):
        for key in hour.keys:
            record = records[key] = StreamRecord(key, hour.bus)
            record.begin()
            await stack.enter_async_context(hour.bus.follow(key, lambda _: None, record.reset))
        for scene in programme():
            await _scene(hour, scene)
        for record in records.values():
            record.end()
        return Played(
            records,
            hour.asked,
            hour.switch.told,
            {who: list(tab.frames) for who, tab in hour.tabs.items()},
        )


async def _scene(hour: Hour, scene: Scene) -> None:
    try:
        await scene(hour)
    except AssertionError as error:
        raise AssertionError(f"{scene.__name__}: {error}") from error
    assert all(tab.closed is None for tab in hour.tabs.values()), scene.__name__


@pytest.fixture(scope="module")
def played() -> Played:
    found = asyncio.run(play())
    for old in house_transcript.ROOM.glob("*.json"):
        old.unlink()
    for who in PEOPLE:
        streams = {"me": found.records[f"me:acc:{who}"]}
        if who == ANNA:
            streams["account"] = found.records["account:acc"]
            streams["colleagues"] = found.records["colleagues:acc"]
        house_transcript.write(f"hour-{who}", streams)
    return found


def _pushes(played: Played) -> list[dict[str, Any]]:
    return [
        frame
        for record in played.records.values()
        for frame in (*record.snapshot, *record.frames)
        if frame["type"] != "stream.reset"
    ]


@pytest.mark.feature("R1")
def test_every_command_and_push_and_switch_event_has_a_scenario(played: Played) -> None:
    told = {frame["type"] for frame in _pushes(played)}
    assert commands.TAGS - played.asked == set()
    assert {generate.tag(kind) for kind in pushes.PUSHES} - told == set()
    assert {kind.__name__ for kind in SwitchEvent.__args__} - played.told == set()


@pytest.mark.feature("R1")
def test_old_snapshot_and_pushes_are_a_fresh_snapshot(played: Played) -> None:
    for key, record in played.records.items():
        assert len(record.frames) > 5, key
        assert record.views()[-1] == folded({}, record.fresh), key


@pytest.mark.feature("R1")
def test_a_reader_cut_off_anywhere_ends_with_the_same_view(played: Played) -> None:
    kinds: Counter[bool] = Counter()
    for key, record in played.records.items():
        views, fresh = record.views(), folded({}, record.fresh)
        for fork in record.forks:
            kinds[fork.recovered] += 1
            before = views[fork.after] if fork.recovered else {}
            told = folded(before, [record.by_seq[seq] for seq in fork.seqs])
            assert record.replayed(told, fork.seq) == fresh, (key, fork)
        assert {fork.after for fork in record.forks} == set(range(len(record.positions)))
    assert min(kinds[True], kinds[False]) > 100, kinds


def test_a_lost_push_would_be_noticed(played: Played) -> None:
    record = played.records["account:acc"]
    last = next(i for i in reversed(range(len(record.frames))) if "version" in record.frames[i])
    entity = record.frames[last]["entity"]
    record = StreamRecord(
        record.key, record.bus, record.snapshot, record.frames[:last], record.fresh
    )
    assert record.views()[-1].get(entity) != folded({}, record.fresh).get(entity)


def test_every_frame_is_as_the_schema_says(played: Played) -> None:
    kinds = {
        generate.tag(kind): kind.__name__
        for kind in generate._ALL
        if kind.__struct_config__.tag is not None
    }
    released = read_by_the_released(frozen())
    checks: dict[str, list[jsonschema.Draft202012Validator]] = {}
    # As today's widget knows it, and as the released one does.
    for schema in (generate.schema(), released):
        for tag, name in kinds.items():
            if name in schema["$defs"]:
                check = jsonschema.Draft202012Validator(schema | {"$ref": f"#/$defs/{name}"})
                checks.setdefault(tag, []).append(check)
    frames = [*_pushes(played), *(f for frames in played.tabs.values() for f in frames)]
    seen: Counter[str] = Counter()
    for frame in frames:
        seen[frame["type"]] += 1
        for check in checks[frame["type"]]:
            check.validate(frame)
    assert {"welcome", "reply", "ping", "stream.reset"} <= set(seen)


def test_the_gateway_tells_tabs_what_the_bus_keeps(played: Played) -> None:
    for who, frames in played.tabs.items():
        view: house_transcript.View = {}
        for frame in frames:
            if frame["type"] == "welcome":
                view = folded({}, frame["streams"]["me"]["pushes"])
            elif frame["type"] == "stream.reset" and frame["stream"] == "me":
                view = folded({}, frame["start"]["pushes"])
            elif frame.get("stream") == "me":
                view = house_transcript.fold(view, frame)
        assert view == folded({}, played.records[f"me:acc:{who}"].fresh), who


@pytest.mark.timeout(300)
@pytest.mark.feature("R1")
async def test_the_widgets_suite_passes_and_folds_the_transcripts(played: Played) -> None:
    """The widget's whole suite is a test here, so that one command proves both halves."""
    assert {path.name for path in house_transcript.ROOM.glob("*.json")} == {
        f"hour-{who}.json" for who in PEOPLE
    }
    report = ROOT / "var" / "vitest.json"
    report.parent.mkdir(exist_ok=True)
    report.unlink(missing_ok=True)
    process = await asyncio.create_subprocess_exec(
        "npm", "test", "--silent", "--", "--reporter=json", f"--outputFile={report}",
        cwd=ROOT / "widget",
        env={
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "DOZVON_TRANSCRIPTS": "required",
        },
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    output, _ = await process.communicate()
    assert report.exists(), output.decode()[-3000:]
    result = json.loads(report.read_text())
    failed = [
        f"{one['fullName']}: {' '.join(one['failureMessages'])[:500]}"
        for file in result["testResults"]
        for one in file["assertionResults"]
        if one["status"] == "failed"
    ]
    assert failed == []
    assert process.returncode == 0, output.decode()[-3000:]
    assert result["numFailedTests"] == 0
    assert result["numPassedTests"] > 50
    ran = {
        one["title"]
        for file in result["testResults"]
        for one in file["assertionResults"]
        if one["status"] == "passed"
    }
    for who in PEOPLE:
        assert any(title.startswith(f"hour-{who}.json") for title in ran), who
