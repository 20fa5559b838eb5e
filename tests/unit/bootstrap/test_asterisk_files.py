"""`dozvon asterisk init` run again: passwords stay, edits are kept, changes are told."""

from __future__ import annotations

import os
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from backend.bootstrap.asterisk_files import KEPT, Told, lines, write_files
from backend.domain.account_config import AccountConfig, Employee, Line, OwnNumber
from backend.errors import SettingsError
from backend.telephony.asterisk.config import SwitchPlan, plan_of
from tests.unit.telephony.ini import objects, read


def planned(*extensions: str, trunks: tuple[str, ...] = ("trunk-a",)) -> SwitchPlan:
    people = tuple(
        Employee(
            id=f"e{extension}",
            name=f"Person {extension}",
            extension=extension,
            numbers=(OwnNumber(kind="desk", endpoint=f"PJSIP/sever-{extension}"),),
        )
        for extension in extensions
    )
    account = AccountConfig(
        id="a",
        slug="sever",
        name="Sever",
        employees=people,
        lines=tuple(Line(switch="asterisk", endpoint=f"PJSIP/{{number}}@{t}") for t in trunks),
    )
    return plan_of((account,), ari_url="", ari_user="dozvon", ari_app="dozvon")


def run(out: Path, plan: SwitchPlan, ari_password: str = "") -> list[Told]:
    return list(write_files(plan, out, ari_password))


def subjects(told: list[Told], code: str) -> set[str]:
    return {one.subject for one in told if one.code == code}


def password(out: Path, name: str) -> str:
    return objects(read((out / "pjsip.conf").read_text()))["auth", name].get("password")


def test_a_first_run_makes_everything_and_keeps_passwords_to_its_owner(tmp_path: Path) -> None:
    out = tmp_path / "asterisk"
    told = run(out, planned("101"))
    assert {"http.conf", "ari.conf", "pjsip.conf", "sorcery.conf"} <= subjects(told, "new")
    assert subjects(told, "trunk_added") == {"trunk-a"}
    assert len(password(out, "sever-101")) >= 20
    modes = {path.name: stat.S_IMODE(os.stat(path).st_mode) for path in out.iterdir()}
    closed = {name for name, mode in modes.items() if mode == 0o600}
    assert closed == {KEPT, "ari.conf", "pjsip.conf", "pjsip_trunks.conf"}


def test_a_second_run_changes_nothing_and_says_so(tmp_path: Path) -> None:
    run(tmp_path, planned("101"))
    before = {path.name: path.read_text() for path in tmp_path.iterdir()}
    told = run(tmp_path, planned("101"))
    assert {one.code for one in told} == {"same"}
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == before


def test_somebody_new_gets_a_password_and_nobody_else_another(tmp_path: Path) -> None:
    run(tmp_path, planned("101"))
    first, ari = password(tmp_path, "sever-101"), (tmp_path / "ari.conf").read_text()
    told = run(tmp_path, planned("101", "102"))
    assert password(tmp_path, "sever-101") == first != password(tmp_path, "sever-102")
    assert (tmp_path / "ari.conf").read_text() == ari
    assert "pjsip.conf" in subjects(told, "changed")
    assert subjects(told, "passwords_made") == {"1"}


def test_whoever_comes_back_finds_the_old_password(tmp_path: Path) -> None:
    run(tmp_path, planned("101", "102"))
    first = password(tmp_path, "sever-102")
    run(tmp_path, planned("101"))
    run(tmp_path, planned("101", "102"))
    assert password(tmp_path, "sever-102") == first


def test_an_edited_file_is_put_aside_each_time(tmp_path: Path) -> None:
    run(tmp_path, planned("101"))
    pjsip = tmp_path / "pjsip.conf"
    for count, name in enumerate(("pjsip.conf.edited", "pjsip.conf.edited-2")):
        edited = pjsip.read_text() + f"; mine {count}\n"
        pjsip.write_text(edited)
        told = run(tmp_path, planned("101"))
        assert subjects(told, "put_aside") == {name}
        assert (tmp_path / name).read_text() == edited
        assert stat.S_IMODE(os.stat(tmp_path / name).st_mode) == 0o600
        assert "mine" not in pjsip.read_text()


def test_the_file_of_trunks_is_only_added_to(tmp_path: Path) -> None:
    run(tmp_path, planned("101"))
    trunks = tmp_path / "pjsip_trunks.conf"
    filled = trunks.read_text().replace("sip.provider.example", "sip.real.example")
    trunks.write_text(filled)
    assert not subjects(run(tmp_path, planned("101")), "put_aside")
    assert trunks.read_text() == filled
    told = run(tmp_path, planned("101", trunks=("trunk-a", "trunk-b")))
    assert subjects(told, "trunk_added") == {"trunk-b"}
    assert trunks.read_text().startswith(filled.rstrip("\n"))


def test_the_password_of_the_settings_is_the_one_written(tmp_path: Path) -> None:
    run(tmp_path, planned("101"), "from-the-settings")
    blocks = {block.name: block for block in read((tmp_path / "ari.conf").read_text())}
    assert blocks["dozvon"].get("password") == "from-the-settings"


@pytest.mark.parametrize("language", ["ru", "en"])
def test_no_password_is_printed(tmp_path: Path, language: str) -> None:
    plan = replace(planned("101"), warnings=(("taken", "x"), ("unwritable", "y")))
    told = [*run(tmp_path, plan), *run(tmp_path, planned("101", "102"))]
    said = "\n".join(lines(told, tmp_path, "ru" if language == "ru" else "en"))
    assert "pjsip.conf" in said
    assert password(tmp_path, "sever-101") not in said
    assert password(tmp_path, "sever-102") not in said


def test_a_broken_memory_is_no_reason_to_make_other_passwords(tmp_path: Path) -> None:
    run(tmp_path, planned("101"))
    first = password(tmp_path, "sever-101")
    (tmp_path / KEPT).write_text("{")
    with pytest.raises(SettingsError, match="cannot be read"):
        run(tmp_path, planned("101"))
    assert password(tmp_path, "sever-101") == first
