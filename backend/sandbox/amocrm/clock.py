"""The CRM's own idea of the time: the clock given, off by as much as a test or a demo says."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from backend.kit.clock import Clock


class AccountClock:
    """A clock that can be wrong. Waiting and `monotonic` stay those of the clock inside.

    Setting `offset_s` forward makes codes and tokens old at once; a few minutes either way play a
    vendor whose server time differs from ours.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.offset_s = 0.0

    def now(self) -> datetime:
        return self._clock.now() + timedelta(seconds=self.offset_s)

    def monotonic(self) -> float:
        return self._clock.monotonic()

    async def sleep(self, seconds: float) -> None:
        await self._clock.sleep(seconds)
