"""What recordings sound like here: no voices, but who is there can be heard, and for how long."""

from __future__ import annotations

import io
import math
import struct
import wave
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

RATE = 8000
LONGEST_S = 1800
"""A file is made when it is asked for; half an hour is 29 MB, more than any demo wants."""
_VOICES_HZ = (440, 330, 550, 262)
"""Who came first into the room speaks first: in an inbound call the customer's is the high one."""
_MUSIC_HZ = (262, 330, 392, 523)
_LOUD = 6000


@dataclass(frozen=True)
class Part:
    """Some time of a recording in which nobody came or went."""

    seconds: float
    kind: Literal["talk", "music", "silence", "heard"]
    voices: int = 0
    """How many speak, in turn, a second each."""
    samples: bytes = b""
    """What was really said, where somebody real took part (`heard`)."""


def wav(parts: Sequence[Part]) -> bytes:
    """A WAV file as Asterisk writes it, 8 kHz 16-bit mono, as long as its parts together."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        left = LONGEST_S * RATE
        for part in parts:
            frames = min(round(part.seconds * RATE), left)
            left -= frames
            file.writeframes(_samples(part, frames))
    return out.getvalue()


def _samples(part: Part, frames: int) -> bytes:
    if part.kind == "heard":
        return part.samples[: frames * 2].ljust(frames * 2, b"\0")
    if part.kind == "silence" or (part.kind == "talk" and part.voices == 0):
        return bytes(frames * 2)
    if part.kind == "music":
        round_ = b"".join(_tone(hz, RATE // 4) for hz in _MUSIC_HZ)
    else:
        voices = [_VOICES_HZ[n % len(_VOICES_HZ)] for n in range(part.voices)]
        round_ = b"".join(_tone(hz, RATE) for hz in voices)
    return (round_ * (frames * 2 // len(round_) + 1))[: frames * 2]


@lru_cache(maxsize=32)
def _tone(hz: int, frames: int) -> bytes:
    """Fades in and out, so that a change of voices does not click."""
    edge = frames // 20
    samples = (
        int(_LOUD * min(1.0, n / edge, (frames - n) / edge) * math.sin(2 * math.pi * hz * n / RATE))
        for n in range(frames)
    )
    return struct.pack(f"<{frames}h", *samples)
