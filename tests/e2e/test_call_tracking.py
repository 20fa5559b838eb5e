"""Somebody comes to a site by an advertisement, looks at pages and calls: the card has the way."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from tests.e2e.amo import at_work
from tests.e2e.demo import ILYA, MARIA, UNKNOWN, Demo
from tests.e2e.portal import in_portal

pytestmark = pytest.mark.browser
OWN = {"sever": "+7 495 123-00-01", "vektor": "+7 495 123-00-02"}


async def visit_and_call(demo: Demo, browser: Browser, slug: str, shots: Path) -> str:
    """By an advertisement to the catalogue, on to the prices, then a call from the switchboard.
    Returns the number the visitor saw."""
    context = await browser.new_context(locale="ru-RU")
    try:
        site = await context.new_page()
        await site.goto(f"{demo.switchboard}/sandbox/site/{slug}/")
        await site.get_by_role("link", name="по объявлению в поиске").click()
        await expect(site.get_by_role("heading", name="Каталог")).to_be_visible()
        await site.get_by_role("link", name="Оптовые цены").click()
        await expect(site.get_by_role("heading", name="Оптовые цены")).to_be_visible()
        phone = site.get_by_role("link", name="Наш телефон")
        await expect(phone).not_to_have_text(OWN[slug])
        number = str(await phone.text_content())
        digits = "".join(filter(str.isdigit, number))
        await expect(phone).to_have_attribute("href", f"tel:+{digits}")
        await site.screenshot(path=shots / "practice-site.png")
        board: Page = await context.new_page()
        await board.goto(demo.switchboard)
        await board.get_by_label("С номера").fill(UNKNOWN)
        await board.get_by_role("button", name=f"Позвонить на номер с сайта: {number}").click()
        return number
    finally:
        await context.close()


@pytest.mark.feature("W4")
async def test_a_visitor_of_a_site_calls_and_the_card_in_amocrm_has_their_way(
    demo: Demo, browser: Browser, shots: Path
) -> None:
    async with at_work(demo, browser, MARIA) as maria:
        tab = maria.tab
        number = await visit_and_call(demo, browser, "vektor", shots)
        card = tab.card("+7 916 000-00-01")
        way = card.get_by_role("region", name="Путь клиента")
        await expect(way).to_contain_text("yandex / cpc")
        await expect(way).to_contain_text("Светильники, весна")
        await expect(way).to_contain_text("купить светильник оптом")
        await expect(way.get_by_role("listitem")).to_have_count(2)
        await expect(way).to_contain_text("2 посещения")
        await expect(way.get_by_role("listitem").last).to_contain_text("Оптовые цены")
        await expect(card.get_by_text("Сайт: дежурные, потом по очереди")).to_be_visible()
        await expect(card).to_contain_text(number[-9:].replace("-", "\u2011"))
        await tab.page.screenshot(path=shots / "amocrm-visitor.png")
        await card.get_by_role("button", name="Ответить").click()
        await card.get_by_role("button", name="Завершить").click()
        await expect(card.get_by_text("Разговор состоялся")).to_be_visible()
        await tab.section("История")
        entry = tab.panel.get_by_role("listitem").filter(has_text="+7 916 000-00-01").first
        await expect(entry).to_contain_text("Откуда: yandex / cpc · Светильники, весна")


@pytest.mark.feature("W4")
async def test_a_visitor_of_a_site_calls_and_our_page_in_the_portal_has_their_way(
    demo: Demo, browser: Browser, shots: Path
) -> None:
    async with in_portal(demo, browser, ILYA, app=True) as ilya:
        await visit_and_call(demo, browser, "sever", shots)
        way = ilya.ringing().get_by_role("region", name="Путь клиента")
        await expect(way).to_contain_text("купить светильник оптом")
        await expect(way.get_by_role("listitem").last).to_contain_text("Оптовые цены")
        await ilya.page.screenshot(path=shots / "bitrix24-visitor.png")
        demo.calm()
        await expect(ilya.ringing()).to_have_count(0)
        # Without a visitor a number still says what it stands for.
        demo.call(UNKNOWN, "74951230013")
        own = ilya.ringing().get_by_role("region", name="Путь клиента")
        await expect(own).to_contain_text("Что означает этот номер")
        await expect(own).to_contain_text("Щит на шоссе, весна")
