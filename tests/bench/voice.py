"""How soon there is a voice: after the answer, after a reload, when it moves to another tab.

    python -m tests.bench.voice [--rounds 10] [--write docs/performance.md]

A whole demo and a real browser: the customer's tone is on all the time, and each page notes when
the sound energy it received grew. Pages look every 20 ms and the browser renews its figures every
50 or so: nothing here is finer than that. One machine, so no network's delay is in it.
"""

from __future__ import annotations

import argparse
import asyncio
import platform
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import median

from playwright.async_api import Browser, Frame, expect

from tests.bench.report import part
from tests.e2e.amo import Tab, until
from tests.e2e.demo import ELENA, ILYA, VEKTOR, Demo, running_demo
from tests.e2e.voice import is_phone, talking_browser, with_headset

BEGIN, END = "<!-- voice: begin -->", "<!-- voice: end -->"
TARGETS_S = {"answer → audio": 0.8, "reload → audio": 5.0, "to another tab, silence between": 0.3}
SILENT_S = 15.0

LISTEN = """
(() => {
  const now = () => performance.timeOrigin + performance.now();
  window.ear = { first: 0, last: 0, clicked: 0, energy: 0 };
  const peers = [];
  const Peer = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends Peer {
    constructor(...args) {
      super(...args);
      peers.push(this);
      window.ear.energy = 0;
    }
  };
  document.addEventListener('click', () => { window.ear.clicked = now(); }, true);
  setInterval(async () => {
    const peer = peers.at(-1);
    if (!peer || peer.connectionState === 'closed') return;
    for (const entry of (await peer.getStats()).values()) {
      if (entry.type !== 'inbound-rtp') continue;
      const energy = entry.totalAudioEnergy ?? 0;
      if (energy > window.ear.energy + 1e-6) {
        window.ear.energy = energy;
        window.ear.last = now();
        window.ear.first ||= window.ear.last;
      }
    }
  }, 20);
})()
"""


async def _first(frame: Frame, since: float = 0.0) -> float:
    """When this page first heard something after `since`, milliseconds since 1970."""
    deadline = time.monotonic() + SILENT_S
    while time.monotonic() < deadline:
        first = float(await frame.evaluate("window.ear ? window.ear.first : 0"))
        if first > since:
            return first
        await asyncio.sleep(0.02)
    raise TimeoutError("nothing is heard")


@asynccontextmanager
async def _talk(demo: Demo, browser: Browser) -> AsyncIterator[tuple[Tab, float]]:
    """A customer talks to an operator; the seconds from the operator's press to the sound."""
    demo.calm()
    async with with_headset(demo, browser, ILYA, script=LISTEN) as ilya:
        await is_phone(ilya.tab)
        demo.call(ELENA, VEKTOR)
        await ilya.tab.button("Ответить").click()
        frame = ilya.tab.frame()
        heard = await _first(frame)
        yield ilya.tab, (heard - float(await frame.evaluate("window.ear.clicked"))) / 1000
        demo.calm()
        await until(lambda: not demo.switch_state()["channels"], "everybody hung up")


async def _reload(tab: Tab) -> float:
    began = time.time() * 1000
    await tab.page.reload(wait_until="commit")
    await expect(tab.panel.locator("body")).to_be_attached(timeout=SILENT_S * 1000)
    return (await _first(tab.frame(), began) - began) / 1000


async def _move(tab: Tab, path: str = "/leads/list/") -> float:
    page = await tab.page.context.new_page()
    await page.goto(tab.page.url.rpartition("/contacts/")[0] + path)
    second = await Tab(page, tab.phone).ready()
    await second.button("Перенести звук сюда").click()
    heard = await _first(second.frame())
    return max(0.0, heard - float(await tab.frame().evaluate("window.ear.last"))) / 1000


async def measure(rounds: int, chromium: str) -> dict[str, list[float]]:
    """Figure → seconds, one per round."""
    figures: dict[str, list[float]] = {name: [] for name in TARGETS_S}
    with tempfile.TemporaryDirectory() as directory, running_demo(Path(directory)) as demo:
        async with talking_browser(chromium) as browser:
            for _ in range(rounds):
                async with _talk(demo, browser) as (tab, answered):
                    figures["answer → audio"].append(answered)
                    figures["reload → audio"].append(await _reload(tab))
                async with _talk(demo, browser) as (tab, answered):
                    figures["to another tab, silence between"].append(await _move(tab))
    return figures


def table(figures: dict[str, list[float]]) -> str:
    lines = ["| | median (lowest to highest), s | target |", "|---|---:|---:|"]
    for name, values in figures.items():
        middle, target = median(values), TARGETS_S[name]
        met = "met" if middle <= target else "missed"
        spread = f"{middle:.2f} ({min(values):.2f} to {max(values):.2f})"
        lines.append(f"| {name} | {spread} | ≤ {target} {met} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--write", type=Path)
    parser.add_argument("--chromium", default="/usr/bin/chromium")
    options = parser.parse_args()
    told = table(asyncio.run(measure(options.rounds, options.chromium)))
    print(told)
    if options.write is not None:
        conditions = (
            f"CPython {platform.python_version()}, {platform.system()} {platform.machine()}, "
            f"{options.rounds} rounds, {time.strftime('%Y-%m-%d')}."
        )
        part(options.write, BEGIN, END, f"{conditions}\n\n{told}")


if __name__ == "__main__":
    main()
