"""Every button and every end in the portal's own card: what an operator sees and can do (B4)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from tests.e2e.amo import customer, phone_is, until
from tests.e2e.demo import ELENA, ILYA, MARIA, SEVER, UNKNOWN, Demo
from tests.e2e.portal import (
    FINISH,
    PHONES,
    PortalTab,
    asked,
    finishes,
    forget_log,
    in_portal,
)

pytestmark = pytest.mark.browser

BUSY, INVALID = "+79160000900", "+79160000902"
"""What the sandbox's switch makes of numbers that end so."""
REGISTER = "telephony.externalCall.register"


async def click_number(page: Page, number: str) -> None:
    """As every clickable number of the portal's pages does."""
    await page.evaluate("(number) => void window.portal.dial(number)", number)


@asynccontextmanager
async def in_a_talk(demo: Demo, browser: Browser) -> AsyncIterator[PortalTab]:
    async with in_portal(demo, browser, ILYA) as ilya:
        demo.call(ELENA, SEVER)
        await ilya.button("answer").click()
        await expect(ilya.card).to_have_attribute("data-state", "connected")
        yield ilya


@pytest.mark.feature("B4")
async def test_the_cards_microphone_and_keys_do_what_they_say(
    demo: Demo, browser: Browser, shots: Path
) -> None:
    async with in_portal(demo, browser, ILYA) as ilya:
        who = demo.call(ELENA, SEVER)
        await ilya.button("answer").click()
        await expect(ilya.card).to_have_attribute("data-state", "connected")
        mute = ilya.button("mute")
        await mute.click()
        await expect(mute).to_have_attribute("aria-pressed", "true")
        await ilya.page.screenshot(path=shots / "bitrix24-card-mute.png")
        await mute.click()
        await expect(mute).to_have_attribute("aria-pressed", "false")
        await ilya.button("dialpad").click()
        await ilya.card.get_by_role("button", name="5", exact=True).click()
        await until(lambda: customer(demo, who)["heard_keys"] == "5", "the customer hears the key")
        await expect(ilya.card).to_have_attribute("data-state", "connected")
        await ilya.button("hangup").click()
        await phone_is(demo, PHONES[ILYA], "NOT_INUSE")


@pytest.mark.feature("B4")
async def test_a_comment_typed_on_the_card_stays_with_the_call_in_the_portal(
    demo: Demo, browser: Browser
) -> None:
    async with in_a_talk(demo, browser) as ilya:
        await forget_others(demo)
        typed = ilya.card.get_by_placeholder("Комментарий")
        await typed.fill("перезвонить утром")
        await typed.press("Enter")
        await expect(ilya.status).to_contain_text("Комментарий останется у звонка")
        await ilya.button("hangup").click()
        await expect(ilya.card).to_have_count(0)
        await until(lambda: finishes(demo), "the call is finished in the portal")
    assert portal_state(demo)["statistics"][-1]["COMMENT"] == "перезвонить утром"


@pytest.mark.feature("B4")
@pytest.mark.feature("B20")
async def test_a_clicked_number_that_is_busy_stays_on_the_card_and_is_called_again(
    demo: Demo, browser: Browser, shots: Path
) -> None:
    async with in_portal(demo, browser, ILYA) as ilya:
        await forget_log(demo)
        await click_number(ilya.page, BUSY)
        await expect(ilya.card).to_have_attribute("data-state", "redial")
        await expect(ilya.status).to_have_text("Номер занят")
        await until(lambda: finishes(demo), "the portal's call is finished")
        # Finishing takes cards away; our tab in it asked for this one to stay.
        await expect(ilya.card).to_have_attribute("data-state", "redial")
        await ilya.page.screenshot(path=shots / "bitrix24-card-redial.png")
        await ilya.button("makeCall").click()
        await expect(ilya.card).to_have_attribute("data-state", "redial", timeout=10_000)
        await until(lambda: len(finishes(demo)) == 2, "the second call is finished too")
        # A caller gets the card, though the ended one was kept.
        demo.call(ELENA, SEVER)
        await expect(ilya.title).to_contain_text("Елена Андреевна Морозова")
        await expect(ilya.card).to_have_attribute("data-state", "incoming")
    first, second = finishes(demo)
    assert (first["STATUS_CODE"], second["STATUS_CODE"]) == ("486", "486")
    # The clicked call is the portal's own: it is not registered once more.
    outgoing = [row["params"] for row in asked(demo, REGISTER) if row["params"]["TYPE"] == 1]
    assert [row["PHONE_NUMBER"] for row in outgoing] == [BUSY]
    assert first["CALL_ID"] != second["CALL_ID"]


@pytest.mark.feature("B4")
async def test_a_number_that_does_not_exist_is_an_error_to_be_closed(
    demo: Demo, browser: Browser, shots: Path
) -> None:
    async with in_portal(demo, browser, ILYA) as ilya:
        await click_number(ilya.page, INVALID)
        await expect(ilya.card).to_have_attribute("data-state", "error")
        await expect(ilya.status).to_have_text("Такого номера не существует")
        await ilya.page.screenshot(path=shots / "bitrix24-card-error.png")
        await ilya.button("close").click()
        await expect(ilya.card).to_have_count(0)


@pytest.mark.feature("B4")
async def test_an_outgoing_call_is_shown_from_the_own_phone_to_the_talk(
    demo: Demo, browser: Browser
) -> None:
    async with in_portal(demo, browser, ILYA) as ilya:
        await click_number(ilya.page, f"+{ELENA}")
        await expect(ilya.card).to_have_attribute("data-state", "connectingOutgoing")
        await expect(ilya.status).to_have_text("Вызываем абонента")
        await expect(ilya.card).to_have_attribute("data-state", "connected", timeout=10_000)
        await ilya.button("hangup").click()
        await expect(ilya.card).to_have_count(0)
        await phone_is(demo, PHONES[ILYA], "NOT_INUSE")


