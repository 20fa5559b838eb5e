"""Usable by everyone: no fault axe knows of in any main state, and a whole call by keyboard."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Frame, Page, ViewportSize, expect

from tests.e2e.amo import Tab, phone_is
from tests.e2e.demo import ELENA, ILYA, MARIA, SEVER, VEKTOR, Demo
from tests.e2e.portal import PHONES, PortalTab, in_portal
from tests.e2e.states import states

pytestmark = pytest.mark.browser

SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
NARROW = ViewportSize(width=380, height=720)
WIDE = ViewportSize(width=1280, height=800)


def app_frame(page: Page) -> Frame:
    return next(f for f in page.frames if "/bitrix24/app" in f.url)


async def faults(frame: Frame) -> list[str]:
    """Each fault axe found, with the elements it is about."""
    found: Any = (await Axe().run(frame)).response["violations"]
    return [
        f"{fault['id']}: {fault['help']}: " + "; ".join(n["html"][:160] for n in fault["nodes"])
        for fault in found
    ]


async def test_a_fault_is_found_where_there_is_one(demo: Demo, browser: Browser) -> None:
    async with in_portal(demo, browser, ILYA, app=True) as tab:
        frame = app_frame(tab.page)
        await frame.evaluate(
            "document.querySelector('.panel').append(document.createElement('button'))"
        )
        assert any(fault.startswith("button-name") for fault in await faults(frame))


async def alone(page: Page) -> None:
    """Our page without the portal's menus around it, as on a narrow screen."""
    await page.add_style_tag(
        content="body.full{display:block!important}.top,.side{display:none!important}"
        ".content{padding:0!important}.app-frame{height:100vh!important;border-radius:0!important}"
        ".call-card{display:none!important}"
    )


@pytest.mark.feature("W2")
@pytest.mark.feature("B21")
@pytest.mark.parametrize("lang", ["ru", "en"])
async def test_every_main_state_is_accessible_light_and_dark(
    demo: Demo, browser: Browser, shots: Path, lang: str
) -> None:
    found: dict[str, list[str]] = {}
    async with in_portal(demo, browser, ILYA, app=True, lang=lang) as tab:
        await alone(tab.page)
        frame = app_frame(tab.page)
        async for state in states(demo, tab, lang):
            for scheme in SCHEMES:
                await tab.page.emulate_media(color_scheme=scheme)
                for size in (NARROW, WIDE):
                    await tab.page.set_viewport_size(size)
                    name = f"page-{state}-{lang}-{scheme}-{size['width']}.png"
                    await tab.page.screenshot(path=shots / name)
                    overflow = await frame.evaluate(
                        "document.documentElement.scrollWidth"
                        " - document.documentElement.clientWidth"
                    )
                    if overflow > 0:
                        found[name] = [f"{overflow} px too wide"]
                if wrong := await faults(frame):
                    found[f"{state} {scheme}"] = wrong
    assert found == {}


async def press_until(tab: PortalTab, key: str, css: str) -> None:
    """Walk with `key` until the element of our page named by `css` has the focus."""
    target = tab.app.locator(css).first
    await expect(target).to_be_visible()
    for _ in range(40):
        if await target.evaluate("e => document.activeElement === e && document.hasFocus()"):
            return
        await tab.page.keyboard.press(key)
    raise AssertionError(f"{css} cannot be reached with {key}")


