"""A request budget that lets the urgent go first (P18): pop-ups before background work."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import math
from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from backend.kit.clock import Clock


class Priority(IntEnum):
    POP_UP = 0
    CALL = 1
    BACKGROUND = 9


class Silenced(Exception):
    """The other side asked for a longer silence than the asker waits out; `seconds` are left."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"silence for {seconds:.0f} s")
        self.seconds = seconds


class Bucket:
    """What the other side counts: `rate` tokens per second flow in, up to `burst`.

    Whoever asks the same address shares one, also after the other.
    """

    def __init__(self, rate: float, burst: float, clock: Clock, *, reserve: float = 2.0) -> None:
        self.rate = rate
        self._burst = burst
        self._reserve = min(reserve, burst - 1)
        self._clock = clock
        self._tokens = burst
        self._at = clock.monotonic()
        self._paused_until = 0.0

    @property
    def paused_s(self) -> float:
        return max(0.0, self._paused_until - self._clock.monotonic())

    def pause(self, seconds: float) -> None:
        self._paused_until = max(self._paused_until, self._clock.monotonic() + seconds)
        self._tokens = 0.0

    def take(self, priority: Priority) -> bool:
        """A token, unless there is none for this need."""
        now = self._clock.monotonic()
        self._tokens = min(self._burst, self._tokens + (now - self._at) * self.rate)
        self._at = now
        needed = 1.0 + (self._reserve if priority is Priority.BACKGROUND else 0.0)
        if self.paused_s > 0 or self._tokens < needed:
            return False
        self._tokens -= 1.0
        return True


class Buckets:
    """One bucket for each address, for as long as the process lives: who connects to it anew does
    not begin with a full one."""

    def __init__(self) -> None:
        self._buckets: dict[str, Bucket] = {}

    def of(self, address: str, rate: float, burst: float, clock: Clock) -> Bucket:
        bucket = self._buckets.get(address)
        if bucket is None:
            bucket = self._buckets[address] = Bucket(rate, burst, clock)
        return bucket


class Budget:
    """A bucket's tokens with an ordered queue.

    Background work never takes the last `reserve` tokens, so a pop-up finds one even while
    everything is being synchronised.
    """

    def __init__(self, bucket: Bucket, clock: Clock) -> None:
        self._bucket = bucket
        self._clock = clock
        self._order = itertools.count()
        self._waiting: list[tuple[int, int, asyncio.Future[None], float]] = []
        """Priority, order, what wakes it, and the longest silence it waits out."""
        self._pump: asyncio.Task[None] | None = None
        self.spent = 0
        """Requests let through since the start, for metrics."""

    @property
    def waiting(self) -> int:
        return sum(not future.done() for _, _, future, _ in self._waiting)

    @property
    def paused_s(self) -> float:
        """How long the silence that was asked for still lasts; 0 when there is none."""
        return self._bucket.paused_s

    async def acquire(self, priority: Priority, *, patience_s: float = math.inf) -> None:
        """Return when one request may be sent now.

        Raises Silenced where that means to wait out a silence longer than `patience_s`, also when
        it is asked for while this one waits its turn.
        """
        if self.paused_s > patience_s:
            raise Silenced(self.paused_s)
        # Whoever waits with less need does not hold up a pop-up that finds a token.
        if (not self._waiting or int(priority) < self._waiting[0][0]) and self._try(priority):
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (int(priority), next(self._order), future, patience_s))
        if self._pump is None or self._pump.done():
            self._pump = asyncio.create_task(self._run())
        await future

    def pause(self, seconds: float) -> None:
        """The other side asked for silence."""
        self._bucket.pause(seconds)
        for _, _, future, patience_s in self._waiting:
            if self.paused_s > patience_s and not future.done():
                future.set_exception(Silenced(self.paused_s))

    def _try(self, priority: Priority) -> bool:
        if not self._bucket.take(priority):
            return False
        self.spent += 1
        return True

    async def _run(self) -> None:
        while self._waiting:
            priority, _, future, _ = self._waiting[0]
            if future.done():
                heapq.heappop(self._waiting)
                continue
            if self._try(Priority(priority)):
                heapq.heappop(self._waiting)
                future.set_result(None)
                continue
            await self._clock.sleep(max(self.paused_s, 0.5 / self._bucket.rate))

    async def aclose(self) -> None:
        """Let nobody wait any longer: those who do are cancelled."""
        waiting, self._waiting = self._waiting, []
        for _, _, future, _ in waiting:
            future.cancel()
        pump, self._pump = self._pump, None
        if pump is not None:
            pump.cancel()
            await asyncio.gather(pump, return_exceptions=True)
