"""Operators' tabs in a browser driven over raw DevTools messages: hidden and frozen as in life,
in windows of their own, and without the clicks that unlock sound."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from tests.e2e.amo import COUNT_TONES, until
from tests.e2e.cdp import Devtools, raw_browser
from tests.e2e.conftest import ARGS
from tests.e2e.demo import Demo
from tests.e2e.storage import Storage, storage_flags, write_preferences
from tests.e2e.voice import HEARD, KEEP_PEERS

FLAGS = [
    # There is no sound card here: looking for one takes seconds when the first sound is played.
    "--mute-audio",
    "--disable-extensions",
    "--disable-default-apps",
    "--password-store=basic",
]
PRESS = """
(name) => {
  const buttons = [...document.querySelectorAll('button')];
  const button = buttons.find((one) => one.textContent.trim() === name && !one.disabled);
  button?.click();
  return button !== undefined;
}
"""
LOCKS = """
async () => {
  try {
    const { held } = await navigator.locks.query();
    return held.map(({ name }) => name);
  } catch (error) {
    return error.name;
  }
}
"""


@dataclass(frozen=True)
class RawTab:
    """One tab; `page` and `frame` are sessions on the CRM's page and on our panel in it."""

    browser: Devtools
    target: str
    page: str
    frame: str

    async def says(self, text: str, timeout_s: float = 15.0) -> None:
        """The panel holds this text, drawn or not."""
        holds = f"document.body.textContent.includes({json.dumps(text)})"
        await self.browser.until_value(self.frame, holds, True, timeout_s)

    async def press(self, name: str, *, gesture: bool = False) -> None:
        """A button that is there, or comes soon. By script, so that nothing is unlocked but where
        it is to be a person's `gesture`."""
        deadline = time.monotonic() + 10.0
        pressed = {"expression": f"({PRESS})({json.dumps(name)})", "userGesture": gesture}
        while not (await self.browser.send("Runtime.evaluate", self.frame, **pressed))["result"][
            "value"
        ]:
            assert time.monotonic() < deadline, f"no button {name}"
            await asyncio.sleep(0.05)

    async def tones(self) -> int:
        return int(await self.browser.value(self.frame, "window.tones"))

    async def hears_them(self) -> None:
        """Sound arrives in this tab."""
        deadline = time.monotonic() + 10.0
        while float(await self.browser.promised(self.frame, f"({HEARD})()")) <= 0.001:
            assert time.monotonic() < deadline, "no sound arrives in the tab"
            await asyncio.sleep(0.05)

    async def has_voice(self) -> bool:
        return bool(await self.browser.value(self.frame, "window.peers.length"))

    async def in_front(self) -> None:
        await self.browser.send("Page.bringToFront", self.page)

    async def is_online(self, on: bool) -> None:
        """The machine has a network, or none."""
        await self.browser.send(
            "Network.emulateNetworkConditions",
            self.frame,
            offline=not on,
            latency=0,
            downloadThroughput=-1,
            uploadThroughput=-1,
        )

    async def lives(self, state: str) -> None:
        """`frozen` or `active`."""
        await self.browser.send("Page.setWebLifecycleState", self.page, state=state)

    async def close(self) -> None:
        await self.browser.send("Target.closeTarget", targetId=self.target)


@asynccontextmanager
async def headset_browser(
    demo: Demo,
    chromium: str,
    directory: Path,
    *,
    storage: Storage = "shared",
    autoplay: bool = True,
    headset: bool = True,
) -> AsyncIterator[Devtools]:
    """With a microphone that beeps, unless there is no `headset`, granted to the CRM and to us.
    `autoplay`: Chromium's own rule
    for sound before a click; else every page needs one."""
    write_preferences(directory, storage)
    args = [arg for arg in ARGS if not (autoplay and arg.startswith("--autoplay-policy"))]
    flags = FLAGS + ["--use-fake-device-for-media-stream"] * headset
    async with raw_browser(chromium, directory, *args, *storage_flags(storage), *flags) as browser:
        await allow_microphone(demo, browser, True)
        yield browser


async def allow_microphone(demo: Demo, browser: Devtools, on: bool) -> None:
    for origin in (demo.amo, demo.app):
        await browser.send(
            "Browser.setPermission",
            permission={"name": "microphone"},
            setting="granted" if on else "denied",
            origin=origin,
        )


async def open_panel(demo: Demo, browser: Devtools, user: int, *, window: bool = False) -> RawTab:
    """The amoCRM page of `user` in a new tab in front, or in a window of its own."""
    known = _frames(browser)
    created = await browser.send("Target.createTarget", url="about:blank", newWindow=window)
    target = str(created["targetId"])
    attached = await browser.send("Target.attachToTarget", targetId=target, flatten=True)
    page = str(attached["sessionId"])
    await browser.send(
        "Target.setAutoAttach", page, autoAttach=True, waitForDebuggerOnStart=True, flatten=True
    )
    await browser.send("Page.enable", page)
    await browser.send("Page.navigate", page, url=demo.amo_page(user))
    return RawTab(browser, target, page, await _panel(browser, known))


async def reloaded(tab: RawTab) -> RawTab:
    """The same tab, once its page is loaded anew and at work."""
    known = _frames(tab.browser)
    await tab.browser.send("Page.reload", tab.page)
    return replace(tab, frame=await _panel(tab.browser, known))


async def _panel(browser: Devtools, known: list[str]) -> str:
    """The session of a panel that is not `known`, once it is connected to the server."""

    def panel() -> str | None:
        return next((session for session in _frames(browser) if session not in known), None)

    frame = str(await until(panel, "the panel's frame"))
    await browser.send("Page.enable", frame)
    for script in (KEEP_PEERS, COUNT_TONES):
        await browser.send("Page.addScriptToEvaluateOnNewDocument", frame, source=script)
    await browser.send("Runtime.runIfWaitingForDebugger", frame)
    await browser.until_value(frame, "document.querySelector('.online') !== null", True)
    return frame


def _frames(browser: Devtools) -> list[str]:
    """Sessions of panels: the only frames of another site in a page."""
    return [
        str(params["sessionId"])
        for _, method, params in browser.events
        if method == "Target.attachedToTarget" and params["targetInfo"]["type"] == "iframe"
    ]


async def locks_held(browser: Devtools, session: str) -> tuple[str, ...] | str:
    """Names of the Web Locks this frame sees held, or the name of the browser's refusal."""
    held = await browser.promised(session, f"({LOCKS})()")
    return held if isinstance(held, str) else tuple(held)


async def lock_owner(browser: Devtools, session: str) -> str:
    """The frame that holds the one lock this frame sees held."""
    held = "navigator.locks.query().then(({ held }) => held[0].clientId)"
    return str(await browser.promised(session, held))
