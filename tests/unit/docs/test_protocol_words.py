"""`docs/protocol.md` names every word of the protocol, and none that is not of it."""

from __future__ import annotations

import re

import msgspec
import pytest

from backend.realtime.limits import Limits
from protocol import commands, frames, pushes
from protocol.close_codes import CloseCode, may_return
from protocol.vocabulary import PROTOCOL_VERSION, CrmTrouble, ErrorCode, Feature, StreamName
from tests.unit.docs.pages import code, page, rows, section

TEXT = page("protocol.md")
COMMANDS = {str(c.__struct_config__.tag): c for c in commands.COMMANDS}
PUSHES = {str(p.__struct_config__.tag): p for p in pushes.PUSHES}
FRAMES = {"hello", "pong", "welcome", "reply", "ping", "stream.reset", "restarting"}
_NO_TAG = re.compile(r"\.(json|ts|py|md)$|^welcome\.|^hello\.|^data\.")


def _plain(cell: str) -> str:
    return cell.strip("`")


def _bare(cell: str) -> set[str]:
    return set(re.findall(r"`([^`]+)`", cell))


def test_every_command_stands_in_the_table_with_its_fields() -> None:
    table = {_plain(row[0]): row for row in rows(section(TEXT, "Commands")) if len(row) == 4}
    assert set(table) == set(COMMANDS)
    own = {field.name for field in msgspec.structs.fields(frames.Command)}
    for tag, row in table.items():
        fields = {field.name for field in msgspec.structs.fields(COMMANDS[tag])} - own
        assert _bare(row[1]) == fields, tag


def test_every_push_stands_in_the_table_with_its_feature() -> None:
    table = {_plain(row[0]): row for row in rows(section(TEXT, "Pushes"))}
    assert set(table) == set(PUSHES)
    assert {tag: _plain(row[1]) for tag, row in table.items()} == pushes.FEATURE_OF
    assert {_plain(row[2]) for row in table.values()} == {name.value for name in StreamName}


def test_every_removal_is_named_where_removal_is_explained() -> None:
    (rule,) = re.findall(r"^2\. \*\*Remove\*\*: (.*?)(?=^3\.)", TEXT, re.MULTILINE | re.DOTALL)
    assert _bare(rule) == pushes.REMOVALS


def test_every_close_code_stands_in_the_table_and_says_whether_to_return() -> None:
    table = {int(row[0]): row for row in rows(section(TEXT, "Staying connected"))}
    assert {number: _plain(row[1]) for number, row in table.items()} == {
        code.value: code.name for code in CloseCode
    }
    for number, row in table.items():
        if not may_return(number):
            assert "come back" not in row[2]


def test_every_error_code_stands_in_the_table() -> None:
    table = [_plain(row[0]) for row in rows(section(TEXT, "Commands")) if len(row) == 2]
    assert sorted(table) == sorted(ErrorCode)


def test_every_feature_is_named() -> None:
    assert {feature.value for feature in Feature} <= _bare(section(TEXT, "Features"))


def test_no_word_looks_like_a_message_and_is_none() -> None:
    prose = re.sub(r"^```.*?^```", "", TEXT, flags=re.MULTILINE | re.DOTALL)
    words = {w for w in _bare(prose) if re.fullmatch(r"[a-z]+(\.[a-z_]+)+", w)}
    assert {w for w in words if not _NO_TAG.search(w)} <= {*COMMANDS, *PUSHES, *FRAMES}


def test_every_printed_frame_is_one_of_the_protocol() -> None:
    tags = {tag for block in code(TEXT, "json") for tag in re.findall(r'"type": "([^"]+)"', block)}
    assert {"hello", "welcome", "reply"} <= tags
    assert tags <= {*COMMANDS, *PUSHES, *FRAMES}


def test_the_limits_are_those_of_the_server() -> None:
    limits = Limits()
    table = {row[0]: row[1] for row in rows(section(TEXT, "Limits"))}
    assert table["a client's frame"] == f"{limits.frame_bytes // 1024} KiB"
    assert table["hello after connecting"] == f"{limits.hello_timeout_s:g} s"
    assert (
        table["frames"] == f"{limits.frames_per_s:g} a second, {limits.frames_burst:,.0f} at once"
    )
    assert table["commands"].startswith(
        f"{limits.commands_per_s:g} a second, {limits.commands_burst:g} at once, "
        f"{limits.commands_running} running"
    )
    assert f"after {limits.refusals} refusals" in table["commands"]
    assert table["waiting for a client that does not read"].startswith(
        f"{limits.outbox_frames:,} frames or {limits.outbox_bytes // 1024} KiB"
    )
    assert f"{limits.silence_s:g} seconds without any frame" in TEXT


@pytest.mark.parametrize("place", ["Versions", "Hello and welcome"])
def test_the_version_is_the_one_spoken(place: str) -> None:
    text = section(TEXT, place)
    assert f"version {PROTOCOL_VERSION}" in text or f'"protocol": {PROTOCOL_VERSION},' in text


def test_every_reason_of_a_call_not_in_the_crm_is_explained() -> None:
    (reasons,) = re.findall(r"names why in `crm_reason`: (.*?)\n\n", TEXT, re.DOTALL)
    assert {*CrmTrouble} <= _bare(reasons)
