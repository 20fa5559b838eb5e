"""Operators at pages of the Bitrix24 portal, as tests see and drive them."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from playwright.async_api import (
    Browser,
    BrowserContext,
    FrameLocator,
    Locator,
    Page,
    ViewportSize,
    expect,
)

from tests.e2e.amo import until
from tests.e2e.demo import ILYA, MARIA, Demo

PHONES = {ILYA: "sever-101", MARIA: "sever-102"}
WIDE = ViewportSize(width=1280, height=800)
FINISH = "telephony.externalCall.finish"


@dataclass(frozen=True)
class PortalTab:
    """One page of the portal: its own call card, and our page when it is open."""

    page: Page

    @property
    def card(self) -> Locator:
        return self.page.locator(".call-card")

    @property
    def title(self) -> Locator:
        return self.card.locator("h2")

    @property
    def status(self) -> Locator:
        return self.card.locator(".status")

    @property
    def timer(self) -> Locator:
        return self.card.locator("header .timer")

    def button(self, action: str) -> Locator:
        """`answer`, `skip`, `hangup`, `hold` …"""
        return self.card.locator(f"[data-action={action}]")

    @property
    def app(self) -> FrameLocator:
        """Our page, bound in the left menu."""
        return self.page.frame_locator("#app-stage iframe")

    def ringing(self) -> Locator:
        return self.app.locator(".card-ringing")

    async def open_app(self) -> None:
        await self.page.locator(".side a.widget").first.click()

    async def app_ready(self, online: str = "На связи") -> PortalTab:
        await expect(self.app.get_by_text(online)).to_be_visible(timeout=10_000)
        return self

    async def worker_ready(self) -> PortalTab:
        """The hidden worker is signed on and has bound the card's events."""
        await self.page.wait_for_function(
            "() => window.portal?.worker?.listening.then(() => true)", polling=30, timeout=15_000
        )
        return self


@asynccontextmanager
async def in_portal(
    demo: Demo,
    browser: Browser,
    user: int,
    *,
    app: bool = False,
    lang: str = "ru",
    **context: Any,
) -> AsyncIterator[PortalTab]:
    """`user` with one page of the portal open; `app` opens our page in it."""
    options = {"locale": "ru-RU", "viewport": WIDE, **context}
    opened = await browser.new_context(**options)
    try:
        tab = await open_tab(demo, opened, user, lang)
        if app:
            await tab.open_app()
            await tab.app_ready({"ru": "На связи", "en": "Connected"}[lang])
        yield tab
    finally:
        await opened.close()


async def open_tab(demo: Demo, context: BrowserContext, user: int, lang: str = "ru") -> PortalTab:
    """One more page of this browser; the first signs `user` on."""
    page = await context.new_page()
    path = f"/crm/contact/list/?lang={lang}"
    signed_on = await context.cookies(demo.portal)
    await page.goto(f"{demo.portal}{path}" if signed_on else demo.portal_page(user, path))
    return await PortalTab(page).worker_ready()


async def only_card(tabs: list[PortalTab]) -> PortalTab:
    """The one of `tabs` that draws the portal's card."""
    counts = [0]
    deadline = time.monotonic() + 5.0
    while sum(counts) != 1:
        assert time.monotonic() < deadline, f"cards in the tabs: {counts}"
        counts = [await tab.card.count() for tab in tabs]
    return tabs[counts.index(1)]


def asked(demo: Demo, method: str) -> list[dict[str, Any]]:
    """What the portal was asked by this name since its log was cleared, oldest first."""
    rows = demo.http.get(demo._server(1, "log")).raise_for_status().json()
    return [row for row in rows if row["method"] == method.lower()]


def finishes(demo: Demo, status: int = 200) -> list[dict[str, Any]]:
    return [row["params"] for row in asked(demo, FINISH) if row["status"] == status]


async def forget_log(demo: Demo) -> None:
    """Calls of earlier tests are finished in the portal first, so that none is told later."""

    def quiet() -> bool:
        state = demo.http.get(demo._server(1, "state")).raise_for_status().json()
        # Calls between employees are never finished there.
        return all(call["INTERNAL"] for call in state["calls"])

    await until(quiet, "the portal knows of no open call", 20.0)
    demo.http.delete(demo._server(1, "log")).raise_for_status()
