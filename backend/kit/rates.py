"""How often each of many askers may ask: a token bucket for each, the longest silent forgotten."""

from __future__ import annotations

import math
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from backend.kit.clock import Clock


@dataclass(slots=True)
class _Bucket:
    left: float
    at: float


class Rates:
    """`per_s` tokens a second flow to each asker, up to `burst`."""

    def __init__(self, clock: Clock, *, per_s: float, burst: int, askers: int = 10_000) -> None:
        self._clock = clock
        self._per_s = per_s
        self._burst = burst
        self._askers = askers
        self._known: OrderedDict[str, _Bucket] = OrderedDict()

    def wait_s(self, asker: str) -> int:
        """Take a token: 0, or whole seconds until there is one."""
        now = self._clock.monotonic()
        bucket = self._known.setdefault(asker, _Bucket(self._burst, now))
        self._known.move_to_end(asker)
        if len(self._known) > self._askers:
            self._known.popitem(last=False)
        bucket.left = min(self._burst, bucket.left + (now - bucket.at) * self._per_s)
        bucket.at = now
        if bucket.left < 1:
            return math.ceil((1 - bucket.left) / self._per_s)
        bucket.left -= 1
        return 0
