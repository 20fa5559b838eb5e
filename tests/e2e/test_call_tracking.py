"""Somebody comes to a site by an advertisement, looks at pages and calls: the card has the way."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from tests.e2e.amo import at_work
from tests.e2e.demo import ILYA, MARIA, UNKNOWN, Demo
from tests.e2e.portal import in_portal
from tests.e2e.settings import portal_settings

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
        # The portal's own card has it as well, in our tab of it.
        await ilya.card.get_by_role("tab").first.click()
        inside = ilya.page.frame_locator(".call-card iframe")
        own_way = inside.get_by_role("region", name="Путь клиента")
        await expect(own_way).to_contain_text("yandex / cpc")
        await expect(own_way.get_by_role("listitem")).to_have_count(2)
        await expect(own_way.get_by_role("listitem").last).to_contain_text("Оптовые цены")
        await ilya.page.screenshot(path=shots / "bitrix24-visitor.png")
        demo.calm()
        await expect(ilya.ringing()).to_have_count(0)
        # Without a visitor a number still says what it stands for.
        demo.call(UNKNOWN, "74951230013")
        own = ilya.ringing().get_by_role("region", name="Путь клиента")
        await expect(own).to_contain_text("Что означает этот номер")
        await expect(own).to_contain_text("Щит на шоссе, весна")


@pytest.mark.feature("W4")
async def test_an_administrator_issues_keys_names_sites_and_says_what_a_number_stands_for(
    demo: Demo, browser: Browser, shots: Path
) -> None:
    async with portal_settings(demo, browser) as settings:
        await settings.section("Коллтрекинг")
        visitors, keys = settings.card("Посетители сайтов"), settings.card("Ключи")
        await expect(visitors.get_by_text("В пуле:")).to_contain_text("+7 495 123-00-11")
        sites = visitors.get_by_label("Сайты")
        own = await sites.input_value()
        await sites.fill(f"{own}\nhttps://svet.example/catalog")
        await visitors.get_by_role("button", name="Сохранить").click()
        await expect(visitors.get_by_text("без пути и косой черты")).to_be_visible()
        await sites.fill(f"{own}\nhttps://svet.example")
        await settings.save(visitors)
        await keys.get_by_role("button", name="Ключ для сервера").click()
        secret = keys.get_by_text("dvk_")
        await expect(secret).to_be_visible()
        key = str(await secret.text_content())
        await settings.page.screenshot(path=shots / "settings-tracking.png")
        told = {"Authorization": f"Bearer {key}"}
        answer = demo.http.post(
            f"http://127.0.0.1:{demo.port}/api/v1/visits", json={}, headers=told
        )
        assert answer.status_code == 400, "the key is known; the body is not"
        await keys.get_by_role("button", name="Отозвать: Сервер").click()
        dialog = settings.frame.get_by_role("dialog")
        await dialog.get_by_role("button", name="Отозвать").click()
        await expect(secret).to_have_count(0)
        answer = demo.http.post(
            f"http://127.0.0.1:{demo.port}/api/v1/visits", json={}, headers=told
        )
        assert answer.status_code == 401
        await settings.section("Виртуальные номера")
        await settings.open("+7 495 123-00-13")
        await settings.frame.get_by_label("Кампания").fill("Щит на шоссе, лето")
        await settings.save()
        await settings.section("История изменений")
        await expect(settings.frame.locator(".s-log")).to_contain_text("Ключ коллтрекинга")
