"""Several tabs of one operator: the same in all, and one of them sounds."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from tests.e2e.amo import Tab, at_work, phone_is, until
from tests.e2e.cdp import Devtools, raw_browser
from tests.e2e.conftest import ARGS
from tests.e2e.demo import ELENA, MARIA, PAVEL, VEKTOR, Demo

pytestmark = pytest.mark.browser
ELENA_NAME, PAVEL_NAME = "Елена Морозова", "Павел Дёмин"


async def sounding(tabs: list[Tab]) -> list[int]:
    """Which of them have made a tone."""
    return [n for n, tab in enumerate(tabs) if await tab.tones() > 0]


async def one_sounds(tabs: list[Tab], timeout_s: float = 6.0) -> int:
    """Which does. A tone is repeated every four seconds, so a new ringer needs as long at most."""
    deadline = time.monotonic() + timeout_s
    while not (found := await sounding(tabs)):
        assert time.monotonic() < deadline, "no tab sounds"
        await asyncio.sleep(0.05)
    return found[0]


async def everywhere(tabs: list[Tab], name: str, text: str) -> None:
    for tab in tabs:
        await expect(tab.card(name).get_by_text(text, exact=True)).to_be_visible()


@pytest.mark.feature("W9")
async def test_three_tabs_show_the_same_and_one_rings(demo: Demo, browser: Browser) -> None:
    async with at_work(demo, browser, MARIA) as maria:
        tabs = [maria.tab, await maria.open_tab("/leads/list/"), await maria.open_tab()]
        for tab in tabs:
            await tab.unlock_sound()
        demo.call(ELENA, VEKTOR)
        await everywhere(tabs, ELENA_NAME, "Входящий звонок")
        loud = await one_sounds(tabs)

        await tabs[0].page.bring_to_front()
        await tabs[0].button("Ответить").click()
        await everywhere(tabs, ELENA_NAME, "Разговор")
        await phone_is(demo, maria.phone, "INUSE")
        assert await sounding(tabs) == [loud]

        await tabs[1].page.bring_to_front()
        await tabs[1].button("Удержать").click()
        await everywhere(tabs, ELENA_NAME, "На удержании")
        await tabs[2].page.bring_to_front()
        await tabs[2].button("Завершить").click()
        for tab in tabs:
            await expect(tab.card(ELENA_NAME).get_by_text("Разговор состоялся")).to_be_visible()
        await tabs[2].button("Закрыть").click()
        for tab in tabs:
            await expect(tab.cards).to_have_count(0)


@pytest.mark.feature("W9")
async def test_when_the_tab_that_rings_is_closed_another_goes_on(
    demo: Demo, browser: Browser
) -> None:
    async with at_work(demo, browser, MARIA) as maria:
        tabs = [maria.tab, await maria.open_tab(), await maria.open_tab()]
        for tab in tabs:
            await tab.unlock_sound()
        demo.call(PAVEL, VEKTOR)
        await everywhere(tabs, PAVEL_NAME, "Входящий звонок")
        loud = tabs.pop(await one_sounds(tabs))
        assert await sounding(tabs) == []
        await loud.page.close()
        await one_sounds(tabs)
        await tabs[0].page.bring_to_front()
        await tabs[0].button("Отклонить").click()
        for tab in tabs:
            await expect(tab.cards).to_have_count(0)
        assert len(await sounding(tabs)) == 1


@pytest.mark.feature("W9")
@pytest.mark.feature("W10")
async def test_a_hidden_tab_rings_when_nothing_else_may_sound(
    demo: Demo, chromium: str, tmp_path: Path
) -> None:
    sound = "--autoplay-policy=no-user-gesture-required"
    async with raw_browser(chromium, tmp_path, *ARGS, sound) as browser:
        _, page = await browser.open(demo.amo_page(MARIA))
        await browser.send(
            "Target.setAutoAttach", page, autoAttach=True, waitForDebuggerOnStart=False,
            flatten=True,
        )  # fmt: skip
        frame = await until(lambda: panel_session(browser), "the panel's frame", 10.0)
        await browser.send("WebAudio.enable", frame)
        online = "document.querySelector('.online') !== null"
        await browser.until_value(frame, online, True)
        await browser.open("about:blank")
        await browser.until_value(page, "document.hidden", True)

        demo.call(ELENA, VEKTOR)
        await until(lambda: oscillators(browser, frame), "the hidden tab sounds", 10.0)
        await browser.until_value(page, "document.title", f"Звонит {ELENA_NAME}")
        assert await browser.value(page, "document.hidden")


def panel_session(browser: Devtools) -> str | None:
    """The panel's is the page's only frame of another site; its address comes later."""
    for _, method, params in browser.events:
        if method == "Target.attachedToTarget" and params["targetInfo"]["type"] == "iframe":
            return str(params["sessionId"])
    return None


def oscillators(browser: Devtools, session: str) -> int:
    return sum(
        of == session
        and method == "WebAudio.audioNodeCreated"
        and params["node"]["nodeType"] == "Oscillator"
        for of, method, params in browser.events
    )
