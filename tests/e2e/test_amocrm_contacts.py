"""What the card says of the caller: found, unknown, several, late, silent."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from tests.e2e.amo import Tab, at_work, hears, index_is_read
from tests.e2e.demo import MARIA, SHARED, UNKNOWN, VEKTOR, Demo

pytestmark = pytest.mark.browser
COMPANY = "74951234504"
SLOW, SILENT = ("79037899008", "Артём Прохоров"), ("79216161240", "Константин Васильев")
"""Numbers nobody else calls from: an answer is remembered for a while and would hide trouble."""


async def ringing(tab: Tab, name: str) -> None:
    await expect(tab.card(name).get_by_role("button", name="Ответить")).to_be_visible()


@pytest.mark.feature("W4")
async def test_an_unknown_caller_is_not_found_and_can_become_a_contact(
    demo: Demo, browser: Browser, shots: Path
) -> None:
    async with at_work(demo, browser, MARIA) as maria:
        tab = maria.tab
        demo.call(UNKNOWN, VEKTOR)
        card = tab.card("+7 916 000-00-01")
        await expect(card.get_by_text("В CRM такого номера нет")).to_be_visible()
        await expect(card.get_by_text("Сайт: дежурные, потом по очереди")).to_be_visible()
        await tab.page.screenshot(path=shots / "amocrm-not-found.png")
        create = card.get_by_role("link", name="Создать контакт")
        assert UNKNOWN in str(await create.get_attribute("href"))
        await create.click()
        await tab.page.wait_for_url("**/contacts/add/**")
        await expect(tab.page.locator("input[name=phone]")).to_have_value(UNKNOWN)
        await ringing(tab, "+7 916 000-00-01")


@pytest.mark.feature("W2")
async def test_a_shared_number_asks_who_it_is_and_remembers_the_answer(
    demo: Demo, browser: Browser, shots: Path
) -> None:
    async with at_work(demo, browser, MARIA) as maria:
        tab = maria.tab
        who = demo.call(SHARED, VEKTOR)
        card = tab.cards.first
        await expect(card.get_by_text("Найдено 2 записи")).to_be_visible()
        await expect(card.get_by_role("heading", name="+7 916 123-45-03")).to_be_visible()
        await tab.page.screenshot(path=shots / "amocrm-several.png")
        await card.get_by_role("button", name="Игорь Орлов").click()
        await ringing(tab, "Игорь Орлов")
        await expect(tab.card("Игорь Орлов").get_by_text("Ответственный")).to_be_visible()
        await expect(tab.page).to_have_title("Звонит Игорь Орлов")
        demo.customer(who, "hangup")
        await expect(tab.cards).to_have_count(0)

        demo.call(SHARED, VEKTOR)
        await ringing(tab, "Игорь Орлов")
        change = tab.card("Игорь Орлов").get_by_role("button", name="Выбрать другого")
        await change.click()
        await tab.cards.first.get_by_role("button", name="Светлана Орлова").click()
        await ringing(tab, "Светлана Орлова")


@pytest.mark.feature("W2")
async def test_a_companys_number_shows_the_company(demo: Demo, browser: Browser) -> None:
    async with at_work(demo, browser, MARIA) as maria:
        demo.call(COMPANY, VEKTOR)
        await ringing(maria.tab, "АО Вектор")
        link = maria.tab.card("АО Вектор").get_by_role("heading").get_by_role("link")
        assert "/companies/detail/" in str(await link.get_attribute("href"))


@pytest.mark.feature("W3")
async def test_a_slow_crm_leaves_the_name_at_once_and_patches_the_rest(
    demo: Demo, browser: Browser, shots: Path
) -> None:
    await index_is_read(demo)
    number, name = SLOW
    async with at_work(demo, browser, MARIA) as maria:
        tab = maria.tab
        demo.amo_faults({"kind": "slow", "path": "/api/v4/", "seconds": 5, "times": 1})
        who = demo.call(number, VEKTOR)
        card = tab.card(name)
        await expect(card.get_by_role("heading", name=name)).to_be_visible(timeout=1_500)
        await expect(card.get_by_text("Ищем в CRM…")).to_be_visible(timeout=500)
        await tab.page.screenshot(path=shots / "amocrm-looking.png")
        await card.get_by_role("button", name="Ответить").click()
        await hears(demo, who, "person")
        await expect(card.get_by_text("Ищем в CRM…")).to_be_visible(timeout=500)
        await expect(card.get_by_text("Ответственный")).to_be_visible(timeout=8_000)
        await expect(card.get_by_text("Ищем в CRM…")).to_have_count(0)
        slow = tab.panel.get_by_text("CRM отвечает медленно")
        await expect(slow).to_be_visible()
        await card.get_by_role("button", name="Завершить").click()
        await card.get_by_role("button", name="Закрыть").click()
        await expect(slow).to_have_count(0)


@pytest.mark.feature("W3")
async def test_a_silent_crm_leaves_the_number_and_a_call_that_works(
    demo: Demo, browser: Browser, shots: Path
) -> None:
    await index_is_read(demo)
    number, name = SILENT
    async with at_work(demo, browser, MARIA) as maria:
        tab = maria.tab
        demo.amo_switches(down=True)
        who = demo.call(number, VEKTOR)
        card = tab.card(name)
        await expect(card.get_by_text("CRM не отвечает")).to_be_visible()
        await expect(tab.panel.get_by_text("Звонки работают, карточки")).to_be_visible()
        await expect(card.get_by_text("+7 921 616-12-40")).to_be_visible()
        await tab.page.screenshot(path=shots / "amocrm-silent.png")
        await card.get_by_role("button", name="Ответить").click()
        await hears(demo, who, "person")
        await card.get_by_role("button", name="Повторить поиск").click()
        await expect(card.get_by_text("CRM не отвечает")).to_be_visible()

        demo.amo_switches(down=False)
        await card.get_by_role("button", name="Повторить поиск").click()
        await expect(card.get_by_text("Ответственный")).to_be_visible()
        await expect(tab.panel.get_by_text("CRM не отвечает")).to_have_count(0)
        await expect(tab.panel.get_by_text("CRM отвечает медленно")).to_have_count(0)
