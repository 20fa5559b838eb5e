"""The demo's second engine: an account moved to the cloud, and how its operator sees a call."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from tests.e2e.amo import at_work
from tests.e2e.demo import ELENA, MARIA, Demo
from tests.e2e.settings import amo_settings

pytestmark = pytest.mark.browser
NAME = "Елена Морозова"
MOVED_MS = 20_000


@pytest.fixture
def moved(demo: Demo) -> Iterator[Demo]:
    """For this test only: the demo is everybody's."""
    yield demo
    demo.http.post(f"http://127.0.0.1:{demo.port}/sandbox/engine/switch")


async def test_a_newcomer_moves_an_account_to_the_cloud_and_takes_a_call_there(
    moved: Demo, browser: Browser, shots: Path
) -> None:
    async with at_work(moved, browser, MARIA):
        # Cards of the switch's calls are put away while it is still asked about them.
        pass
    context = await browser.new_context(locale="ru-RU")
    landing = await context.new_page()
    await landing.goto(moved.app)
    await landing.get_by_role("button", name="Перевести «Вектор» на облако").click()
    now = landing.locator("#engine").get_by_role("status")
    # Two changes of a whole account, in a demo that may just have started.
    await expect(now).to_have_text("Звонки «Вектора» идут через облако", timeout=MOVED_MS)
    async with at_work(moved, browser, MARIA) as maria:
        async with context.expect_page() as opened:
            await landing.get_by_role("link", name="Открыть пульт облака").click()
        cloud = await opened.value
        await cloud.get_by_label("Кто звонит").select_option(ELENA)
        await cloud.get_by_role("button", name="Позвонить").click()
        card = maria.tab.card(NAME)
        await expect(card.get_by_role("heading", name=NAME)).to_be_visible(timeout=MOVED_MS)
        # Nothing over there makes a telephone pick up: its owner does.
        await expect(card.get_by_role("button", name="Ответить")).to_have_count(0)
        await cloud.get_by_role("button", name="Снять трубку: Мария Ветрова").click()
        await expect(card.get_by_text("Разговор", exact=True)).to_be_visible()
        barred = "Выключить микрофон: ваша телефонная станция этого не умеет, выключите на телефоне"
        await expect(card.get_by_role("button", name=barred)).to_be_disabled()
        await maria.tab.page.screenshot(path=shots / "amocrm-cloud.png")
        await cloud.screenshot(path=shots / "cloud.png")
        await card.get_by_role("button", name="Завершить").click()
        await expect(cloud.get_by_text("Никто не звонит.")).to_be_visible()
        await expect(card.get_by_text("Разговор состоялся")).to_be_visible()
    await landing.get_by_role("button", name="Вернуть «Вектор» на станцию").click()
    await expect(now).to_have_text("Звонки «Вектора» идут через станцию", timeout=MOVED_MS)
    await context.close()


async def test_an_administrator_sets_the_account_s_cloud_up_and_has_it_checked(
    demo: Demo, browser: Browser, shots: Path
) -> None:
    """The demo's cloud belongs to this account, whichever engine its calls come over."""
    async with amo_settings(demo, browser) as settings:
        frame = settings.frame
        await settings.section("Облако")
        await expect(frame.get_by_text("звонки идут не через него")).to_be_visible()
        await expect(frame.get_by_text(f"{demo.app}/uis/").first).to_be_visible()
        key = frame.get_by_label("Ключ", exact=True)
        await expect(key).to_have_value("")
        hold = frame.get_by_label("Что слышит тот, кто ждёт на удержании")
        await hold.fill("музыка")
        await frame.get_by_role("button", name="Сохранить").click()
        await expect(frame.get_by_text("media:<номер файла>")).to_be_visible()
        await hold.fill("tts:Минуту, пожалуйста")
        await settings.save()
        await frame.get_by_role("button", name="Проверить").click()
        await expect(frame.get_by_text("Data API отвечает")).to_be_visible()
        await frame.get_by_text("Линии сотрудников в облаке").click()
        await expect(frame.get_by_text("UIS/102:0770102")).to_be_visible()
        await settings.page.screenshot(path=shots / "settings-cloud.png")
        await hold.fill("")
        await settings.save()
