"""An account's own cloud, set up and checked on its page."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select
from starlette.applications import Starlette

from backend.api.cloud import CloudApi
from backend.api.doors import Doors
from backend.api.settings_door import SettingsDoor
from backend.bootstrap import Foundation, foundation
from backend.bootstrap.own_cloud import SqlClouds
from backend.bootstrap.settings_file import account_files, account_settings
from backend.domain.account_config import AccountConfig
from backend.kit.clock import SystemClock
from backend.kit.secrets_box import new_key
from backend.sandbox.uis import create_cloud
from backend.services.account_merge import Merged, merged
from backend.services.account_patch import AccountPatch, EmployeePatch, NumberPatch
from backend.services.account_settings import Invalid
from backend.services.own_cloud import OwnClouds
from backend.services.sessions import Identity, Sessions
from backend.settings import Settings
from backend.store.account_settings import AccountSettingsStore
from backend.store.gateways import SqlSessions
from backend.store.gateways.switches import SqlSwitches
from backend.store.tables import switch_connections
from protocol.vocabulary import AccountId, EmployeeId
from tests.integration.house.single import serving
from tests.integration.uis.world import ANNA, CONFIG, TOKEN

ORIGIN = "https://phone.example.ru"
FILE = """
version = 1

[[accounts]]
id = "acme"
slug = "acme"
name = "Acme"
employees = [
  { id = "anna", name = "Анна", role = "administrator" },
  { id = "boris", name = "Борис", role = "supervisor" },
]

