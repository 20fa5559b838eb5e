"""Operators at tabs of the amoCRM account, as tests see and drive them."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from playwright.async_api import (
    Browser,
    BrowserContext,
    Frame,
    FrameLocator,
    Locator,
    Page,
    ViewportSize,
    WebSocketRoute,
    expect,
)
from playwright.async_api import TimeoutError as PlaywrightTimeout

from tests.e2e.demo import ILYA, MARIA, Demo

PHONES = {ILYA: "vektor-101", MARIA: "vektor-102"}
WIDE = ViewportSize(width=1280, height=800)

COUNT_TONES = """
(() => {
  window.tones = 0;
  const make = AudioContext.prototype.createOscillator;
  AudioContext.prototype.createOscillator = function () {
    window.tones += 1;
    return make.call(this);
  };
})()
"""
"""The ring tone is made of oscillators: whoever makes them is who sounds."""


@dataclass(frozen=True)
class Tab:
    """One tab with the panel in it."""

    page: Page
    phone: str

    @property
    def panel(self) -> FrameLocator:
        return self.page.frame_locator("iframe[src*='/widget/amocrm']")

    @property
    def box(self) -> Locator:
        """The panel's place in the CRM's page."""
        return self.page.locator(".panel")

    @property
    def launcher(self) -> Locator:
        return self.page.get_by_role("button", name="Открыть Дозвон")

    @property
    def cards(self) -> Locator:
        return self.panel.get_by_role("article")

    def card(self, name: str) -> Locator:
        return self.panel.get_by_role("article", name=f"Звонок: {name}", exact=True)

    def button(self, name: str) -> Locator:
        return self.panel.get_by_role("button", name=name)

    async def section(self, name: str) -> None:
        await self.panel.get_by_role("tab", name=name).click()

    async def ready(self) -> Tab:
        await expect(self.panel.get_by_text("На связи")).to_be_attached(timeout=10_000)
        return self

    async def put_cards_away(self) -> None:
        """Cards of calls that ended before stay for a minute: nobody dismissed them."""
        old = self.cards.get_by_role("button", name="Закрыть")
        deadline = time.monotonic() + 15.0
        while left := await old.count():
            assert time.monotonic() < deadline, f"{left} cards of ended calls stay"
            # A notice of the call that has just ended may lie over the button for a moment; a
            # person presses again.
            with contextlib.suppress(AssertionError, PlaywrightTimeout):
                await old.first.click(timeout=2_000)
                await expect(old).to_have_count(left - 1, timeout=1_000)

    def frame(self) -> Frame:
        return next(frame for frame in self.page.frames if "/widget/amocrm" in frame.url)

    async def unlock_sound(self) -> None:
        """A click is what the browser wants before a page may sound."""
        await self.page.bring_to_front()
        await self.section("Звонки")
        await expect(self.panel.get_by_text("Браузер не разрешает звук")).to_have_count(0)

    async def tones(self) -> int:
        return int(await self.frame().evaluate("window.tones"))

    async def set_status(self, name: str, reason: str = "") -> None:
        # A tab behind another draws seldom, and a click waits for it to draw.
        await self.page.bring_to_front()
        await self.panel.get_by_role("button", name="Ваш статус").click()
        if reason:
            await self.panel.get_by_label("Причина").fill(reason)
        await self.panel.get_by_role("radio", name=name).click()
        await expect(self.panel.get_by_role("button", name=f"Ваш статус: {name}")).to_be_visible()


@dataclass(frozen=True)
class Operator:
    """A browser of one person; `tab` is the first of its tabs."""

    demo: Demo
    context: BrowserContext
    user: int
    tab: Tab

    @property
    def phone(self) -> str:
        return PHONES[self.user]

    async def open_tab(self, path: str = "/contacts/list/") -> Tab:
        page = await self.context.new_page()
        await page.goto(self.demo.amo_page(self.user, path))
        return await Tab(page, self.phone).ready()


class Line:
    """The socket between a tab and the server, which a test may cut and mend."""

    def __init__(self) -> None:
        self.is_cut = False
        self._open: list[tuple[WebSocketRoute, WebSocketRoute]] = []

    async def connect(self, socket: WebSocketRoute) -> None:
        if self.is_cut:
            await socket.close(code=1012)
        else:
            self._open.append((socket, socket.connect_to_server()))

    async def cut(self) -> None:
        self.is_cut = True
        for page, server in self._open:
            await page.close(code=1012)
            await server.close()
        self._open.clear()

    def mend(self) -> None:
        self.is_cut = False


@asynccontextmanager
async def at_work(
    demo: Demo, browser: Browser, user: int, line: Line | None = None
) -> AsyncIterator[Operator]:
    """`user` with one tab open and the panel opened in it; `line` makes its socket cuttable."""
    context = await browser.new_context(locale="ru-RU", viewport=WIDE)
    try:
        await context.add_init_script(COUNT_TONES)
        if line is not None:
            await context.route_web_socket("**/ws*", line.connect)
        page = await context.new_page()
        await page.goto(demo.amo_page(user))
        tab = await Tab(page, PHONES[user]).ready()
        await tab.launcher.click()
        await expect(tab.box).to_have_attribute("data-shown", "true")
        await tab.put_cards_away()
        yield Operator(demo, context, user, tab)
    finally:
        await context.close()


async def until(holds: Callable[[], Any], what: str, timeout_s: float = 10.0) -> Any:
    """What `holds` answers once that is true."""
    deadline = time.monotonic() + timeout_s
    while not (found := holds()):
        assert time.monotonic() < deadline, f"not in {timeout_s} s: {what}"
        await asyncio.sleep(0.05)
    return found


def phone_state(demo: Demo, phone: str) -> str:
    """`NOT_INUSE`, `RINGING`, `INUSE` …"""
    phones = demo.switch_state()["phones"]
    return next(str(p["state"]) for p in phones if p["endpoint"] == f"PJSIP/{phone}")


def customer(demo: Demo, customer_id: str) -> dict[str, Any]:
    """One customer as the switch sees them: `state`, `hears`, `outcome`, …"""
    return next(dict(c) for c in demo.switch_state()["customers"] if c["id"] == customer_id)


async def phone_is(demo: Demo, phone: str, *states: str) -> None:
    await until(lambda: phone_state(demo, phone) in states, f"{phone} is {states}")


def phones_rung(demo: Demo) -> Callable[[], list[str]]:
    """Asks for the switch's channels that came up from now on, oldest first."""
    known = {channel["id"] for channel in _channels(demo)}

    def rung() -> list[str]:
        new = (channel for channel in _channels(demo) if channel["id"] not in known)
        names = (str(channel["name"]).rpartition("-")[0] for channel in new)
        return list(dict.fromkeys(names))

    return rung


def _channels(demo: Demo) -> list[dict[str, Any]]:
    """As the switch told of them, those that are over too."""
    log = demo.http.get(demo._server(3, "events")).raise_for_status().json()
    return [told["channel"] for told in log if "channel" in told]


async def hears(demo: Demo, customer_id: str, what: str) -> None:
    try:
        await until(lambda: customer(demo, customer_id)["hears"] == what, f"hears {what}")
    except AssertionError as error:
        channels = [(c["id"], c["state"]) for c in demo.switch_state()["channels"]]
        raise AssertionError(f"{error}; on the switch: {channels}") from error


async def index_is_read(demo: Demo) -> None:
    """Numbers of the account are known by name. Both CRMs are read, in turn and gently."""
    await until(
        lambda: any(
            "phone_index.synchronised" in line and "demo-vektor" in line
            for line in demo.log.read_text().splitlines()
        ),
        "the phone index is read",
        60.0,
    )
