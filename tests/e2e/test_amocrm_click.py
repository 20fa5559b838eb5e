"""A number clicked on the account's page is called from the panel, even before it is there."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from tests.e2e.amo import PHONES, WIDE, Tab, at_work, phone_is, phones_rung, until
from tests.e2e.demo import ELENA, MARIA, VEKTOR, Demo
from tests.e2e.storage import Storage, profile

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


NAME = "Елена Морозова"


async def _call_number(page: Page, number: Locator) -> None:
    await page.wait_for_function("window.APP && APP.widgets.list.dozvon")
    await number.click()
    await page.get_by_role("menuitem", name="Позвонить через Дозвон").click()


async def _in_list(page: Page) -> None:
    row = page.get_by_role("row").filter(has_text=NAME)
    await _call_number(page, row.get_by_role("button", name="+7").first)


async def _in_card(page: Page) -> None:
    await page.get_by_role("link", name=NAME).first.click()
    await expect(page).to_have_url(re.compile("/contacts/detail/"))
    await _call_number(page, page.locator("button.js-phone").first)


def _written(demo: Demo) -> list[dict[str, Any]]:
    """Calls the account took from us since its log was cleared."""
    rows = demo.http.get(demo._server(2, "calls")).raise_for_status().json()["calls"]
    taken = (row for row in rows if row["path"] == "/api/v4/calls" and row["status"] == 200)
    return [call for row in taken for call in json.loads(row["body"])]


@pytest.mark.feature("A4")
@pytest.mark.feature("W14")
@pytest.mark.parametrize("click", [_in_list, _in_card], ids=["list", "card"])
async def test_the_own_phone_rings_then_the_customer_and_the_call_is_kept(
    demo: Demo, browser: Browser, click: Callable[[Page], Awaitable[None]]
) -> None:
    async with at_work(demo, browser, MARIA) as maria:
        demo.http.delete(demo._server(2, "calls")).raise_for_status()
        order = phones_rung(demo)
        await click(maria.tab.page)
        card = maria.tab.card(NAME)
        await expect(card.get_by_text("Разговор", exact=True)).to_be_visible(timeout=10_000)
        assert order() == [f"PJSIP/{maria.phone}", "PJSIP/trunk-demo"]
        await phone_is(demo, maria.phone, "INUSE")
        await maria.tab.button("Завершить").click()
        await phone_is(demo, maria.phone, "NOT_INUSE")
        await maria.tab.section("История")
        newest = maria.tab.panel.get_by_role("listitem").first
        await expect(newest).to_contain_text(NAME)
        await expect(newest).to_contain_text("Исходящий")
        await until(lambda: _written(demo), "the account has the call", 20.0)
    (call,) = _written(demo)
    assert (call["direction"], call["phone"].lstrip("+")) == ("outbound", ELENA)
    assert (call["call_status"], call["call_responsible"]) == (4, MARIA)


@pytest.mark.feature("A4")
async def test_why_it_cannot_be_is_said_in_the_panel(demo: Demo, browser: Browser) -> None:
    demo.phone(PHONES[MARIA], "registration", registered=False)
    try:
        async with at_work(demo, browser, MARIA) as maria:
            order = phones_rung(demo)
            await _in_list(maria.tab.page)
            told = maria.tab.panel.get_by_role("log")
            await expect(told).to_contain_text("SIP-линия не зарегистрирована")
            await expect(maria.tab.cards).to_have_count(0)
            assert order() == []
    finally:
        demo.phone(PHONES[MARIA], "registration", registered=True)
    await phone_is(demo, PHONES[MARIA], "NOT_INUSE")


TIMUR, TIMUR_PHONE = 4, "vektor-103"
"""May choose the number he calls from."""


@pytest.mark.feature("W14")
@pytest.mark.parametrize("storage", ["partitioned", "blocked"])
async def test_the_number_to_call_from_is_chosen_and_the_tab_remembers_it_where_it_can(
    demo: Demo, chromium: str, tmp_path: Path, storage: Storage
) -> None:
    async with profile(chromium, tmp_path, storage) as context:
        page = await context.new_page()
        sent: list[dict[str, Any]] = []

        def hear(frame: str | bytes) -> None:
            told = json.loads(frame)
            if told.get("type") == "call.dial":
                sent.append(told)

        page.on("websocket", lambda socket: socket.on("framesent", hear))
        await page.goto(demo.amo_page(TIMUR))
        tab = await Tab(page, TIMUR_PHONE).ready()
        await tab.launcher.click()
        await tab.put_cards_away()
        chosen = tab.panel.get_by_label("Звонить с номера")
        await expect(chosen).to_have_value("")
        await expect(chosen.get_by_role("option").first).to_contain_text("как в настройках")
        await chosen.select_option(f"+{VEKTOR}")
        await page.reload()
        await tab.ready()
        if storage == "blocked":
            await expect(chosen).to_have_value("")
            await chosen.select_option(f"+{VEKTOR}")
        await expect(chosen).to_have_value(f"+{VEKTOR}")
        await tab.panel.get_by_label("Номер телефона").fill(f"+{ELENA}")
        await tab.button("Позвонить").click()
        await expect(tab.card(NAME)).to_be_visible()
        await phone_is(demo, TIMUR_PHONE, "RINGING", "INUSE")
        await hang_up(tab)
        await phone_is(demo, TIMUR_PHONE, "NOT_INUSE")
    (dialled,) = sent
    assert (dialled["source"], dialled["caller_id"]) == ("keypad", f"+{VEKTOR}")
