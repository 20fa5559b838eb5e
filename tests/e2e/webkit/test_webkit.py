"""Safari's engine: tabs, cards, answers and storage, where a third party's storage is partitioned
and tracking is prevented. Voice is Chromium's part: Debian builds WebKit without WebRTC."""

from __future__ import annotations

import pytest

from tests.e2e.amo import COUNT_TONES, PHONES, phone_state
from tests.e2e.demo import ELENA, MARIA, SEVER, VEKTOR, Demo
from tests.e2e.webkit.driver import WebKit

pytestmark = pytest.mark.browser
PANEL = "iframe[src*='/widget/amocrm']"
NAME = "Елена Морозова"
PROBE = """
try {
  const found = localStorage.getItem('probe');
  localStorage.setItem('probe', 'seen');
  return [found ?? 'empty', 'locks' in navigator];
} catch (error) {
  return [error.name, 'locks' in navigator];
}
"""


def panel(webkit: WebKit) -> None:
    """Into the panel of the tab spoken to, once it is connected and may sound."""
    webkit.into(PANEL)
    webkit.says("На связи")
    webkit.js(COUNT_TONES)
    webkit.press("button", "Включить звук")
    gone = "return !document.body.innerText.includes('Включить звук')"
    webkit.until(lambda: webkit.js(gone), "the frame may sound")


def tones(webkit: WebKit, tab: str) -> int:
    webkit.front(tab)
    webkit.into(PANEL)
    return int(webkit.js("return window.tones"))


@pytest.mark.feature("W9")
@pytest.mark.feature("W10")
def test_tabs_of_webkit_show_the_same_one_rings_and_any_answers(demo: Demo, webkit: WebKit) -> None:
    shown = webkit.tab()
    webkit.go(demo.amo_page(MARIA))
    # Opened once, it is open in the tabs that come: the page's own storage says so.
    webkit.press("button", "Открыть Дозвон")
    panel(webkit)
    webkit.says("нет WebRTC")
    assert webkit.js(PROBE) == ["empty", True]
    hidden = webkit.open(demo.amo_page(MARIA, "/leads/list/"))
    panel(webkit)
    # The site's own storage is of no use to a third party, the partition is the tabs' own.
    assert webkit.js(PROBE) == ["seen", True]

    demo.call(ELENA, VEKTOR)
    webkit.says(NAME)
    webkit.until(lambda: tones(webkit, shown) > 0, "the tab that is shown rings")
    webkit.says("Входящий звонок")
    assert tones(webkit, hidden) == 0

    webkit.front(shown)
    webkit.close()
    webkit.until(lambda: tones(webkit, hidden) > 0, "the tab that is left rings on")
    webkit.press("button", "Ответить")
    webkit.says("Разговор")
    webkit.until(lambda: phone_state(demo, PHONES[MARIA]) == "INUSE", "her telephone talks")

    late = webkit.open(demo.amo_page(MARIA))
    webkit.into(PANEL)
    # What comes with a talk is loaded with it, and moves the button.
    webkit.find("button", "Перевести")
    webkit.press("button", "Завершить")
    for tab in (late, hidden):
        webkit.front(tab)
        webkit.into(PANEL)
        webkit.says("Разговор состоялся")

    webkit.open(f"{demo.app}/health/live")
    assert webkit.js(PROBE) == ["empty", True]


@pytest.mark.feature("W9")
def test_one_page_of_the_portal_draws_its_card_in_webkit(demo: Demo, webkit: WebKit) -> None:
    tabs = [webkit.tab(), webkit.open("about:blank")]
    listens = "return Boolean(window.portal?.worker)"
    pages = (demo.portal_page(MARIA), f"{demo.portal}/crm/contact/list/?lang=ru")
    for tab, page in zip(tabs, pages, strict=True):
        webkit.front(tab)
        webkit.go(page)
        webkit.until(lambda: webkit.js(listens), "the hidden worker is there")
        webkit.wait("window.portal.worker.listening.then(() => done(true))")
    demo.call(ELENA, SEVER)

    def drawn() -> list[str]:
        found = []
        for tab in tabs:
            webkit.front(tab)
            if webkit.js("return document.querySelector('.call-card') !== null"):
                found.append(tab)
        return found

    webkit.until(lambda: len(drawn()) == 1, "one page draws the card")
    (tab,) = drawn()
    webkit.front(tab)
    webkit.press(".call-card [data-action=answer]")
    state = "return document.querySelector('.call-card').dataset.state"
    webkit.until(lambda: webkit.js(state) == "connected", "the talk")
    webkit.press(".call-card [data-action=hangup]")
    webkit.until(lambda: drawn() == [], "the card is gone")
