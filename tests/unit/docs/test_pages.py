"""What pages say of commands, settings, metrics, libraries and files is so."""

from __future__ import annotations

import argparse
import json
import re
import tomllib
from pathlib import Path
from urllib.parse import unquote

import pytest
from prometheus_client import REGISTRY, CollectorRegistry

import backend.jobs.worker
import backend.store.journal  # noqa: F401  these two register what they count
from backend import cli
from backend.api.metrics import Metrics
from backend.settings import table
from tests.features import ROOT
from tests.unit.docs.pages import page, rows, section

PAGES = sorted([*ROOT.glob("README*.md"), *(ROOT / "docs").rglob("*.md")])
PICTURES = "docs/images/"
"""Taken by the browser tests; a checkout without a run of them has none."""
MAX_LOADED_BYTES = 45_000


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def _names(text: str, title: str, column: int = 0) -> list[str]:
    return [row[column].strip("`") for row in rows(section(text, title))]


# ── settings ─────────────────────────────────────────────────────────────────────────────────


def test_the_table_of_settings_is_the_one_of_the_code() -> None:
    printed = [
        (row[0].strip("`"), row[1].strip("`"), row[2])
        for row in rows(section(page("operations.md"), "Every setting"))
    ]
    assert printed == table()


def test_the_russian_table_has_the_same_settings_and_defaults() -> None:
    printed = rows(section(page("ru/operations.md"), "Все настройки"))
    assert [(row[0].strip("`"), row[1].strip("`")) for row in printed] == [
        (name, default) for name, default, _ in table()
    ]
    assert all(re.search("[а-я]", row[2]) for row in printed)


@pytest.mark.parametrize("path", PAGES, ids=_name)
def test_every_setting_a_page_names_exists(path: Path) -> None:
    known = {name for name, _, _ in table()}
    # The printed client's own, and a prefix written as `DOZVON_*`.
    others = {"DOZVON_SERVER", "DOZVON_TOKEN", "DOZVON_ANSWER", "DOZVON_CALL", "DOZVON_LEG"}
    others |= {"DOZVON_ACCOUNT", "DOZVON_HELD"}
    # Where tests find an Asterisk.
    others |= {"DOZVON_TEST_ARI_URL", "DOZVON_TEST_SIP", "DOZVON_TEST_TRUNK"}
    found = set(re.findall(r"\bDOZVON_[A-Z0-9_]*[A-Z0-9]\b", path.read_text()))
    assert found - known <= others


# ── commands ─────────────────────────────────────────────────────────────────────────────────


def _verbs() -> set[str]:
    actions = cli._parser()._actions
    (verbs,) = (action for action in actions if isinstance(action, argparse._SubParsersAction))
    return set(verbs.choices)


@pytest.mark.parametrize("path", PAGES, ids=_name)
def test_every_command_a_page_names_exists(path: Path) -> None:
    text = path.read_text()
    assert set(re.findall(r"(?:`|/bin/|^)dozvon ([a-z][a-z0-9-]*)", text, re.MULTILINE)) <= _verbs()
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"(?:`|^|\d )make\s([a-z][a-z-]*)", text, re.MULTILINE)) <= targets


@pytest.mark.parametrize("name", ["README.md", "README.ru.md"])
def test_the_readme_begins_with_what_it_is_a_picture_and_the_two_commands(name: str) -> None:
    text = (ROOT / name).read_text()
    order = [text.index(part) for part in (PICTURES, "make demo", "make test", "dozvon worker")]
    assert order == sorted(order)
    assert "make test" in text[: text.index("dozvon.localhost")]


# ── metrics ──────────────────────────────────────────────────────────────────────────────────


def _counted(registry: CollectorRegistry) -> set[str]:
    return {
        f"{family.name}_total" if family.type == "counter" else family.name
        for family in registry.collect()
        if family.name.startswith("dozvon_")
    }


def test_every_metric_is_named_and_none_that_is_not() -> None:
    counted = _counted(Metrics().registry) | _counted(REGISTRY)
    found = {
        name for name in _names(page("operations.md"), "Watching") if name.startswith("dozvon_")
    }
    assert found == counted


