"""The demo's "uninstall, then do it yourself" on amoCRM: market, message, code, consent, phone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from tests.e2e.amo import PHONES, WIDE, Tab, at_work, until
from tests.e2e.demo import ELENA, MARIA, VEKTOR, Demo, running_demo

ADMIN = 1
LANDING_LOOKS_MS = 10_000

pytestmark = [pytest.mark.browser, pytest.mark.feature("A1")]


@pytest.fixture(scope="module")
def own_demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """Not the one of the other tests: this account is disconnected on the way."""
    with running_demo(tmp_path_factory.mktemp("walk")) as demo:
        yield demo


def walk(page: Page) -> Locator:
    return page.locator(".walk[data-crm=amocrm]")


async def no_administrator(demo: Demo, browser: Browser, shots: Path) -> None:
    """An operator tries: the widget says who can, before anything is asked of anybody."""
    context = await browser.new_context(locale="ru-RU", viewport=WIDE)
    page = await context.new_page()
    await page.goto(demo.amo_page(MARIA, "/settings/widgets/"))
    await page.locator(".js-widget-tile").click()
    await page.locator(".js-widget-install").click()
    await expect(page.get_by_text("устанавливает и настраивает администратор")).to_be_visible()
    await expect(page.locator(".js-widget-install")).to_be_visible()
    await page.screenshot(path=shots / "amocrm-not-an-administrator.png")
    await page.reload()
    await expect(page.locator(".panel, .notice")).to_have_count(0)
    await context.close()


async def sent_to_an_operator(demo: Demo, browser: Browser, link: str | None) -> None:
    """The link an administrator got, opened by somebody else: it still works afterwards."""
    assert link is not None
    context = await browser.new_context(locale="ru-RU", viewport=WIDE)
    page = await context.new_page()
    await page.goto(demo.amo_page(MARIA))
    await page.goto(link)
    await expect(page.get_by_role("heading", name="Нужен администратор")).to_be_visible()
    await expect(page.get_by_role("button", name="Разрешить")).to_have_count(0)
    await context.close()


async def test_whoever_looks_installs_the_widget_with_clicks_and_is_rung(
    own_demo: Demo, browser: Browser, shots: Path
) -> None:
    context = await browser.new_context(locale="ru-RU", viewport=WIDE)
    home = await context.new_page()
    await home.goto(own_demo.app)
    await walk(home).get_by_role("button", name="Удалить и установить самому").click()
    code = walk(home).locator("output")
    await expect(code).to_be_visible(timeout=LANDING_LOOKS_MS)
    pairing_code = await code.inner_text()

    async with context.expect_page() as opened:
        await walk(home).get_by_role("link", name="Открыть виджеты аккаунта").click()
    page = await opened.value
    await no_administrator(own_demo, browser, shots)
    await page.locator(".js-widget-tile").click()
    await page.locator(".js-widget-install").click()
    # The platform's own call names no account of ours: the widget says what is missing.
    notice = page.locator(".notice")
    await expect(notice).to_contain_text("ещё не подключён", timeout=20_000)
    await page.screenshot(path=shots / "install-amocrm-notice.png")
    async with context.expect_page() as opened:
        await notice.get_by_role("link", name="Подключить").click()
    ours = await opened.value
    await ours.get_by_label("Код подключения").fill(pairing_code)
    await ours.get_by_role("button").click()
    link = ours.get_by_role("link").first
    await sent_to_an_operator(own_demo, browser, await link.get_attribute("href"))
    await link.click()
    await ours.get_by_role("button", name="Разрешить").click()
    await expect(ours.get_by_role("heading", name="amoCRM подключена")).to_be_visible()
    await page.reload()
    tab = Tab(page, "vektor-100")
    # The users are read first; the widget asks again until that is done.
    await expect(tab.panel.get_by_text("На связи")).to_be_attached(timeout=30_000)
    await expect(notice).to_have_count(0)
    await expect(walk(home).locator(".chip")).to_have_text("Подключена", timeout=LANDING_LOOKS_MS)
    await context.close()

    async with at_work(own_demo, browser, MARIA) as maria:
        customer = own_demo.call(ELENA, VEKTOR)
        await expect(maria.tab.card("Елена Морозова")).to_be_visible(timeout=15_000)
        own_demo.customer(customer, "hangup")


async def test_switched_off_it_leaves_open_tabs_and_comes_back_without_a_code(
    own_demo: Demo, browser: Browser
) -> None:
    admin = await browser.new_context(locale="ru-RU", viewport=WIDE)
    page = await admin.new_page()
    async with at_work(own_demo, browser, MARIA) as maria:
        await page.goto(own_demo.amo_page(ADMIN, "/settings/widgets/"))
        await page.locator(".js-widget-tile").click()
        await page.locator(".js-widget-uninstall").click()
        await until(lambda: "amocrm.disconnected" in own_demo.log.read_text(), "the hook came")
        # A tab that stayed open is signed out within seconds.
        await expect(maria.tab.panel.get_by_text("На связи")).to_have_count(0, timeout=10_000)
    await page.goto(own_demo.amo_page(ADMIN, "/settings/widgets/"))
    await page.locator(".js-widget-tile").click()
    await page.locator(".js-widget-install").click()
    await expect(page.locator(".panel")).to_have_count(1, timeout=20_000)
    await admin.close()
    async with at_work(own_demo, browser, MARIA) as maria:
        await maria.tab.section("История")
        await expect(maria.tab.panel.locator(".entry", has_text="Морозова").first).to_be_visible()


async def test_an_account_that_is_renamed_is_found_again(own_demo: Demo, browser: Browser) -> None:
    moved = own_demo.amo.replace("amo.", "nova.")
    async with at_work(own_demo, browser, MARIA) as maria:
        own_demo.http.post(
            own_demo._server(2, "rename"),
            json={"subdomain": "nova"},
            headers={"Host": own_demo.amo.split("://")[1]},
        ).raise_for_status()
        # The tab stands on the old address and still phones.
        customer = own_demo.call(ELENA, VEKTOR)
        await expect(maria.tab.cards.first).to_be_visible(timeout=15_000)
        own_demo.customer(customer, "hangup")
        await until(
            lambda: any(word in own_demo.log.read_text() for word in ("crm.moved", "amocrm.moved")),
            "the move was noticed",
            30.0,
        )
    context = await browser.new_context(locale="ru-RU", viewport=WIDE)
    page = await context.new_page()
    await page.goto(f"{moved}/sandbox/sign-in/{MARIA}?to=/contacts/list/")
    await Tab(page, PHONES[MARIA]).ready()
    await context.close()
