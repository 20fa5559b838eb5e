"""A supervisor watches, helps, and looks back: on the page, in both CRMs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.async_api import Browser, FrameLocator, expect

from tests.e2e.amo import at_work, phone_is
from tests.e2e.demo import ELENA, ILYA, PAVEL, SEVER, VEKTOR, Demo, running_demo
from tests.e2e.portal import in_portal
from tests.e2e.settings import amo_settings, portal_settings

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def own_demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with running_demo(tmp_path_factory.mktemp("board")) as demo:
        yield demo


async def _board(frame: FrameLocator) -> None:
    await frame.get_by_role("button", name="Доска супервизора").click()
    await expect(frame.get_by_text("Обновляется сразу")).to_be_visible(timeout=15_000)


async def _picks_up(demo: Demo, phone: str) -> None:
    await phone_is(demo, phone, "RINGING")
    demo.phone(phone, "pickup")


@pytest.mark.feature("S1")
async def test_a_supervisor_watches_helps_and_looks_back(own_demo: Demo, browser: Browser) -> None:
    demo = own_demo
    async with portal_settings(demo, browser) as settings:
        frame = settings.frame
        await _board(frame)
        people = frame.get_by_role("table", name="Люди")
        ilya = people.get_by_role("row").filter(has_text="Илья Соколов")
        await expect(ilya).to_be_visible()
        async with in_portal(demo, browser, ILYA):
            customer = demo.call(ELENA, SEVER)
            await expect(ilya).to_contain_text("Звонит")
            await _picks_up(demo, "sever-101")
            await expect(ilya).to_contain_text("Говорит")
            await expect(ilya).to_contain_text("Елена")
            await frame.get_by_role("button", name="Звонки (1)").click()
            call = frame.get_by_role("table", name="Звонки").get_by_role("row").nth(1)
            await expect(call).to_contain_text("Разговор")
            demo.customer(customer, "hangup")
            await expect(frame.get_by_text("Сейчас звонков нет.")).to_be_visible()
            await expect(frame.locator(".b-tile").filter(has_text="Входящих")).to_contain_text("1")
        await frame.get_by_role("button", name="Люди").click()
        await frame.get_by_role("button", name="Сменить статус: Илья Соколов").click()
        await frame.get_by_label("Причина").fill("Планёрка")
        await frame.get_by_role("button", name="Сменить", exact=True).click()
        await expect(ilya).to_contain_text("Перерыв")
        await frame.get_by_role("button", name="Журнал").click()
        await expect(frame.locator(".b-deeds li").first).to_contain_text("Илья Соколов — Планёрка")
        await frame.get_by_role("button", name="Посмотреть прошлое").click()
        await frame.get_by_role("button", name="Показать 15 минут").click()
        slider = frame.get_by_role("slider", name="Момент")
        await expect(slider).to_be_visible()
        await frame.get_by_role("button", name="Вернуться к сейчас").click()
        await expect(slider).to_have_count(0)


@pytest.mark.feature("S1")
async def test_an_operator_asks_for_help_and_is_answered(own_demo: Demo, browser: Browser) -> None:
    demo = own_demo
    async with amo_settings(demo, browser) as settings:
        board = settings.frame
        await _board(board)
        async with at_work(demo, browser, ILYA) as ilya:
            customer = demo.call(PAVEL, VEKTOR)
            await expect(ilya.tab.panel.get_by_role("button", name="Ответить")).to_be_visible()
            await _picks_up(demo, ilya.phone)
            await ilya.tab.panel.get_by_role("button", name="Нужна помощь").click()
            await ilya.tab.panel.get_by_label("С чем помочь").fill("Скидка?")
            await ilya.tab.panel.get_by_role("button", name="Позвать руководителя").click()
            alarm = board.locator(".b-alarm")
            await expect(alarm).to_contain_text("просит помощи: Скидка?")
            await alarm.get_by_role("button").click()
            await expect(ilya.tab.panel.get_by_text("идёт на помощь")).to_be_visible()
            demo.customer(customer, "hangup")
        await board.get_by_role("button", name="Цифры").click()
        await expect(board.locator(".u-legend")).to_be_visible()
        await board.get_by_role("button", name="В настройки").click()
        await settings.ready()
