"""The widget is switched off and installed again by clicks, on the account's own pages (A1)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from tests.e2e.amo import PHONES, WIDE, Tab, until
from tests.e2e.demo import MARIA, UNKNOWN, VEKTOR, Demo, running_demo

ADMIN = 1
MARKET = "/settings/widgets/"

pytestmark = [pytest.mark.browser, pytest.mark.feature("A1")]


@pytest.fixture(scope="module")
def own_demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """Not the one of the other tests: this account is disconnected on the way."""
    with running_demo(tmp_path_factory.mktemp("install")) as demo:
        yield demo


async def market(page: Page) -> Locator:
    """The widget's window in the marketplace."""
    await page.locator(".js-widget-tile").click()
    window = page.locator("form", has=page.locator("input[name='server']"))
    await expect(window).to_be_visible()
    return window


async def test_an_administrator_switches_the_widget_off_and_installs_it_again(
    own_demo: Demo, browser: Browser
) -> None:
    context = await browser.new_context(locale="ru-RU", viewport=WIDE)
    page = await context.new_page()
    tab = Tab(page, "vektor-100")
    await page.goto(own_demo.amo_page(ADMIN, MARKET))
    await tab.ready()
    await expect(page.locator(".notice")).to_have_count(0)

    await market(page)
    await page.locator(".js-widget-uninstall").click()
    await expect(page.locator(".panel, .launcher, .notice")).to_have_count(0)
    await until(lambda: "amocrm.disconnected" in own_demo.log.read_text(), "the hook came")

    await page.goto(own_demo.amo_page(ADMIN, MARKET))
    window = await market(page)
    for wrong, said in (
        ("ftp://phone.example", "должен начинаться с https"),
        ("https://nobody.localhost", "не отвечает"),
    ):
        await window.locator("input[name='server']").fill(wrong)
        await page.locator(".js-widget-install").click()
        await expect(page.get_by_text(said)).to_be_visible()
        await expect(page.locator(".js-widget-install")).to_be_visible()

    await window.locator("input[name='server']").fill(own_demo.app)
    await page.locator(".js-widget-install").click()
    # The account hands over its code, the server takes it and finds its account: nobody types.
    await expect(page.locator(".panel")).to_have_count(1, timeout=20_000)
    await tab.ready()
    # The demo began connected: this is the second time.
    assert own_demo.log.read_text().count("amocrm.joined") == 2
    await until(lambda: "amocrm.webhooks_subscribed" in own_demo.log.read_text(), "webhooks")
    await context.close()


async def test_settings_stand_on_the_accounts_own_page(own_demo: Demo, browser: Browser) -> None:
    context = await browser.new_context(locale="ru-RU", viewport=WIDE)
    page = await context.new_page()
    await page.goto(own_demo.amo_page(ADMIN, "/settings/advanced/dozvon/"))
    frame = page.locator("#list_page_holder iframe")
    await expect(frame).to_have_attribute(
        "src",
        f"{own_demo.app}/amocrm/settings?origin={own_demo.amo}&locale=ru".replace(
            own_demo.amo, own_demo.amo.replace(":", "%3A").replace("/", "%2F")
        ),
    )
    # Another page of the account takes it away again.
    await page.get_by_role("link", name="Контакты").click()
    await expect(frame).to_have_count(0)
    await context.close()


@pytest.mark.feature("A2")
async def test_a_lost_access_is_one_button_for_an_administrator(
    own_demo: Demo, browser: Browser
) -> None:
    own_demo.amo_switches(revoke_tokens=True)
    customer = own_demo.call(UNKNOWN, VEKTOR)
    # Looking the caller up is what finds out.
    await until(lambda: "crm.grant_lost" in own_demo.log.read_text(), "the grant is lost")
    own_demo.customer(customer, "hangup")

    others = await browser.new_context(locale="ru-RU", viewport=WIDE)
    page = await others.new_page()
    await page.goto(own_demo.amo_page(MARIA))
    await Tab(page, PHONES[MARIA]).ready()
    await expect(page.get_by_text("потерял доступ")).to_have_count(0)
    await others.close()

    context = await browser.new_context(locale="ru-RU", viewport=WIDE)
    page = await context.new_page()
    await page.goto(own_demo.amo_page(ADMIN))
    notice = page.locator(".notice")
    await expect(notice).to_contain_text("Дозвон потерял доступ")
    async with context.expect_page() as opened:
        await notice.get_by_role("link", name="Подключить").click()
    consent = await opened.value
    await consent.get_by_role("button", name="Разрешить").click()
    await expect(consent.get_by_role("heading", name="amoCRM подключена")).to_be_visible()
    await page.reload()
    await Tab(page, "vektor-100").ready()
    await expect(notice).to_have_count(0)
    await context.close()
