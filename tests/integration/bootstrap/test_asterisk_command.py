"""`dozvon asterisk` as an administrator types it, and where browsers are told to speak SIP."""

from __future__ import annotations

import base64
import stat
from pathlib import Path

import pytest

from backend import cli
from backend.bootstrap import foundation
from backend.bootstrap.first_switch import FIRST_SWITCH, keep_first_switch
from backend.bootstrap.lines import SwitchLineHomes
from backend.demo.seed import FILE
from backend.errors import SwitchRefused
from backend.kit.secrets_box import new_key
from backend.settings import Settings
from backend.store.accounts import Account, AccountStore
from backend.store.switches import SwitchConnection, SwitchStore
from backend.store.tables import switch_accounts
from protocol.vocabulary import AccountId
from tests.unit.telephony.ini import objects, read

KEY = base64.b64encode(bytes(32)).decode()


@pytest.fixture
def environment(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DOZVON_DATABASE_URL", database_url)
    monkeypatch.setenv("DOZVON_VAR_DIR", str(tmp_path))
    monkeypatch.setenv("DOZVON_SECRET_KEYS", f"k1:{KEY}")
    monkeypatch.setenv("DEMO_SWITCH", "user:very-secret")
    monkeypatch.setenv("LANG", "ru_RU.UTF-8")
    monkeypatch.delenv("LC_ALL", raising=False)
    return tmp_path


def test_the_files_of_every_account_are_written_and_no_password_is_told(
    environment: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["asterisk", "init"]) == 2
    assert "dozvon apply" in capsys.readouterr().err
    assert cli.main(["apply", str(FILE)]) == 0
    capsys.readouterr()
    assert cli.main(["asterisk", "init", "--account", "nobody"]) == 2
    assert "nobody" in capsys.readouterr().err
    assert cli.main(["asterisk", "init"]) == 0
    told = capsys.readouterr().out
    out = environment / "asterisk"
    found = objects(read((out / "pjsip.conf").read_text()))
    names = {name for kind, name in found if kind == "endpoint"}
    assert {"sever-b101", "vektor-b101", "sever-101", "vektor-101"} <= names
    passwords = {block.get("password") for (kind, _), block in found.items() if kind == "auth"}
    assert passwords
    assert not any(password in told for password in passwords)
    assert "+ pjsip.conf" in told
    assert "dozvon asterisk check" in told
    assert stat.S_IMODE((out / "pjsip.conf").stat().st_mode) == 0o600
    assert cli.main(["asterisk", "init"]) == 0
    assert "= pjsip.conf: без изменений" in capsys.readouterr().out


def test_one_account_and_another_folder(
    environment: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert cli.main(["apply", str(FILE)]) == 0
    out = environment / "elsewhere"
    monkeypatch.setenv("LANG", "en_US.UTF-8")
    arguments = ["asterisk", "init", "--account", "sever", "--out", str(out), "--away", "message"]
    assert cli.main(arguments) == 0
    assert "Next: copy" in capsys.readouterr().out
    assert "vektor" not in (out / "pjsip.conf").read_text()
    assert "Playback(" in (out / "extensions.conf").read_text()
    (environment / "taken").write_text("a file")
    assert cli.main(["asterisk", "init", "--out", str(environment / "taken")]) == 2
    assert "--out" in capsys.readouterr().err


def test_a_switch_that_does_not_answer_is_told_and_counts(
    environment: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["asterisk", "check"]) == 1
    assert "Станция не подключена" in capsys.readouterr().out
    file = environment / "dead.toml"
    file.write_text(FILE.read_text().replace("http://127.0.0.1:8083", "http://127.0.0.1:9"))
    assert cli.main(["apply", str(file)]) == 0
    capsys.readouterr()
    assert cli.main(["asterisk", "check"]) == 1
    told = capsys.readouterr().out
    assert told.startswith("FAIL demo: ")
    assert "не отвечает" in told


def test_a_file_may_say_where_browsers_reach_a_switch(
    environment: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text, file = FILE.read_text(), environment / "own.toml"

    def apply(line: str) -> int:
        file.write_text(text.replace('app = "dozvon"', f'app = "dozvon"\n{line}', 1))
        return cli.main(["apply", str(file)])

    assert apply('sip_ws_url = "https://phone.example.ru/sip"') == 2
    assert "switches[0].sip_ws_url" in capsys.readouterr().err
    line = 'sip_ws_url = "wss://phone.example.ru/sip"'
    for deed in (line, "", 'sip_ws_url = ""'):
        assert apply(deed) == 0
        capsys.readouterr()
        assert cli.main(["export", "sever"]) == 0
        # Left out, what is kept stays; empty, it is derived again.
        assert (line in capsys.readouterr().out) is (deed in (line, ""))


async def test_browsers_are_told_the_address_set_for_them(
    database_url: str, tmp_path: Path
) -> None:
    common = {
        "database_url": database_url,
        "var_dir": tmp_path,
        "secret_keys": f"k1:{new_key()}",
        "ari_url": "http://10.0.0.5:8088/",
        "ari_user": "phone",
        "ari_password": "one",
    }
    account = AccountId("a-1")

    async def told(**more: str) -> tuple[str, str]:
        settings = Settings(**common, **more)  # type: ignore[arg-type]
        async with foundation(settings, single=True, migrating=False) as base:
            await keep_first_switch(base)
            async with base.database.begin(account) as tx:
                await AccountStore(tx).save(Account(id=account, slug="a", name="A"))
            homes = SwitchLineHomes(base)
            assert await homes.of(AccountId("a-2")) is None
            async with base.database.begin(account) as tx:
                known = await tx.execute(switch_accounts.select())
                if not known.all():
                    values = {
                        "account_id": account,
                        "connection_id": FIRST_SWITCH,
                        "trunk_endpoint": "PJSIP/{number}@trunk",
                    }
                    await tx.execute(switch_accounts.insert().values(values))
            home = await homes.of(account)
            assert home is not None
            assert await homes.of(account) == home, "one client for each connection"
            await homes.aclose()
            return home.ws_url, home.domain

    assert await told() == ("ws://10.0.0.5:8088/ws", "10.0.0.5")
    proxied = "wss://phone.example.ru/sip"
    assert await told(sip_ws_url=proxied) == (proxied, "phone.example.ru")
    # Taken back, it is derived again.
    assert await told() == ("ws://10.0.0.5:8088/ws", "10.0.0.5")


async def test_an_engine_without_such_lines_says_so(database_url: str, tmp_path: Path) -> None:
    settings = Settings(database_url=database_url, var_dir=tmp_path, secret_keys=f"k1:{new_key()}")
    account = AccountId("a-1")
    async with foundation(settings, single=True, migrating=False) as base:
        async with base.database.begin_resolving() as tx:
            other = SwitchConnection(id="cloud", kind="other", url="", app="", credentials="x")
            await SwitchStore(tx, base.secrets).save(other)
        async with base.database.begin(account) as tx:
            await AccountStore(tx).save(Account(id=account, slug="a", name="A"))
            values = {"account_id": account, "connection_id": "cloud", "trunk_endpoint": ""}
            await tx.execute(switch_accounts.insert().values(values))
        homes = SwitchLineHomes(base)
        with pytest.raises(SwitchRefused):
            await homes.of(account)
        await homes.aclose()
