"""An administrator sets the account up on the pages in both CRMs, and calls follow."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, FilePayload, expect

from tests.e2e.amo import PHONES, at_work, phone_is, phone_state, until
from tests.e2e.demo import ELENA, ILYA, MARIA, PAVEL, SEVER, UNKNOWN, VEKTOR, Demo, running_demo
from tests.e2e.portal import in_portal
from tests.e2e.settings import SettingsPage, amo_settings, portal_settings, upload
from tests.e2e.test_settings_looks import wrong_in

pytestmark = pytest.mark.browser

TIMUR = 4
MOBILE = "+79165550001"


@pytest.fixture(scope="module")
def own_demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """Not the one of the other tests: its settings change on the way."""
    with running_demo(tmp_path_factory.mktemp("settings")) as demo:
        yield demo


@pytest.fixture
def house(own_demo: Demo) -> Iterator[Demo]:
    own_demo.calm()
    yield own_demo
    own_demo.calm()


@pytest.mark.feature("B2")
async def test_the_number_for_click_to_call_is_changed_and_the_change_is_on_record(
    house: Demo, browser: Browser
) -> None:
    async with portal_settings(house, browser) as settings:
        frame = settings.frame
        await settings.section("Исходящие")
        number = frame.get_by_label("Номер для звонка по клику", exact=True)
        override = frame.get_by_role("switch", name="Переопределять АОН")
        await override.check()
        await settings.save()
        await number.select_option(label="Не выбран")
        await expect(override).not_to_be_checked()
        await expect(frame.get_by_text("не дозвонится по клику")).to_be_visible()
        await settings.save()
        await settings.page.reload()
        await settings.ready()
        await settings.section("Исходящие")
        await expect(number).to_have_value("")
        await number.select_option(label="+7 495 123-00-01 · Отдел продаж")
        await settings.save()
        await settings.section("История изменений")
        newest = frame.locator(".s-log > li").first
        await expect(newest).to_contain_text("Исходящие звонки")
        await expect(newest).to_contain_text("Анна Крылова")
        await expect(newest).to_contain_text("Номер для звонка по клику: — → +7 495 123-00-01")


@pytest.mark.feature("B21")
async def test_numbers_are_put_in_another_order_and_their_owner_sees_it(
    house: Demo, browser: Browser
) -> None:
    async with portal_settings(house, browser) as settings:
        frame = settings.frame
        await settings.section("Сотрудники")
        await settings.open("Илья Соколов")
        await frame.get_by_role("button", name="Добавить номер").click()
        second = frame.locator(".s-numbers .s-box").nth(1)
        await second.get_by_label("Телефон или адрес на станции").fill("12")
        await settings.frame.get_by_role("button", name="Сохранить", exact=True).click()
        # What is wrong stands where it is wrong, and what was typed is still there.
        await expect(second.get_by_text("Для мобильного нужен телефонный номер")).to_be_visible()
        await expect(second.get_by_label("Телефон или адрес на станции")).to_be_focused()
        await second.get_by_label("Телефон или адрес на станции").fill(MOBILE)
        await second.get_by_label("Подпись").fill("Мой мобильный")
        await frame.get_by_role("button", name="Выше: Мой мобильный").click()
        await expect(
            frame.locator(".s-numbers .s-box").first.get_by_label("Подпись")
        ).to_have_value("Мой мобильный")
        # The focus went with it.
        await expect(frame.get_by_role("button", name="Ниже: Мой мобильный")).to_be_focused()
        await settings.save()
    async with in_portal(house, browser, ILYA) as tab:
        await tab.page.locator(".user summary").click()
        await tab.page.locator("[data-profile-widget]").first.click()
        mine = tab.page.frame_locator(".slider-box iframe")
        await expect(mine.get_by_role("heading", name="Мой телефон")).to_be_visible()
        await expect(mine.get_by_role("radio", name="Браузер")).to_be_checked()
        await expect(mine.get_by_role("listitem")).to_contain_text(["Мой мобильный", "Телефон 101"])
        await mine.get_by_role("button", name="Ваш статус").click()
        await mine.get_by_role("radio", name="Перерыв").click()
        await expect(mine.get_by_role("button", name="Ваш статус: Перерыв")).to_be_visible()
        await mine.get_by_role("button", name="Ваш статус: Перерыв").click()
        await mine.get_by_role("radio", name="Доступен").click()
        await expect(mine.get_by_role("button", name="Ваш статус: Доступен")).to_be_visible()
    async with portal_settings(house, browser) as settings:
        await settings.section("Сотрудники")
        await settings.open("Илья Соколов")
        await settings.frame.get_by_role("button", name="Убрать: Мой мобильный").click()
        await settings.save()


@pytest.mark.feature("B21")
@pytest.mark.feature("B12")
async def test_everybody_chooses_whether_their_working_day_sets_their_status(
    house: Demo, browser: Browser
) -> None:
    async with portal_settings(house, browser) as settings:
        await settings.section("Рабочий день")
        days = settings.frame.get_by_role("switch", name="Рабочий день меняет статус")
        await days.check()
        await settings.frame.get_by_role("switch", name="Статус меняет рабочий день").check()
        await expect(settings.frame.get_by_text("Включено и то и другое")).to_be_visible()
        await settings.frame.get_by_role("switch", name="Статус меняет рабочий день").uncheck()
        await settings.save()
        async with in_portal(house, browser, ILYA) as tab:
            await tab.page.locator(".user summary").click()
            await tab.page.locator("[data-profile-widget]").first.click()
            mine = tab.page.frame_locator(".slider-box iframe")
            await expect(mine.get_by_label("Я и мой рабочий день")).to_be_checked()
            await mine.get_by_label("Только я").check()
            await expect(mine.get_by_text("Сохранено")).to_be_visible()
        # The administrator sees the choice.
        await settings.section("Сотрудники")
        await settings.page.reload()
        await settings.ready()
        await settings.section("Сотрудники")
        await settings.open("Илья Соколов")
        mine_to_him = settings.frame.get_by_role("switch", name="Рабочий день в Битрикс24")
        await expect(mine_to_him).not_to_be_checked()
        await mine_to_him.check()
        await settings.save()
        await settings.section("Рабочий день")
        await days.uncheck()
        await settings.save()


@pytest.mark.feature("W16")
@pytest.mark.feature("B2")
async def test_whose_calls_are_switched_off_reads_why_in_their_own_panel(
    house: Demo, browser: Browser
) -> None:
    async with (
        in_portal(house, browser, MARIA, app=True) as maria,
        portal_settings(house, browser) as settings,
    ):
        await settings.section("Сотрудники")
        await settings.open("Мария Ветрова")
        calls = settings.frame.get_by_role("switch", name="Обработка звонков включена")
        await calls.uncheck()
        await settings.save()
        await expect(maria.app.get_by_role("alert")).to_contain_text(
            "Ваши звонки выключены", timeout=10_000
        )
        await settings.frame.get_by_role("button", name="К списку").click()
        row = settings.frame.get_by_role("row", name="Мария Ветрова")
        await expect(row).to_contain_text("выключены")
        await settings.open("Мария Ветрова")
        await calls.check()
        await settings.save()


@pytest.mark.feature("B2")
async def test_a_call_follows_the_scenario_that_was_just_edited(
    house: Demo, browser: Browser
) -> None:
    async with portal_settings(house, browser) as settings:
        frame = settings.frame
        await settings.section("Сценарии")
        await settings.open("Продажи: все сразу, потом старшие")
        first = frame.locator(".s-step").first
        await first.get_by_label("Группа").select_option(label="Без группы")
        await frame.get_by_role("button", name="Сохранить", exact=True).click()
        await expect(first.get_by_role("alert")).to_contain_text("Шаг никому не звонит")
        await first.get_by_label("Отдельные сотрудники: добавить").select_option(
            label="Тимур Галеев · 103"
        )
        await expect(first.get_by_role("alert")).to_have_count(0)
        await settings.save()
        await _a_call_rings(house, "sever-103")
        await phone_is(house, "sever-101", "NOT_INUSE")
        house.calm()
        await first.get_by_role("button", name="Убрать: Тимур Галеев").click()
        await first.get_by_label("Группа").select_option(label="Продажи")
        await frame.get_by_label("Другой шаг").select_option(label="Обещание перезвонить")
        await settings.save()
        await _a_call_rings(house, "sever-101")
        await frame.get_by_role("button", name="Показать").click()
        walked = frame.locator(".s-who")
        await expect(walked).to_contain_text("Звонит всем сразу")
        await expect(walked).to_contain_text("Ставит задачу перезвонить.")
        await expect(walked.locator("[data-rings=true]").first).to_be_visible()
        await frame.get_by_role("button", name="Убрать: Шаг 3").click()
        await settings.save()


@pytest.mark.feature("T")
async def test_an_uploaded_greeting_is_heard_on_the_page_and_chosen_in_a_step(
    house: Demo, browser: Browser
) -> None:
    async with portal_settings(house, browser) as settings:
        frame = settings.frame
        await settings.section("Звуки")
        await frame.locator("input[type=file]").set_input_files(
            FilePayload(name="letter.txt", mimeType="text/plain", buffer=b"not a sound")
        )
        await expect(frame.get_by_role("alert")).to_contain_text("Загрузите WAV или MP3")
        await upload(settings)
        audio = frame.get_by_label("Послушать: Добрый день")
        seconds = """async (audio) => {
            audio.load();
            if (!audio.duration) await new Promise((done) => { audio.onloadedmetadata = done; });
            return audio.duration;
        }"""
        await audio.evaluate("(audio) => { audio.preload = 'auto'; }")
        assert await audio.evaluate(seconds) == pytest.approx(1, abs=0.1)

        await settings.section("Сценарии")
        await settings.open("Продажи: все сразу, потом старшие")
        await frame.get_by_label("Другой шаг").select_option(label="Сообщение")
        last = frame.locator(".s-step").last
        await last.get_by_label("Что услышит клиент").select_option(label="Добрый день")
        await frame.get_by_label("Другой шаг").select_option(label="Рабочее время")
        hours = frame.locator(".s-step").last
        await hours.get_by_label("Свой для этого шага").check()
        await hours.get_by_label("Особые дни").fill("01-01\n2026-12-31 09:00-15:00")
        await hours.get_by_label("Часовой пояс").fill("Asia/Omsk")
        await settings.page.set_viewport_size({"width": 380, "height": 720})
        assert await wrong_in(settings.inner()) == []
        await settings.save()
        await settings.page.reload()
        await settings.ready()
        await settings.page.set_viewport_size({"width": 1280, "height": 900})
        await settings.section("Сценарии")
        await settings.open("Продажи: все сразу, потом старшие")
        await expect(hours.get_by_label("Особые дни")).to_have_value(
            "01-01\n2026-12-31 09:00-15:00"
        )
        await expect(hours.get_by_label("Часовой пояс")).to_have_value("Asia/Omsk")

        await settings.section("Звуки")
        await frame.get_by_role("button", name="Удалить: Добрый день").click()
        dialog = frame.get_by_role("dialog")
        await dialog.get_by_role("button", name="Удалить").click()
        await expect(frame.get_by_role("alert")).to_contain_text("Сначала выберите там другой")
        await settings.section("Сценарии")
        await settings.open("Продажи: все сразу, потом старшие")
        await frame.get_by_role("button", name="Убрать: Шаг 4").click()
        await frame.get_by_role("button", name="Убрать: Шаг 3").click()
        await settings.save()


async def _a_call_rings(demo: Demo, phone: str) -> None:
    """The worker hears of a change in a moment; a call that was faster is placed again."""
    for _ in range(10):
        demo.calm()
        demo.call(ELENA, SEVER)
        try:
            await until(lambda: phone_state(demo, phone) == "RINGING", f"{phone} rings", 1.0)
        except AssertionError:
            continue
        return
    raise AssertionError(f"no call rings {phone}")


@pytest.mark.feature("B3")
@pytest.mark.feature("B2")
async def test_people_are_synchronised_now_and_the_skipped_are_named(
    house: Demo, browser: Browser
) -> None:
    async with portal_settings(house, browser) as settings:
        frame = settings.frame
        state = settings.card("Состояние")
        await expect(state).to_contain_text("Анна Крылова")
        await expect(state.get_by_text("Синхронизация выполнена")).to_be_visible(timeout=20_000)
        house.portal_faults()
        await state.get_by_role("button", name="Синхронизировать сейчас").click()
        await expect(state.get_by_role("button", name="Синхронизируем…")).to_be_visible()
        await expect(state.get_by_role("button", name="Синхронизировать сейчас")).to_be_visible(
            timeout=20_000
        )
        await expect(state.get_by_text("Синхронизация выполнена")).to_be_visible()
        await settings.section("Сотрудники")
        skipped = settings.card("Кто не попал и почему")
        await expect(skipped.locator(".s-remark").first).to_be_visible()
        link = skipped.get_by_role("link").first
        page = re.compile(rf"^{house.portal}/company/personal/user/\d+/$")
        await expect(link).to_have_attribute("href", page)
        await expect(frame.get_by_role("row", name="Илья Соколов")).to_contain_text("101")


@pytest.mark.feature("B2")
async def test_everything_bound_in_the_portal_is_looked_at_on_demand(
    house: Demo, browser: Browser
) -> None:
    async with portal_settings(house, browser) as settings:
        bound = settings.card("Что встроено в CRM")
        await expect(bound).to_contain_text("Всё на месте")
        await bound.get_by_text("Показать список").click()
        await expect(bound.get_by_text("Телефон в левом меню")).to_be_visible()
        again = bound.get_by_role("button", name="Проверить и привязать заново")
        await again.click()
        await expect(again).to_have_attribute("aria-busy", "true")
        await expect(again).to_have_attribute("aria-busy", "false", timeout=20_000)


@pytest.mark.feature("B2")
async def test_of_two_administrators_the_second_sees_what_changed_and_decides(
    house: Demo, browser: Browser
) -> None:
    async with (
        portal_settings(house, browser) as one,
        portal_settings(house, browser) as other,
    ):
        for settings in (one, other):
            await settings.section("Запись разговоров")
        await one.frame.get_by_label("Хранить записи").fill("30")
        await one.save()
        await other.frame.get_by_label("Хранить записи").fill("90")
        await other.frame.get_by_role("switch", name="Предупреждать звонящего").check()
        await other.frame.get_by_role("button", name="Сохранить", exact=True).click()
        dialog = other.frame.get_by_role("dialog")
        await expect(dialog).to_contain_text("Пока вы правили, это изменили")
        difference = dialog.locator(".s-differences > div")
        await expect(difference).to_have_count(1)
        for words in ("Хранить записи", "Было: 365", "Стало: 30", "У вас: 90"):
            await expect(difference).to_contain_text(words)
        await dialog.get_by_role("button", name="Вернуться к форме").click()
        await expect(other.frame.get_by_label("Хранить записи")).to_have_value("90")
        await other.frame.get_by_role("button", name="Сохранить", exact=True).click()
        await dialog.get_by_role("button", name="Сохранить мои правки").click()
        await expect(other.frame.get_by_text("Сохранено")).to_be_visible()
        await expect(dialog).to_have_count(0)
        await one.section("Подключение")
        await one.page.reload()
        await one.ready()
        await one.section("Запись разговоров")
        await expect(one.frame.get_by_label("Хранить записи")).to_have_value("90")


async def test_leaving_unsaved_changes_is_asked_about(house: Demo, browser: Browser) -> None:
    async with portal_settings(house, browser) as settings:
        frame = settings.frame
        await settings.section("Группы")
        await settings.open("Продажи")
        await frame.get_by_label("Название").fill("Продажи и сервис")
        await frame.get_by_role("button", name="Отделы").click()
        dialog = frame.get_by_role("dialog")
        await expect(dialog).to_contain_text("Есть несохранённые изменения")
        await settings.page.keyboard.press("Escape")
        await expect(frame.get_by_label("Название")).to_have_value("Продажи и сервис")
        await frame.get_by_role("button", name="Отделы").click()
        await dialog.get_by_role("button", name="Уйти без сохранения").click()
        await expect(settings.heading).to_have_text("Отделы")
        await settings.section("Группы")
        await expect(frame.get_by_role("button", name="Продажи", exact=True)).to_be_visible()


async def test_a_group_is_made_rung_and_deleted(house: Demo, browser: Browser) -> None:
    async with portal_settings(house, browser) as settings:
        frame = settings.frame
        await settings.section("Группы")
        await frame.get_by_role("button", name="Добавить группу").click()
        await frame.get_by_role("button", name="Сохранить", exact=True).click()
        await expect(frame.get_by_text("Название обязательно")).to_be_visible()
        await frame.get_by_label("Название").fill("Вечерние")
        await frame.get_by_label("Внутренний номер").fill("700")
        await frame.get_by_label("Участники: добавить").select_option(label="Ольга Сафина · 104")
        await frame.get_by_role("button", name="Сохранить", exact=True).click()
        await expect(frame.get_by_role("heading", name="Вечерние")).to_be_visible()
        await frame.get_by_role("button", name="Удалить").click()
        dialog = frame.get_by_role("dialog")
        await dialog.get_by_role("button", name="Удалить").click()
        await expect(frame.get_by_role("table")).to_be_visible()
        await expect(frame.get_by_text("Вечерние")).to_have_count(0)


@pytest.mark.feature("W16")
async def test_supervisors_read_and_operators_are_told_where_their_things_are(
    house: Demo, browser: Browser
) -> None:
    async with portal_settings(house, browser, TIMUR) as settings:
        await expect(settings.frame.get_by_text("Только просмотр")).to_be_visible()
        await settings.section("Исходящие")
        await expect(settings.frame.get_by_role("switch").first).to_be_disabled()
        await expect(settings.frame.get_by_role("button", name="Сохранить")).to_have_count(0)
    async with portal_settings(house, browser, ILYA) as settings:
        await expect(settings.heading).to_have_text("Здравствуйте, Илья Соколов")
        await expect(settings.frame.get_by_text("попросите администратора")).to_be_visible()
        await expect(settings.frame.get_by_role("navigation")).to_have_count(0)


# ── amoCRM ──


@pytest.mark.feature("A4")
@pytest.mark.feature("A1")
async def test_the_same_in_amocrm_s_advanced_settings(house: Demo, browser: Browser) -> None:
    async with amo_settings(house, browser) as settings:
        await expect(settings.card("Состояние")).to_contain_text("CRM подключена")
        await expect(settings.frame.get_by_role("button", name="Рабочий день")).to_have_count(0)
        await settings.section("Исходящие")
        override = settings.frame.get_by_role("switch", name="Переопределять АОН")
        await override.check()
        await settings.save()
        await settings.page.reload()
        await settings.ready()
        await settings.section("Исходящие")
        await expect(override).to_be_checked()
        await override.uncheck()
        await settings.save()
        await settings.section("Сценарии")
        await expect(settings.frame.get_by_label("Открытой сделки")).to_be_visible()


@pytest.mark.feature("W16")
async def test_an_operator_of_amocrm_without_calls_reads_why(house: Demo, browser: Browser) -> None:
    async with (
        at_work(house, browser, ILYA) as ilya,
        amo_settings(house, browser) as settings,
    ):
        await _calls_of(settings, "Илья Соколов", on=False)
        said = ilya.tab.panel.get_by_role("alert")
        await expect(said).to_contain_text("Ваши звонки выключены", timeout=10_000)
        house.call(PAVEL, VEKTOR)
        await phone_is(house, PHONES[MARIA], "RINGING")
        await phone_is(house, PHONES[ILYA], "NOT_INUSE")
        await _calls_of(settings, "Илья Соколов", on=True)


async def _calls_of(settings: SettingsPage, name: str, *, on: bool) -> None:
    await settings.section("Сотрудники")
    await settings.open(name)
    await settings.frame.get_by_role("switch", name="Обработка звонков включена").set_checked(on)
    await settings.save()


@pytest.mark.feature("B2")
@pytest.mark.feature("A2")
async def test_a_lost_access_is_said_with_the_button_that_brings_it_back(
    house: Demo, browser: Browser
) -> None:
    house.amo_switches(revoke_tokens=True)
    customer = house.call(UNKNOWN, VEKTOR)
    await until(lambda: "crm.grant_lost" in house.log.read_text(), "the grant is lost")
    house.customer(customer, "hangup")
    async with amo_settings(house, browser) as settings:
        state = settings.card("Состояние")
        await expect(state).to_contain_text("Доступ к CRM отозван")
        async with settings.page.context.expect_page() as opened:
            await state.get_by_role("link", name="Подключить заново").click()
        consent = await opened.value
        await consent.get_by_role("button", name="Разрешить").click()
        await expect(state).to_contain_text("CRM подключена", timeout=20_000)
        await consent.close()


@pytest.mark.feature("B2")
async def test_a_portal_that_took_its_access_back_is_said_loudly_in_every_section(
    house: Demo, browser: Browser, shots: Path
) -> None:
    """A portal has no button for it: an administrator's visit to our page is what helps."""
    before = house.log.read_text().count("crm.grant_lost")
    house.http.delete(house._server(1, "tokens?revoke=all")).raise_for_status()
    customer = house.call(UNKNOWN, SEVER)
    await until(lambda: house.log.read_text().count("crm.grant_lost") > before, "it is noticed")
    house.customer(customer, "hangup")
    # Timur is no administrator over there: his own visit gives no access.
    async with portal_settings(house, browser, TIMUR) as settings:
        state = settings.card("Состояние")
        await expect(state.get_by_role("alert")).to_contain_text("Доступ к CRM отозван")
        await expect(state).to_contain_text("Войдите в портал администратором")
        await settings.page.screenshot(path=shots / "settings-portal-lost.png")
        told = settings.frame.get_by_role("main").get_by_role("alert")
        for section in ("Сотрудники", "Сценарии", "История изменений"):
            await settings.section(section)
            await expect(told).to_contain_text("Доступ к CRM отозван")
        await told.get_by_role("button", name="Что делать").click()
        await expect(settings.heading).to_have_text("Подключение")
        async with portal_settings(house, browser):
            await _given_back(settings)
        await settings.section("Сотрудники")
        await expect(told).to_have_count(0)


async def _given_back(settings: SettingsPage) -> None:
    """Whoever looks again sees it soon after the administrator came."""
    state = settings.card("Состояние")
    looked = state.get_by_role("button", name="Проверить снова")
    async with asyncio.timeout(20):
        while "CRM подключена" not in await state.inner_text():
            async with settings.page.expect_response(re.compile("/api/v1/connection$")):
                await looked.click()
