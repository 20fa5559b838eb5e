"""What a piece of sound is: how loud, and of which tone. Tests prove voices by it."""

from __future__ import annotations

import cmath
import math
from collections import deque
from dataclasses import asdict, dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from backend.sandbox.media.g711 import RATE

if TYPE_CHECKING:
    from array import array

_FULL = 32768.0
SILENT_DB = -90.0
# Quieter than this is the noise of G.711 itself, which has no tone.
_AUDIBLE_DB = -58.0
# Ten frames are 200 ms: tones 8 Hz apart can be told from each other.
WINDOW = 10
_KEPT = 50
_POINTS = 2048
"""Of the spectrum: the first power of two the window fits in."""
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
    """The loudest of the tones a telephone carries, within some 4 Hz."""
    points = [complex(sample) for sample in samples[:_POINTS]]
    spectrum = _transform(points + [0j] * (_POINTS - len(points)))
    bins = range(_LOWEST_HZ * _POINTS // RATE, _HIGHEST_HZ * _POINTS // RATE)
    return round(max(bins, key=lambda n: abs(spectrum[n])) * RATE / _POINTS)


def _transform(points: list[complex]) -> list[complex]:
    """Fourier's, fast, of a power of two of points."""
    count = len(points)
    if count == 1:
        return points
    even, odd = _transform(points[::2]), _transform(points[1::2])
    turned = [turn * point for turn, point in zip(_turns(count), odd, strict=True)]
    return [a + b for a, b in zip(even, turned, strict=True)] + [
        a - b for a, b in zip(even, turned, strict=True)
    ]


@cache
def _turns(count: int) -> list[complex]:
    return [cmath.exp(-1j * math.tau * n / count) for n in range(count // 2)]


def _db(samples: list[int] | array[int]) -> float:
    if not len(samples):
        return SILENT_DB
    mean = sum(sample * sample for sample in samples) / len(samples)
    return max(SILENT_DB, 10 * math.log10(mean / _FULL**2)) if mean else SILENT_DB
