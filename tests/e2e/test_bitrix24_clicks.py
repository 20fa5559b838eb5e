"""Numbers clicked on the portal's pages: the own phone first, then the customer, as the portal's
own call from the card to the statistics; and why not, when it cannot be (B5)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from playwright.async_api import Browser, FrameLocator, Page, expect

from tests.e2e.amo import phone_is, phones_rung, until
from tests.e2e.demo import ELENA, ILYA, Demo
from tests.e2e.portal import PHONES, asked, finishes, forget_log, in_portal

pytestmark = pytest.mark.browser

NAME = "Елена Морозова"
REGISTER = "telephony.externalCall.register"


async def _click_in_list(page: Page) -> None:
    await page.get_by_role("row").filter(has_text=NAME).locator("button.phone").first.click()


async def _click_in_card(page: Page) -> None:
    await page.get_by_role("link", name=NAME).click()
    slider: FrameLocator = page.frame_locator(".slider-box iframe")
    await slider.locator("button.phone").first.click()


@pytest.mark.feature("B5")
@pytest.mark.feature("W14")
@pytest.mark.parametrize("click", [_click_in_list, _click_in_card], ids=["list", "card"])
async def test_the_own_phone_rings_then_the_customer_and_the_portal_has_it_once(
    demo: Demo, browser: Browser, click: Callable[[Page], Awaitable[None]]
) -> None:
    async with in_portal(demo, browser, ILYA) as ilya:
        await forget_log(demo)
        order = phones_rung(demo)
        await click(ilya.page)
        await expect(ilya.title).to_contain_text("Елена Андреевна Морозова")
        await expect(ilya.card).to_have_attribute("data-state", "connected", timeout=10_000)
        assert order() == [f"PJSIP/{PHONES[ILYA]}", "PJSIP/trunk-demo"]
        assert ELENA in {c["number"].lstrip("+") for c in demo.switch_state()["customers"]}
        await phone_is(demo, PHONES[ILYA], "INUSE")
        await ilya.button("hangup").click()
        await expect(ilya.card).to_have_count(0)
        await until(lambda: finishes(demo), "the call is finished in the portal")
    async with in_portal(demo, browser, ILYA, app=True) as ilya:
        await ilya.app.get_by_role("tab", name="История").click()
        newest = ilya.app.get_by_role("listitem").first
        await expect(newest).to_contain_text("Елена Андреевна Морозова")
        await expect(newest).to_contain_text("Исходящий")
    (finished,) = finishes(demo)
    assert (finished["USER_ID"], finished["STATUS_CODE"]) == (ILYA, "200")
    assert asked(demo, REGISTER) == []


@pytest.mark.feature("B5")
async def test_why_it_cannot_be_is_in_the_notifications_and_in_our_own_window(
    demo: Demo, browser: Browser, shots: Path
) -> None:
    demo.phone(PHONES[ILYA], "registration", registered=False)
    try:
        async with in_portal(demo, browser, ILYA, app=True) as ilya:
            await forget_log(demo)
            await ilya.page.evaluate(f"() => void window.portal.dial('+{ELENA}')")
            told = ilya.page.locator("#notices")
            await expect(told).to_contain_text("нет зарегистрированной SIP-линии")
            ours = ilya.app.get_by_role("log")
            await expect(ours).to_contain_text("SIP-линия не зарегистрирована")
            await ilya.page.screenshot(path=shots / "bitrix24-click-refused.png")
            await until(lambda: finishes(demo), "the portal's call is closed")
            await expect(ilya.card).to_have_count(0)
    finally:
        demo.phone(PHONES[ILYA], "registration", registered=True)
    (finished,) = finishes(demo)
    assert (finished["STATUS_CODE"], finished["DURATION"]) == ("480", 0)
    await phone_is(demo, PHONES[ILYA], "NOT_INUSE")
