"""The declarative file without a database: what is read, what is said, what comes back."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.domain.account_config import (
    AccountConfig,
    Employee,
    Group,
    Line,
    OwnNumber,
    Role,
    ScenarioConfig,
    Team,
    VirtualNumber,
)
from backend.domain.account_faults import faults, foreign_endpoints
from backend.domain.account_settings import (
    AllSettings,
    CrmSettings,
    OutgoingSettings,
    RecordingSettings,
    WorkdaySettings,
    kept,
)
from backend.services import settings_texts
from backend.services.account_file import read_file, trouble_of, written
from backend.services.account_merge import merged
from backend.services.account_patch import AccountPatch, EmployeePatch, NumberPatch, TeamPatch
from backend.services.account_plan import changes
from backend.services.people_texts import words
from backend.services.settings_texts import language_of

# ── round trips ──────────────────────────────────────────────────────────────────────────────

_ids = st.from_regex(r"[A-Za-z0-9_-]{1,12}", fullmatch=True)
_names = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=20).filter(
    lambda text: text.strip()
)
_maybe_names = st.none() | _names
_ROLES: tuple[Role, ...] = ("operator", "supervisor", "administrator")
_numbers = st.integers(4950000000, 4959999999).map(lambda n: f"+7{n}")


@st.composite
def _own_numbers(draw: st.DrawFn) -> tuple[OwnNumber, ...]:
    priorities = sorted(draw(st.sets(st.integers(1, 9), max_size=3)))
    return tuple(
        OwnNumber(
            kind=draw(st.sampled_from(["desk", "mobile", "sip"])),
            endpoint=f"PJSIP/one-{priority}",
            label=draw(st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=5)),
            priority=priority,
            auto_answer=draw(st.booleans()),
            active=draw(st.booleans()),
        )
        for priority in priorities
    )


@st.composite
def _configs(draw: st.DrawFn) -> AccountConfig:
    ids = draw(st.lists(_ids, unique=True, max_size=4))
    extensions = draw(st.permutations(["11", "12", "13", "14", "15"]))
    virtual = draw(st.lists(_numbers, unique=True, max_size=2))
    employees = tuple(
        Employee(
            id=id_,
            name=draw(_names),
            email=draw(st.none() | st.just(f"{id_}@mail.example")),
            position=draw(_maybe_names),
            crm_user_id=draw(st.none() | st.just(f"u{id_}")),
            active=True,
            role=(role := draw(st.sampled_from(_ROLES))),
            role_by_hand=draw(st.booleans()) if role != "operator" else False,
            extension=draw(st.none() | st.just(extension)),
            calls_enabled=draw(st.booleans()),
            caller_id=draw(st.sampled_from([None, *virtual])),
            caller_id_choice=draw(st.booleans()),
            workday_import=draw(st.booleans()),
            workday_write=draw(st.booleans()),
            device="phone",
            numbers=draw(_own_numbers()),
        )
        for id_, extension in zip(ids, extensions, strict=False)
    )
    some = st.lists(st.sampled_from(ids), unique=True) if ids else st.just([])
    groups = tuple(
        Group(id=id_, name=draw(_names), members=tuple(draw(some)))
        for id_ in draw(st.lists(_ids, unique=True, max_size=2))
    )
    scenarios = tuple(
        ScenarioConfig(
            id=id_,
            name=draw(_names),
            steps=({"group": groups[0].id, "timeout_s": draw(st.integers(5, 60))},),
            final=draw(st.sampled_from(["busy", "no_answer"])),
        )
        for id_ in (draw(st.lists(_ids, unique=True, max_size=2)) if groups else [])
    )
    people = draw(some)
    cut = draw(st.integers(0, len(people)))
    return AccountConfig(
        id="one",
        slug="one",
        name=draw(_names),
        region="RU",
        timezone=draw(st.sampled_from(["Europe/Moscow", "Asia/Omsk"])),
        settings=AllSettings(
            crm=CrmSettings(on=draw(st.booleans())),
            outgoing=OutgoingSettings(default_caller_id=draw(st.sampled_from([None, *virtual]))),
            recording=RecordingSettings(keep_days=draw(st.integers(1, 99))),
            workday=WorkdaySettings(import_on=draw(st.booleans())),
        ),
        lines=(Line(switch="s", endpoint="PJSIP/{digits}@t"),),
        employees=employees,
        groups=groups,
        scenarios=scenarios,
        virtual_numbers=tuple(
            VirtualNumber(
                number=number,
                name=draw(st.just("") | _names),
                switch="s",
                scenario=draw(st.sampled_from([None, *(s.id for s in scenarios)])),
                crm_line=draw(st.booleans()),
            )
            for number in virtual
        ),
        teams=(
            (Team(id="t", name="Team", members=tuple(sorted(people[:cut])),
                  heads=tuple(sorted(people[cut:]))),)
            if draw(st.booleans())
            else ()
        ),
    )  # fmt: skip


def _id() -> str:
    raise AssertionError("everything in the file has an id")


@settings(max_examples=60, deadline=None)
@given(_configs())
def test_what_is_written_reads_back_as_the_same_account(config: AccountConfig) -> None:
    assert faults(config) == []
    file = read_file(written([config], []))
    assert file.troubles == ()
    [patch] = file.accounts
    for before in (config, None):
        for prune in (False, True):
            result = merged(before, patch, prune=prune, new_id=_id)
            assert result.faults == ()
            assert changes(config, result.config) == []


# ── what is wrong ────────────────────────────────────────────────────────────────────────────


def _paths(text: str) -> dict[str, str]:
    file = read_file(text)
    assert all(trouble.told("ru") != trouble.told("en") for trouble in file.troubles)
    return {trouble.path: trouble.code for trouble in file.troubles}


def test_every_fault_of_the_shape_is_named_at_once_by_its_place() -> None:
    text = """
    version = 2
    acounts = []
    [[accounts]]
    name = "No slug"
    region = 7
    [[accounts.employees]]
    id = "anna"
    role = "boss"
    numbers = [{kind = "desk"}, {kind = "fax", endpoint = "PJSIP/1"}]
    [[accounts.employees]]
    id = "boris"
    extention = "101"
    [[accounts.scenarios]]
    name = "no id"
    [[accounts]]
    slug = "second"
    groups = "none"
    """
    assert _paths(text) == {
        "acounts": "unknown_field",
        "version": "bad_version",
        "accounts[0]": "missing",
        "accounts[0].region": "wrong_type",
        "accounts[0].employees[0].role": "not_one_of",
        "accounts[0].employees[0].numbers[0].endpoint": "missing",
        "accounts[0].employees[1].extention": "unknown_field",
        "accounts[0].scenarios[0].id": "missing",
        "accounts[1].groups": "not_a_list",
    }


@pytest.mark.parametrize(
    "text", ["[[accounts", "a = ", "\x00", "accounts = 1", "switches = {}", f"a = {'[' * 5000}"]
)
def test_no_text_is_taken_for_a_file(text: str) -> None:
    assert read_file(text).troubles


def _faults_of(text: str) -> dict[str, str]:
    file = read_file(text)
    assert file.troubles == ()
    result = merged(None, file.accounts[0], new_id=_id)
    found = [*result.faults, *faults(result.config)]
    return {trouble_of(fault, 0, result).path: fault.code for fault in found}


def test_faults_of_meaning_stand_where_the_file_has_them() -> None:
    text = """
    [[accounts]]
    slug = "one"
    timezone = "Moscow"
    settings.outgoing = {default_caller_id = "+74951110000", ring_s = 1}
    settings.crm.call_tracking = true
    settings.colour.on = true
    [[accounts.lines]]
    switch = "s"
    endpoint = "PJSIP/trunk"
    [[accounts.employees]]
    id = "anna"
    name = "Anna"
    extension = "101"
    [[accounts.employees]]
    id = "boris"
    extension = "101"
    numbers = [{kind = "desk", endpoint = "101"}, {kind = "mobile", endpoint = "phone"}]
    [[accounts.groups]]
    id = "sales"
    members = ["anna", "vera"]
    [[accounts.scenarios]]
    id = "main"
    steps = [{group = "sales"}, {group = "sales", timeout_s = 1}, {employees = ["gleb"]}]
    [[accounts.virtual_numbers]]
    number = "12"
    switch = "other"
    scenario = "night"
    [[accounts.groups]]
    id = "sales"
    """
    found = _faults_of(text)
    assert found == {
        "accounts[0].timezone": "bad_timezone",
        "accounts[0].settings.outgoing.default_caller_id": "caller_id_unknown",
        "accounts[0].settings.outgoing.ring_s": "at_least",
        "accounts[0].settings.crm.call_tracking": "tracking_without_callback",
        "accounts[0].settings.colour": "unknown_area",
        "accounts[0].lines[0].endpoint": "line_without_number",
        "accounts[0].employees[1].name": "bad_name",
        "accounts[0].employees[1].extension": "double_extension",
        "accounts[0].employees[1].numbers[0].endpoint": "bad_endpoint",
        "accounts[0].employees[1].numbers[1].endpoint": "bad_mobile",
        "accounts[0].groups[1]": "double_item",
        "accounts[0].groups[1].members[1]": "unknown_employee",
        "accounts[0].scenarios[0].steps[1]": "step_timeout",
        "accounts[0].scenarios[0].steps[2].employees[0]": "unknown_employee",
        "accounts[0].virtual_numbers[0].number": "bad_number",
        "accounts[0].virtual_numbers[0].scenario": "unknown_scenario",
        "accounts[0].virtual_numbers[0].switch": "switch_without_line",
    }


@pytest.mark.parametrize(
    "step, code",
    [
        ({"employees": 5}, "step_employees"),
        ({"employees": "anna"}, "step_employees"),
        ({"employees": [1]}, "step_employees"),
        ({"group": []}, "step_group"),
        ({}, "step_rings_nobody"),
        ({"group": "g", "mode": ["in_turn"]}, "step_mode"),
        ({"group": "g", "devices": 1}, "step_devices"),
        ({"group": "g", "timeout_s": 9999}, "step_timeout"),
        ({"group": "g", "timeout_s": 10.5}, "step_timeout"),
        ({"group": "g", "ring_busy": 1}, "step_ring_busy"),
        ({"group": "g", "colour": 1}, "step_unknown_field"),
        ({"group": "g", "deep": 1}, "step_unknown_field"),
        ({"manager": True}, "step_manager"),
        ({"manager": {"wait_s": 99}}, "step_wait"),
        ({"manager": {"source": "lead"}}, "step_source"),
        ({"manager": {"check_status": "yes"}}, "step_check_status"),
    ],
)
def test_a_step_that_cannot_be_meant_is_told_by_its_code(step: dict[str, Any], code: str) -> None:
    config = _with(
        groups=(Group(id="g", name="G"),),
        scenarios=(ScenarioConfig(id="s", name="S", steps=(step,)),),
    )
    [fault] = faults(config)
    assert (fault.kind, fault.key, fault.field, fault.code) == ("scenario", "s", "steps[0]", code)
    assert "…" not in settings_texts.told(fault, "ru")


def test_every_code_of_a_fault_has_words_in_both_languages() -> None:
    sources = "".join(
        Path(f"backend/{name}.py").read_text()
        for name in ("domain/account_faults", "services/account_merge", "services/account_shapes",
                     "services/account_file", "services/account_apply", "api/settings_items")
    )  # fmt: skip
    used = set(re.findall(r'code="([a-z_]+)"', sources))
    used |= set(re.findall(r'fault\(f?"[^"]*", "([a-z_]+)"(?!, ")', sources))
    used |= set(re.findall(r'fault\("[a-z]+", "[a-z_]+", "([a-z_]+)"', sources))
    assert len(used) > 15
    assert used <= settings_texts.CODES
    for code in settings_texts.CODES:
        russian = settings_texts.sentence(code, "ru")
        assert re.search("[а-я]", russian)
        assert russian != settings_texts.sentence(code, "en")
        assert not re.search("[а-я]", settings_texts.sentence(code, "en"))


def test_a_report_of_people_has_words_for_every_reason() -> None:
    from backend.domain.people import Reason
    from backend.services.employee_sync import SyncState

    for code in [*Reason, *(f"sync.{state}" for state in SyncState)]:
        assert words(code, "ru") != words(code, "en") != code


@pytest.mark.parametrize(
    "accepted, language",
    [
        ("", "ru"),
        ("ru-RU,en;q=0.5", "ru"),
        ("en-GB,ru;q=0.9", "en"),
        ("C.UTF-8", "en"),
        ("*", "ru"),
    ],
)
def test_russian_unless_another_language_comes_first(accepted: str, language: str) -> None:
    assert language_of(accepted) == language


# ── merging ──────────────────────────────────────────────────────────────────────────────────


def _with(*employees: Employee, **more: Any) -> AccountConfig:
    return AccountConfig(id="one", slug="one", name="One", employees=employees, **more)


def test_somebody_is_found_by_email_and_made_where_nobody_has_it() -> None:
    before = _with(Employee(id="anna", name="Anna", email="Anna@mail.example"))
    patch = AccountPatch(
        employees=(
            EmployeePatch(email="anna@MAIL.example", extension="101"),
            EmployeePatch(email="boris@mail.example"),
        )
    )
    config = merged(before, patch, new_id=lambda: "new").config
    assert [(e.id, e.name, e.extension) for e in config.employees] == [
        ("anna", "Anna", "101"), ("new", "boris@mail.example", None),
    ]  # fmt: skip


def test_a_role_somebody_chose_is_by_hand_and_can_be_given_back() -> None:
    before = _with(Employee(id="anna", name="Anna"))

    def after(config: AccountConfig, **fields: Any) -> Employee:
        patch = AccountPatch(employees=(EmployeePatch(id="anna", **fields),))
        return merged(config, patch, new_id=_id).config.employees[0]

    assert after(before, role="operator").role_by_hand is False, "nothing was chosen"
    chosen = after(before, role="supervisor")
    assert (chosen.role, chosen.role_by_hand) == ("supervisor", True)
    assert after(_with(chosen), role_by_hand=False).role_by_hand is False


def test_numbers_take_their_place_as_priority_and_mobiles_are_spelled_one_way() -> None:
    patch = EmployeePatch(
        id="anna",
        numbers=(
            NumberPatch(kind="mobile", endpoint="8 916 123-45-67"),
            NumberPatch(kind="desk", endpoint="PJSIP/one-1"),
        ),
    )
    before = _with(Employee(id="anna", name="Anna"))
    [anna] = merged(before, AccountPatch(employees=(patch,)), new_id=_id).config.employees
    assert [(n.priority, n.endpoint) for n in anna.numbers] == [
        (1, "+79161234567"), (2, "PJSIP/one-1"),
    ]  # fmt: skip


def test_who_leads_a_team_is_no_mere_member() -> None:
    people = (Employee(id="a", name="A"), Employee(id="b", name="B"))
    patch = AccountPatch(teams=(TeamPatch(id="t", members=("b", "a"), heads=("a",)),))
    [team] = merged(_with(*people), patch, new_id=_id).config.teams
    assert (team.members, team.heads) == (("b",), ("a",))


@pytest.mark.parametrize(
    "endpoint, foreign",
    [
        ("PJSIP/one-101", False),
        ("PJSIP/one-2-101", True),
        ("PJSIP/two-101", True),
        ("PJSIP/79161234567@trunk", True),
        ("PJSIP/one-101@trunk", True),
        ("Local/one-101", True),
        ("PJSIP/had", False),
    ],
)
def test_an_account_rings_its_own_endpoints_only(endpoint: str, foreign: bool) -> None:
    had = Employee(id="a", name="A", numbers=(OwnNumber(kind="desk", endpoint="PJSIP/had"),))
    wants = msgspec.structs.replace(had, numbers=(OwnNumber(kind="desk", endpoint=endpoint),))
    assert bool(foreign_endpoints(_with(wants), _with(had))) is foreign


def test_an_account_that_renames_itself_gets_nobody_elses_endpoints() -> None:
    before = _with(Employee(id="a", name="A"))
    after = msgspec.structs.replace(
        _with(Employee(id="a", name="A",
                       numbers=(OwnNumber(kind="desk", endpoint="PJSIP/two-101"),))),
        slug="two",
    )  # fmt: skip
    assert foreign_endpoints(after, before)


# ── settings as they were kept ───────────────────────────────────────────────────────────────


def test_what_cannot_be_read_any_more_is_its_default() -> None:
    found = kept(OutgoingSettings, {"ring_s": 100_000, "newer": 1, "two_stage": False})
    assert found == OutgoingSettings(two_stage=False)
