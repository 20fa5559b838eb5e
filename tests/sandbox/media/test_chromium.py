"""The sound of the switch and a real browser's: whoever offers, and after its network changed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Page, async_playwright

from backend.sandbox.media import tones
from backend.sandbox.media.meter import Meter
from backend.sandbox.media.peer import AudioPeer

pytestmark = pytest.mark.browser

DEADLINE_S = 20.0
ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
    "--allow-loopback-in-peer-connection",
]
PAGE = """<!doctype html><audio autoplay></audio><script>
const pc = new RTCPeerConnection();
pc.ontrack = ({ track }) => {
  document.querySelector('audio').srcObject = new MediaStream([track]);
};
const gathered = () => new Promise((done) => {
  const look = () => pc.iceGatheringState === 'complete' && done(pc.localDescription.sdp);
  pc.addEventListener('icegatheringstatechange', look);
  look();
});
const ready = navigator.mediaDevices.getUserMedia({ audio: true }).then((stream) => {
  pc.addTrack(stream.getTracks()[0], stream);
});
const heard = async () => {
  for (const one of (await pc.getStats()).values()) {
    if (one.type === 'inbound-rtp') return [one.packetsReceived, one.audioLevel];
  }
  return [0, 0];
};
</script>"""
OFFER = "async () => { await ready; await pc.setLocalDescription(); return gathered(); }"
ANSWER = """async (sdp) => {
  await ready;
  await pc.setRemoteDescription({ type: 'offer', sdp });
  await pc.setLocalDescription();
  return gathered();
}"""
ACCEPT = "(sdp) => pc.setRemoteDescription({ type: 'answer', sdp })"
ANEW = "async () => { pc.restartIce(); await pc.setLocalDescription(); return gathered(); }"


class Talk:
    """A peer that says a tone and listens, until told to stop."""

    def __init__(self) -> None:
        self.keys: list[str] = []
        self.peer = AudioPeer(key_pressed=self.keys.append)
        self.meter = Meter()
        self._tasks: list[asyncio.Task[None]] = []

    def begin(self) -> None:
        self._tasks = [asyncio.create_task(self.peer.run()), asyncio.create_task(self._speak())]

    async def _speak(self) -> None:
        began, frame = time.monotonic(), 0
        while True:
            self.peer.send(tones.voice(500, frame).tolist())
            if (sound := self.peer.take()) is not None:
                self.meter.add(sound)
            frame += 1
            await asyncio.sleep(max(0.0, began + frame * 0.02 - time.monotonic()))

    async def both_ways(self, page: Page) -> None:
        """The browser hears the tone, and its beeps come in."""
        self.meter = Meter()
        [before, _level] = await page.evaluate("heard()")
        async with asyncio.timeout(DEADLINE_S):
            while True:
                [packets, level] = await page.evaluate("heard()")
                # The tone is 0.1 of the loudest; the fake microphone beeps at a third of it.
                beeps = self.meter.read().loudest_db > -20
                if packets > before and 0.05 < level < 0.2 and beeps:
                    return
                await asyncio.sleep(0.05)

    def way(self) -> str:
        """The name of the way packets take now."""
        path = self.peer._path
        assert path is not None
        assert path._ice is not None
        return path._ice.local_username

    async def close(self) -> None:
        await self.peer.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


@asynccontextmanager
async def talking(chromium: str) -> AsyncIterator[tuple[Page, Talk]]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=ARGS)
        page = await browser.new_page()
        await page.route("**/*", lambda route: route.fulfill(body=PAGE, content_type="text/html"))
        await page.goto("http://localhost/")
        talk = Talk()
        try:
            yield page, talk
        finally:
            await talk.close()
            await browser.close()


async def changes_network(page: Page, talk: Talk) -> None:
    """The browser offers another way, and the sound takes it."""
    before = talk.way()
    offered, answer = await talk.peer.renegotiate((await page.evaluate(ANEW)).encode())
    assert not offered.held
    assert _user(answer) != before
    await page.evaluate(ACCEPT, answer.decode())
    async with asyncio.timeout(DEADLINE_S):
        while talk.way() != _user(answer):  # noqa: ASYNC110  # a way has no event here
            await asyncio.sleep(0.02)
    await talk.both_ways(page)


async def test_a_browser_that_is_offered_to_talks_and_presses_keys(chromium: str) -> None:
    async with talking(chromium) as (page, talk):
        offer = await talk.peer.offer()
        talk.peer.accept((await page.evaluate(ANSWER, offer.decode())).encode())
        talk.begin()
        await talk.both_ways(page)
        await page.evaluate("pc.getSenders()[0].dtmf.insertDTMF('7#')")
        async with asyncio.timeout(DEADLINE_S):
            while talk.keys != ["7", "#"]:  # noqa: ASYNC110  # nor has a key
                await asyncio.sleep(0.02)
        await changes_network(page, talk)


async def test_a_browser_that_offers_talks_on_over_another_network(chromium: str) -> None:
    async with talking(chromium) as (page, talk):
        offer = await page.evaluate(OFFER)
        _offered, answer = await talk.peer.answer(offer.encode())
        await page.evaluate(ACCEPT, answer.decode())
        talk.begin()
        await talk.both_ways(page)
        await changes_network(page, talk)
        await changes_network(page, talk)


def _user(sdp: bytes) -> str:
    [line] = [line for line in sdp.decode().splitlines() if line.startswith("a=ice-ufrag:")]
    return line.partition(":")[2]
