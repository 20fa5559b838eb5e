"""Tables, tones and meters: what is said is what is measured."""

from __future__ import annotations

import itertools
import time
from array import array

import pytest

from backend.sandbox.media import tones
from backend.sandbox.media.g711 import FRAME, Law, clipped, decode, encode, silence
from backend.sandbox.media.meter import Meter, Sound


def measured(frames: list[array[int]]) -> Sound:
    meter = Meter()
    for frame in frames:
        meter.add(frame)
    return meter.read()


@pytest.mark.parametrize(
    ("law", "octets", "samples"),
    # ITU-T G.711, tables 1a to 2b: the ends of the scale, silence, and one level in between.
    [
        ("PCMU", b"\x80\x00\xff\x7f\xf0", [32124, -32124, 0, 0, 120]),
        ("PCMA", b"\xaa\x2a\xd5\x55\x80", [32256, -32256, 8, -8, 5504]),
    ],
)
def test_octets_mean_the_levels_of_the_standard(
    law: Law, octets: bytes, samples: list[int]
) -> None:
    assert decode(law, octets).tolist() == samples
    assert decode(law, encode(law, samples)).tolist() == samples


@pytest.mark.parametrize("law", ["PCMU", "PCMA"])
def test_every_sample_finds_the_nearest_level(law: Law) -> None:
    levels = sorted(set(decode(law, bytes(range(256)))))
    for sample in range(-32768, 32768, 37):
        found = decode(law, encode(law, [sample]))[0]
        assert abs(found - sample) == min(abs(level - sample) for level in levels)


@pytest.mark.parametrize("law", ["PCMU", "PCMA"])
def test_a_crowd_is_loud_and_not_wrapped(law: Law) -> None:
    loudest, quietest = decode(law, encode(law, [8 * 32767, -8 * 32768]))
    assert loudest > 32000
    assert quietest < -32000
    assert clipped([100_000, -100_000, 5]).tolist() == [32767, -32767, 5]


def test_a_voice_goes_on_from_frame_to_frame_without_a_step() -> None:
    frames = [tones.voice(496, n) for n in range(120)]
    joined = [sample for frame in frames for sample in frame]
    assert max(abs(a - b) for a, b in itertools.pairwise(joined)) < 1300
    assert abs(measured(frames).hz - 496) <= 4


def test_a_meter_tells_tone_level_and_silence() -> None:
    nothing = measured([silence()] * 10)
    assert (nothing.hz, nothing.level_db) == (0, -90.0)
    sound = measured([tones.voice(904, n) for n in range(10)])
    assert abs(sound.hz - 904) <= 4
    assert sound.level_db == pytest.approx(-23.2, abs=0.5)
    # A beep a while ago is still the loudest of the second.
    beeped = measured([tones.voice(400, 0), *[silence()] * 40])
    assert beeped.level_db == -90.0
    assert beeped.loudest_db > -25


def test_two_voices_neighbours_in_number_are_told_apart() -> None:
    one = measured([tones.voice(400 + 8 * 11, n) for n in range(10)]).hz
    other = measured([tones.voice(400 + 8 * 12, n) for n in range(10)]).hz
    assert other - one == pytest.approx(8, abs=4)


def test_signals_have_their_rhythm() -> None:
    assert measured([tones.ring(n) for n in range(10)]).hz == pytest.approx(425, abs=4)
    assert set(tones.ring(60)) == {0}
    assert set(tones.busy(25)) == {0}
    assert set(tones.keys("5", 7)) == {0}
    assert any(tones.keys("12", 12))
    assert set(tones.keys("12", 40)) == {0}
    for uri in ("sound:hello", "tone:ring", "tone:busy", "digits:12", "number:7"):
        assert len(tones.played(uri, 3)) == FRAME


def test_a_frame_of_a_talk_costs_next_to_nothing() -> None:
    """A switch in the demo's own process may not take the loop from everybody else."""
    first, second = tones.voice(500, 1), tones.voice(600, 1)
    encode("PCMU", [1])
    began = time.process_time()
    for _ in range(50):
        encode("PCMU", [a + b for a, b in zip(first, second, strict=True)])
        decode("PCMU", bytes(FRAME))
    assert time.process_time() - began < 0.1  # of a second of talk
