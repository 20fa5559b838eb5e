"""What time asks of all sockets of a process: pings, ends, revocations, presence.

One loop for all of them. A timer per socket would cost more memory than the socket's session.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from backend.realtime.session import Close, Send
from backend.realtime.unheld import UnheldLines
from backend.services.presence import REFRESH_S, Seat
from backend.services.sessions import REVOKED
from protocol.close_codes import CloseCode
from protocol.vocabulary import AccountId

if TYPE_CHECKING:
    from backend.realtime.connection import Connection
    from backend.realtime.gateway import Gateway

_log = structlog.get_logger(__name__)

_ROUND_S = 1.0
_POLL_S = 2.0
"""Revocations are looked up beside the wake-up, which a lossy bus may swallow: 5 s are promised."""
_LOOK_BACK = timedelta(seconds=60)
"""Further back than a ticket lives: one bought before the revocation opens a socket after it."""
_SWEEP_S = 5.0
_RECALL_S = 1.0
"""How soon a flushed bus is noticed."""
_UNHELD_S = 1.0
"""How soon somebody who was signed out has no line any more."""
_GOODBYE_S = 5.0
"""How long a close may wait for a socket that takes nothing."""
_TELLING = 8
"""Comings and goings told at once."""
_GATHER_S = 0.1
_GATHER_MAX_S = 5.0
"""Arrivals are told when none came for the first, or the oldest waits for the second. When all
tabs come back after a restart, their welcomes go first; who is online follows."""
_TURN = 16
"""Arrivals told in one go by a bus that never waits; others' pushes pass between."""
_SLICE = 500
"""Sockets looked at in one go; others' pushes pass between."""


