"""Publications in the order they were made, off the path of whoever makes them."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable

import structlog

from backend.kit.clock import Clock
from backend.services.ports import Bus, Publication

log = structlog.get_logger(__name__)

MAX_WAITING = 20_000
"""Past this a bus that is away has cost us the order anyway: drop all and publish anew."""
RETRY_S = 0.5


class Publisher:
    """One queue, one writer. A bus that is away delays; too much is replaced by a republish."""

    def __init__(
        self,
        bus: Bus,
        clock: Clock,
        overflowed: Callable[[], None],
        observe: Callable[[float], None] = lambda _seconds: None,
    ) -> None:
        """`observe` gets the seconds from the oldest `put` of a batch to its being published."""
        self._observe = observe
        self._since: float | None = None
        """Monotonic second of the oldest publication that waits."""
        self._bus = bus
        self._clock = clock
        self._overflowed = overflowed
        self._waiting: deque[Publication] = deque()
        self._something = asyncio.Event()

    def put(self, publications: Iterable[Publication]) -> None:
        self._waiting.extend(publications)
        if self._waiting:
            if self._since is None:
                self._since = self._clock.monotonic()
            self._something.set()

    async def run(self) -> None:
        """Publish whatever waits, in one batch at a time. Runs until cancelled."""
        failing = False
        while True:
            await self._something.wait()
            batch, since = tuple(self._waiting), self._since
            self._since = None
            self._waiting.clear()
            self._something.clear()
            try:
                await self._bus.publish(batch)
            except Exception as error:  # the bus may fail in any way its client invents
                if not failing:
                    log.warning("bus away", error=repr(error), waiting=len(batch))
                failing = True
                self._waiting.extendleft(reversed(batch))
                self._since = since
                self._something.set()
                await self._clock.sleep(RETRY_S)
                if len(self._waiting) > MAX_WAITING:
                    self._waiting.clear()
                    self._something.clear()
                    self._overflowed()
            else:
                if since is not None:
                    self._observe(self._clock.monotonic() - since)
                if failing:
                    log.info("bus back")
                failing = False
