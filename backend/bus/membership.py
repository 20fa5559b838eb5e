"""Being on one of Redis's lists while inside."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from types import TracebackType


class Membership:
    """Entered with a round trip, left at once (see memory.Membership)."""

    __slots__ = ("_enter", "_leave")

    def __init__(self, enter: Callable[[], Awaitable[None]], leave: Callable[[], None]) -> None:
        self._enter = enter
        self._leave = leave

    async def __aenter__(self) -> None:
        try:
            await self._enter()
        except BaseException:
            self._leave()
            raise

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._leave()


class Prompt(Membership):
    """One that can be begun without waiting (see the hub's `Prompt`)."""

    __slots__ = ("begin",)

    def __init__(
        self,
        enter: Callable[[], Awaitable[None]],
        leave: Callable[[], None],
        begin: Callable[[], asyncio.Future[None] | None],
    ) -> None:
        super().__init__(enter, leave)
        self.begin = begin
