"""The demo's "uninstall, then do it yourself" on the portal: every click, and what follows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from tests.e2e.amo import phone_is, until
from tests.e2e.demo import ELENA, ILYA, MARIA, SEVER, UNKNOWN, Demo, running_demo
from tests.e2e.portal import PHONES, WIDE, asked, in_portal

ADMIN, SECOND_ADMIN = 1, 4
LANDING_LOOKS_MS = 10_000

pytestmark = [pytest.mark.browser, pytest.mark.feature("B1")]


@pytest.fixture(scope="module")
def own_demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """Not the one of the other tests: this portal is disconnected on the way."""
    with running_demo(tmp_path_factory.mktemp("walk")) as demo:
        yield demo


def walk(page: Page) -> Locator:
    return page.locator(".walk[data-crm=bitrix24]")


async def begin(demo: Demo, page: Page) -> str:
    """The button of the landing page; the pairing code it shows then."""
    await page.goto(demo.app)
    await walk(page).get_by_role("button", name="Удалить и установить самому").click()
    code = walk(page).locator("output")
    await expect(code).to_be_visible(timeout=LANDING_LOOKS_MS)
    return await code.inner_text()


def state(demo: Demo) -> dict[str, Any]:
    return dict(demo.http.get(demo._server(1, "state")).raise_for_status().json())


async def test_whoever_looks_installs_the_application_with_clicks_and_is_rung(
    own_demo: Demo, browser: Browser, shots: Path
) -> None:
    context = await browser.new_context(locale="ru-RU", viewport=WIDE)
    home = await context.new_page()
    code = await begin(own_demo, home)
    await expect(walk(home)).to_contain_text("Ждёт подключения")
    await home.screenshot(path=shots / "install-landing.png", full_page=True)
    assert (state(own_demo)["placements"], state(own_demo)["events"]) == ([], [])

    async with context.expect_page() as opened:
        await walk(home).get_by_role("link", name="Открыть раздел приложений").click()
    page = await opened.value
    await page.locator("#install").click()
    ours = page.frame_locator("#install-stage iframe")
    # A wrong code loses nothing: the form says so and waits.
    await ours.get_by_label("Код подключения").fill("AAAA-AAAA-AAAA")
    await ours.get_by_role("button", name="Подключить").click()
    await expect(ours.get_by_role("alert")).to_be_visible()
    await page.screenshot(path=shots / "install-bitrix24-code.png")
    await ours.get_by_label("Код подключения").fill(code.lower())
    await ours.get_by_role("button", name="Подключить").click()
    await expect(page.locator(".side a.widget").first).to_be_visible(timeout=20_000)
    await expect(walk(home).locator(".chip")).to_have_text("Подключена", timeout=LANDING_LOOKS_MS)
    await context.close()

    # Employees were told apart by e-mail anew, and both the portal's card and ours are there.
    async with in_portal(own_demo, browser, ILYA, app=True) as ilya:
        customer = own_demo.call(ELENA, SEVER)
        await expect(ilya.ringing()).to_be_visible()
        await expect(ilya.card).to_be_visible()
        await expect(ilya.title).to_contain_text("Морозова")
        own_demo.customer(customer, "hangup")
        await expect(ilya.card).to_have_count(0)
        await ilya.app.get_by_role("tab", name="История").click()
        await expect(ilya.app.locator(".entry").first).to_contain_text("Морозова")


async def test_deleted_without_its_data_it_comes_back_without_a_code(
    own_demo: Demo, browser: Browser
) -> None:
    admin = await browser.new_context(locale="ru-RU", viewport=WIDE)
    async with in_portal(own_demo, browser, ILYA, app=True) as ilya:
        page = await admin.new_page()
        await page.goto(own_demo.portal_page(ADMIN, "/marketplace/"))
        await page.locator("#uninstall").click()
        await expect(page.locator("#install")).to_be_visible()
        # The tab that stayed open is signed out within seconds, and says so.
        await expect(ilya.app.get_by_text("На связи")).to_have_count(0, timeout=10_000)
        own_demo.http.delete(own_demo._server(1, "log")).raise_for_status()
        # Telephones do not depend on the CRM, and nothing is told to it any more.
        customer = own_demo.call(UNKNOWN, SEVER)
        await phone_is(own_demo, PHONES[ILYA], "RINGING")
        own_demo.customer(customer, "hangup")
        await phone_is(own_demo, PHONES[ILYA], "NOT_INUSE")
        assert asked(own_demo, "telephony.externalCall.register") == []
    await page.locator("#install").click()
    # The portal is known: our page ends the installation by itself.
    await expect(page.locator(".side a.widget").first).to_be_visible(timeout=20_000)
    await admin.close()
    async with in_portal(own_demo, browser, ILYA, app=True) as ilya:
        await ilya.app.get_by_role("tab", name="История").click()
        await expect(ilya.app.locator(".entry", has_text="Морозова").first).to_be_visible()


async def test_a_second_administrator_takes_over_when_the_first_is_shut_out(
    own_demo: Demo, browser: Browser
) -> None:
    user = own_demo._server(1, f"users/{SECOND_ADMIN}")
    own_demo.http.patch(user, json={"is_admin": True}).raise_for_status()
    # Opening Dozvon's own page once leaves the second administrator's leave in reserve.
    async with in_portal(own_demo, browser, SECOND_ADMIN) as second:
        await second.page.goto(own_demo.portal_page(SECOND_ADMIN, "/marketplace/app/"))
        await until(lambda: _in_reserve(own_demo), "the second one's leave is in reserve")
        tokens = own_demo._server(1, f"tokens?revoke={ADMIN}")
        own_demo.http.delete(tokens).raise_for_status()
        own_demo.http.delete(own_demo._server(1, "log")).raise_for_status()
    async with in_portal(own_demo, browser, MARIA, app=True) as maria:
        customer = own_demo.call(ELENA, SEVER)
        await expect(maria.card).to_be_visible(timeout=15_000)
        own_demo.customer(customer, "hangup")
    registered = [
        row for row in asked(own_demo, "telephony.externalCall.register") if row["status"] == 200
    ]
    assert {row["user_id"] for row in registered} == {SECOND_ADMIN}


def _in_reserve(demo: Demo) -> bool:
    told = re.compile(rf"crm.grant_kept .*crm_user={SECOND_ADMIN}\b")
    return told.search(demo.log.read_text()) is not None


async def test_a_portal_that_moves_takes_its_open_tabs_along(
    own_demo: Demo, browser: Browser
) -> None:
    moved = own_demo.portal.replace("portal.", "moved.")
    async with in_portal(own_demo, browser, ILYA, app=True) as ilya:
        body = {"public_url": moved, "server_url": moved}
        own_demo.http.post(own_demo._server(1, "rename"), json=body).raise_for_status()
        customer = own_demo.call(ELENA, SEVER)
        # The tab stands on the old address and still phones.
        await expect(ilya.ringing()).to_be_visible()
        await ilya.ringing().get_by_role("button", name="Ответить").click()
        await expect(ilya.app.locator(".card-live")).to_be_visible()
        own_demo.customer(customer, "hangup")
        await expect(ilya.app.locator(".card-live")).to_have_count(0)
        await until(lambda: "crm.moved" in own_demo.log.read_text(), "the move was noticed", 20.0)
    context = await browser.new_context(locale="ru-RU", viewport=WIDE)
    page = await context.new_page()
    await page.goto(f"{moved}/login/?user={ILYA}&back=/crm/contact/list/&lang=ru")
    await page.locator(".side a.widget").first.click()
    ours = page.frame_locator("#app-stage iframe")
    await expect(ours.get_by_text("На связи")).to_be_visible(timeout=15_000)
    await context.close()
