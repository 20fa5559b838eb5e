"""The cloud asks where a call is to go, in the middle of its scenario, and waits for a page.

How long it waits is documented nowhere, so we answer early. Whom to ring is the owner's decision,
made by the same scenario steps as on any other switch; here its orders meet the question, whichever
of both comes first.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any, Final

from backend.kit.clock import Clock
from protocol.vocabulary import LegId

NOBODY: Final = 1
"""`returned_code`: our scenario rings nobody now."""
UNKNOWN: Final = 2
"""`returned_code`: we know nothing of this call, or are not there."""
GATHER_S: Final = 0.3
"""People rung together are ordered one by one, each after its intent was written: the answer waits
this long for another, and `GATHERED_S` for all."""
GATHERED_S: Final = 1.2


@dataclass(slots=True)
class _Desk:
    """Where orders and questions of one session meet."""

    phones: dict[LegId, str] = field(default_factory=dict)
    """Ordered and not answered with yet."""
    greeting: str = ""
    """A message of the cloud's that the caller is to hear before they ring."""
    came: asyncio.Event = field(default_factory=asyncio.Event)
    given: dict[LegId, float] = field(default_factory=dict)
    """The last answer's legs, and the monotonic second it was given."""


class Questions:
    def __init__(self, clock: Clock, wait_s: float) -> None:
        self._clock = clock
        self._wait_s = wait_s
        self._desks: dict[int, _Desk] = {}

    def offer(self, session_id: int, leg_id: LegId, phone: str) -> None:
        """Have this phone be the answer to the next question."""
        desk = self._desks.setdefault(session_id, _Desk())
        desk.phones[leg_id] = phone
        desk.came.set()

    def greet(self, session_id: int, message: str) -> None:
        """Have the caller hear this message with the next answer that has somebody ring."""
        self._desks.setdefault(session_id, _Desk()).greeting = message

    def withdraw(self, session_id: int, leg_id: LegId) -> bool:
        """False when the cloud was already told to ring it."""
        desk = self._desks.get(session_id)
        return desk is not None and desk.phones.pop(leg_id, None) is not None

    def given(self, session_id: int, *, ago_s: float = 0.0) -> list[LegId]:
        """Legs of the last answer, if it was given so long ago."""
        desk = self._desks.get(session_id)
        if desk is None:
            return []
        before = self._clock.monotonic() - ago_s
        return [leg_id for leg_id, at in desk.given.items() if at <= before]

    def forget(self, session_id: int) -> None:
        self._desks.pop(session_id, None)

    def keep(self, session_ids: Collection[int]) -> None:
        """Forget all others."""
        self._desks = {one: desk for one, desk in self._desks.items() if one in session_ids}

    async def answer(self, session_id: int) -> dict[str, Any]:
        """The body of our page."""
        desk = self._desks.setdefault(session_id, _Desk())
        if not desk.phones:
            desk.came.clear()
            await self._within(desk.came, self._wait_s)
        until = self._clock.monotonic() + GATHERED_S
        while desk.phones and self._clock.monotonic() < until:
            desk.came.clear()
            await self._within(desk.came, GATHER_S)
            if not desk.came.is_set():
                break
        desk.given = dict.fromkeys(desk.phones, self._clock.monotonic())
        phones, desk.phones = list(dict.fromkeys(desk.phones.values())), {}
        if not phones:
            return {"returned_code": NOBODY}
        greeting, desk.greeting = desk.greeting, ""
        return {"phones": phones, "message_name": greeting} if greeting else {"phones": phones}

    async def _within(self, came: asyncio.Event, seconds: float) -> None:
        waits = asyncio.ensure_future(came.wait())
        ends = asyncio.ensure_future(self._clock.sleep(seconds))
        try:
            await asyncio.wait((waits, ends), return_when=asyncio.FIRST_COMPLETED)
        finally:
            waits.cancel()
            ends.cancel()
