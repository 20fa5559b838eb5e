"""The main states of our page in the portal, reached one after another with a real call."""

from __future__ import annotations

from collections.abc import AsyncIterator

from playwright.async_api import expect

from tests.e2e.amo import phone_is
from tests.e2e.demo import ELENA, ILYA, SEVER, SHARED, Demo
from tests.e2e.portal import PHONES, PortalTab

NOBODY = "79160000077"
NOBODY_EITHER = {"ru": "79160000078", "en": "79160000079"}
"""What was not found is remembered a while: each run asks about another number."""

WORDS = {
    "ru": {
        "history": "История", "colleagues": "Коллеги", "calls": "Звонки", "status": "Ваш статус",
        "sound": "Включить звук", "answer": "Ответить", "hold": "Удержать", "resume": "Вернуться",
        "hangup": "Завершить", "dismiss": "Закрыть", "deals": "Открытые сделки",
        "not_found": "В CRM такого номера нет", "silent": "CRM не отвечает",
        "again": "Повторить поиск", "offline": "Нет интернета", "online": "На связи",
        "several": "Кто звонит?", "second": "Второй звонок",
        "transfer": "Перевести", "keypad": "Клавиши",
    },
    "en": {
        "history": "History", "colleagues": "Colleagues", "calls": "Calls", "status": "Your status",
        "sound": "Turn sound on", "answer": "Answer", "hold": "Hold", "resume": "Resume",
        "hangup": "Hang up", "dismiss": "Dismiss", "deals": "Open deals",
        "not_found": "The CRM has no such number", "silent": "The CRM does not answer",
        "again": "Look again", "offline": "No internet", "online": "Connected",
        "several": "Who is calling?", "second": "Second call",
        "transfer": "Transfer", "keypad": "Keypad",
    },
}  # fmt: skip


async def states(demo: Demo, tab: PortalTab, lang: str) -> AsyncIterator[str]:
    """Yields each state's name while it is on screen. Begins and ends with no call."""
    word = WORDS[lang]
    app = tab.app
    yield "sound-locked"
    # Looking at the page by script may have been the gesture already.
    if await app.get_by_role("button", name=word["sound"]).count():
        await app.get_by_role("button", name=word["sound"]).click()
    await expect(app.get_by_role("button", name=word["sound"])).to_have_count(0)
    yield "idle"
    await app.get_by_role("button", name=word["status"]).click()
    await expect(app.get_by_role("radio").first).to_be_visible()
    yield "status-menu"
    await tab.page.keyboard.press("Escape")
    await app.get_by_role("tab", name=word["colleagues"]).click()
    await expect(app.locator(".entry").first).to_be_visible()
    yield "colleagues"

    first = demo.call(ELENA, SEVER)
    await expect(tab.ringing().get_by_text(word["deals"])).to_be_visible()
    yield "ringing"
    await tab.ringing().get_by_role("button", name=word["answer"]).click()
    live = app.locator(".card-live")
    await expect(live.get_by_role("button", name=word["hold"])).to_be_visible()
    yield "in-call"
    await live.get_by_role("button", name=word["transfer"]).click()
    await expect(live.locator(".transfer .entry").first).to_be_visible()
    yield "transfer"
    await live.get_by_role("button", name=word["keypad"]).click()
    await expect(live.locator(".keypad")).to_be_visible()
    yield "keypad"
    await tab.page.keyboard.press("Escape")
    second = demo.call(NOBODY, SEVER)
    await expect(tab.ringing()).to_contain_text(word["second"])
    yield "second-caller"
    demo.customer(second, "hangup")
    await expect(tab.ringing()).to_have_count(0)
    await live.get_by_role("button", name=word["hold"]).click()
    held = app.locator(".card-held")
    await expect(held.get_by_role("button", name=word["resume"])).to_be_visible()
    yield "held"
    demo.customer(first, "hangup")
    ended = app.locator(".card-ended").first
    await expect(ended).to_be_visible()
    await phone_is(demo, PHONES[ILYA], "NOT_INUSE")
    yield "ended"
    await app.get_by_role("tab", name=word["history"]).click()
    await expect(app.locator(".entry").first).to_be_visible()
    yield "history"
    await app.get_by_role("tab", name=word["calls"]).click()
    await ended.get_by_role("button", name=word["dismiss"]).click()

    third = demo.call(SHARED, SEVER)
    await expect(tab.ringing()).to_contain_text(word["several"])
    yield "several-matches"
    demo.customer(third, "hangup")
    await expect(tab.ringing()).to_have_count(0)
    fourth = demo.call(NOBODY, SEVER)
    await expect(tab.ringing()).to_contain_text(word["not_found"])
    yield "not-found"
    demo.customer(fourth, "hangup")
    await expect(tab.ringing()).to_have_count(0)

    demo.portal_faults(crm_down=True)
    fifth = demo.call(NOBODY_EITHER[lang], SEVER)
    await expect(tab.ringing()).to_contain_text(word["silent"], timeout=15_000)
    yield "crm-silent"
    demo.portal_faults(crm_down=False)
    again = tab.ringing().get_by_role("button", name=word["again"])
    for _ in range(40):
        if await again.count():
            await again.click()
        try:
            await expect(tab.ringing()).to_contain_text(word["not_found"], timeout=1_000)
            break
        except AssertionError:
            continue
    await expect(tab.ringing()).to_contain_text(word["not_found"])
    demo.customer(fifth, "hangup")
    await expect(tab.ringing()).to_have_count(0)

    await tab.page.context.set_offline(True)
    await expect(app.get_by_text(word["offline"])).to_be_visible()
    yield "offline"
    await tab.page.context.set_offline(False)
    await expect(app.get_by_text(word["online"], exact=True)).to_be_visible(timeout=15_000)
