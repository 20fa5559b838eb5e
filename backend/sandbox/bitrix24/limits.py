"""The two limits of the REST interface: the leaky bucket and the operating time."""

from __future__ import annotations

from collections import defaultdict, deque
from typing import TYPE_CHECKING

from backend.sandbox.bitrix24.errors import RestError

if TYPE_CHECKING:
    from backend.kit.clock import Clock

_WINDOW_MINUTES = 10


class LeakyBucket:
    """One counter per source address: +1 for each request, leaking steadily, refused above size.

    Rejected requests do not fill the bucket; what the vendor does there is not documented.
    """

    def __init__(self, clock: Clock, size: float, leak_per_s: float) -> None:
        self._clock = clock
        self.size = size
        self.leak_per_s = leak_per_s
        self._levels: dict[str, tuple[float, float]] = {}

    def take(self, address: str) -> None:
        """Count one request. Raises QUERY_LIMIT_EXCEEDED (503) when the bucket is full."""
        now = self._clock.monotonic()
        level, at = self._levels.get(address, (0.0, now))
        level = max(0.0, level - (now - at) * self.leak_per_s)
        if level + 1 > self.size:
            self._levels[address] = (level, now)
            raise RestError("QUERY_LIMIT_EXCEEDED", "Too many requests", 503)
        self._levels[address] = (level + 1, now)

    def level(self, address: str) -> float:
        """How full the bucket of `address` is now."""
        level, at = self._levels.get(address, (0.0, 0.0))
        return max(0.0, level - (self._clock.monotonic() - at) * self.leak_per_s)


class OperatingTime:
    """Seconds of execution per (caller, method) over ten one-minute buckets."""

    def __init__(self, clock: Clock, limit_s: float) -> None:
        self._clock = clock
        self.limit_s = limit_s
        self._minutes: dict[tuple[str, str], deque[tuple[int, float]]] = defaultdict(deque)

    def check(self, caller: str, method: str) -> None:
        """Raises OPERATION_TIME_LIMIT (429): the call before this one crossed the limit."""
        if self.used(caller, method) >= self.limit_s:
            raise RestError(
                "OPERATION_TIME_LIMIT", "Method is blocked due to operation time limit.", 429
            )

    def add(self, caller: str, method: str, seconds: float) -> None:
        """Charge `seconds` of work to the current minute."""
        minute = int(self._clock.now().timestamp() // 60)
        minutes = self._fresh(caller, method)
        if minutes and minutes[-1][0] == minute:
            minutes[-1] = (minute, minutes[-1][1] + seconds)
        else:
            minutes.append((minute, seconds))

    def used(self, caller: str, method: str) -> float:
        return sum(seconds for _, seconds in self._fresh(caller, method))

    def reset_at(self, caller: str, method: str) -> int:
        """Unix time when the oldest minute leaves the window."""
        minutes = self._fresh(caller, method)
        first = minutes[0][0] if minutes else int(self._clock.now().timestamp() // 60)
        return (first + _WINDOW_MINUTES) * 60

    def _fresh(self, caller: str, method: str) -> deque[tuple[int, float]]:
        minutes = self._minutes[caller, method]
        oldest = int(self._clock.now().timestamp() // 60) - _WINDOW_MINUTES
        while minutes and minutes[0][0] <= oldest:
            minutes.popleft()
        return minutes
