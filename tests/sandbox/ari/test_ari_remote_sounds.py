"""Sounds played from an address: fetched, heard for as long as they are, or failed."""

from __future__ import annotations

import httpx
import pytest

from backend.sandbox.ari.sound import Part, wav
from tests.sandbox.ari.conftest import Harness, until

MEDIA = "sound:http://ours.test/a.wav"
GOOD = wav([Part(3, "talk", voices=1)])


def _serve(harness: Harness, answers: dict[str, httpx.Response]) -> list[str]:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        return answers.get(request.url.path, httpx.Response(404))

    harness.switch.media.remote.transport = httpx.MockTransport(answer)
    return asked


async def test_it_lasts_as_long_as_its_file_and_is_fetched_once(harness: Harness) -> None:
    asked = _serve(harness, {"/a.wav": httpx.Response(200, content=GOOD)})
    events = await harness.events()
    customer = await harness.inbound(events)
    for number in range(2):
        path = f"/channels/{customer}/play/p{number}"
        await harness.post(path, 201, media=MEDIA)
        await events.until("PlaybackStarted")
        await until(lambda: harness.switch.media.remote.seconds(MEDIA) is not None)
        await events.fence(harness)
        await harness.clock.advance(2.9)
        assert f"p{number}" in harness.switch.media.playbacks
        await harness.clock.advance(0.2)
        await events.until("PlaybackFinished")
    assert asked == ["/a.wav"]


@pytest.mark.parametrize("path", ["/none.wav", "/text.wav"])
async def test_what_cannot_be_had_is_not_heard(harness: Harness, path: str) -> None:
    _serve(harness, {"/text.wav": httpx.Response(200, content=b"hello")})
    events = await harness.events()
    customer = await harness.inbound(events)
    await harness.post(f"/channels/{customer}/play/p1", 201, media=f"sound:http://ours.test{path}")
    *_, last = await events.until("PlaybackFinished")
    assert last["playback"]["state"] == "failed"
