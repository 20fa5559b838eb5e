"""The main job: a known customer calls, the card appears, the call is answered and kept."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from tests.e2e.amo import at_work, customer, hears, phone_is, until
from tests.e2e.demo import ELENA, MARIA, VEKTOR, Demo

pytestmark = pytest.mark.browser
NAME = "Елена Морозова"


@pytest.mark.feature("W2")
@pytest.mark.feature("W3")
@pytest.mark.feature("W5")
@pytest.mark.feature("W11")
@pytest.mark.feature("A3")
async def test_a_known_customer_rings_is_answered_held_hung_up_and_called_back(
    demo: Demo, browser: Browser, shots: Path
) -> None:
    async with at_work(demo, browser, MARIA) as maria:
        tab = maria.tab
        who = demo.call(ELENA, VEKTOR)

        card = tab.card(NAME)
        await expect(card.get_by_role("heading", name=NAME)).to_be_visible()
        await expect(card.get_by_text("Поставка: стеллажи для склада").first).to_be_visible()
        await expect(card.get_by_text("Обслуживание вентиляции").first).to_be_visible()
        await expect(card.get_by_text("Заказ: светильники")).to_have_count(0)
        await expect(card.get_by_text("Сайт и реклама")).to_be_visible()
        await expect(tab.page).to_have_title(f"Звонит {NAME}")
        await tab.page.screenshot(path=shots / "amocrm-ringing.png")

        await card.get_by_role("button", name="Ответить").click()
        await expect(card.get_by_text("Разговор", exact=True)).to_be_visible()
        await phone_is(demo, maria.phone, "INUSE")
        await hears(demo, who, "person")
        await tab.page.screenshot(path=shots / "amocrm-talking.png")

        await card.get_by_role("button", name="Удержать").click()
        await expect(card.get_by_text("На удержании")).to_be_visible()
        await hears(demo, who, "music")
        await tab.page.screenshot(path=shots / "amocrm-held.png")
        await card.get_by_role("button", name="Вернуться").click()
        await hears(demo, who, "person")

        await card.get_by_role("button", name="Завершить").click()
        await expect(card.get_by_text("Разговор состоялся")).to_be_visible()
        await until(lambda: customer(demo, who)["outcome"] == "talked", "the customer is free")
        await phone_is(demo, maria.phone, "NOT_INUSE")
        await tab.page.screenshot(path=shots / "amocrm-ended.png")

        await tab.section("История")
        entry = tab.panel.get_by_role("listitem").filter(has_text=NAME).first
        await expect(entry.get_by_text("Входящий").first).to_be_attached()
        await expect(entry.get_by_role("link", name=NAME)).to_be_visible()
        await tab.page.screenshot(path=shots / "amocrm-history.png")
        await entry.get_by_role("button", name="Перезвонить").click()
        await phone_is(demo, maria.phone, "INUSE")
        called = await until(
            lambda: [c for c in demo.switch_state()["customers"] if c["state"] == "Ringing"],
            "the customer is rung",
        )
        assert called[0]["number"].lstrip("+") == ELENA
        await hears(demo, called[0]["id"], "person")
        await expect(tab.cards.get_by_text("Разговор", exact=True)).to_be_visible()
