"""Our page in the portal's menu: status, history, colleagues, calls; and who may not open it."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, expect

from tests.e2e.amo import phone_is
from tests.e2e.demo import ELENA, ILYA, MARIA, SEVER, UNKNOWN, Demo
from tests.e2e.portal import PHONES, in_portal

pytestmark = pytest.mark.browser

STRANGER = 7
"""A user of the portal who is no employee of the account."""


@pytest.mark.feature("B21")
@pytest.mark.feature("W11")
async def test_a_call_answered_in_the_page_is_found_in_its_history_and_called_back(
    demo: Demo, browser: Browser
) -> None:
    async with in_portal(demo, browser, ILYA, app=True) as ilya:
        customer = demo.call(ELENA, SEVER)
        card = ilya.ringing()
        await expect(card.get_by_role("heading", name="Елена Андреевна Морозова")).to_be_visible()
        await expect(card.get_by_text("+7 916 123-45-01")).to_be_visible()
        await expect(card.get_by_text("Обслуживание вентиляции")).to_be_visible()
        await card.get_by_role("button", name="Ответить").click()
        live = ilya.app.locator(".card-live")
        await expect(live.get_by_role("timer")).to_have_text("0:01")
        await live.get_by_role("button", name="Завершить").click()
        await expect(live).to_have_count(0)
        await phone_is(demo, PHONES[ILYA], "NOT_INUSE")
        assert customer
        await ilya.app.get_by_role("tab", name="История").click()
        entry = ilya.app.locator(".entry").first
        await expect(entry).to_contain_text("Елена Андреевна Морозова")
        await expect(entry).to_contain_text("+7 916 123-45-01")
        await entry.get_by_role("button", name="Перезвонить").click()
        pinned = ilya.app.locator(".pinned")
        await expect(pinned.get_by_role("article")).to_be_visible()
        await phone_is(demo, PHONES[ILYA], "INUSE")
        await pinned.get_by_role("button", name="Завершить").click()
        await phone_is(demo, PHONES[ILYA], "NOT_INUSE")


@pytest.mark.feature("W8")
async def test_a_second_caller_is_a_second_card_of_the_page(demo: Demo, browser: Browser) -> None:
    async with in_portal(demo, browser, ILYA, app=True) as ilya:
        demo.call(ELENA, SEVER)
        await ilya.ringing().get_by_role("button", name="Ответить").click()
        await expect(ilya.app.locator(".card-live")).to_contain_text("Елена Андреевна Морозова")
        demo.call(UNKNOWN, SEVER)
        await expect(ilya.ringing()).to_contain_text("Второй звонок")
        await expect(ilya.ringing()).to_contain_text("+7 916 000-00-01")
        await expect(ilya.app.locator(".card-live")).to_be_visible()


@pytest.mark.feature("B21")
@pytest.mark.feature("W7")
async def test_a_status_set_in_the_page_is_seen_by_a_colleague_at_once(
    demo: Demo, browser: Browser
) -> None:
    async with (
        in_portal(demo, browser, ILYA, app=True) as ilya,
        in_portal(demo, browser, MARIA, app=True) as maria,
    ):
        await maria.app.get_by_role("tab", name="Коллеги").click()
        colleague = maria.app.locator(".entry", has_text="Илья Соколов")
        await expect(colleague).to_contain_text("В сети")
        await ilya.app.get_by_role("button", name="Ваш статус").click()
        await ilya.app.get_by_role("radio", name="Перерыв").click()
        await expect(colleague).to_contain_text("Перерыв")
        await ilya.app.get_by_role("button", name="Ваш статус: Перерыв").click()
        await ilya.app.get_by_role("radio", name="Доступен").click()
        await expect(colleague).not_to_contain_text("Перерыв")


@pytest.mark.feature("W16")
@pytest.mark.parametrize(
    "lang, sentence",
    [
        ("ru", "Попросите администратора назначить вам номер"),
        ("en", "Ask your administrator to give you a number"),
    ],
)
async def test_somebody_without_a_line_is_told_what_to_do(
    demo: Demo, browser: Browser, lang: str, sentence: str
) -> None:
    context = await browser.new_context(locale="ru-RU")
    page = await context.new_page()
    await page.goto(demo.portal_page(STRANGER, f"/crm/contact/list/?lang={lang}"))
    await page.locator(".side a.widget").first.click()
    alert = page.frame_locator("#app-stage iframe").get_by_role("alert")
    await expect(alert).to_contain_text(sentence)
    await context.close()
