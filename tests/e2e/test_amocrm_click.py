"""A number clicked on the account's page is called from the panel, even before it is there."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, Page, expect

from tests.e2e.amo import PHONES, WIDE, Tab, phone_is
from tests.e2e.demo import MARIA, Demo

pytestmark = pytest.mark.browser


async def click_first_number(page: Page) -> None:
    await page.wait_for_function("window.APP && APP.widgets.list.dozvon")
    await page.get_by_role("row").get_by_role("button", name="+7").first.click()
    await page.get_by_role("menuitem", name="Позвонить через Дозвон").click()


async def hang_up(tab: Tab) -> None:
    await tab.button("Завершить").click()


@pytest.mark.feature("W11")
async def test_a_number_of_the_list_is_called_and_the_panel_opens(
    demo: Demo, browser: Browser
) -> None:
    context = await browser.new_context(locale="ru-RU", viewport=WIDE)
    page = await context.new_page()
    await page.goto(demo.amo_page(MARIA))
    tab = await Tab(page, PHONES[MARIA]).ready()
    await expect(tab.box).to_have_attribute("data-shown", "false")
    await click_first_number(page)
    await expect(tab.box).to_have_attribute("data-shown", "true")
    await phone_is(demo, tab.phone, "RINGING", "INUSE")
    await hang_up(tab)
    await phone_is(demo, tab.phone, "NOT_INUSE")
    await context.close()


async def test_a_number_clicked_before_the_phone_is_there_is_called_as_soon_as_it_is(
    demo: Demo, browser: Browser
) -> None:
    context = await browser.new_context(locale="ru-RU", viewport=WIDE)
    page = await context.new_page()
    await page.route("**/api/amocrm/session*", lambda route: route.abort())
    await page.goto(demo.amo_page(MARIA))
    await click_first_number(page)
    await expect(page.locator(".panel")).to_have_count(0)
    await page.unroute("**/api/amocrm/session*")
    tab = await Tab(page, PHONES[MARIA]).ready()
    await phone_is(demo, tab.phone, "RINGING", "INUSE")
    await tab.launcher.click()
    await hang_up(tab)
    await phone_is(demo, tab.phone, "NOT_INUSE")
    await context.close()