[[accounts]]
id = "other"
slug = "other"
name = "Other"
employees = [{ id = "olga", name = "Ольга", role = "administrator" }]
"""
UIS = "https://callapi.uiscom.ru/v4.0"


@dataclass
class Desk:
    base: Foundation
    sessions: Sessions
    app: Starlette

    async def client(self, who: str, language: str = "en") -> httpx.AsyncClient:
        account = "other" if who == "olga" else "acme"
        issued = await self.sessions.open(
            Identity(
                account_id=AccountId(account),
                employee_id=EmployeeId(who),
                name=who,
                extension=None,
                crm=None,
            )
        )
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(app=self.app),
            base_url=f"{ORIGIN}/api/v1",
            headers={"Authorization": f"Bearer {issued.token}", "Accept-Language": language},
        )


@pytest.fixture
async def desk(database_url: str, tmp_path: Path) -> AsyncIterator[Desk]:
    settings = Settings(
        database_url=database_url,
        var_dir=tmp_path,
        public_url=ORIGIN,
        secret_keys=f"k1:{new_key()}",
    )
    async with foundation(settings, single=True, migrating=False) as base:
        applied = await account_files(base).apply(FILE, env={}, who="tests")
        assert not applied.troubles, applied.troubles
        sessions = Sessions(SqlSessions(base.database, ORIGIN), base.bus, base.clock)
        door = SettingsDoor(sessions, Doors(base.clock))
        routes = CloudApi(OwnClouds(SqlClouds(base)), door, ORIGIN).routes()
        yield Desk(base, sessions, Starlette(routes=routes))


@asynccontextmanager
async def cloud() -> AsyncIterator[str]:
    app = create_cloud(replace(CONFIG, notify_url="", question_url=""), SystemClock())
    async with serving(app) as port:
        yield f"http://127.0.0.1:{port}/v4.0"
    await app.state.cloud.close()


async def _save(client: httpx.AsyncClient, **body: Any) -> httpx.Response:
    version = (await client.get("/cloud")).json()["version"]
    return await client.patch("/cloud", json=body, headers={"If-Match": f'"{version}"'})


@pytest.mark.feature("T")
async def test_an_administrator_connects_the_account_s_own_cloud(desk: Desk) -> None:
    async with await desk.client("anna") as anna:
        assert (await anna.get("/cloud")).json()["state"] == "none"
        saved = await _save(anna, address=UIS, key="top-secret", recording="dozvon")
        assert saved.status_code == 200, saved.text
        told = saved.json()
        assert (told["state"], told["key_set"], told["in_use"]) == ("own", True, False)
        assert told["value"] == {
            "address": UIS,
            "key": "",
            "hold": "",
            "recording": "dozvon",
        }
        assert told["events_url"].startswith(f"{ORIGIN}/uis/")
        # The key stays when another thing changes, and is told to nobody.
        again = await _save(anna, hold="tts:Минуту", key="")
        assert again.json()["events_url"] == told["events_url"]
        assert "top-secret" not in saved.text + again.text
    (kept,) = await SqlSwitches(desk.base.database, desk.base.secrets).all()
    assert (kept.config.id, kept.config.owner, kept.config.recording) == (
        "own-acme",
        "acme",
        "dozvon",
    )
    assert kept.credentials.endswith(":top-secret")
    async with desk.base.database.begin_resolving() as tx:
        (sealed,) = (await tx.execute(select(switch_connections.c.credentials))).scalars()
    assert b"top-secret" not in bytes(sealed)
    async with desk.base.database.begin(AccountId("acme")) as tx:
        changes = await AccountSettingsStore(tx).changes(AccountId("acme"))
    own = [change for change in changes if change.subject == "cloud"]
    assert [change.who for change in own] == 2 * ["employee:anna"]
    assert "top-secret" not in repr(own)


async def test_what_cannot_be_meant_is_marked_and_nothing_is_kept(desk: Desk) -> None:
    async with await desk.client("anna") as anna:
        refused = await _save(anna, address="http://169.254.169.254/v4.0", hold="music")
        faults = refused.json()["error"]["data"]["faults"]
        assert {fault["path"]: fault["code"] for fault in faults} == {
            "address": "cloud_address",
            "key": "cloud_key",
            "hold": "bad_hold",
        }
        assert (await anna.get("/cloud")).json()["state"] == "none"
        blind = await anna.patch("/cloud", json={"address": UIS, "key": "k"})
        assert blind.json()["error"]["data"]["why"] == "version_needed"
        stale = await anna.patch(
            "/cloud", json={"address": UIS, "key": "k"}, headers={"If-Match": '"old"'}
        )
        assert stale.status_code == 409
        none = await anna.post("/cloud/check", json={})
        assert none.json()["error"]["data"]["why"] == "no_cloud"


async def test_a_cloud_is_its_account_s_and_its_secret_the_administrators(desk: Desk) -> None:
    async with await desk.client("anna") as anna:
        await _save(anna, address=UIS, key="top-secret")
    async with await desk.client("boris") as boris:
        seen = (await boris.get("/cloud")).json()
        assert (seen["state"], seen["events_url"], seen["route_url"]) == ("own", "", "")
        assert (await boris.post("/cloud/check", json={})).status_code == 403
        assert (await _save(boris, key="mine")).status_code == 403
    async with await desk.client("olga") as olga:
        assert (await olga.get("/cloud")).json()["state"] == "none"


async def test_a_cloud_of_the_server_s_is_nobody_s_to_change_or_look_through(desk: Desk) -> None:
    file = FILE.replace('name = "Acme"\n', 'name = "Acme"\nlines = [{ switch = "c", endpoint = '
                        '"UIS/{number}" }]\n')  # fmt: skip
    switch = f'[[switches]]\nid = "c"\nkind = "uis"\nurl = "{UIS}"\ncredentials = "env:C"\n'
    applied = await account_files(desk.base).apply(
        file.replace("version = 1", f"version = 1\n{switch}"), env={"C": "s:k"}, who="tests"
    )
    assert not applied.troubles, applied.troubles
    async with await desk.client("anna") as anna:
        seen = (await anna.get("/cloud")).json()
        assert (seen["state"], seen["in_use"], seen["events_url"]) == ("server", True, "")
        assert (await _save(anna, address=UIS, key="k")).json()["error"]["data"]["why"] == (
            "cloud_of_server"
        )
        assert (await anna.post("/cloud/check", json={})).status_code == 409


async def test_the_button_says_what_is_wrong_and_what_there_is(desk: Desk) -> None:
    async with cloud() as url:
        # An address of this kind is set by whoever runs the server, and given to the account.
        switch = (
            f'version = 1\n[[switches]]\nid = "c"\nkind = "uis"\nurl = "{url}"\n'
            'credentials = "env:C"\nowner = "acme"\n'
        )
        applied = await account_files(desk.base).apply(
            switch, env={"C": f"secret:{TOKEN}"}, who="tests"
        )
        assert not applied.troubles, applied.troubles
        async with await desk.client("anna", "ru") as anna:
            seen = (await anna.get("/cloud")).json()
            assert (seen["state"], seen["addresses"][-1]) == ("own", url)
            looked = (await anna.post("/cloud/check", json={})).json()
            weights = {one["code"]: one["weight"] for one in looked["findings"]}
            assert weights["data_api"] == "ok"
            assert weights["no_notification"] == "warn"
            assert any("уведомлен" in one["text"] for one in looked["findings"])
            assert looked["phones"][0] == {
                "name": "Анна",
                "number": ANNA,
                "endpoint": f"UIS/11:{ANNA}",
                "active": True,
                "registered": True,
            }
            assert looked["numbers"][0]["working"]
            await _save(anna, key="wrong")
            wrong = (await anna.post("/cloud/check", json={})).json()
            assert [one["code"] for one in wrong["findings"] if one["weight"] == "fail"] == [
                "refused_access_token_invalid",
                "refused_access_token_invalid",
            ]
            assert wrong["phones"] == []


@pytest.mark.parametrize("owner, allowed", [("acme", True), ("other", False), ("", False)])
async def test_lines_of_a_cloud_that_is_nobody_else_s_may_be_given_to_people(
    desk: Desk, owner: str, allowed: bool
) -> None:
    switch = (
        f'[[switches]]\nid = "c"\nkind = "uis"\nurl = "{UIS}"\ncredentials = "env:C"\n'
        f'owner = "{owner}"\n'
    )
    line = 'name = "Acme"\nlines = [{ switch = "c", endpoint = "UIS/{number}" }]\n'
    file = FILE.replace("version = 1", f"version = 1\n{switch}").replace('name = "Acme"\n', line)
    files = account_files(desk.base)
    applied = await files.apply(file, env={"C": "s:k"}, who="tests")
    assert not applied.troubles, applied.troubles
    numbers = (NumberPatch(kind="sip", endpoint="UIS/11:0700101"),)
    patch = AccountPatch(employees=(EmployeePatch(id="anna", numbers=numbers),))

    def edit(before: AccountConfig | None) -> Merged:
        return merged(before, patch, new_id=lambda: "x")

    settings = account_settings(desk.base)
    if allowed:
        config, _ = await settings.change(AccountId("acme"), edit, who="tests")
        assert config.employees[0].numbers[0].endpoint == "UIS/11:0700101"
        return
    with pytest.raises(Invalid) as caught:
        await settings.change(AccountId("acme"), edit, who="tests")
    assert [fault.code for fault in caught.value.faults] == ["endpoint_foreign"]
