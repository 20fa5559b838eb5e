"""A talk passes between tabs of colleagues, and the customer hears where it is (W5, W6, W8)."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Browser, Locator, expect

from tests.e2e.amo import Operator, at_work, customer, hears, phone_is, until
from tests.e2e.demo import ELENA, ILYA, MARIA, PAVEL, SEVER, VEKTOR, Demo
from tests.e2e.portal import PHONES, in_portal

pytestmark = pytest.mark.browser
NAME = "Елена Морозова"


async def maria_talks(demo: Demo, maria: Operator) -> tuple[str, Locator]:
    """Елена calls and Мария answers in her tab."""
    who = demo.call(ELENA, VEKTOR)
    card = maria.tab.card(NAME)
    await card.get_by_role("button", name="Ответить").click()
    await expect(card.get_by_text("Разговор", exact=True)).to_be_visible()
    await hears(demo, who, "person")
    return who, card


async def find(card: Locator, words: str) -> Locator:
    await card.get_by_role("button", name="Перевести (Alt+T)").click()
    await card.get_by_role("searchbox", name="Имя, отдел").fill(words)
    return card.get_by_role("group", name="Перевод звонка")


@pytest.mark.feature("W6")
async def test_a_call_is_passed_on_comes_back_and_is_passed_on_for_good(
    demo: Demo, browser: Browser, shots: Path
) -> None:
    async with at_work(demo, browser, MARIA) as maria, at_work(demo, browser, ILYA) as ilya:
        who, card = await maria_talks(demo, maria)
        box = await find(card, "Илья")
        await box.get_by_role("textbox", name="Сообщение").fill("Просит скидку")
        await maria.tab.page.screenshot(path=shots / "amocrm-transfer.png")
        await box.get_by_role("button", name="Перевести сразу: Илья").click()
        await hears(demo, who, "music")
        await phone_is(demo, maria.phone, "NOT_INUSE")
        await expect(card.get_by_text("Переводим: Илья Соколов")).to_be_visible()
        offered = ilya.tab.card(NAME)
        await expect(offered.get_by_text("Вам переводит Мария Ветрова")).to_be_visible()
        await expect(offered.get_by_text("«Просит скидку»")).to_be_visible()
        await ilya.tab.page.screenshot(path=shots / "amocrm-transfer-offered.png")

        # Declined: it rings where it came from, with the reason.
        await offered.get_by_role("button", name="Отклонить").click()
        await expect(card.get_by_text("отклонил звонок. Звонок вернулся к вам")).to_be_visible()
        await card.get_by_role("button", name="Ответить").click()
        await hears(demo, who, "person")
        await expect(card.get_by_text("Не переведён, Илья Соколов")).to_be_visible()
        await expect(ilya.tab.cards).to_have_count(0)

        # By # and his extension on the keypad, with no hand on the mouse.
        await maria.tab.page.bring_to_front()
        await card.press("Alt+K")
        pad = card.get_by_role("group", name="Клавиши набора")
        await expect(pad).to_be_focused()
        await pad.press_sequentially("#101")
        await pad.press("Enter")
        await hears(demo, who, "music")
        await offered.get_by_role("button", name="Ответить").click()
        await hears(demo, who, "person")
        await expect(offered.get_by_text("Звонок передал(а) Мария Ветрова")).to_be_visible()
        await expect(maria.tab.cards).to_have_count(0)
        await phone_is(demo, ilya.phone, "INUSE")
        await offered.get_by_role("button", name="Завершить").click()
        await until(lambda: customer(demo, who)["outcome"] == "talked", "the customer is free")


@pytest.mark.feature("W6")
async def test_a_transfer_is_talked_over_merged_and_left(
    demo: Demo, browser: Browser, shots: Path
) -> None:
    async with at_work(demo, browser, MARIA) as maria, at_work(demo, browser, ILYA) as ilya:
        who, card = await maria_talks(demo, maria)
        box = await find(card, "101")
        await box.get_by_role("button", name="Сначала поговорить: Илья").click()
        await expect(card.get_by_text("Звоним: Илья Соколов")).to_be_visible()
        await hears(demo, who, "music")
        asked = ilya.tab.card(NAME)
        await asked.get_by_role("button", name="Ответить").click()
        await expect(card.get_by_text("Вы говорите с: Илья Соколов")).to_be_visible()
        await expect(asked.get_by_text("Мария Ветрова советуется с вами")).to_be_visible()
        await hears(demo, who, "music")
        await maria.tab.page.screenshot(path=shots / "amocrm-consult.png")

        await card.get_by_role("button", name="Вернуться").click()
        await hears(demo, who, "person")
        await expect(asked.get_by_text("говорит с абонентом, подождите")).to_be_visible()
        await card.get_by_role("button", name="Удержать").click()
        await hears(demo, who, "music")

        await card.get_by_role("button", name="Втроём").click()
        await hears(demo, who, "person")
        await expect(card.get_by_text(f"В разговоре: {NAME}, Илья Соколов")).to_be_visible()
        await card.get_by_role("button", name="Выйти из разговора").click()
        await phone_is(demo, maria.phone, "NOT_INUSE")
        await expect(maria.tab.cards).to_have_count(0)
        await hears(demo, who, "person")
        await expect(asked.get_by_role("button", name="Перевести (Alt+T)")).to_be_visible()
        demo.customer(who, "hangup")
        await phone_is(demo, ilya.phone, "NOT_INUSE")


@pytest.mark.feature("W5")
@pytest.mark.feature("W8")
async def test_keys_mute_and_a_second_line(demo: Demo, browser: Browser) -> None:
    async with at_work(demo, browser, MARIA) as maria:
        who, card = await maria_talks(demo, maria)
        await card.get_by_role("button", name="Клавиши (Alt+K)").click()
        pad = card.get_by_role("group", name="Клавиши набора")
        await pad.get_by_role("button", name="7").click()
        await pad.press_sequentially("42#")
        await until(lambda: customer(demo, who)["heard_keys"] == "742#", "the keys are heard")
        await pad.press("Escape")
        await card.press("Alt+M")
        await expect(card.get_by_text("вас не слышат")).to_be_visible()
        await card.get_by_role("button", name="Включить микрофон").click()
        await expect(card.get_by_text("вас не слышат")).to_have_count(0)

        # A second caller: answering holds the first, coming back holds the second.
        second = demo.call(PAVEL, VEKTOR)
        rings = maria.tab.cards.filter(has=maria.tab.panel.get_by_text("Второй звонок"))
        await rings.get_by_role("button", name="Ответить").click()
        await hears(demo, who, "music")
        await hears(demo, second, "person")
        await card.get_by_role("button", name="Вернуться").click()
        await hears(demo, who, "person")
        await hears(demo, second, "music")
        demo.customer(who, "hangup")
        await maria.tab.put_cards_away()
        await maria.tab.cards.get_by_role("button", name="Вернуться").click()
        await hears(demo, second, "person")


@pytest.mark.feature("W5")
@pytest.mark.feature("W6")
async def test_the_portals_own_card_passes_a_call_on(
    demo: Demo, browser: Browser, shots: Path
) -> None:
    async with (
        in_portal(demo, browser, ILYA) as ilya,
        in_portal(demo, browser, MARIA) as maria,
    ):
        who = demo.call(ELENA, SEVER)
        # Whoever of the two has the portal's card: it is drawn for everybody who is rung.
        await ilya.button("answer").click()
        await hears(demo, who, "person")
        await expect(maria.card).to_have_count(0)
        await ilya.button("mute").click()
        await expect(ilya.button("mute")).to_have_attribute("aria-pressed", "true")
        await ilya.button("mute").click()
        await expect(ilya.button("mute")).to_have_attribute("aria-pressed", "false")

        await ilya.button("transfer").click()
        await ilya.card.get_by_placeholder("Номер или сотрудник").fill(str(MARIA))
        await ilya.card.get_by_placeholder("Номер или сотрудник").press("Enter")
        await expect(ilya.card).to_have_attribute("data-state", "transferring")
        await hears(demo, who, "music")
        await expect(maria.card).to_have_attribute("data-state", "transferIncoming")
        await expect(maria.status).to_contain_text("Переводит Илья")
        await maria.page.screenshot(path=shots / "bitrix24-card-transfer.png")
        await maria.button("answer").click()
        await expect(maria.card).to_have_attribute("data-state", "connected")
        await hears(demo, who, "music")
        await ilya.button("completeTransfer").click()
        await expect(ilya.card).to_have_count(0)
        await hears(demo, who, "person")
        await phone_is(demo, PHONES[ILYA], "NOT_INUSE")
        await maria.button("hangup").click()
        await until(lambda: customer(demo, who)["outcome"] == "talked", "the customer is free")
