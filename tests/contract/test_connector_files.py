"""Connectors of a family have equal files, and rules everybody knows."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FAMILY = ROOT / "backend" / "connectors" / "crm"
CONNECTORS = sorted(path.parent.name for path in FAMILY.glob("*/connector.py"))
SHAPE = {
    "README.md",
    "__init__.py",
    "auth.py",
    "client.py",
    "connector.py",
    "errors.py",
    "limits.py",
    "mapping.py",
    "people.py",
    "proof.py",
    "quality.toml",
    "webhooks.py",
    "wire.py",
}
RULES = {
    "budget_with_pop_ups_first",
    "calls_in_the_crm",
    "company_only_numbers",
    "contract_suite",
    "employees_synchronised",
    "equal_files",
    "every_spelling_of_a_number",
    "hooks_are_verified",
    "lead_only_numbers",
    "outcomes_mapped",
    "phone_index",
    "recordings",
    "records_and_tasks_written",
    "refresh_is_single_flight",
    "secrets_never_logged",
    "several_matches",
    "two_requests_per_card",
}


@pytest.mark.parametrize("name", CONNECTORS)
def test_a_connector_has_the_familys_files(name: str) -> None:
    assert {path.name for path in (FAMILY / name).iterdir()} >= SHAPE
    assert (ROOT / "docs" / "connectors" / f"{name}.md").exists()


@pytest.mark.parametrize("name", CONNECTORS)
def test_a_connector_answers_every_rule_in_known_words(name: str) -> None:
    rules = tomllib.loads((FAMILY / name / "quality.toml").read_text())
    assert set(rules) == RULES
    for rule, state in rules.items():
        assert state in ("done", "todo") or state.startswith("exempt: "), rule


def test_both_crms_are_here() -> None:
    assert CONNECTORS == ["amocrm", "bitrix24"]
