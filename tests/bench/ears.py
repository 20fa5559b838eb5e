"""When a page, and when a customer, heard something."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise

from playwright.async_api import Frame

from tests.e2e.amo import customer
from tests.e2e.demo import Demo

SILENT_S = 15.0
LOOK_S = 0.02

LISTEN = """
(() => {
  const now = () => performance.timeOrigin + performance.now();
  window.ear = { grew: [], clicked: 0 };
  const peers = [];
  const Peer = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends Peer {
    constructor(...args) {
      super(...args);
      peers.push(this);
    }
  };
  document.addEventListener('click', () => { window.ear.clicked = now(); }, true);
  let energy = 0;
  let heard;
  setInterval(async () => {
    const peer = peers.at(-1);
    if (!peer || peer.connectionState === 'closed') return;
    if (peer !== heard) {
      heard = peer;
      energy = 0;
    }
    for (const entry of (await peer.getStats()).values()) {
      if (entry.type !== 'inbound-rtp') continue;
      if ((entry.totalAudioEnergy ?? 0) <= energy + 1e-6) continue;
      energy = entry.totalAudioEnergy;
      window.ear.grew.push(now());
    }
  }, 20);
})()
"""
"""A page's ear: when the sound energy it received grew, milliseconds since 1970."""


async def clicked(frame: Frame) -> float:
    """When this page was last clicked, milliseconds since 1970."""
    return float(await frame.evaluate("window.ear.clicked"))


async def first(frame: Frame, since: float = 0.0) -> float:
    """When this page first heard something after `since`, milliseconds since 1970."""
    deadline = time.monotonic() + SILENT_S
    while time.monotonic() < deadline:
        found = await frame.evaluate(
            "since => window.ear?.grew.find((at) => at > since) ?? 0", since
        )
        if found:
            return float(found)
        await asyncio.sleep(0.02)
    raise TimeoutError("nothing is heard")


async def last(frame: Frame) -> float:
    return float(await frame.evaluate("window.ear.grew.at(-1) ?? 0"))


async def longest(frame: Frame, since: float, until: float) -> float:
    """The longest time without a sound in this page between two instants, seconds."""
    heard: list[float] = await frame.evaluate(
        "([a, b]) => window.ear.grew.filter((at) => at > a && at < b)", [since, until]
    )
    instants = [since, *heard, until]
    return max(later - sooner for sooner, later in pairwise(instants)) / 1000


class CustomerEar:
    """What a customer hears as the switch connects them, looked at every `LOOK_S`."""

    def __init__(self) -> None:
        self.heard: list[tuple[float, str]] = []
        """Instant, and what was heard from then on: `person`, `music`, `ringback`, `nothing` …"""

    def silence(self, since: float) -> float:
        """Time after `since` in which neither a person nor music was heard, seconds."""
        after = [*self.heard, (time.time() * 1000, "")]
        pairs = pairwise(after)
        return (
            sum(
                max(0.0, end - max(start, since))
                for (start, what), (end, _) in pairs
                if what not in ("person", "music")
            )
            / 1000
        )

    def person(self, since: float) -> float | None:
        """When a person was first heard after `since`, or is still heard."""
        before = [what for at, what in self.heard if at <= since]
        if before and before[-1] == "person" and not [1 for at, _ in self.heard if at > since]:
            return since
        return next((at for at, what in self.heard if at > since and what == "person"), None)


@asynccontextmanager
async def listening(demo: Demo, who: str) -> AsyncIterator[CustomerEar]:
    """The ear of this customer, while inside."""
    ear = CustomerEar()

    async def look() -> None:
        while True:
            state = await asyncio.to_thread(customer, demo, who)
            what = str(state["hears"])
            if not ear.heard or ear.heard[-1][1] != what:
                ear.heard.append((time.time() * 1000, what))
            await asyncio.sleep(LOOK_S)

    task = asyncio.create_task(look())
    try:
        yield ear
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
