"""Work that runs beside whoever began it, and does not outlive it."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Tasks(Generic[T]):
    """Tasks kept until they are done: asyncio itself holds them weakly only."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[T]] = set()

    def __len__(self) -> int:
        """How many are not done yet."""
        return len(self._running)

    def spawn(self, work: Coroutine[Any, Any, T], *, name: str | None = None) -> asyncio.Task[T]:
        """Begin it. What it raises is its own business: nobody asks for the result here."""
        task = asyncio.create_task(work, name=name)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    async def stop(self) -> None:
        """Cancel what still runs and wait for its end. Raises nothing of theirs."""
        running = tuple(self._running)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
