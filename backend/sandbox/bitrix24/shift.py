"""The portal's clock, which a test or a demo may move on or set wrong."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from backend.kit.clock import Clock


class ShiftedClock:
    """Another clock, `ahead_s` seconds ahead of it in everything but waiting.

    `skew_s` moves only what the portal calls the time: lifetimes and limits do not see it.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.ahead_s = 0.0
        self.skew_s = 0.0

    def now(self) -> datetime:
        return self._clock.now() + timedelta(seconds=self.ahead_s)

    def monotonic(self) -> float:
        return self._clock.monotonic() + self.ahead_s

    async def sleep(self, seconds: float) -> None:
        await self._clock.sleep(seconds)

    def told(self) -> datetime:
        """What the portal says the time is: in envelopes, `ts` of events and server.time."""
        return self.now() + timedelta(seconds=self.skew_s)

    def advance(self, seconds: float) -> None:
        """Let `seconds` pass at once. Raises ValueError for a step back."""
        if seconds < 0:
            raise ValueError("time goes on only")
        self.ahead_s += seconds
