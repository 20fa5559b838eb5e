"""What a piece of sound is: how loud, and of which tone. Tests prove voices by it."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from backend.sandbox.media.g711 import FRAME, RATE

if TYPE_CHECKING:
    from array import array

_FULL = 32768.0
SILENT_DB = -90.0
# Quieter than this is the noise of G.711 itself, which has no tone.
_AUDIBLE_DB = -58.0
# Ten frames are 200 ms: tones 5 Hz apart can be told from each other.
WINDOW = 10
_KEPT = 50
_STEP_HZ = RATE // (WINDOW * FRAME)
_LOWEST_HZ, _HIGHEST_HZ = 100, 3400


@dataclass(frozen=True)
class Sound:
    """`hz` is the strongest tone of the last 200 ms, 0 in silence; levels are dB of full scale."""

    hz: int
    level_db: float
    loudest_db: float
    """Of the last second: a beeping source is loud now and then only."""

    def json(self) -> dict[str, Any]:
        return asdict(self)


class Meter:
    """Keeps the last second of what went past."""

    def __init__(self) -> None:
        self._frames: deque[array[int]] = deque(maxlen=_KEPT)

    def add(self, frame: array[int]) -> None:
        self._frames.append(frame)

    def read(self) -> Sound:
        frames = list(self._frames)
        last = [sample for frame in frames[-WINDOW:] for sample in frame]
        level = _db(last)
        return Sound(
            hz=strongest(last) if level > _AUDIBLE_DB else 0,
            level_db=round(level, 1),
            loudest_db=round(max((_db(frame) for frame in frames), default=SILENT_DB), 1),
        )


def strongest(samples: list[int]) -> int:
    """The loudest of the tones a telephone carries, in steps of the window (Goertzel)."""
    if len(samples) < WINDOW * FRAME:
        return 0
    # Every second sample would fold 3 kHz onto 1 kHz; all of them cost 30 ms, when asked for.
    return max(range(_LOWEST_HZ, _HIGHEST_HZ, _STEP_HZ), key=lambda hz: power(samples, hz))


def power(samples: list[int] | array[int], hz: float) -> float:
    """How much of one tone is in it; 1.0 is a full-scale tone of just that frequency."""
    turn = 2 * math.cos(math.tau * hz / RATE)
    before = last = 0.0
    for sample in samples:
        before, last = last, sample + turn * last - before
    energy = last * last + before * before - turn * last * before
    return 4 * energy / (len(samples) * _FULL) ** 2 if len(samples) else 0.0


def _db(samples: list[int] | array[int]) -> float:
    if not len(samples):
        return SILENT_DB
    mean = sum(sample * sample for sample in samples) / len(samples)
    return max(SILENT_DB, 10 * math.log10(mean / _FULL**2)) if mean else SILENT_DB
