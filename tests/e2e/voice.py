"""Operators who talk in the browser: a microphone that speaks, and what each side hears."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from playwright.async_api import Browser, Frame, async_playwright, expect

from tests.e2e.amo import WIDE, Operator, Tab, until
from tests.e2e.conftest import ARGS
from tests.e2e.demo import Demo

PHONES = {2: "vektor-101", 3: "vektor-102"}
READY = "Телефон готов"
HEARD_DB = -15.0
"""Chromium's microphone beeps at -8; whatever the sandbox itself plays is below -17."""

KEEP_PEERS = """
(() => {
  window.peers = [];
  const Peer = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends Peer {
    constructor(...args) {
      super(...args);
      window.peers.push(this);
    }
  };
})()
"""
LIVES = """
(() => {
  window.lives = [];
  const Peer = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends Peer {
    constructor(...args) {
      super(...args);
      const now = () => performance.timeOrigin + performance.now();
      const life = { up: Infinity, over: Infinity };
      window.lives.push(life);
      this.addEventListener('connectionstatechange', () => {
        if (this.connectionState === 'connected') life.up = Math.min(life.up, now());
      });
      const close = this.close.bind(this);
      this.close = () => {
        life.over = Math.min(life.over, now());
        close();
      };
    }
  };
})()
"""
"""When each connection of a page was up and over, on a clock that is the same in every page."""
HEARD = """
async () => {
  const peer = window.peers.at(-1);
  if (!peer) return 0;
  for (const entry of (await peer.getStats()).values()) {
    if (entry.type === 'inbound-rtp') return entry.audioLevel ?? 0;
  }
  return 0;
}
"""


@asynccontextmanager
async def talking_browser(chromium: str) -> AsyncIterator[Browser]:
    """With a microphone that beeps once a second.

    Chromium's own rule for sound before a click, in place of the strict one of the other tests: a
    page that was granted the microphone may sound.
    """
    args = [arg for arg in ARGS if not arg.startswith("--autoplay-policy")]
    args.append("--use-fake-device-for-media-stream")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=args)
        yield browser
        await browser.close()


@asynccontextmanager
async def with_headset(
    demo: Demo, browser: Browser, user: int, *, granted: bool = True, script: str = KEEP_PEERS
) -> AsyncIterator[Operator]:
    """`user` at an amoCRM page whose panel is open; `granted`: they allowed the microphone once.
    `script` runs in every page first."""
    context = await browser.new_context(locale="ru-RU", viewport=WIDE)
    try:
        await context.add_init_script(script)
        if granted:
            for origin in (demo.amo, demo.app):
                await context.grant_permissions(["microphone"], origin=origin)
        page = await context.new_page()
        await page.goto(demo.amo_page(user))
        tab = await Tab(page, PHONES[user]).ready()
        await tab.launcher.click()
        await expect(tab.box).to_have_attribute("data-shown", "true")
        await tab.put_cards_away()
        yield Operator(demo, context, user, tab)
    finally:
        await context.close()


async def is_phone(tab: Tab) -> None:
    await expect(tab.panel.get_by_text(READY)).to_be_visible(timeout=15_000)


def sound(demo: Demo, customer: str) -> dict[str, Any]:
    """What a customer hears and says, as the switch mixes it."""
    answer = demo.http.get(demo._server(3, f"customers/{customer}/sound"))
    return dict(answer.json()) if answer.status_code == 200 else {}


async def is_heard(demo: Demo, customer: str) -> None:
    """The customer hears a voice: the loudest of the last moment, since the microphone beeps."""

    def heard() -> bool:
        hears = sound(demo, customer).get("hears") or {}
        return float(hears.get("loudest_db", -99.0)) > HEARD_DB

    await until(heard, f"{customer} hears the operator")


async def hears_them(frame: Frame) -> None:
    """Sound arrives in this frame."""
    for _ in range(100):
        if float(await frame.evaluate(HEARD)) > 0.001:
            return
        await frame.wait_for_timeout(100)
    raise AssertionError("no sound arrives in the tab")


def line_hears(demo: Demo, line: str) -> int:
    """The strongest tone the switch sends to the browser on this line, in Hz."""
    answer = demo.http.get(demo._server(3, f"lines/{line}/sound"))
    return int(answer.json()["hears"]["hz"]) if answer.status_code == 200 else 0


def registered(demo: Demo, line: str) -> bool:
    """Whether the switch knows a browser on this line."""
    lines = demo.switch_state()["lines"]
    return any(one["username"] == line and one["registered"] for one in lines)


async def until_over(frame: Frame) -> dict[str, float]:
    """The life of this page's last connection, once it is over (`LIVES`)."""
    for _ in range(100):
        life: dict[str, float] = await frame.evaluate("window.lives.at(-1)")
        if life["over"] < float("inf"):
            return life
        await frame.wait_for_timeout(50)
    raise AssertionError("the sound is still in this tab")
