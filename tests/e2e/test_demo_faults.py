"""The demo's page of faults: a switch is trouble in a tab of the CRM, and off is well again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Locator, Page, ViewportSize, expect

from tests.e2e.amo import at_work, index_is_read
from tests.e2e.demo import MARIA, VEKTOR, Demo

pytestmark = pytest.mark.browser
WIDE, NARROW = ViewportSize(width=1280, height=800), ViewportSize(width=380, height=720)
LATE, SOON = ("79272246531", "Алина Горская"), ("79658912508", "Юрий Полянский")
"""Numbers nobody else calls from: an answer is remembered for a while and would hide trouble."""
LOOKING = "Ищем в CRM…"

UNFIT = """() => {
  const wide = document.documentElement.clientWidth;
  const wrong = document.documentElement.scrollWidth > wide ? ['the page is too wide'] : [];
  for (const node of document.querySelectorAll('button, input, select, summary')) {
    const box = node.getBoundingClientRect();
    if (box.width === 0) continue;
    if (box.left < 0 || box.right > wide + 0.5) wrong.push(node.id + node.ariaLabel + ': outside');
    if (box.height < 42) wrong.push((node.ariaLabel ?? node.textContent) + ': small');
  }
  return wrong;
}"""
"""What leaves the page or is hard to hit with a finger."""


@asynccontextmanager
async def faults_page(
    demo: Demo, browser: Browser, lang: str = "ru", size: ViewportSize = WIDE
) -> AsyncIterator[Page]:
    context = await browser.new_context(locale=lang, viewport=size)
    try:
        page = await context.new_page()
        await page.goto(demo.app)
        name = "Faults on demand" if lang == "en" else "Неисправности по заказу"
        await page.get_by_role("link", name=name).click()
        await expect(page.locator("html[data-ready]")).to_be_attached()
        yield page
    finally:
        await context.close()


def section(page: Page, sandbox: str) -> Locator:
    return page.locator(f"section[data-sandbox={sandbox}]")


def row(page: Page, sandbox: str, name: str) -> Locator:
    return section(page, sandbox).locator(f"li[data-name={name}]")


def switch(page: Page, sandbox: str, name: str) -> Locator:
    return row(page, sandbox, name).get_by_role("switch")


@pytest.mark.feature("W3")
async def test_a_slow_crm_is_switched_on_seen_on_the_card_and_switched_off(
    demo: Demo, browser: Browser, shots: Path
) -> None:
    await index_is_read(demo)
    async with (
        faults_page(demo, browser) as page,
        at_work(demo, browser, MARIA) as maria,
    ):
        tab, slow = maria.tab, switch(page, "amocrm", "slow")
        await expect(page.get_by_text("Всё исправно")).to_be_visible()
        await expect(slow).to_have_accessible_name("Отвечать медленно CRM вторая, как amoCRM")
        await slow.click()
        await expect(slow).to_be_checked()
        await expect(page.locator("#state")).to_have_text("Включено: 1")
        await page.screenshot(path=shots / "faults-slow.png")

        number, name = LATE
        who = demo.call(number, VEKTOR)
        card = tab.card(name)
        # What the page promises: the name at once, the rest later, and answering need not wait.
        await expect(row(page, "amocrm", "slow").get_by_text(LOOKING)).to_be_visible()
        await expect(card.get_by_text(LOOKING)).to_be_visible(timeout=2_000)
        await tab.page.screenshot(path=shots / "faults-slow-card.png")
        await card.get_by_role("button", name="Ответить").click()
        await expect(card.get_by_text("Разговор", exact=True)).to_be_visible()
        await expect(card.get_by_text("Ответственный")).to_be_visible(timeout=15_000)
        demo.customer(who, "hangup")

        await page.get_by_role("button", name="Выключить всё").click()
        await expect(page.locator("#state")).to_have_text("Всё исправно")
        await expect(slow).not_to_be_checked()
        await tab.put_cards_away()
        number, name = SOON
        demo.call(number, VEKTOR)
        card = tab.card(name)
        await expect(card.get_by_text("Ответственный")).to_be_visible(timeout=2_000)
        await expect(card.get_by_text(LOOKING)).to_have_count(0)


async def test_what_is_set_elsewhere_shows_and_counts_down(demo: Demo, browser: Browser) -> None:
    async with faults_page(demo, browser, "en") as page:
        demo.portal_faults(failing_methods={"profile": "ERROR_CORE"})
        demo.switch_faults(rest_error={"path": "/nowhere", "count": 2})
        failing = row(page, "bitrix24", "failing_methods")
        await expect(failing.get_by_role("switch")).to_be_checked()
        await expect(failing.get_by_text("profile=ERROR_CORE")).to_be_visible()
        error = row(page, "switch", "rest_error")
        await expect(error.get_by_text("2 left")).to_be_visible()
        url = f"http://127.0.0.1:{demo.port + 3}/ari/nowhere"
        assert demo.http.get(url, auth=("dozvon", "dozvon")).status_code == 500
        await expect(error.get_by_text("1 left")).to_be_visible()

        links = page.locator("#on").get_by_role("link")
        await expect(links).to_have_text(
            ["A method fails with · First CRM, like Bitrix24",
             "Answer with an error · Telephone switch"]
        )  # fmt: skip
        await links.last.click()
        await expect(error.get_by_role("switch")).to_be_focused()
        await error.get_by_role("switch").click()
        await expect(page.locator("#state")).to_have_text("On: 1")
        assert demo.http.get(url, auth=("dozvon", "dozvon")).status_code == 404


async def test_values_are_typed_and_a_wrong_one_is_said_and_kept(
    demo: Demo, browser: Browser
) -> None:
    async with faults_page(demo, browser) as page:
        skew = row(page, "bitrix24", "clock_skew_s")
        await skew.locator("summary").click()
        field = skew.get_by_role("textbox")
        await field.fill("скоро")
        await skew.get_by_role("button", name="Применить").click()
        await expect(skew.get_by_role("alert")).to_have_text("Проверьте значение: Секунды")
        await expect(field).to_be_focused()
        await expect(field).to_have_value("скоро")
        await field.fill("-90,5")
        await field.press("Enter")
        await expect(skew.get_by_role("switch")).to_be_checked()
        await expect(skew.locator(".value")).to_have_text("-90.5")
        await expect(skew.get_by_role("alert")).to_be_hidden()
        auth = row(page, "amocrm", "rate_limit")
        await section(page, "amocrm").get_by_text("Какой бывает CRM").click()
        await auth.locator("summary").click()
        await auth.get_by_role("textbox").fill("1,5")
        await auth.get_by_role("switch").click()
        await expect(auth.get_by_role("alert")).to_be_visible()
        await expect(auth.get_by_role("switch")).not_to_be_checked()


async def test_by_keyboard_alone(demo: Demo, browser: Browser) -> None:
    async with faults_page(demo, browser) as page:
        target = switch(page, "bitrix24", "drop")
        for _ in range(20):
            if await target.evaluate("e => document.activeElement === e"):
                break
            await page.keyboard.press("Tab")
        await expect(target).to_be_focused()
        await page.keyboard.press("Space")
        await expect(target).to_be_checked()
        await expect(page.get_by_role("status")).to_have_text("Включено: Обрывать соединение")
        await expect(target).to_be_focused()
        await page.keyboard.press("Enter")
        await expect(target).not_to_be_checked()
        await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")
        await page.keyboard.press("Tab")
        await expect(row(page, "bitrix24", "drop").get_by_role("textbox")).to_be_focused()


async def test_levers_are_pulled_and_say_so(demo: Demo, browser: Browser) -> None:
    async with faults_page(demo, browser) as page:
        expire = section(page, "bitrix24").locator("li[data-lever=expire_tokens]")
        await expire.get_by_role("button").click()
        await expect(expire.get_by_text("Сделано")).to_be_visible()
        rename = section(page, "amocrm").locator("li[data-lever=rename]")
        await rename.get_by_role("textbox").fill("а/б")
        await rename.get_by_role("button").click()
        await expect(rename.get_by_role("alert")).to_contain_text("Значение не принято")
        await expect(section(page, "bitrix24").locator("form[action$=begin]")).to_have_count(1)


@pytest.mark.parametrize("lang", ["ru", "en"])
async def test_the_page_is_accessible_light_and_dark_wide_and_narrow(
    demo: Demo, browser: Browser, shots: Path, lang: str
) -> None:
    wrong: dict[str, Any] = {}
    async with faults_page(demo, browser, lang) as page:
        for sandbox, name in (
            ("amocrm", "slow"),
            ("bitrix24", "crm_down"),
            ("switch", "rest_slow"),
        ):
            await switch(page, sandbox, name).click()
        await expect(page.locator("#on a")).to_have_count(3)
        await page.evaluate(
            "for (const one of document.querySelectorAll('details')) one.open = true"
        )
        await row(page, "switch", "rest_slow").get_by_role("textbox").first.fill("x")
        await row(page, "switch", "rest_slow").locator("form button").click()
        for scheme in ("light", "dark"):
            await page.emulate_media(color_scheme=scheme)
            for size in (WIDE, NARROW):
                await page.set_viewport_size(size)
                state = f"faults-{lang}-{scheme}-{size['width']}"
                await page.screenshot(path=shots / f"{state}.png")
                found = (await Axe().run(page)).response["violations"]
                if unfit := await page.evaluate(UNFIT):
                    wrong[state] = unfit
                if found:
                    wrong[f"{state} axe"] = [
                        (f["id"], [n["html"][:120] for n in f["nodes"]][:3]) for f in found
                    ]
    assert wrong == {}
