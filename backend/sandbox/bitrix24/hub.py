"""The portal's push channel to its own pages, and which page of a browser draws the card."""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Page:
    """One open tab; `seen` counts up each time the tab comes to the front."""

    id: int
    session_id: str
    user_id: int
    seen: int
    visible: bool = True
    queue: asyncio.Queue[dict[str, Any]] = field(default_factory=lambda: asyncio.Queue(200))

    def push(self, message: dict[str, Any]) -> None:
        # A page that stopped reading loses pushes; it reloads to see the truth.
        if not self.queue.full():
            self.queue.put_nowait(message)


@dataclass
class Shown:
    """A card that is up in one browser; `page_id` is None while every page of it is gone."""

    card: dict[str, Any]
    user_id: int
    page_id: int | None

    @property
    def call_id(self) -> str:
        return str(self.card["CALL_ID"])


class Hub:
    """Open pages by browser session, and the one card a browser may show at a time."""

    def __init__(self) -> None:
        self._ids = itertools.count(1)
        self._seen = itertools.count(1)
        self.pages: dict[int, Page] = {}
        self._cards: dict[str, Shown] = {}
        """Browser session → its card."""

    def open(self, session_id: str, user_id: int) -> Page:
        """A new page; it takes over a card whose page went away."""
        page = Page(next(self._ids), session_id, user_id, next(self._seen))
        self.pages[page.id] = page
        shown = self._cards.get(session_id)
        if shown is not None and shown.page_id is None:
            self._draw(page, shown.card)
        return page

    def close(self, page: Page) -> None:
        """The page is gone; another page of the same browser gets its card."""
        self.pages.pop(page.id, None)
        shown = self._cards.get(page.session_id)
        if shown is None or shown.page_id != page.id:
            return
        heir = self._front(page.session_id)
        if heir is None:
            shown.page_id = None
        else:
            self._draw(heir, shown.card)

    def visibility(self, page: Page, visible: bool) -> None:
        page.visible = visible
        if visible:
            page.seen = next(self._seen)

    def show(self, user_id: int, card: dict[str, Any]) -> None:
        """Raise the card in each browser of the user, unless a card is up there already."""
        sessions = {page.session_id for page in self.pages.values() if page.user_id == user_id}
        for session_id in sessions:
            front = self._front(session_id)
            if session_id not in self._cards and front is not None:
                self._draw(front, card)

    def card_closed(self, page: Page, call_id: str) -> None:
        """The page says its card is gone."""
        shown = self._cards.get(page.session_id)
        if shown is not None and (shown.call_id, shown.page_id) == (call_id, page.id):
            del self._cards[page.session_id]

    def hide(self, call_id: str, user_id: int, reason: dict[str, Any]) -> None:
        """Take the call's card away from one user."""
        for session_id, shown in list(self._cards.items()):
            if (shown.call_id, shown.user_id) != (call_id, user_id):
                continue
            page = self.pages.get(shown.page_id or 0)
            if page is None:
                del self._cards[session_id]
            else:
                page.push({"type": "card.hide", "callId": call_id, **reason})

    def ended(self, call_id: str, failed_code: str) -> None:
        """The call is over: cards that are up hear it, those no page draws are forgotten."""
        message = {
            "type": "card.state",
            "callId": call_id,
            "state": "idle",
            "failedCode": failed_code,
        }
        for session_id, shown in list(self._cards.items()):
            if shown.call_id != call_id:
                continue
            page = self.pages.get(shown.page_id or 0)
            if page is None:
                del self._cards[session_id]
            else:
                page.push(message)

    def tell(self, user_id: int, message: dict[str, Any]) -> None:
        """Push to every page of the user."""
        for page in self.pages.values():
            if page.user_id == user_id:
                page.push(message)

    def drawn(self) -> list[tuple[str, int | None]]:
        """(call, page) of every card that is up."""
        return [(shown.call_id, shown.page_id) for shown in self._cards.values()]

    def _front(self, session_id: str) -> Page | None:
        """The visible page used last, else the one used last."""
        pages = [page for page in self.pages.values() if page.session_id == session_id]
        return max(pages, key=lambda page: (page.visible, page.seen), default=None)

    def _draw(self, page: Page, card: dict[str, Any]) -> None:
        self._cards[page.session_id] = Shown(card, page.user_id, page.id)
        page.push({"type": "card.show", "card": card})
