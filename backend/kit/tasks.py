"""Work that runs beside whoever began it, and does not outlive it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Tasks(Generic[T]):
    """Tasks kept until they are done: asyncio itself holds them weakly only."""

    def __init__(self, failed: Callable[[BaseException], None] | None = None) -> None:
        """`failed` is told what a task raised; without it whoever awaits the task sees to that."""
        self._failed = failed
        self._running: set[asyncio.Task[T]] = set()

    def __len__(self) -> int:
        """How many are not done yet."""
        return len(self._running)

    def spawn(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Begin it."""
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._done)
        return task

    async def settled(self) -> None:
        """Wait for the end of all that runs now. Raises nothing of theirs."""
        await asyncio.gather(*self._running, return_exceptions=True)

    async def stop(self) -> None:
        """Cancel what still runs and wait for its end. Raises nothing of theirs."""
        for task in tuple(self._running):
            task.cancel()
        await self.settled()

    def _done(self, task: asyncio.Task[T]) -> None:
        self._running.discard(task)
        if self._failed is None or task.cancelled():
            return
        if (error := task.exception()) is not None:
            self._failed(error)
