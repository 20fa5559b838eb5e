"""The phone in the browser: both sides hear each other, in the tab that is the phone."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, expect

from backend.sandbox.media.tones import NOTICE_HZ
from tests.e2e.amo import customer, phone_is, until
from tests.e2e.demo import ELENA, ILYA, PAVEL, SEVER, VEKTOR, Demo
from tests.e2e.portal import in_portal
from tests.e2e.voice import (
    KEEP_PEERS,
    LIVES,
    READY,
    hears_them,
    is_heard,
    is_phone,
    line_hears,
    registered,
    talking_browser,
    until_over,
    with_headset,
)

pytestmark = pytest.mark.browser
ELENA_NAME, PAVEL_NAME = "Елена Морозова", "Павел Дёмин"


@pytest.fixture
async def headsets(chromium: str) -> AsyncIterator[Browser]:
    async with talking_browser(chromium) as browser:
        yield browser


@pytest.mark.feature("W1")
@pytest.mark.feature("A4")
async def test_operator_and_customer_hear_each_other_in_and_out(
    demo: Demo, headsets: Browser
) -> None:
    async with with_headset(demo, headsets, ILYA) as ilya:
        tab = ilya.tab
        await is_phone(tab)
        who = demo.call(ELENA, VEKTOR)
        card = tab.card(ELENA_NAME)
        await expect(card).to_contain_text("браузер")
        await card.get_by_role("button", name="Ответить").click()
        await is_heard(demo, who)
        await hears_them(tab.frame())
        await expect(card).to_contain_text("Связь хорошая")
        await tab.panel.get_by_text("Микрофон и звук").click()
        await expect(tab.panel.get_by_label("Голос собеседника")).to_be_visible()
        assert (await Axe().run(tab.frame())).response["violations"] == []
        await tab.panel.get_by_text("Микрофон и звук").click()

        await tab.button("Завершить").click()
        await until(lambda: not demo.switch_state()["channels"], "everybody hung up")

        await tab.put_cards_away()

        def customers() -> list[str]:
            return [str(one["id"]) for one in demo.switch_state()["customers"]]

        before = customers()
        await tab.panel.get_by_label("Номер").fill(PAVEL)
        await tab.panel.get_by_label("Номер").press("Enter")
        called = await until(
            lambda: next((c for c in customers() if c not in before), None), "the customer is rung"
        )
        demo.customer(called, "announce")
        await until(
            lambda: abs(line_hears(demo, "vektor-b101") - NOTICE_HZ) < 10,
            "the network is heard before the answer",
        )
        assert customer(demo, called)["state"] != "Up"
        await until(lambda: customer(demo, called)["state"] == "Up", "the customer answers")
        await is_heard(demo, called)
        await hears_them(tab.frame())
        await tab.button("Завершить").click()


@pytest.mark.feature("W9")
async def test_any_tab_answers_one_has_the_voice_and_the_next_takes_over(
    demo: Demo, headsets: Browser
) -> None:
    async with with_headset(demo, headsets, ILYA, script=f"{KEEP_PEERS};{LIVES}") as ilya:
        first = ilya.tab
        await is_phone(first)
        second = await ilya.open_tab("/leads/list/")
        await expect(second.panel.get_by_text("Голос в другой вкладке")).to_be_visible()
        who = demo.call(ELENA, VEKTOR)
        await second.button("Ответить").click()
        await is_heard(demo, who)
        await hears_them(first.frame())
        assert await second.frame().evaluate("window.peers.length") == 0
        await second.button("Выключить микрофон").click()
        await second.button("Перенести звук сюда").click()
        await is_phone(second)
        await hears_them(second.frame())
        before = await until_over(first.frame())
        after = await second.frame().evaluate("window.lives.at(-1)")
        assert after["up"] < before["over"], "the new one is there before the old one goes"
        assert await second.frame().evaluate("window.lives.length") == 1
        await second.button("Включить микрофон").click()
        await is_heard(demo, who)
        await second.button("Завершить").click()
        await second.put_cards_away()

        await first.page.bring_to_front()
        await expect(first.panel.get_by_text("Голос в другой вкладке")).to_be_visible()
        await second.page.close()
        await expect(first.panel.get_by_text(READY)).to_be_visible(timeout=2_000)
        who = demo.call(PAVEL, VEKTOR)
        await first.button("Ответить").click()
        await is_heard(demo, who)


@pytest.mark.feature("W10")
async def test_without_a_microphone_the_cause_is_named_and_the_desk_phone_rings(
    demo: Demo, headsets: Browser
) -> None:
    async with with_headset(demo, headsets, ILYA, granted=False) as ilya:
        tab = ilya.tab
        await expect(tab.panel.get_by_text("Разрешите микрофон, чтобы")).to_be_visible()
        who = demo.call(ELENA, VEKTOR)
        await phone_is(demo, ilya.phone, "RINGING")
        demo.customer(who, "hangup")
        await tab.button("Разрешить микрофон").click()
        await expect(tab.panel.get_by_text("Микрофон запрещён")).to_be_visible()


@pytest.mark.feature("W1")
async def test_the_portals_own_card_answers_and_its_hidden_page_talks(
    demo: Demo, headsets: Browser
) -> None:
    async with in_portal(demo, headsets, ILYA, permissions=["microphone"]) as portal:
        worker = next(frame for frame in portal.page.frames if frame.parent_frame)
        await until(lambda: registered(demo, "sever-b101"), "the hidden page registered")
        await worker.evaluate(KEEP_PEERS)
        who = demo.call(ELENA, SEVER)
        await portal.button("answer").click()
        await is_heard(demo, who)
        await hears_them(worker)
        await portal.button("hangup").click()
        await until(lambda: not demo.switch_state()["channels"], "everybody hung up")


@pytest.mark.feature("W1")
async def test_where_the_portals_frame_may_not_hear_our_window_talks_over_a_reload(
    demo: Demo, headsets: Browser
) -> None:
    async with in_portal(demo, headsets, ILYA, app=True) as portal:
        context = portal.page.context
        await context.grant_permissions(["microphone"], origin=demo.app)
        await context.add_init_script(KEEP_PEERS)
        await expect(portal.app.get_by_text("Разрешите микрофон, чтобы")).to_be_visible()
        async with context.expect_page() as opened:
            await portal.app.get_by_role("button", name="Открыть окно телефона").click()
        window = await opened.value
        await expect(window.get_by_text("Это окно — ваш телефон")).to_be_visible()
        await expect(window.get_by_text(READY)).to_be_visible(timeout=15_000)
        await expect(portal.app.get_by_text("Голос в другой вкладке или окне")).to_be_visible()
        await window.reload()
        await expect(window.get_by_text(READY)).to_be_visible(timeout=15_000)
        who = demo.call(ELENA, SEVER)
        await portal.button("answer").click()
        await is_heard(demo, who)
        await hears_them(window.main_frame)
        await window.reload()
        await hears_them(window.main_frame)
        await is_heard(demo, who)
        await window.get_by_role("button", name="Завершить").click()
        await until(lambda: not demo.switch_state()["channels"], "everybody hung up")