# ── libraries ────────────────────────────────────────────────────────────────────────────────


def _distribution(requirement: str) -> str:
    return re.split(r"[\[=;<> ]", requirement, maxsplit=1)[0]


def test_every_library_has_its_reason_and_every_reason_its_library() -> None:
    text = page("decisions/0007-libraries.md")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    widget = json.loads((ROOT / "widget" / "package.json").read_text())
    assert set(_names(text, "The server")) == {
        _distribution(r) for r in project["project"]["dependencies"]
    }
    assert set(_names(text, "Voice of the demo's switch")) == {
        _distribution(r) for r in project["project"]["optional-dependencies"]["voice"]
    }
    clients = ROOT / "tests" / "sandbox" / "clients" / "bitrix24_js" / "package.json"
    assert set(_names(text, "Tests and checks")) == {
        *(_distribution(r) for r in project["dependency-groups"]["dev"]),
        *json.loads(clients.read_text())["dependencies"],
    }
    assert set(_names(text, "The widget")) == {*widget["dependencies"], *widget["devDependencies"]}


def test_what_a_tab_loads_before_a_call_is_within_the_limit() -> None:
    manifest = json.loads((ROOT / "static" / "manifest.json").read_text())
    assert f"{MAX_LOADED_BYTES:,} bytes" in page("decisions/0005-widget-stack.md")
    # Nobody waits for a call on the page of settings; the build has a limit of its own for it.
    assert manifest.pop("settings")["gzip_bytes"] <= 60_000
    # It comes with its SIP, and only where a frame may not hear.
    assert manifest.pop("inpage")["gzip_bytes"] <= 75_000
    assert manifest.pop("board")["gzip_bytes"] <= 60_000
    assert set(manifest) == {"app", "frame", "phone", "profile", "standalone", "worker"}
    assert max(entry["gzip_bytes"] for entry in manifest.values()) <= MAX_LOADED_BYTES


# ── files and words ──────────────────────────────────────────────────────────────────────────


def _anchors(text: str) -> set[str]:
    """Of headings, as the usual renderers make them."""
    heads = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("path", PAGES, ids=_name)
def test_every_link_leads_somewhere(path: Path) -> None:
    dead = []
    for target in re.findall(r"\]\(([^)\s]+)\)", path.read_text()):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = unquote(target).partition("#")
        file = (path.parent / name).resolve() if name else path
        if _name(file).startswith(PICTURES):
            continue
        if not file.exists() or (anchor and anchor not in _anchors(file.read_text())):
            dead.append(target)
    assert dead == []


@pytest.mark.parametrize("path", PAGES, ids=_name)
def test_every_file_a_page_names_exists(path: Path) -> None:
    rooms = "backend|protocol|widget|tests|docs|static"
    named = set(
        re.findall(rf"`((?:{rooms})/[\w./-]+\.(?:py|ts|tsx|md|json|mjs|js|lua))`", path.read_text())
    )
    assert {name for name in named if not (ROOT / name).exists()} == set()


def test_the_operators_page_has_the_words_of_the_screens() -> None:
    texts = (ROOT / "widget" / "src" / "i18n" / "ru.ts").read_text()
    told = page("ru/operator.md")
    for key in ("answer", "decline", "hold", "unhold", "hangup", "enable_sound", "sign_in"):
        (words,) = re.findall(rf"'do\.{key}': '([^']+)'", texts)
        assert words in told, key
    statuses = re.findall(
        r"'status\.(?:available|break|do_not_disturb|away|off_work)': '([^']+)'", texts
    )
    assert [row[0] for row in rows(section(told, "Статус"))] == statuses
    keys = re.findall(
        r"(answer|decline|hold): '(Alt\+\w)'", (ROOT / "widget/src/ui/CallList.tsx").read_text()
    )
    assert keys
    assert {combination for _, combination in keys} <= set(_names(told, "Клавиши"))