class Keeper:
    """The clock of one gateway."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._accounts: set[AccountId] = set()
        """Where somebody of this process was seen; swept until all of them are told offline."""
        self._generation: str | None = None
        """Of the bus, when it was last looked at."""
        self._telling = asyncio.Semaphore(_TELLING)
        self._arrived: deque[Connection] = deque()
        """Seated, not told to presence yet."""
        self._last_arrival = 0.0
        """Second of the loop's clock: this is about its work, not about the time of day."""
        self._gathering = False
        self._unheld = UnheldLines(gateway.services.phones, gateway.clock)
        self._stack = AsyncExitStack()
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        await self._stack.enter_async_context(
            self._gateway.bus.on_wake(REVOKED, lambda payload: self._revoke({payload.decode()}))
        )
        with contextlib.suppress(OSError):
            self._generation = await self._gateway.bus.generation()
        loop = asyncio.get_running_loop()
        self._tasks = [
            loop.create_task(self._every(_ROUND_S, self._round)),
            loop.create_task(self._every(_POLL_S, self._poll)),
            loop.create_task(self._every(REFRESH_S, self._refresh)),
            loop.create_task(self._every(_SWEEP_S, self._sweep)),
            loop.create_task(self._every(_RECALL_S, self._recall)),
            loop.create_task(self._every(_UNHELD_S, self._unheld.look)),
        ]

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._stack.aclose()

    async def _every(self, seconds: float, work: Callable[[], Awaitable[None]]) -> None:
        failing = False
        while True:
            await self._gateway.clock.sleep(seconds)
            try:
                await work()
            except Exception as error:
                # The bus or the database is away for a moment: the next round does it. Logged
                # once, and once more when it is over.
                if not failing:
                    _log.warning("keeper_failed", work=work.__name__, exc_info=error)
                failing = True
            else:
                if failing:
                    _log.info("keeper_recovered", work=work.__name__)
                failing = False

    # ── rounds ───────────────────────────────────────────────────────────────────────────────

    async def _round(self) -> None:
        clock = self._gateway.clock
        monotonic, now = clock.monotonic(), clock.now()
        for connection in tuple(self._gateway.awaiting_hello):
            if connection.closing_at is not None:
                if monotonic - connection.closing_at >= _GOODBYE_S:
                    connection.cut()
            elif monotonic - connection.session.heard_at >= self._gateway.limits.hello_timeout_s:
                connection.close(CloseCode.HELLO_TIMEOUT, "no hello in time")
        for count, connection in enumerate(tuple(self._gateway.connections), 1):
            if connection.closing_at is not None:
                if monotonic - connection.closing_at >= _GOODBYE_S:
                    connection.cut()
                continue
            action = connection.session.tick(monotonic, now)
            if isinstance(action, Send | Close):
                connection.carry_out(action)
            if count % _SLICE == 0:
                await asyncio.sleep(0)

    async def _poll(self) -> None:
        if self._gateway.connections:
            since = self._gateway.clock.now() - _LOOK_BACK
            self._revoke(set(await self._gateway.services.sessions.revoked_since(since)))

    def _revoke(self, sessions: set[str]) -> None:
        if not sessions:
            return
        for connection in tuple(self._gateway.connections):
            admission = connection.admission
            if admission is not None and admission.session_id in sessions:
                connection.close(CloseCode.SESSION_ENDED, "signed out")

    async def _refresh(self) -> None:
        seats = [c.seat for c in self._gateway.connections if c.seat is not None]
        await self._gateway.services.presence.refresh(seats)

    async def _sweep(self) -> None:
        here = {c.admission.account_id for c in self._gateway.connections if c.admission}
        for account_id in tuple(self._accounts | here):
            if not await self._gateway.services.presence.sweep(account_id):
                self._accounts.discard(account_id)

    async def _recall(self) -> None:
        """Tell a bus that lost its memory who is here."""
        known, self._generation = self._generation, await self._gateway.bus.generation()
        if known not in (None, self._generation):
            _log.warning("bus_flushed", note="telling presence anew")
            await self._refresh()
            await self._sweep()

    # ── comings and goings ───────────────────────────────────────────────────────────────────

    def seated(self, connection: Connection) -> None:
        if connection.seat is not None:
            self._accounts.add(connection.seat.account_id)
            self._arrived.append(connection)
            self._last_arrival = asyncio.get_running_loop().time()
            if not self._gathering:
                self._gathering = True
                self._gateway.spawn(self._tell_arrivals())

    def left(self, connection: Connection) -> None:
        if connection.seat is not None:
            self._gateway.spawn(self._tell_departure(connection, connection.seat))

    async def _tell_arrivals(self) -> None:
        """Tell presence of all who came, once they stop coming. One task for many sockets."""
        loop = asyncio.get_running_loop()
        latest = loop.time() + _GATHER_MAX_S
        # Each arrival puts it off; an event would have to be set by every one of them.
        while (wait := min(self._last_arrival + _GATHER_S, latest) - loop.time()) > 0:  # noqa: ASYNC110
            await asyncio.sleep(wait)
        batch, self._arrived = self._arrived, deque()
        # Whoever comes from here on begins the next batch.
        self._gathering = False
        lanes = min(_TELLING, len(batch))
        for _ in range(lanes - 1):
            self._gateway.spawn(self._tell(batch))
        await self._tell(batch)

    async def _tell(self, batch: deque[Connection]) -> None:
        presence = self._gateway.services.presence
        count = 0
        while batch:
            connection = batch.popleft()
            # As it is by now: the tab may have reported meanwhile, or be gone.
            if connection.seat is None or connection not in self._gateway.connections:
                continue
            async with self._telling:
                await presence.arrived(connection.seat)
            count += 1
            if count % _TURN == 0:
                await asyncio.sleep(0)

    async def _tell_departure(self, connection: Connection, seat: Seat) -> None:
        try:
            async with self._telling:
                await self._gateway.services.presence.left(seat)
        finally:
            extension = connection.admission.extension if connection.admission else None
            signed_out = connection.goodbye is CloseCode.SESSION_ENDED
            self._unheld.left(seat, extension, signed_out=signed_out)
