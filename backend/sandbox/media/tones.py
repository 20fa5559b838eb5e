"""Sounds made here: voices, ring tones, music, keys. Nothing is a recording of anybody."""

from __future__ import annotations

import math
from array import array
from functools import lru_cache

from backend.sandbox.media.g711 import FRAME, RATE, silence

# About 20 dB below the loudest: a voice at arm's length, and six of them still fit.
_VOICE = 3200
_SOFT = 1600

MUSIC_HZ = (392, 494, 587, 784)
"""Music on hold: one chord, a note at a time, over and over."""
_NOTE_S = 0.4
RING_HZ = 425
"""Russia's ring, busy and other progress tones are all of 425 Hz (ITU-T E.180, supplement 2)."""
NOTICE_HZ = 880
"""What an announcement sounds like: there are no words here."""
UNAVAILABLE_HZ = 950

_KEYS = {
    key: (low, high)
    for low, row in zip((697, 770, 852, 941), ("123A", "456B", "789C", "*0#D"), strict=True)
    for high, key in zip((1209, 1336, 1477, 1633), row, strict=True)
}
"""ITU-T Q.23."""


def voice(hz: int, frame: int) -> array[int]:
    """Frame number `frame` of a steady tone: how a simulated person speaks."""
    return _cut(_second((hz,), _VOICE), frame)


def music(frame: int) -> array[int]:
    return _cut(_melody(), frame)


def ring(frame: int) -> array[int]:
    """A second of tone, four of silence."""
    return _cut(_second((RING_HZ,), _SOFT), frame) if frame % 250 < 50 else silence()


def busy(frame: int) -> array[int]:
    """0.4 s of tone, 0.4 s of silence."""
    return _cut(_second((RING_HZ,), _SOFT), frame) if frame % 40 < 20 else silence()


def notice(frame: int) -> array[int]:
    return _cut(_second((NOTICE_HZ,), _VOICE), frame)


def unavailable(frame: int) -> array[int]:
    return _cut(_second((UNAVAILABLE_HZ,), _SOFT), frame)


def keys(digits: str, frame: int) -> array[int]:
    """Each key sounds 100 ms and is followed by 100 ms of silence; silence after the last."""
    at, phase = divmod(frame, 10)
    pair = _KEYS.get(digits[at].upper()) if at < len(digits) else None
    return _cut(_second(pair, _SOFT), phase) if pair is not None and phase < 5 else silence()


def played(uri: str, frame: int) -> array[int]:
    """What a media URI of ARI sounds like, `frame` frames after its beginning."""
    kind, _, rest = uri.partition(":")
    if kind == "tone":
        return ring(frame) if rest.startswith("ring") else busy(frame)
    if kind in ("digits", "number", "characters"):
        return keys(rest, frame)
    return notice(frame)


def _cut(sound: array[int], frame: int) -> array[int]:
    start = frame * FRAME % len(sound)
    return sound[start : start + FRAME]


@lru_cache(maxsize=64)
def _second(frequencies: tuple[int, ...], loud: int) -> array[int]:
    """One second: whole periods of every whole frequency, so that it repeats without a click."""
    return array(
        "h",
        (
            int(sum(loud * math.sin(2 * math.pi * hz * n / RATE) for hz in frequencies))
            for n in range(RATE)
        ),
    )


@lru_cache(maxsize=1)
def _melody() -> array[int]:
    out = array("h")
    length = int(_NOTE_S * RATE)
    edge = RATE // 50
    for hz in MUSIC_HZ:
        out.extend(
            int(
                _SOFT * min(1.0, n / edge, (length - n) / edge) * math.sin(math.tau * hz * n / RATE)
            )
            for n in range(length)
        )
    return out
