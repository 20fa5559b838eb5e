"""A list from the CRM's own page to its figures, as an operator works through it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.async_api import Browser, Locator, expect

from tests.e2e.amo import Operator, at_work, phone_is
from tests.e2e.demo import MARIA, Demo

pytestmark = pytest.mark.browser
ELENA_NAME, PAVEL_NAME = "Елена Морозова", "Павел Дёмин"


async def tick(maria: Operator, *names: str) -> None:
    page = maria.tab.page
    await page.wait_for_function("window.APP && APP.widgets.list.dozvon")
    for name in names:
        row = page.get_by_role("row").filter(has_text=name)
        await row.get_by_role("checkbox").check()
    await page.locator(".js-bulk-widget").filter(has_text="Дозвон").click()


async def make_list(maria: Operator, name: str, *, preview_s: int, wrap_up_s: int) -> None:
    """At any hour: when a test runs is no matter of whom it calls."""
    panel = maria.tab.panel
    await panel.get_by_label("Название").fill(name)
    await panel.get_by_role("radio", name="Сервисный").check()
    await panel.get_by_label("Секунд на карточку").fill(str(preview_s))
    await panel.get_by_label("Секунд после разговора").fill(str(wrap_up_s))
    await panel.get_by_label("С", exact=True).fill("00:00")
    await panel.get_by_label("До", exact=True).fill("23:59")
    await maria.tab.button("Создать").click()
    await expect(panel.get_by_role("heading", name=name)).to_be_visible()


def run_of(maria: Operator, name: str) -> Locator:
    return maria.tab.panel.get_by_role("region", name=f"Обзвон списка «{name}»")


async def talks(demo: Demo, maria: Operator, run: Locator) -> str:
    """Whoever is shown is called and answers; the customer's id."""
    await run.get_by_role("button", name="Позвонить").click()
    # Her own telephone first, which answers by itself, as for every clicked number.
    await phone_is(demo, maria.phone, "INUSE")
    # Customers of the sandbox answer after five seconds.
    await expect(run.get_by_text("Идёт разговор")).to_be_visible(timeout=15_000)
    customers = demo.switch_state()["customers"]
    return next(str(c["id"]) for c in customers if c["state"] == "Up")


@pytest.mark.feature("D1")
@pytest.mark.feature("D3")
@pytest.mark.feature("D4")
@pytest.mark.feature("D5")
@pytest.mark.feature("D6")
async def test_ticked_people_are_called_one_after_another(
    demo: Demo, browser: Browser, shots: Path
) -> None:
    async with at_work(demo, browser, MARIA) as maria:
        await tick(maria, PAVEL_NAME, ELENA_NAME)
        await make_list(maria, "Проверка связи", preview_s=600, wrap_up_s=600)
        await maria.tab.page.screenshot(path=shots / "dialer-list.png")
        await maria.tab.button("Начать").click()

        # In the order of the CRM's list; her card opens beside the panel.
        run = run_of(maria, "Проверка связи")
        await expect(run.get_by_text("Посмотрите карточку")).to_be_visible()
        await expect(run.get_by_role("link", name=ELENA_NAME)).to_be_visible()
        await expect(maria.tab.page).to_have_url(re.compile(r"/contacts/detail/\d+"))
        await maria.tab.page.screenshot(path=shots / "dialer-shown.png")

        customer = await talks(demo, maria, run)
        demo.customer(customer, "hangup")
        await expect(run.get_by_text("Что получилось?")).to_be_visible()
        await run.get_by_label("Заметка").fill("Ждёт счёт до пятницы")
        await run.get_by_role("radio").first.check()
        await maria.tab.page.screenshot(path=shots / "dialer-wrap-up.png")
        await run.get_by_role("button", name="Сохранить и дальше").click()
        await expect(run.get_by_role("link", name=PAVEL_NAME)).to_be_visible()
        await expect(run.get_by_text("готово 1")).to_be_visible()

    # Another computer: the same person is before her, and the list goes on to its end.
    async with at_work(demo, browser, MARIA) as maria:
        run = run_of(maria, "Проверка связи")
        await expect(run.get_by_role("link", name=PAVEL_NAME)).to_be_visible(timeout=15_000)
        customer = await talks(demo, maria, run)
        demo.customer(customer, "hangup")
        await run.get_by_role("button", name="Следующий").click()
        await expect(run.get_by_text("Список пройден")).to_be_visible(timeout=15_000)

        await maria.tab.section("Обзвон")
        await maria.tab.panel.get_by_role("listitem").filter(has_text="Проверка связи").click()
        figures = maria.tab.panel.get_by_role("region", name="Как прошло")
        await expect(figures.get_by_role("button", name="2 Дозвонились")).to_be_visible()
        await figures.get_by_role("button", name="поговорили · 2").click()
        await expect(figures.get_by_role("listitem")).to_have_count(2)
        await maria.tab.page.screenshot(path=shots / "dialer-figures.png")


@pytest.mark.feature("D2")
async def test_rows_that_cannot_be_called_say_why_and_may_go(demo: Demo, browser: Browser) -> None:
    async with at_work(demo, browser, MARIA) as maria:
        await tick(maria, ELENA_NAME, PAVEL_NAME)
        await make_list(maria, "С ошибками", preview_s=600, wrap_up_s=5)
        panel = maria.tab.panel
        row = panel.get_by_role("listitem").filter(has_text=PAVEL_NAME)
        await row.get_by_role("button", name=f"Убрать из списка: {PAVEL_NAME}").click()
        await expect(row.get_by_text("исключён")).to_be_visible()
        await expect(panel.get_by_text("исключено 1")).to_be_visible()
        await maria.tab.button("Проверить").click()
        await expect(panel.get_by_text("Проверка:")).to_be_visible()
        # Put away: nobody waits, and it is not among the lists any more.
        await maria.tab.button("Убрать список").click()
        await maria.tab.button("Да, убрать").click()
        await expect(panel.get_by_text("С ошибками")).to_have_count(0)
