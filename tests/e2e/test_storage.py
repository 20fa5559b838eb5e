"""A third-party frame may find its storage shared, partitioned or blocked: the phone works in each
(W9, W10). And sound is locked until a gesture, which is said and can be undone with one press."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Browser, Frame, Page, expect

from tests.e2e.amo import Tab, phone_is, until
from tests.e2e.demo import ELENA, ILYA, MARIA, SEVER, VEKTOR, Demo
from tests.e2e.portal import PHONES, PortalTab, only_card, open_tab
from tests.e2e.storage import Storage, profile

pytestmark = pytest.mark.browser

PROBE = """() => {
  try {
    const found = localStorage.getItem('probe');
    localStorage.setItem('probe', 'seen');
    return found ?? 'empty';
  } catch (error) {
    return error.name;
  }
}"""


def ours(page: Page, part: str) -> Frame:
    return next(f for f in page.frames if part in f.url and f.parent_frame is not None)


EXPECTED = {"shared": "seen", "partitioned": "empty", "blocked": "SecurityError"}


@pytest.mark.feature("W9")
@pytest.mark.parametrize("storage", ["shared", "partitioned", "blocked"])
async def test_the_phone_works_whatever_the_browser_leaves_a_third_party(
    demo: Demo, chromium: str, tmp_path: Path, storage: Storage
) -> None:
    async with profile(chromium, tmp_path, storage) as context:
        visit = await context.new_page()
        await visit.goto(f"{demo.app}/health/live")
        assert await visit.evaluate(PROBE) == "empty"

        tab = await open_tab(demo, context, ILYA)
        assert await ours(tab.page, "/bitrix24/").evaluate(PROBE) == EXPECTED[storage]
        other = await open_tab(demo, context, ILYA)
        demo.call(ELENA, SEVER)
        drawn = await only_card([tab, other])
        await drawn.button("answer").click()
        await expect(drawn.card).to_have_attribute("data-state", "connected")
        assert await tab.card.count() + await other.card.count() == 1
        await drawn.button("hangup").click()
        await expect(drawn.card).to_have_count(0)
        await phone_is(demo, PHONES[ILYA], "NOT_INUSE")

        page = await context.new_page()
        await page.goto(demo.amo_page(MARIA))
        amo = await Tab(page, "vektor-102").ready()
        assert await amo.frame().evaluate(PROBE) == (
            "seen" if storage == "shared" else EXPECTED[storage]
        )
        demo.call(ELENA, VEKTOR)
        await expect(amo.cards.first).to_be_visible()
        await amo.cards.first.get_by_role("button", name="Ответить").click()
        await phone_is(demo, "vektor-102", "INUSE")
        await amo.cards.first.get_by_role("button", name="Завершить").click()
        await phone_is(demo, "vektor-102", "NOT_INUSE")


@pytest.mark.feature("W10")
async def test_locked_sound_is_said_and_one_press_unlocks_it(demo: Demo, browser: Browser) -> None:
    context = await browser.new_context(locale="ru-RU", viewport={"width": 1280, "height": 800})
    try:
        page = await context.new_page()
        await page.add_init_script(
            "(() => { window.tones = 0; const make = AudioContext.prototype.createOscillator;"
            " AudioContext.prototype.createOscillator = function () {"
            " window.tones += 1; return make.call(this); }; })()"
        )
        # By address, and asking the page nothing: clicks and every look by script count as a
        # gesture. The sockets of worker and page show from outside that both are at work.
        sockets: list[str] = []
        page.on("websocket", lambda socket: sockets.append(socket.url))
        await page.goto(demo.portal_page(ILYA, "/marketplace/widget/0/"))
        host = demo.app.removeprefix("http://")
        await until(lambda: sum(host in url for url in sockets) >= 2, "both sockets", 10.0)
        tab = await PortalTab(page).app_ready()
        press = tab.app.get_by_role("button", name="Включить звук")
        await expect(press).to_be_visible()
        await press.click()
        await expect(press).to_have_count(0)
        demo.call(ELENA, SEVER)
        await expect(tab.ringing()).to_be_visible()
        frame = ours(tab.page, "/bitrix24/app")
        await frame.wait_for_function("window.tones > 0", polling=30)
        await tab.ringing().get_by_role("button", name="Отклонить").click()
        await expect(tab.ringing()).to_have_count(0)
    finally:
        await context.close()
