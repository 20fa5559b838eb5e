"""The main job: a known customer calls, the card appears, the call is answered and kept."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from tests.e2e.demo import ELENA, MARIA, VEKTOR, Demo

pytestmark = pytest.mark.browser


@pytest.mark.feature("W2")
async def test_a_known_customer_rings_is_answered_held_hung_up_and_found_in_the_history(
    demo: Demo, browser: Browser, shots: Path
) -> None:
    context = await browser.new_context(locale="ru-RU", viewport={"width": 1280, "height": 800})
    page = await context.new_page()
    await page.goto(demo.amo_page(MARIA))
    panel = page.frame_locator("iframe[src*='/widget/amocrm']")
    await expect(panel.get_by_text("На связи")).to_be_attached()

    demo.call(ELENA, VEKTOR)

    card = panel.get_by_role("article").first
    await expect(card.get_by_text("Елена Морозова", exact=True)).to_be_visible()
    await expect(card.get_by_text("Открытые сделки")).to_be_visible()
    await page.screenshot(path=shots / "amocrm-ringing.png")
    await card.get_by_role("button", name="Ответить").click()
    await expect(card.get_by_role("button", name="Завершить")).to_be_visible()
    await card.get_by_role("button", name="Удержать").click()
    await expect(card.get_by_role("button", name="Вернуть")).to_be_visible()
    await page.screenshot(path=shots / "amocrm-held.png")
    await card.get_by_role("button", name="Вернуть").click()
    await card.get_by_role("button", name="Завершить").click()
    await panel.get_by_role("tab", name="История").click()
    await expect(panel.get_by_text("Елена Морозова").first).to_be_visible()
    await context.close()