@pytest.mark.feature("W5")
async def test_a_whole_call_by_keyboard_alone(demo: Demo, browser: Browser) -> None:
    async with in_portal(demo, browser, ILYA) as tab:
        keyboard = tab.page.keyboard
        menu = tab.page.locator(".side a.widget").first
        for _ in range(20):
            await keyboard.press("Tab")
            if await menu.evaluate("e => document.activeElement === e"):
                break
        await keyboard.press("Enter")
        await tab.app_ready()
        await press_until(tab, "Tab", ".status-button")
        await keyboard.press("Enter")
        await expect(tab.app.get_by_role("radio", name="Доступен")).to_be_focused()
        await keyboard.press("ArrowDown")
        await expect(tab.app.get_by_role("radio", name="Перерыв")).to_be_focused()
        await keyboard.press("Escape")
        await expect(tab.app.locator(".status-button")).to_be_focused()

        demo.call(ELENA, SEVER)
        # The card takes the focus and is read out.
        await expect(tab.app.locator(".card-ringing")).to_be_focused()
        said = tab.app.locator("[aria-live=assertive]")
        await expect(said).to_contain_text("Звонит Елена Андреевна Морозова")
        await press_until(tab, "Tab", ".card-ringing .actions .button-primary")
        await keyboard.press("Enter")
        live = tab.app.locator(".card-live")
        await expect(live).to_be_visible()
        await expect(said).to_contain_text("Разговор")
        await phone_is(demo, PHONES[ILYA], "INUSE")
        await keyboard.press("Alt+h")
        await expect(tab.app.locator(".card-held")).to_be_visible()
        await expect(said).to_contain_text("На удержании")
        await keyboard.press("Alt+h")
        await expect(live).to_be_visible()
        await press_until(tab, "Tab", ".card-live .actions .button-danger")
        await keyboard.press("Space")
        await expect(tab.app.locator(".card-ended").first).to_be_visible()
        await phone_is(demo, PHONES[ILYA], "NOT_INUSE")


@pytest.mark.feature("W5")
async def test_a_call_is_answered_and_declined_with_one_key_each(
    demo: Demo, browser: Browser
) -> None:
    async with in_portal(demo, browser, ILYA, app=True) as tab:
        await tab.app.get_by_role("tab", name="Звонки").click()
        demo.call(ELENA, SEVER)
        await expect(tab.ringing()).to_be_focused()
        await tab.page.keyboard.press("Alt+d")
        await expect(tab.ringing()).to_have_count(0)
        demo.calm()
        demo.call(ELENA, SEVER)
        await expect(tab.ringing()).to_be_focused()
        await tab.page.keyboard.press("Alt+a")
        await expect(
            tab.app.locator(".card-live").get_by_role("button", name="Завершить")
        ).to_be_visible()
        await phone_is(demo, PHONES[ILYA], "INUSE")
        await tab.page.keyboard.press("Alt+d")
        await phone_is(demo, PHONES[ILYA], "NOT_INUSE")


@pytest.mark.feature("W2")
@pytest.mark.parametrize("scheme", SCHEMES)
async def test_the_panel_in_english_is_accessible_wide_and_narrow(
    demo: Demo, browser: Browser, shots: Path, scheme: Literal["light", "dark"]
) -> None:
    found: dict[str, list[str]] = {}
    context = await browser.new_context(locale="en-GB", viewport=WIDE, color_scheme=scheme)
    try:
        # The panel follows the CRM's own theme.
        await context.add_cookies([{"name": "theme", "value": scheme, "url": demo.amo}])
        page = await context.new_page()
        await page.goto(demo.amo_page(MARIA, "/contacts/list/?lang=en"))
        tab = Tab(page, "vektor-102")
        await page.get_by_role("button", name="Open Dozvon").click()
        await expect(tab.panel.get_by_role("tab", name="Calls")).to_be_visible()

        async def look(state: str) -> None:
            for size in (WIDE, NARROW):
                await page.set_viewport_size(size)
                name = f"amocrm-{state}-en-{scheme}-{size['width']}.png"
                await page.screenshot(path=shots / name)
                if wrong := await faults(tab.frame()):
                    found[f"{state} {size['width']}"] = wrong
            await page.set_viewport_size(WIDE)

        await look("idle")
        demo.call(ELENA, VEKTOR)
        await expect(tab.cards.get_by_role("button", name="Answer")).to_be_visible()
        await expect(tab.cards.get_by_text("Open deals")).to_be_visible()
        await look("ringing")
        await tab.cards.get_by_role("button", name="Answer").click()
        await expect(tab.cards.get_by_role("button", name="Hold")).to_be_visible()
        await look("talking")
        await tab.cards.get_by_role("button", name="Hang up").click()
        await look("ended")
        await tab.cards.get_by_role("button", name="Dismiss").click()
        await expect(tab.cards).to_have_count(0)
        for section in ("History", "Colleagues"):
            await tab.section(section)
            await look(section.lower())
    finally:
        await context.close()
    assert found == {}
