"""Things that happen later on the sandbox's clock."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from backend.kit.clock import Clock

_log = logging.getLogger(__name__)


class Timers:
    """Runs plain functions after a time on a `Clock`; every pending one can be cancelled."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        # The loop holds tasks weakly; this set keeps them alive until they end.
        self._tasks: set[asyncio.Task[None]] = set()

    def after(self, seconds: float, action: Callable[[], None]) -> asyncio.Task[None]:
        """Run `action` once `seconds` have passed. Cancel the returned task to forget it."""
        task = asyncio.get_running_loop().create_task(self._run(seconds, action))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def run(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Begin something that waits for others than the clock. Cancel the task to forget it."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def soon(self, action: Callable[[], None]) -> None:
        """Run `action` in the loop's next turn, so that a REST answer shows the state before it."""
        asyncio.get_running_loop().call_soon(action)

    def cancel_all(self) -> None:
        for task in tuple(self._tasks):
            task.cancel()

    async def close(self) -> None:
        """Cancel what is pending and wait until it is gone."""
        pending = tuple(self._tasks)
        self.cancel_all()
        await asyncio.gather(*pending, return_exceptions=True)

    async def _run(self, seconds: float, action: Callable[[], None]) -> None:
        await self.clock.sleep(seconds)
        try:
            action()
        except Exception:
            _log.exception("a timer of the sandbox switch failed")
