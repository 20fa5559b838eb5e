"""The portal in a real Chromium: launches, the frame protocol, the card and its one tab."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import pytest

from tests.sandbox.bitrix24.frame_client import rule
from tests.sandbox.bitrix24.stage import frame_of, heard, ring, say, shot, until

if TYPE_CHECKING:
    from playwright.async_api import Page

    from tests.sandbox.bitrix24.stage import Stage

pytestmark = pytest.mark.browser


async def test_the_worker_is_loaded_by_a_post_into_a_hidden_frame(stage: Stage) -> None:
    context = await stage.signed_in()
    page = context.pages[0]
    worker = await frame_of(page, "worker")
    query, form = stage.tested.opened("/worker")[-1]
    assert query["v"] == "1"
    assert query["DOMAIN"] == stage.portal.config.domain
    assert query["PROTOCOL"] == "0"
    assert worker.name == f"{stage.portal.config.domain}|0|{query['APP_SID']}"
    assert form["PLACEMENT"] == "PAGE_BACKGROUND_WORKER"
    assert json.loads(form["PLACEMENT_OPTIONS"])["URI"].startswith("/company/")
    assert stage.portal.tokens.check(form["AUTH_ID"]).user_id == 1
    element = await worker.frame_element()
    assert "microphone *" in (await element.get_attribute("allow") or "")
    assert not await element.is_visible()


async def test_the_frame_protocol_checks_its_sid(stage: Stage) -> None:
    context = await stage.signed_in()
    worker = await frame_of(context.pages[0], "worker")
    init = (await say(worker, "getInitData"))["value"]
    assert (init["PATH"], init["PLACEMENT"], init["IS_ADMIN"]) == (
        "/rest",
        "PAGE_BACKGROUND_WORKER",
        True,
    )
    fresh = (await say(worker, "refreshAuth"))["value"]
    assert fresh["AUTH_ID"] != init["AUTH_ID"]
    assert stage.portal.tokens.check(fresh["AUTH_ID"]).user_id == 1
    assert await say(worker, "getInitData", None, "0" * 32) == "silence"
    assert await say(worker, "setTitle", {"title": "no"}) == "silence"
    assert await say(worker, "NoSuchCommand", {}) == "silence"
    offered = (await say(worker, "getInterface"))["value"]
    assert (len(offered["command"]), len(offered["event"])) == (9, 17)
    assert len((await say(worker, "CallCardGetListUiStates", {}))["value"]) == 12
    assert await say(worker, "CallCardSetMute", {"muted": True}) == rule("Call card is undefined")


async def test_the_card_rings_obeys_and_tells(stage: Stage) -> None:
    context = await stage.signed_in()
    page = context.pages[0]
    worker = await frame_of(page, "worker")
    call_id = await ring(stage)
    card = page.locator(".call-card")
    await card.wait_for()
    initialized = await heard(worker, "BackgroundCallCard::initialized")
    assert initialized["CALL_ID"] == call_id
    assert (initialized["CRM_ENTITY_TYPE"], initialized["CRM_ENTITY_ID"]) == ("CONTACT", 1)
    assert initialized["CALL_DIRECTION"] == "incoming"
    order = await worker.evaluate("log.map(([name]) => name)")
    assert order[:2] == ["BackgroundCallCard::entityChanged", "BackgroundCallCard::initialized"]
    assert "Елена Морозова" in await card.inner_text()
    await shot(page, "b24-card-incoming")
    await card.get_by_role("button", name="Ответить").click()
    await heard(worker, "BackgroundCallCard::answerButtonClick")
    typed = card.get_by_placeholder("Комментарий")
    await typed.fill("перезвонить утром")
    await typed.press("Enter")
    assert await heard(worker, "BackgroundCallCard::addCommentButtonClick") == "перезвонить утром"
    assert await say(worker, "CallCardSetUiState", {"uiState": "connected"}) == {"value": []}
    assert await say(worker, "CallCardSetUiState", {"uiState": "x"}) == rule("Invalid ui state")
    assert await say(worker, "CallCardSetStatusText", {"statusText": "Ещё звонит: Павел"}) == {
        "value": []
    }
    assert await say(worker, "CallCardSetCardTitle", {"title": "Разговор"}) == {"value": []}
    assert await say(worker, "CallCardStopTimer", {}) == "silence"
    assert "Ещё звонит: Павел" in await card.inner_text()
    await card.get_by_role("button", name="Без звука").click()
    assert await heard(worker, "BackgroundCallCard::muteButtonClick") is True
    await card.get_by_role("button", name="Клавиши").click()
    await card.get_by_role("button", name="5", exact=True).click()
    assert await heard(worker, "BackgroundCallCard::dialpadButtonClick") == "5"
    await shot(page, "b24-card-connected")
    done = await stage.rest("telephony.externalCall.finish", {"CALL_ID": call_id, "USER_ID": 1})
    assert done["COMMENT"] == "перезвонить утром"
    await card.wait_for(state="detached")
    await until(lambda: not stage.portal.hub.drawn())
    assert await say(worker, "CallCardSetMute", {"muted": True}) == rule("Call card is undefined")


async def test_one_tab_of_three_draws_the_card_and_hands_it_on(stage: Stage) -> None:
    context = await stage.signed_in()
    for path in ("/crm/contact/list/", "/crm/deal/list/"):
        await (await context.new_page()).goto(stage.url + path)
    workers = [await frame_of(page, "worker") for page in context.pages]
    assert len({worker.name for worker in workers}) == 3
    await until(lambda: len(stage.portal.hub.pages) == 3)
    await ring(stage)
    await until(lambda: stage.portal.hub.drawn())

    async def drawing() -> list[Page]:
        return [page for page in context.pages if await page.locator(".call-card").count()]

    async def drawn_by_one() -> Page:
        async with asyncio.timeout(8):
            while len(found := await drawing()) != 1:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        return found[0]

    owner = await drawn_by_one()
    await ring(stage, "+79161234502")
    assert await drawing() == [owner]
    await owner.close()
    assert await drawn_by_one() is not owner


async def test_the_card_has_the_applications_tab(stage: Stage) -> None:
    context = await stage.signed_in()
    page = context.pages[0]
    await frame_of(page, "worker")
    call_id = await ring(stage)
    await page.locator(".call-card").wait_for()
    tab = await frame_of(page, "card")
    _, form = stage.tested.opened("/card")[-1]
    options = json.loads(form["PLACEMENT_OPTIONS"])
    assert (options["CRM_ENTITY_ID"], options["CRM_ACTIVITY_ID"]) == ("1", "undefined")
    assert options["CALL_LIST_MODE"] == "false"
    status = (await say(tab, "getStatus"))["value"]
    assert (status["CALL_ID"], status["CALL_LIST_MODE"]) == (call_id, False)
    assert await say(tab, "disableAutoClose") == {"value": []}
    await stage.rest("telephony.externalCall.finish", {"CALL_ID": call_id, "USER_ID": 1})
    assert await heard(tab, "CallCard::CallStateChanged") == ["idle", {"failedCode": "304"}]
    assert await page.locator(".call-card").count() == 1
    await tab.evaluate("void command('enableAutoClose')")
    await page.locator(".call-card").wait_for(state="detached")


async def test_menus_sliders_and_clicked_numbers(stage: Stage) -> None:
    context = await stage.signed_in()
    page = context.pages[0]
    await page.get_by_role("link", name="Контакты").click()
    await shot(page, "b24-contacts")
    worker = await frame_of(page, "worker")
    opened = await say(worker, "openPath", {"path": "/somewhere/else/"})
    assert opened["value"] == {"result": "error", "errorCode": "PATH_NOT_AVAILABLE"}
    before = len(stage.tested.opened("/worker"))
    await page.get_by_role("link", name="Елена Морозова").click()
    await until(lambda: len(stage.tested.opened("/worker")) > before)
    slider = page.frame_locator(".slider-box iframe")
    await slider.get_by_role("heading", name="Елена Морозова").wait_for()
    await shot(page, "b24-slider")
    await page.get_by_role("button", name="×").click()
    await page.locator("button.phone").first.click()
    await page.locator(".call-card[data-state=connectingOutgoing]").wait_for()
    (call,) = stage.portal.telephony.calls.values()
    assert (call.type, call.external_id) == (1, None)
    await page.goto(f"{stage.url}/marketplace/widget/0/")
    left = await frame_of(page, "left")
    assert await (await left.frame_element()).is_visible()
    await page.goto(f"{stage.url}/crm/deal/list/?lang=en")
    await shot(page, "b24-deals")
    await page.get_by_label("User menu").click()
    await page.get_by_role("button", name="Дозвон").first.click()
    await frame_of(page, "profile")


async def test_the_admin_installs_and_widgets_appear(stage: Stage) -> None:
    stage.portal.config.application.installed = False
    other = await stage.signed_in(2)
    await other.pages[0].goto(f"{stage.url}/marketplace/")
    assert await other.pages[0].locator("#install").count() == 0
    context = await stage.signed_in()
    page = context.pages[0]
    assert not stage.tested.opened("/worker")
    await page.goto(f"{stage.url}/marketplace/")
    await page.get_by_role("button", name="Установить").click()
    install = await frame_of(page, "install")
    assert (await say(install, "getInitData"))["value"]["INSTALL"] is True
    await shot(page, "b24-install")
    await install.evaluate("void command('setInstallFinish')")
    await frame_of(page, "main")
    assert stage.portal.config.application.installed
    await frame_of(page, "worker")


async def test_another_sites_frame_gets_no_answer(stage: Stage) -> None:
    context = await stage.signed_in()
    page = context.pages[0]
    worker = await frame_of(page, "worker")
    sid = worker.name.split("|")[2]
    answers = await page.evaluate(
        """async ([url, sid]) => {
          const frame = document.createElement("iframe");
          frame.srcdoc = `<script>
            addEventListener("message", (event) => parent.stolen.push(event.data));
            parent.postMessage("refreshAuth:k1:${sid}", "*");
          <\\/script>`;
          window.stolen = [];
          document.body.append(frame);
          await new Promise((done) => setTimeout(done, 300));
          return window.stolen;
        }""",
        [stage.app_url, sid],
    )
    assert answers == []


async def test_signing_in_is_picking_a_person(stage: Stage) -> None:
    context = await stage.browser.new_context(color_scheme="dark")
    page = await context.new_page()
    await page.goto(f"{stage.url}/crm/contact/list/")
    await shot(page, "b24-login-dark")
    await page.get_by_role("button", name="Илья Соколов").click()
    await page.get_by_role("heading", name="Контакты").wait_for()
    await shot(page, "b24-contacts-dark")
    assert 2 in stage.portal.sessions.values()
