"""The settings' pages in both CRMs, as tests see and drive them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from playwright.async_api import (
    Browser,
    FilePayload,
    Frame,
    FrameLocator,
    Locator,
    Page,
    expect,
)

from backend.sandbox.ari.sound import Part, wav
from tests.e2e.demo import Demo

ADMIN = 1
WIDE = {"width": 1280, "height": 900}


@dataclass(frozen=True)
class SettingsPage:
    page: Page
    frame: FrameLocator

    def inner(self) -> Frame:
        """Our page itself, for scripts in it."""
        return next(
            frame
            for frame in self.page.frames
            if "/bitrix24/app" in frame.url or "/amocrm/settings" in frame.url
        )

    @property
    def heading(self) -> Locator:
        return self.frame.get_by_role("heading", level=1)

    async def ready(self) -> SettingsPage:
        await expect(self.heading).to_be_visible(timeout=15_000)
        return self

    async def section(self, name: str) -> None:
        await self.frame.get_by_role("navigation").get_by_role("button", name=name).click()
        await expect(self.heading).to_have_text(name)

    async def open(self, name: str) -> None:
        """One of a section's rows."""
        await self.frame.get_by_role("table").get_by_role("button", name=name).click()

    def card(self, title: str) -> Locator:
        """A form or a region by its heading."""
        return self.frame.locator(".s-card", has=self.frame.get_by_role("heading", name=title))

    async def save(self, within: Locator | None = None) -> None:
        form = self.frame.locator("form") if within is None else within
        await form.get_by_role("button", name="Сохранить", exact=True).click()
        await expect(form.get_by_text("Сохранено")).to_be_visible()


GREETING = wav([Part(1, "talk", voices=1)])


async def upload(settings: SettingsPage, name: str = "Добрый день.wav") -> None:
    """A second of sound, in the section of sounds; there once is enough."""
    listed = settings.frame.get_by_text(name.removesuffix(".wav"), exact=False)
    await expect(settings.frame.locator("input[type=file]")).to_have_count(1)
    file = FilePayload(name=name, mimeType="audio/wav", buffer=GREETING)
    await settings.frame.locator("input[type=file]").set_input_files(file)
    await expect(listed.first).to_be_visible()


@asynccontextmanager
async def portal_settings(
    demo: Demo, browser: Browser, user: int = ADMIN, *, lang: str = "ru", **context: Any
) -> AsyncIterator[SettingsPage]:
    """The application's own page of the portal."""
    opened = await browser.new_context(**{"locale": "ru-RU", "viewport": WIDE, **context})
    try:
        page = await opened.new_page()
        await page.goto(demo.portal_page(user, f"/marketplace/app/?lang={lang}"))
        frame = page.frame_locator("#app-stage iframe")
        yield await SettingsPage(page, frame).ready()
    finally:
        await opened.close()


@asynccontextmanager
async def amo_settings(
    demo: Demo, browser: Browser, user: int = ADMIN, **context: Any
) -> AsyncIterator[SettingsPage]:
    """The account's page of advanced settings."""
    opened = await browser.new_context(**{"locale": "ru-RU", "viewport": WIDE, **context})
    try:
        page = await opened.new_page()
        await page.goto(demo.amo_page(user, "/settings/advanced/dozvon/"))
        frame = page.frame_locator("#list_page_holder iframe")
        yield await SettingsPage(page, frame).ready()
    finally:
        await opened.close()
