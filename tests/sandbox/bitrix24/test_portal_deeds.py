"""Deleting, installing again, the desktop application and slow frames, by clicks in Chromium."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.sandbox.bitrix24.frame_client import rule
from tests.sandbox.bitrix24.stage import frame_of, heard, ring, say, until

if TYPE_CHECKING:
    from tests.sandbox.bitrix24.stage import Stage

pytestmark = pytest.mark.browser


def _worker(stage: Stage) -> dict[str, object]:
    return {
        "PLACEMENT": "PAGE_BACKGROUND_WORKER",
        "HANDLER": f"{stage.app_url}/worker",
        "OPTIONS": {"errorHandlerUrl": f"{stage.app_url}/error"},
    }


async def test_an_administrator_deletes_the_application_and_installs_it_again(
    stage: Stage,
) -> None:
    bound = {"event": "ONAPPUNINSTALL", "handler": f"{stage.app_url}/event"}
    await stage.rest("event.bind", bound)
    context = await stage.signed_in()
    page = context.pages[0]
    await frame_of(page, "worker")
    await page.goto(f"{stage.url}/marketplace/")
    await page.get_by_role("button", name="Удалить приложение").click()
    install = page.get_by_role("button", name="Установить")
    await install.wait_for()
    await until(lambda: stage.tested.events)
    assert stage.tested.events[0]["event"] == "ONAPPUNINSTALL"
    assert stage.portal.bound("PAGE_BACKGROUND_WORKER", 1) == []
    loads = len(stage.tested.opened("/worker"))
    await install.click()
    installer = await frame_of(page, "install")
    # What an installer does: bind everything anew, then say that it is done.
    await stage.rest("placement.bind", _worker(stage))
    assert len(stage.tested.opened("/worker")) == loads
    await installer.evaluate("void command('setInstallFinish')")
    await frame_of(page, "main")
    await frame_of(page, "worker")
    assert (await stage.rest("app.info", {}))["INSTALLED"] is True


async def test_an_ordinary_employee_cannot_delete_it(stage: Stage) -> None:
    context = await stage.signed_in(2)
    page = context.pages[0]
    await page.goto(f"{stage.url}/marketplace/")
    await page.get_by_role("link", name="Открыть приложение").wait_for()
    assert await page.locator("#uninstall").count() == 0


async def test_the_desktop_application_checks_fields_and_answers_timers(stage: Stage) -> None:
    stage.portal.config.desktop_app = True
    context = await stage.signed_in()
    page = context.pages[0]
    worker = await frame_of(page, "worker")
    await ring(stage)
    await page.locator(".call-card").wait_for()
    for command, name in (
        ("CallCardSetMute", "muted"),
        ("CallCardSetHold", "held"),
        ("CallCardSetCardTitle", "title"),
        ("CallCardSetStatusText", "statusText"),
    ):
        bare = {"value": {"result": "error", "errorCode": f"missing field {name}"}}
        assert await say(worker, command, {}) == bare
    assert await say(worker, "CallCardSetMute", {"muted": True}) == {"value": []}
    # In a browser both stay silent when they succeed.
    assert await say(worker, "CallCardStopTimer", {}) == {"value": []}
    assert await say(worker, "CallCardStartTimer", {}) == {"value": []}
    assert await say(worker, "CallCardSetUiState", {"uiState": "x"}) == rule("Invalid ui state")


async def test_the_card_of_a_call_list_has_a_next_client_or_hides_all_others(stage: Stage) -> None:
    number = await stage.rest("crm.calllist.add", {"ENTITY_TYPE": "CONTACT", "ENTITIES": [1]})
    context = await stage.signed_in()
    page = context.pages[0]
    await page.goto(f"{stage.url}/crm/calllist/{number}/")
    worker = await frame_of(page, "worker")
    await page.locator("button.phone").first.click()
    await page.get_by_role("button", name="Следующий").click()
    await heard(worker, "BackgroundCallCard::nextButtonClick")
    assert (await heard(worker, "BackgroundCallCard::initialized"))["CALL_LIST_MODE"] is True
    await say(worker, "CallCardClose", {})
    await until(lambda: not stage.portal.hub.drawn())
    stage.portal.config.list_hides_card = True
    await page.reload()
    worker = await frame_of(page, "worker")
    await page.locator("button.phone").first.click()
    await until(lambda: len(stage.portal.telephony.calls) == 2)
    await until(lambda: not stage.portal.hub.drawn())
    assert await say(worker, "CallCardSetMute", {"muted": True}) == rule("Call card is undefined")
    assert await page.locator(".call-card").count() == 0


async def test_the_worker_may_have_to_do_without_the_microphone(stage: Stage) -> None:
    stage.portal.config.worker_microphone = False
    context = await stage.signed_in()
    page = context.pages[0]
    allowed = "document.featurePolicy.allowsFeature('microphone')"
    worker = await frame_of(page, "worker")
    assert await worker.evaluate(allowed) is False
    await page.goto(f"{stage.url}/marketplace/app/")
    assert await (await frame_of(page, "main")).evaluate(allowed) is True


async def test_lists_and_cards_have_the_applications_buttons(stage: Stage) -> None:
    for code, path in (
        ("CRM_CONTACT_LIST_TOOLBAR", "toolbar"),
        ("CRM_CONTACT_LIST_MENU", "row"),
        ("CRM_CONTACT_DETAIL_TOOLBAR", "detail"),
    ):
        bound = {"PLACEMENT": code, "HANDLER": f"{stage.app_url}/{path}", "TITLE": f"Дело {path}"}
        await stage.rest("placement.bind", bound)
    context = await stage.signed_in()
    page = context.pages[0]
    await page.goto(f"{stage.url}/crm/contact/list/")
    await page.get_by_role("button", name="Дело toolbar").click()
    await frame_of(page, "toolbar")
    _, form = stage.tested.opened("/toolbar")[-1]
    # Neither rows nor filter: a toolbar's page learns where it is, and nothing else.
    assert json.loads(form["PLACEMENT_OPTIONS"]) == {"URI": "/crm/contact/list/"}
    await page.keyboard.press("Escape")
    await page.locator(".row-menu summary").first.click()
    await page.get_by_role("button", name="Дело row").first.click()
    await frame_of(page, "row")
    _, form = stage.tested.opened("/row")[-1]
    options = json.loads(form["PLACEMENT_OPTIONS"])
    assert (form["PLACEMENT"], options["ID"]) == ("CRM_CONTACT_LIST_MENU", "1")
    await page.goto(f"{stage.url}/crm/contact/details/2/")
    await page.get_by_role("button", name="Дело detail").click()
    await frame_of(page, "detail")
    _, form = stage.tested.opened("/detail")[-1]
    assert json.loads(form["PLACEMENT_OPTIONS"])["ID"] == "2"


async def test_people_days_and_responsibles_are_changed_by_hand(stage: Stage) -> None:
    bound = {"event": "ONCRMCONTACTUPDATE", "handler": f"{stage.app_url}/event"}
    await stage.rest("event.bind", bound)
    context = await stage.signed_in()
    page = context.pages[0]
    for button, status in (
        ("Начать или продолжить", "OPENED"),
        ("Перерыв", "PAUSED"),
        ("Завершить", "CLOSED"),
    ):
        await page.get_by_label("Меню сотрудника").click()
        # The page draws itself anew when the portal has answered.
        async with page.expect_event("load"):
            await page.get_by_role("button", name=button).click()
        assert stage.portal.workdays.status(1) == status
    await page.goto(f"{stage.url}/company/")
    row = page.get_by_role("row", name="Мария Ветрова")
    async with page.expect_event("load"):
        await row.get_by_role("button", name="Уволить").click()
    await row.get_by_text("уволен").wait_for()
    assert stage.portal.active_user(3) is None
    async with page.expect_event("load"):
        await row.get_by_role("button", name="Восстановить").click()
    assert stage.portal.active_user(3)
    await page.goto(f"{stage.url}/crm/contact/details/1/")
    await page.get_by_label("Ответственный").select_option(label="Тимур Галеев")
    await until(lambda: stage.tested.events)
    assert stage.tested.events[0]["data[FIELDS][ID]"] == "1"
    assert stage.portal.store.get("CONTACT", 1)["ASSIGNED_BY_ID"] == "4"


async def test_a_slow_worker_is_counted_by_the_page_that_waited_for_it(stage: Stage) -> None:
    await stage.rest("placement.unbind", {"PLACEMENT": "PAGE_BACKGROUND_WORKER"})
    await stage.rest("placement.bind", _worker(stage))
    context = await stage.signed_in()
    page = context.pages[0]
    # Every millisecond counts for ten seconds, so that nobody has to wait.
    await page.add_init_script(
        "const now = performance.now.bind(performance); performance.now = () => now() * 10000"
    )
    for _ in range(11):
        async with page.expect_response(lambda answer: "/portal/loaded" in answer.url):
            await page.goto(f"{stage.url}/company/")
    await until(lambda: stage.tested.events)
    assert stage.tested.events[0]["error"] == "ERROR_PLACEMENT_LOADING_OVERTIME"
    assert [row["placement"] for row in await stage.rest("placement.get", {})] == [
        "LEFT_MENU",
        "USER_PROFILE_MENU",
        "CALL_CARD",
    ]
