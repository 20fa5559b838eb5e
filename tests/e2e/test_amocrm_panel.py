"""The panel beside the calls: status, colleagues, place on the screen, reload, broken line."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from tests.e2e.amo import Line, Tab, at_work, customer, hears, phone_is, phone_state, until
from tests.e2e.demo import ELENA, ILYA, MARIA, PAVEL, VEKTOR, Demo

pytestmark = pytest.mark.browser
ELENA_NAME, PAVEL_NAME = "Елена Морозова", "Павел Дёмин"


async def ringing(tab: Tab, name: str) -> None:
    await expect(tab.card(name).get_by_role("button", name="Ответить")).to_be_visible()


@pytest.mark.feature("W7")
async def test_a_break_is_seen_everywhere_at_once_and_nothing_rings(
    demo: Demo, browser: Browser, shots: Path
) -> None:
    async with at_work(demo, browser, ILYA) as ilya, at_work(demo, browser, MARIA) as maria:
        other = await maria.open_tab("/leads/list/")
        await ilya.tab.section("Коллеги")
        seen = ilya.tab.panel.get_by_role("listitem").filter(has_text="Мария Ветрова")
        own = other.panel.get_by_role("button", name="Ваш статус")
        for status in ("Отошёл", "Не на работе", "Не беспокоить", "Перерыв"):
            await maria.tab.set_status(status, "обед" if status == "Перерыв" else "")
            await expect(own).to_contain_text(status)
            await expect(seen).to_contain_text(status)
        await expect(own).to_contain_text("обед")
        await expect(own).to_contain_text("вы поставили сами")
        await maria.tab.button("Ваш статус").click()
        await maria.tab.page.screenshot(path=shots / "amocrm-status.png")
        await maria.tab.page.keyboard.press("Escape")
        await ilya.tab.page.screenshot(path=shots / "amocrm-colleagues.png")

        demo.call(ELENA, VEKTOR)
        await ringing(ilya.tab, ELENA_NAME)
        await phone_is(demo, ilya.phone, "RINGING")
        assert phone_state(demo, maria.phone) == "NOT_INUSE"
        await expect(maria.tab.cards).to_have_count(0)
        await ilya.tab.button("Отклонить").click()

        await maria.tab.set_status("Доступен")
        await expect(own).to_contain_text("Доступен")
        demo.call(PAVEL, VEKTOR)
        await ringing(maria.tab, PAVEL_NAME)
        await ringing(other, PAVEL_NAME)


@pytest.mark.feature("W12")
async def test_the_panel_is_dragged_minimised_and_hidden_and_calls_still_come(
    demo: Demo, browser: Browser, shots: Path
) -> None:
    async with at_work(demo, browser, MARIA) as maria:
        tab, page = maria.tab, maria.tab.page
        grip = page.get_by_role("button", name="Переместить окно")
        before = await tab.box.bounding_box()
        place = await grip.bounding_box()
        assert before
        assert place
        await page.mouse.move(place["x"] + 40, place["y"] + 20)
        await page.mouse.down()
        await page.mouse.move(place["x"] - 260, place["y"] - 20, steps=5)
        await page.mouse.up()
        after = await tab.box.bounding_box()
        assert after
        assert (round(after["x"] - before["x"]), round(after["y"] - before["y"])) == (-300, -40)
        await grip.press("ArrowRight")
        moved = await tab.box.bounding_box()
        assert moved
        assert moved["x"] > after["x"]

        await page.get_by_role("button", name="Свернуть").click()
        await expect(tab.box).to_be_hidden()
        await expect(tab.launcher).to_be_focused()
        await page.screenshot(path=shots / "amocrm-minimised.png")
        who = demo.call(ELENA, VEKTOR)
        await expect(tab.box).to_be_visible()
        await ringing(tab, ELENA_NAME)
        demo.customer(who, "hangup")
        await expect(tab.cards).to_have_count(0)
        await expect(tab.box).to_be_hidden()

        await tab.launcher.click()
        await page.get_by_role("button", name="Спрятать").click()
        await expect(tab.launcher).to_have_attribute("data-edge", "true")
        await page.screenshot(path=shots / "amocrm-hidden.png")
        await page.reload()
        await tab.ready()
        await expect(tab.box).to_be_hidden()
        demo.call(PAVEL, VEKTOR)
        await expect(tab.box).to_be_visible()
        kept = await tab.box.bounding_box()
        assert kept
        assert (kept["x"], kept["y"]) == (moved["x"], moved["y"])
        await tab.button("Ответить").click()
        await phone_is(demo, maria.phone, "INUSE")


@pytest.mark.feature("W9")
async def test_a_reload_in_the_middle_of_a_talk_brings_the_card_back(
    demo: Demo, browser: Browser
) -> None:
    async with at_work(demo, browser, MARIA) as maria:
        tab = maria.tab
        who = demo.call(ELENA, VEKTOR)
        await ringing(tab, ELENA_NAME)
        await tab.button("Ответить").click()
        await hears(demo, who, "person")
        await tab.button("Удержать").click()
        await hears(demo, who, "music")
        await tab.page.reload()
        card = tab.card(ELENA_NAME)
        await expect(card.get_by_text("На удержании")).to_be_visible(timeout=10_000)
        await expect(card.get_by_text("Открытые сделки")).to_be_visible()
        await expect(tab.box).to_be_visible()
        await card.get_by_role("button", name="Вернуться").click()
        await hears(demo, who, "person")


@pytest.mark.feature("W3")
async def test_a_cut_line_is_said_and_what_happened_meanwhile_is_true_afterwards(
    demo: Demo, browser: Browser, shots: Path
) -> None:
    line = Line()
    async with at_work(demo, browser, MARIA, line) as maria:
        tab = maria.tab
        first = demo.call(ELENA, VEKTOR)
        await ringing(tab, ELENA_NAME)
        await tab.button("Ответить").click()
        await hears(demo, first, "person")

        await line.cut()
        await expect(tab.panel.get_by_text("Связь прервалась")).to_be_visible()
        await expect(tab.panel.get_by_text("На связи")).to_have_count(0)
        await tab.page.screenshot(path=shots / "amocrm-reconnecting.png")
        assert customer(demo, first)["hears"] == "person"
        demo.customer(first, "hangup")
        await until(lambda: customer(demo, first)["state"] == "Ended", "the first is gone")
        demo.call(PAVEL, VEKTOR)
        await phone_is(demo, maria.phone, "RINGING")
        await expect(tab.cards).to_have_count(1)

        line.mend()
        await expect(tab.panel.get_by_text("На связи")).to_be_visible(timeout=15_000)
        await ringing(tab, PAVEL_NAME)
        await expect(tab.card(ELENA_NAME).get_by_text("Разговор состоялся")).to_be_visible()
        await tab.button("Ответить").click()
        await phone_is(demo, maria.phone, "INUSE")


async def test_without_a_network_it_says_so_and_comes_back_by_itself(
    demo: Demo, browser: Browser, shots: Path
) -> None:
    async with at_work(demo, browser, MARIA) as maria:
        tab = maria.tab
        await maria.context.set_offline(True)
        await expect(tab.panel.get_by_text("Нет интернета")).to_be_visible()
        await tab.page.screenshot(path=shots / "amocrm-offline.png")
        await maria.context.set_offline(False)
        await expect(tab.panel.get_by_text("На связи")).to_be_visible(timeout=10_000)
        demo.call(ELENA, VEKTOR)
        await ringing(tab, ELENA_NAME)
