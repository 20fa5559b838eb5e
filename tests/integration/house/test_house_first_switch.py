"""`DOZVON_ARI_*` describe the first switch connection: it is made, kept and changed by them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import text

from backend.bootstrap import Foundation, foundation
from backend.bootstrap.first_switch import keep_first_switch
from backend.kit.secrets_box import new_key
from backend.settings import Settings
from backend.store.switches import SwitchConnection, SwitchStore

KEY = f"k1:{new_key()}"


async def kept(
    database_url: str, directory: Path, **ari: Any
) -> tuple[list[SwitchConnection], list[bytes]]:
    """The connections after a start with these settings, and their credentials as stored."""
    settings = Settings(database_url=database_url, var_dir=directory, secret_keys=KEY, **ari)
    async with foundation(settings, single=True, migrating=False) as base:
        await keep_first_switch(base)
        return await _rows(base)


async def _rows(base: Foundation) -> tuple[list[SwitchConnection], list[bytes]]:
    async with base.database.begin_resolving() as tx:
        sealed = await tx.execute(text("SELECT credentials FROM switch_connections ORDER BY id"))
        return await SwitchStore(tx, base.secrets).all(), list(sealed.scalars())


async def test_the_settings_make_keep_and_change_the_first_connection(
    database_url: str, tmp_path: Path
) -> None:
    ari = {"ari_url": "http://10.0.0.5:8088/", "ari_user": "phone", "ari_password": "one"}
    assert await kept(database_url, tmp_path) == ([], [])
    made, sealed = await kept(database_url, tmp_path, **ari)
    assert [(c.id, c.kind, c.url, c.app, c.credentials) for c in made] == [
        ("asterisk", "asterisk", "http://10.0.0.5:8088", "dozvon", "phone:one")
    ]
    # Written once: a start that changes nothing leaves the row as it is.
    assert await kept(database_url, tmp_path, **ari) == (made, sealed)
    changed, _ = await kept(database_url, tmp_path, **(ari | {"ari_password": "two"}))
    assert [c.credentials for c in changed] == ["phone:two"]
    # Settings that are gone take nothing away.
    assert (await kept(database_url, tmp_path))[0] == changed


async def test_the_cloud_s_connection_is_made_and_changed_the_same_way(
    database_url: str, tmp_path: Path
) -> None:
    cloud = {
        "uis_url": "https://callapi.uiscom.ru/v4.0/",
        "uis_token": "key",
        "uis_secret": "0123456789abcdef",
    }
    made, sealed = await kept(database_url, tmp_path, **cloud)
    assert [(c.id, c.kind, c.url, c.credentials) for c in made] == [
        ("uis", "uis", "https://callapi.uiscom.ru/v4.0", "0123456789abcdef:key")
    ]
    assert await kept(database_url, tmp_path, **cloud) == (made, sealed)
    changed, _ = await kept(database_url, tmp_path, **(cloud | {"uis_token": "new"}))
    assert [c.credentials for c in changed] == ["0123456789abcdef:new"]
