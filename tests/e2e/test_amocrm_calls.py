"""Calls as two operators of one account see them in their amoCRM tabs."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from tests.e2e.amo import Tab, at_work, customer, hears, phone_is, phone_state, until
from tests.e2e.demo import ELENA, ILYA, MARIA, PAVEL, VEKTOR, Demo

pytestmark = pytest.mark.browser
ELENA_NAME, PAVEL_NAME = "Елена Морозова", "Павел Дёмин"
TIMUR_PHONE = "vektor-103"


async def ringing(tab: Tab, name: str) -> None:
    await expect(tab.card(name).get_by_role("button", name="Ответить")).to_be_visible()


@pytest.mark.feature("W2")
@pytest.mark.feature("W9")
async def test_both_ring_and_the_card_leaves_the_other_with_who_took_it(
    demo: Demo, browser: Browser, shots: Path
) -> None:
    async with at_work(demo, browser, ILYA) as ilya, at_work(demo, browser, MARIA) as maria:
        demo.call(ELENA, VEKTOR)
        await ringing(ilya.tab, ELENA_NAME)
        await ringing(maria.tab, ELENA_NAME)
        await expect(maria.tab.cards.get_by_text("Звонит также: Илья Соколов")).to_be_visible()
        await phone_is(demo, ilya.phone, "RINGING")

        await maria.tab.button("Ответить").click()

        await expect(ilya.tab.cards).to_have_count(0)
        told = ilya.tab.panel.get_by_role("log").get_by_text("Мария Ветрова")
        await expect(told).to_be_visible()
        await expect(told).to_contain_text(ELENA_NAME)
        await ilya.tab.page.screenshot(path=shots / "amocrm-taken.png")
        await phone_is(demo, ilya.phone, "NOT_INUSE")
        await phone_is(demo, maria.phone, "INUSE")
        await expect(maria.tab.cards.get_by_text("Разговор", exact=True)).to_be_visible()
        await expect(maria.tab.panel.get_by_role("log").get_by_text("Мария")).to_have_count(0)

        await ilya.tab.section("Коллеги")
        colleague = ilya.tab.panel.get_by_role("listitem").filter(has_text="Мария Ветрова")
        await expect(colleague.get_by_text("Разговаривает")).to_be_visible()
        await maria.tab.button("Завершить").click()
        await expect(colleague.get_by_text("В сети")).to_be_visible()


@pytest.mark.feature("W5")
async def test_who_declines_is_left_alone_and_the_next_step_follows(
    demo: Demo, browser: Browser
) -> None:
    async with at_work(demo, browser, ILYA) as ilya, at_work(demo, browser, MARIA) as maria:
        who = demo.call(PAVEL, VEKTOR)
        await ringing(ilya.tab, PAVEL_NAME)
        await ringing(maria.tab, PAVEL_NAME)

        await maria.tab.button("Отклонить").click()
        await expect(maria.tab.cards).to_have_count(0)
        await phone_is(demo, maria.phone, "NOT_INUSE")
        await ringing(ilya.tab, PAVEL_NAME)
        assert phone_state(demo, ilya.phone) == "RINGING"
        assert phone_state(demo, TIMUR_PHONE) == "NOT_INUSE"

        demo.phone(ilya.phone, "decline")
        await expect(ilya.tab.cards).to_have_count(0)
        await phone_is(demo, TIMUR_PHONE, "RINGING")
        demo.phone(TIMUR_PHONE, "pickup")
        await hears(demo, who, "person")


@pytest.mark.feature("W2")
async def test_nobody_is_left_to_ask_and_the_call_is_kept_as_lost(
    demo: Demo, browser: Browser
) -> None:
    async with at_work(demo, browser, MARIA) as maria:
        who = demo.call(PAVEL, VEKTOR)
        await ringing(maria.tab, PAVEL_NAME)
        await maria.tab.button("Отклонить").click()
        for phone in ("vektor-101", TIMUR_PHONE, "vektor-104"):
            await phone_is(demo, phone, "RINGING")
            demo.phone(phone, "decline")
        await until(lambda: customer(demo, who)["outcome"] == "refused", "the caller is let go")
        await maria.tab.section("История")
        entry = maria.tab.panel.get_by_role("listitem").first
        await expect(entry).to_contain_text(PAVEL_NAME)
        await expect(entry).to_contain_text("Пропущенный")


@pytest.mark.feature("W2")
@pytest.mark.feature("W11")
async def test_a_caller_who_gives_up_takes_the_cards_away_and_can_be_called_back(
    demo: Demo, browser: Browser
) -> None:
    async with at_work(demo, browser, ILYA) as ilya, at_work(demo, browser, MARIA) as maria:
        who = demo.call(ELENA, VEKTOR)
        await ringing(ilya.tab, ELENA_NAME)
        await ringing(maria.tab, ELENA_NAME)
        await expect(maria.tab.cards.get_by_text("Открытые сделки")).to_be_visible()
        demo.customer(who, "hangup")
        for tab in (ilya.tab, maria.tab):
            await expect(tab.cards).to_have_count(0)
            told = tab.panel.get_by_role("log")
            await expect(told).to_contain_text(f"{ELENA_NAME}: звонящий положил трубку")
        await phone_is(demo, maria.phone, "NOT_INUSE")
        await expect(maria.tab.page).not_to_have_title(f"Звонит {ELENA_NAME}")

        await maria.tab.section("История")
        entry = maria.tab.panel.get_by_role("listitem").first
        await expect(entry.get_by_role("link", name=ELENA_NAME)).to_be_visible()
        await expect(entry).to_contain_text("Пропущенный")
        await entry.get_by_role("button", name="Перезвонить").click()
        await phone_is(demo, maria.phone, "INUSE")
        await phone_is(demo, ilya.phone, "NOT_INUSE")
        card = maria.tab.card(ELENA_NAME)
        await expect(card.get_by_text("Вызываем абонента")).to_be_visible()
        await expect(card.get_by_text("Разговор", exact=True)).to_be_visible(timeout=8_000)


@pytest.mark.feature("W8")
async def test_a_second_caller_is_a_second_card_and_the_first_talk_goes_on(
    demo: Demo, browser: Browser, shots: Path
) -> None:
    async with at_work(demo, browser, MARIA) as maria:
        tab = maria.tab
        first = demo.call(ELENA, VEKTOR)
        await ringing(tab, ELENA_NAME)
        await tab.button("Ответить").click()
        await hears(demo, first, "person")
        second = demo.call(PAVEL, VEKTOR)
        await ringing(tab, PAVEL_NAME)
        await expect(tab.cards).to_have_count(2)
        await expect(tab.card(PAVEL_NAME).get_by_text("Второй звонок")).to_be_visible()
        await expect(tab.card(ELENA_NAME).get_by_text("Разговор", exact=True)).to_be_visible()
        assert customer(demo, first)["hears"] == "person"
        await tab.page.screenshot(path=shots / "amocrm-second.png")

        await tab.card(PAVEL_NAME).get_by_role("button", name="Отклонить").click()
        await expect(tab.cards).to_have_count(1)
        assert customer(demo, second)["state"] != "Ended"
        await hears(demo, first, "person")


@pytest.mark.feature("W13")
async def test_a_handset_picked_up_by_hand_shows_the_talk_in_the_tab(
    demo: Demo, browser: Browser
) -> None:
    async with at_work(demo, browser, ILYA) as ilya, at_work(demo, browser, MARIA) as maria:
        demo.call(PAVEL, VEKTOR)
        await ringing(maria.tab, PAVEL_NAME)
        await phone_is(demo, maria.phone, "RINGING")
        demo.phone(maria.phone, "pickup")
        card = maria.tab.card(PAVEL_NAME)
        await expect(card.get_by_text("Разговор", exact=True)).to_be_visible()
        await expect(card.get_by_text("Устройство: Телефон 102")).to_be_visible()
        await expect(ilya.tab.cards).to_have_count(0)
        demo.phone(maria.phone, "hangup")
        await expect(card.get_by_text("Разговор состоялся")).to_be_visible()
