"""A recording of the sandbox switch can be played, and says who was there and for how long."""

from __future__ import annotations

import io
import itertools
import struct
import wave

from tests.sandbox.ari.conftest import Harness


async def _file(harness: Harness, name: str) -> tuple[float, list[int]]:
    """Seconds, and for each second how often the sound crosses zero upwards: its pitch in Hz."""
    answer = await harness.rest.get(f"/recordings/stored/{name}/file")
    assert answer.headers["content-type"] == "audio/wav"
    with wave.open(io.BytesIO(answer.content)) as file:
        frames, rate = file.getnframes(), file.getframerate()
        assert (file.getnchannels(), file.getsampwidth(), rate) == (1, 2, 8000)
        samples = struct.unpack(f"<{frames}h", file.readframes(frames))
    seconds = [samples[n : n + rate] for n in range(0, len(samples) // rate * rate, rate)]
    return frames / rate, [_pitch(second) for second in seconds]


def _pitch(samples: tuple[int, ...]) -> int:
    return sum(a < 0 <= b for a, b in itertools.pairwise(samples))


async def test_length_is_the_talks_and_each_party_has_a_voice(harness: Harness) -> None:
    events = await harness.events()
    customer = await harness.inbound(events)
    agent = await harness.answered(events)
    await harness.post("/bridges/b1", 200, type="mixing")
    await harness.post("/bridges/b1/addChannel", 204, channel=f"{customer},{agent}")
    await harness.post("/bridges/b1/record", 201, name="talk", format="wav")
    await harness.clock.advance(4)
    await harness.post("/recordings/live/talk/mute", 204)
    await harness.post("/bridges/b1/removeChannel", 204, channel=customer)
    await harness.clock.advance(3)
    await harness.post("/bridges/b1/addChannel", 204, channel=customer)
    await harness.delete("/recordings/live/talk/mute")
    await harness.clock.advance(2)
    await harness.post("/bridges/b1/moh", 204)
    await harness.clock.advance(1)
    await harness.delete("/bridges/b1")
    await events.until("RecordingFinished")
    length, pitches = await _file(harness, "talk")
    assert length == 10
    first, second, *_ = pitches
    assert abs(first - 440) < 10
    assert abs(second - 330) < 10
    assert pitches[4:7] == [0, 0, 0], "the customer waited, and nobody was recorded"
    assert pitches[7] > 300
    assert pitches[9] not in (0, pitches[7], pitches[8]), "music is no voice"
