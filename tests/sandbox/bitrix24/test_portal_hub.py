"""Which page of a browser draws the card, and what becomes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from backend.sandbox.bitrix24.hub import Hub

if TYPE_CHECKING:
    from backend.sandbox.bitrix24.hub import Page

_CARD = {"CALL_ID": "c1"}


def _heard(page: Page) -> list[Any]:
    types = []
    while not page.queue.empty():
        types.append(page.queue.get_nowait()["type"])
    return types


async def test_the_page_in_front_draws_and_only_it() -> None:
    hub = Hub()
    back, front = hub.open("s", 1), hub.open("s", 1)
    hub.visibility(back, visible=False)
    elsewhere, stranger = hub.open("other", 1), hub.open("x", 2)
    hub.show(1, _CARD)
    assert [_heard(page) for page in (back, front, elsewhere, stranger)] == [
        [],
        ["card.show"],
        ["card.show"],
        [],
    ]
    hub.visibility(back, visible=True)
    hub.visibility(front, visible=False)
    hub.close(front)
    assert _heard(back) == ["card.show"]


async def test_a_browser_has_one_card_at_a_time() -> None:
    hub = Hub()
    page = hub.open("s", 1)
    hub.show(1, _CARD)
    hub.show(1, {"CALL_ID": "c2"})
    assert hub.drawn() == [("c1", page.id)]
    hub.hide("c2", 1, {})
    hub.hide("c1", 2, {})
    assert _heard(page) == ["card.show"]
    hub.hide("c1", 1, {})
    assert _heard(page) == ["card.hide"]
    hub.card_closed(page, "c1")
    hub.show(1, {"CALL_ID": "c2"})
    assert hub.drawn() == [("c2", page.id)]


async def test_a_reload_brings_the_card_back_while_the_call_lives() -> None:
    hub = Hub()
    hub.close(_shown(hub))
    again = hub.open("s", 1)
    assert _heard(again) == ["card.show"]
    hub.close(again)
    hub.ended("c1", "200")
    assert hub.drawn() == []
    assert _heard(hub.open("s", 1)) == []


def _shown(hub: Hub) -> Page:
    page = hub.open("s", 1)
    hub.show(1, _CARD)
    return page
