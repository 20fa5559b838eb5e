"""The portal's own call card: raised, driven, hidden for the rest and closed for good (B4, B20)."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from tests.e2e.amo import phone_is, until
from tests.e2e.demo import ELENA, ILYA, MARIA, PAVEL, SEVER, UNKNOWN, Demo
from tests.e2e.portal import (
    PHONES,
    asked,
    finishes,
    forget_log,
    in_portal,
    only_card,
    open_tab,
)

pytestmark = pytest.mark.browser


@pytest.mark.feature("B4")
@pytest.mark.feature("B20")
async def test_a_call_in_the_portals_own_card_from_the_first_ring_to_the_statistics(
    demo: Demo, browser: Browser, shots: Path
) -> None:
    await forget_log(demo)
    async with in_portal(demo, browser, ILYA) as ilya:
        customer = demo.call(ELENA, SEVER)
        await expect(ilya.card).to_be_visible()
        await expect(ilya.title).to_contain_text("Елена Андреевна Морозова")
        await expect(ilya.status).to_contain_text("Отдел продаж · Продажи: все сразу")
        await ilya.page.screenshot(path=shots / "bitrix24-card-ringing.png")

        began = time.monotonic()
        await ilya.button("answer").click()
        await expect(ilya.card).to_have_attribute("data-state", "connected")
        await phone_is(demo, PHONES[ILYA], "INUSE")
        await expect(ilya.timer).to_have_text("00:02")

        await ilya.button("hold").click()
        await until(
            lambda: (
                next(c["hears"] for c in demo.switch_state()["customers"] if c["id"] == customer)
                == "music"
            ),
            "the customer hears music",
        )
        await expect(ilya.button("hold")).to_have_attribute("aria-pressed", "true")
        await ilya.button("hold").click()
        await expect(ilya.button("hold")).to_have_attribute("aria-pressed", "false")

        await ilya.button("hangup").click()
        await expect(ilya.card).to_have_count(0)
        lasted = time.monotonic() - began
        await phone_is(demo, PHONES[ILYA], "NOT_INUSE")

        await until(lambda: finishes(demo), "the call is finished in the portal")
        # A missed call after it: whatever would finish the first once more has run by then.
        missed = demo.call(PAVEL, SEVER)
        await expect(ilya.card).to_be_visible()
        demo.customer(missed, "hangup")
        await expect(ilya.card).to_have_count(0)
        await until(lambda: len(finishes(demo)) >= 2, "the missed call is finished too")

    answered, lost = finishes(demo)
    assert (answered["USER_ID"], answered["STATUS_CODE"]) == (ILYA, "200")
    assert 2 <= answered["DURATION"] <= lasted
    assert answered["FAILED_REASON"] == ""
    assert (lost["STATUS_CODE"], lost["DURATION"]) == ("304", 0)
    assert lost["USER_ID"] in (ILYA, MARIA)
    assert len(asked(demo, "telephony.externalCall.finish")) == 2
    registered = asked(demo, "telephony.externalCall.register")
    assert len(registered) == 2
    assert all(row["params"]["SHOW"] == 0 for row in registered)


@pytest.mark.feature("B4")
async def test_all_who_are_rung_see_the_card_and_it_leaves_the_rest_when_one_answers(
    demo: Demo, browser: Browser
) -> None:
    async with in_portal(demo, browser, ILYA) as ilya, in_portal(demo, browser, MARIA) as maria:
        demo.call(UNKNOWN, SEVER)
        await expect(ilya.card).to_be_visible()
        await expect(maria.card).to_be_visible()
        await expect(maria.title).to_have_text("+7 916 000-00-01")
        await maria.button("answer").click()
        await expect(maria.card).to_have_attribute("data-state", "connected")
        await expect(ilya.card).to_have_count(0)
        await phone_is(demo, PHONES[ILYA], "NOT_INUSE")
        await maria.button("hangup").click()
        await expect(maria.card).to_have_count(0)


@pytest.mark.feature("B4")
async def test_declining_in_the_card_leaves_the_call_to_the_others(
    demo: Demo, browser: Browser
) -> None:
    async with in_portal(demo, browser, ILYA) as ilya, in_portal(demo, browser, MARIA) as maria:
        demo.call(PAVEL, SEVER)
        await expect(ilya.card).to_be_visible()
        await ilya.button("skip").click()
        await expect(ilya.card).to_have_count(0)
        await expect(maria.card).to_have_attribute("data-state", "incoming")
        await phone_is(demo, PHONES[MARIA], "RINGING")


@pytest.mark.feature("W8")
@pytest.mark.feature("B4")
async def test_a_second_caller_is_named_in_the_card_and_gets_it_when_the_first_talk_is_over(
    demo: Demo, browser: Browser
) -> None:
    async with in_portal(demo, browser, ILYA) as ilya:
        await forget_log(demo)
        demo.call(ELENA, SEVER)
        await ilya.button("answer").click()
        await expect(ilya.card).to_have_attribute("data-state", "connected")
        demo.call(UNKNOWN, SEVER)
        await expect(ilya.status).to_have_text("Второй звонок: +7 916 000-00-01")
        await expect(ilya.title).to_contain_text("Елена Андреевна Морозова")
        # The portal was asked for a second card and, as it does, forgot that.
        show = "telephony.externalCall.show"
        await until(lambda: len(asked(demo, show)) == 2, "the second card is asked for")
        await ilya.button("hangup").click()
        await expect(ilya.title).to_have_text("+7 916 000-00-01")
        await expect(ilya.card).to_have_attribute("data-state", "incoming")


@pytest.mark.feature("W9")
@pytest.mark.feature("B4")
async def test_with_three_tabs_one_card_is_drawn_and_driven_once(
    demo: Demo, browser: Browser
) -> None:
    async with in_portal(demo, browser, ILYA) as first:
        context = first.page.context
        second = await open_tab(demo, context, ILYA)
        third = await open_tab(demo, context, ILYA)
        tabs = [first, second, third]
        demo.call(ELENA, SEVER)
        drawn = await only_card(tabs)
        # Commands the card took, counted where the portal carries them out.
        await drawn.page.evaluate(
            "() => { const card = window.portal.card, take = card.command.bind(card);"
            " window.taken = []; card.command = (name, params) => {"
            " window.taken.push(name + JSON.stringify(params)); return take(name, params); }; }"
        )
        await drawn.button("answer").click()
        await expect(drawn.card).to_have_attribute("data-state", "connected")
        assert sum([await tab.card.count() for tab in tabs]) == 1
        await drawn.button("hangup").click()
        for tab in tabs:
            await expect(tab.card).to_have_count(0)
        taken = await drawn.page.evaluate("window.taken")
        states = [line for line in taken if line.startswith("CallCardSetUiState")]
        assert states.count('CallCardSetUiState{"uiState":"connected"}') == 1
        assert len(states) == len(set(states))
        assert len([line for line in taken if line.startswith("CallCardClose")]) <= 1


@pytest.mark.feature("B4")
async def test_a_slow_portal_delays_neither_the_ringing_nor_our_own_page(
    demo: Demo, browser: Browser
) -> None:
    async with in_portal(demo, browser, ILYA, app=True) as ilya:
        await forget_log(demo)
        demo.portal_faults(slow_s={"*": 5.0})
        demo.call(UNKNOWN, SEVER)
        await phone_is(demo, PHONES[ILYA], "RINGING")
        await expect(ilya.ringing()).to_be_visible()
        # All that while the portal has not even answered.
        await expect(ilya.card).to_have_count(0)
        await ilya.ringing().get_by_role("button", name="Ответить").click()
        await phone_is(demo, PHONES[ILYA], "INUSE")
        demo.calm()
        await until(lambda: finishes(demo), "the portal is told in the end", 20.0)


@pytest.mark.feature("B4")
@pytest.mark.feature("B20")
async def test_what_a_portal_that_is_down_missed_it_is_told_when_it_is_back(
    demo: Demo, browser: Browser
) -> None:
    async with in_portal(demo, browser, ILYA, app=True) as ilya:
        await forget_log(demo)
        demo.portal_faults(crm_down=True)
        customer = demo.call(PAVEL, SEVER)
        await expect(ilya.ringing()).to_be_visible()
        await ilya.ringing().get_by_role("button", name="Ответить").click()
        await phone_is(demo, PHONES[ILYA], "INUSE")
        demo.customer(customer, "hangup")
        await phone_is(demo, PHONES[ILYA], "NOT_INUSE")
        await until(
            lambda: asked(demo, "telephony.externalCall.register"), "the portal was tried", 15.0
        )
        assert finishes(demo) == []
        demo.portal_faults(crm_down=False)
        await until(lambda: finishes(demo), "the finish is delivered", 40.0)
    (told,) = finishes(demo)
    assert (told["USER_ID"], told["STATUS_CODE"]) == (ILYA, "200")
