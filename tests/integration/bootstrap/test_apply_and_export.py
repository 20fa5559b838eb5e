"""`dozvon apply` and `dozvon export` as an administrator types them."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from backend import cli
from backend.demo.seed import FILE

KEY = base64.b64encode(bytes(32)).decode()


@pytest.fixture
def environment(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A server of its own; the file's directory."""
    monkeypatch.setenv("DOZVON_DATABASE_URL", database_url)
    monkeypatch.setenv("DOZVON_VAR_DIR", str(tmp_path))
    monkeypatch.setenv("DOZVON_SECRET_KEYS", f"k1:{KEY}")
    monkeypatch.setenv("DEMO_SWITCH", "user:very-secret")
    monkeypatch.setenv("LANG", "ru_RU.UTF-8")
    monkeypatch.delenv("LC_ALL", raising=False)
    return tmp_path


def test_a_file_is_checked_applied_applied_again_and_exported(
    environment: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["apply", str(FILE), "--check"]) == 0
    planned = capsys.readouterr().out
    assert "+ employee sever-101 Илья Соколов" in planned
    assert cli.main(["export", "sever"]) == 2
    assert "dozvon:" in capsys.readouterr().err
    assert cli.main(["apply", str(FILE)]) == 0
    assert capsys.readouterr().out == planned
    assert cli.main(["apply", str(FILE)]) == 0
    assert capsys.readouterr().out == "Nothing to do.\n"
    assert cli.main(["export", "sever"]) == 0
    exported = capsys.readouterr().out
    assert "very-secret" not in exported
    copy = environment / "copy.toml"
    copy.write_text(exported)
    assert cli.main(["apply", str(copy), "--prune"]) == 0
    assert capsys.readouterr().out == "Nothing to do.\n"


def test_every_trouble_is_told_in_the_readers_language_and_nothing_happens(
    environment: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = environment / "wrong.toml"
    file.write_text(
        """
        [[switches]]
        id = "main"
        url = "nowhere"
        credentials = "user:password"
        [[switches]]
        id = "other"
        url = "http://127.0.0.1:1"
        credentials = "env:NOT_SET_ANYWHERE"
        [[switches]]
        id = "third"
        [[accounts]]
        slug = "Bad Slug"
        [[accounts.lines]]
        switch = "fourth"
        endpoint = "PJSIP/{digits}@trunk"
        """
    )
    assert cli.main(["apply", str(file)]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    lines = dict(line.split(": ", 1) for line in told.err.splitlines())
    assert set(lines) == {
        "switches[0].credentials",
        "switches[0].url",
        "switches[1].credentials",
        "switches[2].credentials",
        "switches[2].url",
        "accounts[0].id",
        "accounts[0].slug",
        "accounts[0].lines[0].switch",
    }
    assert "NOT_SET_ANYWHERE" in lines["switches[1].credentials"]
    assert "env:" in lines["switches[0].credentials"]
    assert "password" not in told.err


def test_a_file_that_is_not_there_is_said(
    environment: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["apply", str(environment / "none.toml")]) == 2
    assert "none.toml" in capsys.readouterr().err
