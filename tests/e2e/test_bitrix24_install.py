"""The whole installation with clicks: deleted in the portal, installed again, and it rings."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from tests.e2e.demo import ELENA, ILYA, SEVER, Demo
from tests.e2e.portal import WIDE, in_portal

pytestmark = pytest.mark.browser

ADMIN = 1


async def asks_an_administrator(demo: Demo, browser: Browser, shots: Path) -> None:
    """An operator tries: the portal offers it to administrators alone, or to everybody and then
    our page says whom to ask. Nothing is half installed."""
    context = await browser.new_context(viewport=WIDE, locale="ru-RU")
    page = await context.new_page()
    await page.goto(demo.portal_page(ILYA, "/marketplace/"))
    await expect(page.locator("main.content")).to_contain_text("установлено не полностью")
    await expect(page.locator("#install")).to_have_count(0)
    demo.portal_faults(anyone_installs=True)
    await page.reload()
    await page.locator("#install").click()
    told = page.frame_locator("#install-stage iframe").locator("section")
    await expect(told.get_by_role("heading")).to_have_text("Нужен администратор портала")
    await expect(told).to_contain_text("Попросите его открыть эту страницу: Приложения → Dozvon")
    await expect(told.get_by_role("button")).to_have_count(0)
    await page.screenshot(path=shots / "bitrix24-not-an-administrator.png")
    demo.portal_faults(anyone_installs=False)
    state = demo.http.get(demo._server(1, "state")).raise_for_status().json()
    assert (state["placements"], state["events"]) == ([], [])
    await context.close()


@pytest.mark.feature("B1")
async def test_an_administrator_installs_the_application_with_clicks_and_nobody_else(
    demo: Demo, browser: Browser, shots: Path
) -> None:
    context = await browser.new_context(viewport=WIDE)
    page = await context.new_page()
    await page.goto(demo.portal_page(ADMIN, "/marketplace/"))
    await page.locator("#uninstall").click()
    await expect(page.locator("#install")).to_be_visible()
    await expect(page.locator(".side a.widget")).to_have_count(0)
    await asks_an_administrator(demo, browser, shots)
    await page.locator("#install").click()
    # Our page tells the portal that it is done, and the portal shows the widgets.
    await expect(page.locator(".side a.widget").first).to_be_visible(timeout=20_000)
    await page.screenshot(path=shots / "bitrix24-installed.png")
    await context.close()
    async with in_portal(demo, browser, ILYA, app=True) as ilya:
        demo.call(ELENA, SEVER)
        await expect(ilya.ringing()).to_be_visible()
