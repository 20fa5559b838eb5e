"""Voice where a policy of the CRM's page keeps the microphone from our frame."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, expect

from tests.e2e.amo import until
from tests.e2e.demo import ELENA, ILYA, VEKTOR, Demo
from tests.e2e.voice import hears_them, is_heard, is_phone, talking_browser, with_headset

pytestmark = pytest.mark.browser
NAME = "Елена Морозова"


@pytest.fixture
async def headsets(chromium: str) -> AsyncIterator[Browser]:
    async with talking_browser(chromium) as browser:
        yield browser


@pytest.mark.feature("W1")
async def test_a_page_that_alone_may_hear_speaks_for_the_panel(
    demo: Demo, headsets: Browser
) -> None:
    demo.amo_switches(microphone="page")
    async with with_headset(demo, headsets, ILYA) as ilya:
        tab = ilya.tab
        await is_phone(tab)
        who = demo.call(ELENA, VEKTOR)
        card = tab.card(NAME)
        await card.get_by_role("button", name="Ответить").click()
        await is_heard(demo, who)
        await hears_them(tab.page.main_frame)
        assert await tab.frame().evaluate("window.peers.length") == 0
        # How it sounds is measured in the page and said in the panel.
        await expect(card.locator(".quality")).to_be_visible()
        await tab.panel.get_by_text("Микрофон и звук").click()
        await expect(tab.panel.get_by_label("Голос собеседника")).to_be_visible()

        # The frame is made anew, as after a sign-in: its voice is too, and the talk comes back.
        await tab.frame().evaluate("location.reload()")
        await is_phone(tab)
        await is_heard(demo, who)
        assert await tab.page.evaluate("window.peers.length") == 2
        await tab.button("Завершить").click()
        await until(lambda: not demo.switch_state()["channels"], "everybody hung up")


@pytest.mark.feature("W1")
async def test_where_nobody_in_the_page_may_hear_there_is_the_window(
    demo: Demo, headsets: Browser
) -> None:
    demo.amo_switches(microphone="nobody")
    async with with_headset(demo, headsets, ILYA) as ilya:
        tab = ilya.tab
        async with ilya.context.expect_page() as opened:
            await tab.panel.get_by_role("button", name="Открыть окно телефона").click()
        window = await opened.value
        await expect(window.get_by_text("Телефон готов")).to_be_visible(timeout=15_000)
