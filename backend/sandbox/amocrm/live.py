"""What reaches the open pages of the account by itself: pop-ups, notifications, channels."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backend.sandbox.amocrm.config import Json

_DEPTH = 100  # a page that reads nothing for that long has gone


class Live:
    """One queue per open page; sending never waits."""

    def __init__(self) -> None:
        self._pages: dict[asyncio.Queue[Json], int] = {}
        self.sent: list[tuple[frozenset[int] | None, Json]] = []  # for assertions, newest last

    def open(self, user_id: int) -> asyncio.Queue[Json]:
        queue: asyncio.Queue[Json] = asyncio.Queue(_DEPTH)
        self._pages[queue] = user_id
        return queue

    def close(self, queue: asyncio.Queue[Json]) -> None:
        self._pages.pop(queue, None)

    def online(self) -> set[int]:
        """Users with at least one open page."""
        return set(self._pages.values())

    def send(self, message: Json, users: frozenset[int] | None = None) -> None:
        """Put `message` on the pages of `users`, None being everybody."""
        self.sent.append((users, message))
        for queue in self._of(users):
            if not queue.full():
                queue.put_nowait(message)

    def _of(self, users: frozenset[int] | None) -> Iterator[asyncio.Queue[Json]]:
        for queue, user_id in self._pages.items():
            if users is None or user_id in users:
                yield queue
