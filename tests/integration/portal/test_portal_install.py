"""An administrator installs the application; everybody else is told what to do (B1)."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy import text

from backend.bootstrap import portals
from backend.services.pairing import Pairing
from backend.services.portal_install import Joined
from backend.store.database import Database
from backend.store.employees import Employee, EmployeeStore
from backend.store.gateways import SqlPairings
from backend.store.installs import InstallLog
from backend.store.sessions import SessionStore, StoredSession
from protocol.vocabulary import EmployeeId, SessionId
from tests.integration.conftest import ALPHA, BETA
from tests.integration.portal.house import (
    ADMIN,
    KIND,
    OPERATOR,
    OWN_ID,
    PORTAL,
    House,
    house,
)

pytestmark = pytest.mark.anyio


@pytest.fixture
async def market(database: Database) -> AsyncIterator[House]:
    async with house(database, market=True) as running:
        yield running


@pytest.fixture
async def local(database: Database) -> AsyncIterator[House]:
    async with house(database) as running:
        yield running


def finish(text: str) -> str:
    found = re.search(r'"finish":"(\w*)"', text)
    assert found is not None
    return found[1]


@pytest.mark.feature("B1")
async def test_a_market_application_is_joined_by_a_pairing_code(market: House) -> None:
    page = await market.install()
    assert page.status_code == 200
    assert "Код подключения" in page.text
    assert "client_secret" not in page.text
    assert "frame-ancestors *" in page.headers["content-security-policy"]
    done = await market.join(page, code=(await market.code(ALPHA)).lower())
    assert done.status_code == 200
    assert finish(done.text) == "now"
    assert f'"portal":"{PORTAL}"' in done.text
    found = await market.connection(ALPHA)
    assert found is not None
    assert (found.state, found.client_id, found.grant_user_id) == ("ok", OWN_ID, str(ADMIN))
    assert found.external_id == market.portal.config.member_id
    assert found.base_url == PORTAL
    assert found.application_token == market.portal.config.application.application_token
    assert await market.connection(BETA) is None
    async with market.base.database.begin(ALPHA) as tx:
        facts = await InstallLog(tx).newest_first(ALPHA)
    assert [(fact.what, fact.crm_user_id) for fact in facts] == [("connected", str(ADMIN))]


async def test_everything_is_bound_before_the_page_says_so(market: House) -> None:
    page = await market.install()
    await market.join(page, code=await market.code(ALPHA))
    assert {"PAGE_BACKGROUND_WORKER", "CALL_CARD", "LEFT_MENU", "USER_PROFILE_MENU"} <= (
        market.bound()
    )
    assert "CRM_CONTACT_LIST_TOOLBAR" in market.bound()
    assert {"ONEXTERNALCALLSTART", "ONEXTERNALCALLBACKSTART", "ONAPPUNINSTALL", "ONUSERADD"} <= (
        market.subscribed()
    )
    assert "ONCRMCONTACTUPDATE" in market.subscribed(offline=True)
    worker = next(p for p in market.portal.placements if p.code == "PAGE_BACKGROUND_WORKER")
    assert "/bitrix24/worker/removed/alpha/" in worker.options["errorHandlerUrl"]


async def test_a_wrong_code_loses_nothing(market: House) -> None:
    page = await market.install()
    again = await market.join(page, code="AAAA-BBBB-CCCC")
    assert again.status_code == 400
    assert "Такого кода нет" in again.text
    done = await market.join(again, code=await market.code(ALPHA))
    assert finish(done.text) == "now"


async def test_a_code_joins_one_installation(market: House) -> None:
    code = await market.code(ALPHA)
    page = await market.install()
    await market.join(page, code=code)
    assert (await market.join(page, code=code)).status_code == 403


async def test_who_is_no_administrator_is_told_whom_to_ask(market: House) -> None:
    page = await market.install(market.form(OPERATOR))
    assert page.status_code == 403
    assert "администратор" in page.text
    english = await market.install(market.form(OPERATOR), LANG="en")
    assert "A portal administrator is needed" in english.text
    assert await market.connection(ALPHA) is None


async def test_a_forged_launch_is_refused(market: House) -> None:
    stranger = market.form() | {"AUTH_ID": "forged"}
    assert (await market.install(stranger)).status_code == 401
    other = market.form() | {"member_id": "f" * 32}
    assert (await market.install(other)).status_code == 401
    assert (await market.ours.get("/bitrix24/install")).status_code == 400


async def test_the_server_that_vouches_is_ours_to_choose(market: House) -> None:
    """A page may name a server of its own that would vouch for anybody."""
    form = market.form() | {"SERVER_ENDPOINT": "http://evil.test/rest/"}
    assert (await market.install(form)).status_code == 200


@pytest.mark.feature("B1")
async def test_a_local_application_brings_its_key(local: House) -> None:
    page = await local.install()
    assert local.portal.config.application.client_id in page.text
    wrong = await local.join(page, code=await local.code(ALPHA), client_secret="not it")
    assert wrong.status_code == 400
    assert "не принимает этот ключ" in wrong.text
    secret = local.portal.config.application.client_secret
    # The key is right, the code is not: the fresh pair the key cost must be kept.
    half = await local.join(wrong, code="AAAA-BBBB-CCCC", client_secret=secret)
    assert "Такого кода нет" in half.text
    assert "client_secret" not in half.text
    done = await local.join(half, code=await local.code(ALPHA))
    assert finish(done.text) == "now"
    found = await local.connection(ALPHA)
    assert found is not None
    assert found.client_secret == secret
    async with local.base.database.begin(ALPHA) as tx:
        assert [fact.what for fact in await InstallLog(tx).newest_first(ALPHA)] == ["connected"]


@pytest.mark.feature("B1")
async def test_a_prepared_application_needs_no_code(local: House) -> None:
    await local.prepare(ALPHA)
    done = await local.install()
    assert finish(done.text) == "now"
    found = await local.connection(ALPHA)
    assert found is not None
    assert (found.state, found.external_id) == ("ok", local.portal.config.member_id)


@pytest.mark.feature("B1")
async def test_an_application_without_pages_reports_its_installation(local: House) -> None:
    await local.prepare(ALPHA)
    local.portal.events.send(
        "ONAPPINSTALL",
        f"{local.base.settings.base_url}/bitrix24/events",
        {"VERSION": 1, "ACTIVE": "Y", "INSTALLED": "Y", "LANGUAGE_ID": "ru"},
        ADMIN,
    )
    await local.work()
    found = await local.connection(ALPHA)
    assert found is not None
    assert (found.state, found.grant_user_id) == ("ok", str(ADMIN))
    # No page bound anything: the job did.
    assert "PAGE_BACKGROUND_WORKER" in local.bound()
    assert set(local.synchronised) == {ALPHA}


async def test_a_report_nobody_can_prove_now_is_kept(local: House) -> None:
    """Portals report an installation once."""
    await local.prepare(ALPHA)
    local.portal.faults.crm_down = True
    local.portal.events.send(
        "ONAPPINSTALL", f"{local.base.settings.base_url}/bitrix24/events", {"VERSION": 1}, ADMIN
    )
    await local.portal.events.drained()
    assert local.portal.events.deliveries[-1].status == 200
    found = await local.connection(ALPHA)
    assert found is not None
    assert found.state == "waiting"
    local.portal.faults.crm_down = False
    async with local.base.database.begin_resolving() as tx:
        waiting = list((await tx.execute(text("SELECT id FROM pending_installs"))).scalars())
    # The job does this when its delay is over.
    joining = portals.install(local.base, portals.installs(local.base, local.jobs))
    for pending_id in waiting:
        await joining.resume(pending_id)
        await joining.resume(pending_id)
    found = await local.connection(ALPHA)
    assert found is not None
    assert found.state == "ok"


async def test_consent_comes_back_with_a_code(local: House) -> None:
    await local.prepare(ALPHA)
    base = local.base
    pairing = Pairing(SqlPairings(base.database), base.secrets, base.clock)
    state = await pairing.state(ALPHA, KIND)
    query = {"code": local.portal.tokens.code(ADMIN), "state": state, "domain": "portal.test"}
    done = await local.ours.get("/bitrix24/oauth", params=query)
    assert done.status_code == 200
    assert finish(done.text) == "asked"
    found = await local.connection(ALPHA)
    assert found is not None
    assert found.state == "ok"
    # A state is good once.
    query["code"] = local.portal.tokens.code(ADMIN)
    assert (await local.ours.get("/bitrix24/oauth", params=query)).status_code == 401


async def test_a_state_in_the_page_s_address_names_the_account(market: House) -> None:
    base = market.base
    pairing = Pairing(SqlPairings(base.database), base.secrets, base.clock)
    assert (await market.install(state="guessed")).status_code == 401
    done = await market.install(state=await pairing.state(BETA, KIND))
    assert "Beta" in done.text
    assert await market.connection(BETA) is not None


async def test_what_waits_is_joined_from_the_command_line(market: House) -> None:
    """For applications without pages, which cannot ask for a code."""
    await market.install()
    joining = portals.install(market.base, portals.installs(market.base, market.jobs))
    assert await joining.claim("elsewhere.test", ALPHA) is None
    outcome = await joining.claim("portal.test", ALPHA)
    assert outcome == Joined(ALPHA, "Alpha", PORTAL)
    assert await joining.claim("portal.test", ALPHA) is None


async def test_a_portal_of_another_account_is_not_taken(market: House) -> None:
    await market.join(await market.install(), code=await market.code(ALPHA))
    # Known by its own id: no code is asked, and the account stays.
    again = await market.install()
    assert "Alpha" in again.text
    assert await market.connection(BETA) is None


async def signed_on(running: House) -> None:
    async with running.base.database.begin(ALPHA) as tx:
        await EmployeeStore(tx).save(ALPHA, [Employee(id=EmployeeId("anna"), name="Анна")])
        at = running.base.clock.now()
        await SessionStore(tx).add(
            StoredSession(
                id=SessionId("s1"),
                account_id=ALPHA,
                employee_id=EmployeeId("anna"),
                crm_kind=KIND,
                token_hash=b"1",
                created_at=at,
                expires_at=at + timedelta(hours=1),
            )
        )
    assert await alive(running) == ["s1"]


async def alive(running: House) -> list[str]:
    async with running.base.database.begin(ALPHA) as tx:
        rows = await tx.execute(text("SELECT id FROM sessions WHERE revoked_at IS NULL"))
        return list(rows.scalars())


@pytest.mark.feature("B1")
async def test_uninstalled_and_installed_again(market: House) -> None:
    await market.join(await market.install(), code=await market.code(ALPHA))
    market.portal.finish_installation(ADMIN)
    await signed_on(market)
    market.portal.uninstall()
    await market.work()
    assert await alive(market) == []
    found = await market.connection(ALPHA)
    assert found is not None
    assert (found.state, found.access_token, found.refresh_token) == ("uninstalled", None, None)
    done = await market.install()
    assert finish(done.text) == "now"
    found = await market.connection(ALPHA)
    assert found is not None
    assert found.state == "ok"


async def test_a_clean_uninstall_forgets_the_portal(market: House) -> None:
    await market.join(await market.install(), code=await market.code(ALPHA))
    market.portal.finish_installation(ADMIN)
    market.portal.uninstall(clean=True)
    await market.work()
    assert await market.connection(ALPHA) is None
