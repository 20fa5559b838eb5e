"""The settings' pages as they look: light and dark, wide and narrow, in both languages; nothing is
cut off, nothing too small for a finger, no fault axe knows of."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Frame, ViewportSize, expect

from tests.e2e.demo import ILYA, Demo
from tests.e2e.portal import in_portal
from tests.e2e.settings import SettingsPage, portal_settings, upload
from tests.e2e.test_accessibility import alone

pytestmark = pytest.mark.browser

NARROW, WIDE = ViewportSize(width=380, height=720), ViewportSize(width=1280, height=900)
SECTIONS = {
    "ru": ("Подключение", "Сотрудники", "Группы", "Виртуальные номера", "Сценарии", "Исходящие",
           "Запись разговоров", "Звуки", "Коллтрекинг", "Облако", "Рабочий день", "Отделы",
           "История изменений"),
    "en": ("Connection", "People", "Groups", "Virtual numbers", "Scenarios", "Outgoing",
           "Recording", "Sounds", "Call tracking", "Cloud", "Working day", "Teams", "Changes"),
}  # fmt: skip
NAMES = ("connection", "people", "groups", "numbers", "scenarios", "outgoing", "recording",
         "sounds", "tracking", "cloud", "workday", "teams", "log")  # fmt: skip

OUTSIDE = """() => {
  const wrong = [];
  const root = document.documentElement;
  if (root.scrollWidth > root.clientWidth) wrong.push('the page is too wide');
  for (const element of document.querySelectorAll('button, a.button, input, select, h1, h2, td')) {
    const box = element.getBoundingClientRect();
    if (box.width === 0 || element.closest('.sr')) continue;
    const name = element.tagName + ' ' + element.className + ' ' + element.textContent.slice(0, 30);
    if (box.left < 0 || box.right > root.clientWidth + 0.5) wrong.push(name + ': outside');
    if (element.matches('.button, .s-nav-item, select, input:not([type])')
        && Math.min(box.height, box.width) < 44) wrong.push(name + ': small');
    if (element.matches('.button') && element.scrollWidth > element.clientWidth + 1)
      wrong.push(name + ': cut off');
  }
  return wrong;
}"""


DRAWN = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
"""A frame that has just been resized is drawn a moment later."""


async def states(settings: SettingsPage, lang: str) -> AsyncIterator[str]:
    """Each section, and in the busiest of them an open item, a fault and both dialogs."""
    frame = settings.frame
    russian = lang == "ru"
    for name, title in zip(NAMES, SECTIONS[lang], strict=True):
        await settings.section(title)
        if name == "sounds":
            await upload(settings)
        if name == "log":
            await expect(frame.locator(".s-log > li").first).to_be_visible()
        yield name
        if name == "people":
            await settings.open("Илья Соколов")
            yield "person"
        if name == "groups":
            await settings.open("Продажи")
            yield "group"
        if name == "scenarios":
            await frame.locator(".s-open").first.click()
            save = "Сохранить" if russian else "Save"
            await frame.get_by_role(
                "button", name="Персональный менеджер" if russian else "Personal manager"
            ).click()
            yield "scenario"
            first = frame.locator(".s-step").first
            await first.get_by_role("combobox").first.select_option("")
            await frame.get_by_role("button", name=save, exact=True).click()
            await expect(first.get_by_role("alert")).to_be_visible()
            yield "scenario-fault"
            await frame.get_by_role("button", name="К списку" if russian else "Back").click()
            await expect(frame.get_by_role("dialog")).to_be_visible()
            yield "guard"
            await frame.get_by_role("button", name="Уйти" if russian else "Leave").click()


async def wrong_in(frame: Frame) -> list[str]:
    found: Any = (await Axe().run(frame)).response["violations"]
    return [
        f"{fault['id']}: {fault['help']}: " + "; ".join(n["html"][:160] for n in fault["nodes"])
        for fault in found
    ]


@pytest.mark.feature("B2")
@pytest.mark.parametrize("lang", ["ru", "en"])
async def test_every_section_is_usable_by_everyone(
    demo: Demo, browser: Browser, shots: Path, lang: str
) -> None:
    found: dict[str, list[str]] = {}
    async with portal_settings(demo, browser, lang=lang) as settings:
        await alone(settings.page)
        inner = settings.inner()
        async for state in states(settings, lang):
            for scheme in ("light", "dark"):
                await settings.page.emulate_media(color_scheme=scheme)
                for size in (NARROW, WIDE):
                    await settings.page.set_viewport_size(size)
                    name = f"settings-{state}-{lang}-{scheme}-{size['width']}"
                    await inner.evaluate(DRAWN)
                    await settings.page.screenshot(path=shots / f"{name}.png")
                    if wrong := await inner.evaluate(OUTSIDE):
                        found[name] = wrong
                    if size is NARROW and (wrong := await wrong_in(inner)):
                        found[f"{name} axe"] = wrong
                if wrong := await wrong_in(inner):
                    found[f"{name} axe"] = wrong
    assert found == {}


@pytest.mark.feature("B21")
@pytest.mark.parametrize("lang", ["ru", "en"])
async def test_the_employees_own_page_is_usable_by_everyone(
    demo: Demo, browser: Browser, shots: Path, lang: str
) -> None:
    found: dict[str, list[str]] = {}
    async with in_portal(demo, browser, ILYA, lang=lang) as tab:
        await tab.page.locator(".user summary").click()
        await tab.page.locator("[data-profile-widget]").first.click()
        own = tab.page.frame_locator(".slider-box iframe")
        await expect(own.get_by_role("radio").first).to_be_visible()
        await expect(own.locator(".status-button")).to_be_visible()
        [inner] = [frame for frame in tab.page.frames if await _is_own(frame)]
        for scheme in ("light", "dark"):
            await tab.page.emulate_media(color_scheme=scheme)
            for size in (NARROW, WIDE):
                await tab.page.set_viewport_size(size)
                name = f"profile-{lang}-{scheme}-{size['width']}"
                await inner.evaluate(DRAWN)
                await tab.page.screenshot(path=shots / f"{name}.png")
                wrong = await inner.evaluate(OUTSIDE) + await wrong_in(inner)
                if wrong:
                    found[name] = wrong
    assert found == {}


async def _is_own(frame: Frame) -> bool:
    return "/bitrix24/app" in frame.url and await frame.locator(".s-profile").count() > 0


@pytest.mark.feature("B2")
async def test_a_setting_is_changed_by_keyboard_alone(demo: Demo, browser: Browser) -> None:
    async with portal_settings(demo, browser) as settings:
        keyboard = settings.page.keyboard
        await settings.frame.get_by_role("button", name="Запись разговоров").focus()
        await keyboard.press("Enter")
        # Where one has come is said: the heading takes the focus.
        await expect(settings.heading).to_be_focused()
        on = settings.frame.get_by_role("switch", name="Предупреждать звонящего")
        for _ in range(6):
            await keyboard.press("Tab")
            if await on.evaluate("e => document.activeElement === e"):
                break
        await keyboard.press("Space")
        await expect(on).to_be_checked()
        days = settings.frame.get_by_label("Хранить записи")
        for _ in range(3):
            await keyboard.press("Tab")
            if await days.evaluate("e => document.activeElement === e"):
                break
        await expect(days).to_be_focused()
        # Enter saves, as in any form.
        await keyboard.press("Enter")
        await expect(settings.frame.get_by_text("Сохранено")).to_be_visible()
        await on.focus()
        await keyboard.press("Space")
        await keyboard.press("Enter")
        await settings.frame.get_by_role("button", name="Сохранить").press("Enter")
        await expect(settings.frame.get_by_text("Сохранено")).to_be_visible()
        await expect(on).not_to_be_checked()
