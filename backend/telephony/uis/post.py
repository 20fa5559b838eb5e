"""What the cloud sends us by HTTP, as it reaches whoever owns the connection."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

from protocol.vocabulary import LegId

Answer = Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class Letter:
    """One notification, stored before the cloud was told that it came."""

    id: int
    body: dict[str, Any] = field(default_factory=dict)


class Post(Protocol):
    """Letters and questions of one connection, and what has to outlive this process."""

    async def letters(self) -> list[Letter]:
        """Those nobody has read, oldest first; some hundreds at a time."""

    async def read(self, letters: list[Letter]) -> None:
        """They are done with."""

    def waking(self, listener: Callable[[], None]) -> AbstractAsyncContextManager[None]:
        """Call `listener` whenever a letter came. It may be lost: look now and then."""

    def answering(self, answer: Answer) -> AbstractAsyncContextManager[None]:
        """Have the cloud's questions answered while inside."""

    async def names(self) -> dict[tuple[int, int], LegId]:
        """Names of legs by session and the cloud's leg, of the last days."""

    async def name(self, session_id: int, vendor_id: int, leg_id: LegId) -> None: ...


class MemoryPost:
    """For one process that forgets: the twin of what is kept in SQL."""

    def __init__(self) -> None:
        self._letters: list[Letter] = []
        self._count = 0
        self._listeners: list[Callable[[], None]] = []
        self._answer: Answer | None = None
        self._names: dict[tuple[int, int], LegId] = {}

    def put(self, body: dict[str, Any]) -> None:
        self._count += 1
        self._letters.append(Letter(self._count, body))
        for listener in tuple(self._listeners):
            listener()

    async def ask(self, question: dict[str, Any]) -> dict[str, Any] | None:
        """None when nobody answers."""
        return None if self._answer is None else await self._answer(question)

    async def letters(self) -> list[Letter]:
        return list(self._letters)

    async def read(self, letters: list[Letter]) -> None:
        done = {letter.id for letter in letters}
        self._letters = [letter for letter in self._letters if letter.id not in done]
        await asyncio.sleep(0)

    @asynccontextmanager
    async def waking(self, listener: Callable[[], None]) -> AsyncIterator[None]:
        self._listeners.append(listener)
        try:
            yield
        finally:
            self._listeners.remove(listener)

    @asynccontextmanager
    async def answering(self, answer: Answer) -> AsyncIterator[None]:
        self._answer = answer
        try:
            yield
        finally:
            self._answer = None

    async def names(self) -> dict[tuple[int, int], LegId]:
        return dict(self._names)

    async def name(self, session_id: int, vendor_id: int, leg_id: LegId) -> None:
        self._names[session_id, vendor_id] = leg_id
