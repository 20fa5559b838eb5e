"""`dozvon visits` as an administrator types it."""

from __future__ import annotations

import base64
import re
from pathlib import Path

import pytest

from backend import cli
from backend.demo.seed import FILE


@pytest.fixture
def environment(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server of its own with the demo's accounts."""
    monkeypatch.setenv("DOZVON_DATABASE_URL", database_url)
    monkeypatch.setenv("DOZVON_VAR_DIR", str(tmp_path))
    monkeypatch.setenv("DOZVON_SECRET_KEYS", f"k1:{base64.b64encode(bytes(32)).decode()}")
    monkeypatch.setenv("DOZVON_PUBLIC_URL", "https://phone.example.org")
    monkeypatch.setenv("DEMO_SWITCH", "user:very-secret")
    assert cli.main(["apply", str(FILE)]) == 0


@pytest.mark.usefixtures("environment")
def test_keys_are_issued_listed_and_withdrawn(capsys: pytest.CaptureFixture[str]) -> None:
    def said(*arguments: str, code: int = 0) -> str:
        capsys.readouterr()
        assert cli.main(["visits", *arguments]) == code
        told = capsys.readouterr()
        return told.out if code == 0 else told.err

    secret, *how = said("key", "sever", "--name", "Shop").splitlines()
    assert secret.startswith("dvk_")
    assert how[-1] == "https://phone.example.org/api/v1/visits"
    public, *how = said("key", "sever", "--site").splitlines()
    script = "https://phone.example.org/static/visits.js"
    assert how[-1] == f'<script async src="{script}" data-key="{public}"></script>'
    listed = said("keys", "sever")
    assert secret not in listed
    assert re.search(r"server  Shop  secret\n", listed)
    assert f"site  -  {public}" in listed
    assert said("keys", "vektor") == "Вектор has no keys.\n"
    key = listed.split()[0]
    said("withdraw", "sever", key)
    assert "Shop" not in said("keys", "sever")
    assert said("withdraw", "sever", key, code=2)
    assert "dozvon visits keys" in said("withdraw", "sever", code=2)
    assert "there are" in said("key", "nobody", code=2)
