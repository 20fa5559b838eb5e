"""`dozvon bitrix24 check` says in words what is wrong and what to do; it changes nothing."""

from __future__ import annotations

import pytest

from backend.bootstrap.findings import Finding
from backend.bootstrap.portal_check import connect, examine, inspect, page_of
from backend.errors import BadRequest, NotFound
from backend.kit.secrets_box import new_key
from backend.settings import Settings
from backend.store.database import Database
from tests.integration.conftest import ALPHA
from tests.integration.portal.house import ADMIN, House, house

pytestmark = pytest.mark.anyio


async def examined(running: House) -> list[Finding]:
    found = await running.connection(ALPHA)
    assert found is not None
    return await inspect(running.base, found)


def wrong(findings: list[Finding]) -> str:
    return "\n".join(finding.text for finding in findings if not finding.ok)


async def installed(running: House) -> None:
    await running.join(await running.install(), code=await running.code(ALPHA))
    running.portal.finish_installation(ADMIN)
    await running.work()


async def test_a_good_portal_has_one_fault_here(database: Database) -> None:
    async with house(database, market=True) as running:
        await installed(running)
        findings = await examined(running)
        # Ours: the test's own address is not https.
        assert wrong(findings).count("\n") == 0
        assert "DOZVON_PUBLIC_URL must be https" in wrong(findings)
        said = "\n".join(finding.text for finding in findings)
        assert "placement:PAGE_BACKGROUND_WORKER is bound" in said
        assert "nobody could take over" in said


async def test_what_is_gone_is_named_and_left_alone(database: Database) -> None:
    async with house(database, market=True) as running:
        await installed(running)
        running.portal.placements.clear()
        assert "placement:CALL_CARD is missing" in wrong(await examined(running))
        assert running.bound() == set()


async def test_a_lost_grant_says_who_has_to_do_what(database: Database) -> None:
    async with house(database, market=True) as running:
        await installed(running)
        running.portal.tokens.revoke()
        await examined(running)
        said = wrong(await examined(running))
        assert "A portal administrator has to open Dozvon in the portal once" in said


@pytest.mark.feature("B1")
async def test_an_on_premise_portal_is_checked_for_what_it_needs(database: Database) -> None:
    async with house(database, market=True) as running:
        await installed(running)
        running.portal.config.on_premise = True
        running.portal.config.missing_modules = ("timeman",)
        said = wrong(await examined(running))
        assert "the portal is http" in said
        assert "no timeman.status" in said
        texts = "\n".join(finding.text for finding in await examined(running))
        assert "latest stable version" in texts
        assert "mandatory custom fields" in texts


def test_an_address_is_taken_as_people_type_it() -> None:
    assert page_of("company.bitrix24.ru") == "https://company.bitrix24.ru"
    assert page_of("http://box.company.ru/crm/") == "http://box.company.ru"
    with pytest.raises(BadRequest, match=r"company\.bitrix24\.ru"):
        page_of("company")


async def test_connecting_prints_what_to_enter_and_where_to_go(
    database: Database, database_url: str
) -> None:
    settings = Settings(
        database_url=database_url,
        secret_keys=f"k1:{new_key()}",
        public_url="https://phone.example.com",
    )
    lines = await connect(
        settings,
        "alpha",
        portal="company.bitrix24.ru",
        client_id="local.1.2",
        client_secret="key",
    )
    said = "\n".join(lines)
    assert "https://phone.example.com/bitrix24/install" in said
    assert "https://company.bitrix24.ru/oauth/authorize/?client_id=local.1.2&state=" in said
    assert "key" not in said
    findings = await examine(settings, "alpha")
    assert [finding.ok for finding in findings] == [False]
    assert "nobody installed the application yet" in findings[0].text
    with pytest.raises(NotFound, match="alpha"):
        await examine(settings, "gamma")
    with pytest.raises(BadRequest, match="--client-id"):
        await connect(
            settings, "alpha", portal="company.bitrix24.ru", client_id="", client_secret=""
        )