@pytest.mark.feature("W15")
@pytest.mark.feature("B4")
async def test_a_call_of_a_colleague_has_a_card_and_the_portal_never_hears_of_its_end(
    demo: Demo, browser: Browser, shots: Path
) -> None:
    async with (
        in_portal(demo, browser, ILYA, app=True) as ilya,
        in_portal(demo, browser, MARIA) as maria,
    ):
        await forget_log(demo)
        await ilya.app.get_by_label("Номер телефона").fill("102")
        await ilya.app.get_by_label("Номер телефона").press("Enter")
        await expect(maria.card).to_have_attribute("data-state", "incoming", timeout=10_000)
        await expect(maria.title).to_contain_text("Илья Соколов")
        await maria.page.screenshot(path=shots / "bitrix24-card-internal.png")
        await maria.button("answer").click()
        await expect(maria.card).to_have_attribute("data-state", "connected")
        await expect(maria.status).to_have_text("Внутренний звонок")
        await maria.button("hangup").click()
        await expect(maria.card).to_have_count(0)
        await phone_is(demo, PHONES[ILYA], "NOT_INUSE")
        # A customer's call after it: whatever would finish the first has run by then.
        missed = demo.call(UNKNOWN, SEVER)
        await expect(maria.card).to_be_visible()
        demo.customer(missed, "hangup")
        await until(lambda: finishes(demo), "the customer's call is finished")
    (internal,) = [r["params"] for r in asked(demo, REGISTER) if r["params"]["TYPE"] == 2][:1]
    assert (internal["PHONE_NUMBER"], internal["USER_ID"]) == ("101", MARIA)
    assert len(asked(demo, FINISH)) == 1


@pytest.mark.feature("B4")
async def test_behind_a_call_list_the_call_is_on_our_own_page(
    demo: Demo, browser: Browser, shots: Path
) -> None:
    demo.portal_faults(list_hides_card=True)
    number = new_call_list(demo)
    async with in_portal(demo, browser, ILYA) as ilya:
        await ilya.page.goto(f"{demo.portal}/crm/calllist/{number}/")
        await ilya.worker_ready()
        await ilya.page.locator("button.phone").first.click()
        await phone_is(demo, PHONES[ILYA], "RINGING", "INUSE")
        slider = ilya.page.frame_locator(".slider-box iframe").frame_locator("#app-stage iframe")
        card = slider.locator(".card-live")
        await expect(card).to_contain_text("Елена Андреевна Морозова", timeout=20_000)
        await expect(ilya.card).to_have_count(0)
        await ilya.page.screenshot(path=shots / "bitrix24-call-list.png")
        await card.get_by_role("button", name="Завершить").click()
        await phone_is(demo, PHONES[ILYA], "NOT_INUSE")


@pytest.mark.feature("B4")
async def test_in_the_desktop_application_the_card_works_as_in_a_browser(
    demo: Demo, browser: Browser
) -> None:
    demo.portal_faults(desktop_app=True)
    async with in_a_talk(demo, browser) as ilya:
        await ilya.button("hold").click()
        await expect(ilya.button("hold")).to_have_attribute("aria-pressed", "true")
        await ilya.button("hold").click()
        await expect(ilya.button("hold")).to_have_attribute("aria-pressed", "false")
        for on in ("true", "false"):
            await ilya.button("mute").click()
            await expect(ilya.button("mute")).to_have_attribute("aria-pressed", on)
        await ilya.button("hangup").click()
        await expect(ilya.card).to_have_count(0)


@pytest.mark.feature("B4")
async def test_a_slider_neither_doubles_the_card_nor_its_buttons(
    demo: Demo, browser: Browser
) -> None:
    async with in_portal(demo, browser, ILYA) as ilya:
        await ilya.page.get_by_role("link", name="Елена Морозова").click()
        slider = ilya.page.frame_locator(".slider-box iframe")
        await expect(slider.locator("#worker iframe")).to_be_attached()
        await forget_log(demo)
        demo.call(ELENA, SEVER)
        await ilya.button("answer").click()
        await expect(ilya.card).to_have_attribute("data-state", "connected")
        await ilya.button("hold").click()
        await expect(ilya.button("hold")).to_have_attribute("aria-pressed", "true")
        # The slider goes, and with it one of two workers: the other drives on.
        await ilya.page.locator(".slider-close").click()
        await ilya.button("hold").click()
        await expect(ilya.button("hold")).to_have_attribute("aria-pressed", "false")
        await ilya.button("hangup").click()
        await expect(ilya.card).to_have_count(0)
        await until(lambda: finishes(demo), "the call is finished")
    assert len(asked(demo, FINISH)) == 1


def portal_state(demo: Demo) -> dict[str, Any]:
    return dict(demo.http.get(demo._server(1, "state")).raise_for_status().json())


async def forget_others(demo: Demo) -> None:
    """Calls of earlier tests are finished and out of the log; the one that is on stays open."""
    await until(
        lambda: sum(not call["INTERNAL"] for call in portal_state(demo)["calls"]) == 1,
        "only this call is open in the portal",
        20.0,
    )
    demo.http.delete(demo._server(1, "log")).raise_for_status()


def new_call_list(demo: Demo) -> int:
    hook = f"http://127.0.0.1:{demo.port + 1}/rest/1/sandboxhook0001/crm.calllist.add"
    answer = demo.http.post(hook, json={"ENTITY_TYPE": "CONTACT", "ENTITIES": [1]})
    return int(answer.raise_for_status().json()["result"])
