"""`dozvon pair` and `dozvon connect amocrm`: what is printed works."""

from __future__ import annotations

import base64
import html
import re
from pathlib import Path

import pytest

from backend.bootstrap.amocrm_connect import connect
from backend.bootstrap.connecting import pair, pairing
from backend.bootstrap.doctor import examine
from backend.bootstrap.foundation import foundation
from backend.errors import BadRequest, NotFound
from backend.settings import Settings
from backend.store.database import Database
from backend.store.installs import PendingInstall, PendingInstallStore
from protocol.vocabulary import AccountId, CrmKind
from tests.integration.amocrm.rig import APP, CLIENT_ID, query_of
from tests.integration.conftest import ALPHA

KIND = CrmKind.AMOCRM


@pytest.fixture
def settings(database_url: str, database: Database, tmp_path: Path) -> Settings:
    key = base64.b64encode(bytes(32)).decode()
    return Settings(
        database_url=database_url,
        secret_keys=f"k1:{key}",
        var_dir=tmp_path,
        public_url=APP,
        amocrm_client_id=CLIENT_ID,
        amocrm_client_secret="s",
    )


async def stated(settings: Settings, state: str) -> AccountId:
    async with foundation(settings, single=True, migrating=False) as base:
        return await pairing(base).check_state(state, KIND)


async def printed(settings: Settings, **more: str | bool) -> str:
    wishes = {"client_id": "", "client_secret": "", "button": False, **more}
    return "\n".join(await connect(settings, "alpha", **wishes))  # type: ignore[arg-type]


async def test_a_printed_code_is_for_the_account(settings: Settings) -> None:
    code = (await pair(settings, "alpha", KIND))[0]
    async with foundation(settings, single=True, migrating=False) as base:
        assert await pairing(base).redeem(code, KIND) == ALPHA


async def test_a_printed_link_is_for_the_account(settings: Settings) -> None:
    (link,) = re.findall(r"https://\S+", await printed(settings))
    asked = query_of(link)
    assert (link.partition("?")[0], asked["client_id"]) == (
        "https://www.amocrm.ru/oauth",
        CLIENT_ID,
    )
    assert await stated(settings, asked["state"]) == ALPHA


async def test_a_private_integration_is_told_its_own_address(settings: Settings) -> None:
    said = await printed(settings, client_id="mine", client_secret="very-secret")
    assert f"{APP}/amocrm/oauth/alpha\n" in said
    assert f"{APP}/amocrm/disconnect\n" in said
    assert "very-secret" not in said
    # The next link is for it, not for the server's.
    assert "client_id=mine&" in await printed(settings)


async def test_a_button_makes_an_external_integration(settings: Settings) -> None:
    said = await printed(settings, button=True)
    data = dict(re.findall(r'data-(\w+)="([^"]*)"', said))
    assert data["secrets_uri"] == f"{APP}/amocrm/secrets"
    assert data["redirect_uri"] == f"{APP}/amocrm/oauth"
    assert await stated(settings, html.unescape(data["state"])) == ALPHA


async def test_the_doctor_names_an_installation_that_waits(settings: Settings) -> None:
    async with foundation(settings, single=True, migrating=False) as base:
        for number, state in enumerate(("tokens", "code", "failed")):
            async with base.database.begin_resolving() as tx:
                await PendingInstallStore(tx, base.secrets).save(
                    PendingInstall(
                        id=str(number),
                        kind=KIND,
                        host=f"https://{state}.amocrm.test",
                        state=state,
                        secret="{}",
                        created_at=base.clock.now(),
                    )
                )
    said = [finding.text for finding in await examine(settings) if not finding.ok]
    waiting = [text for text in said if "waits for a pairing code" in text]
    assert len(waiting) == 1
    assert "tokens.amocrm.test" in waiting[0]
    assert "`dozvon pair ACCOUNT --crm amocrm`" in waiting[0]


async def test_what_is_missing_is_said(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"no account 'gamma'; there are: alpha, beta"):
        await pair(settings, "gamma", KIND)
    bare = Settings(
        database_url=settings.database_url,
        secret_keys=settings.secret_keys,
        var_dir=tmp_path,
        public_url=APP,
    )
    with pytest.raises(BadRequest, match="DOZVON_AMOCRM_CLIENT_ID"):
        await printed(bare)
