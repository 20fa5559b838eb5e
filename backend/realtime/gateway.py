"""The WebSocket endpoint and everything all its sockets share.

    async with Gateway(bus, services, clock, ...) as gateway:
        routes = [WebSocketRoute("/ws", gateway)]

A plain ASGI application under Starlette's router: for ten thousand idle sockets each object in
between counts.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections import Counter
from collections.abc import Callable, Coroutine, MutableMapping
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

import structlog

from backend.errors import BadTicket
from backend.kit.clock import Clock
from backend.realtime import handlers, session
from backend.realtime.connection import Connection, ForeignPage
from backend.realtime.hub import Hub
from backend.realtime.keeper import Keeper
from backend.realtime.limits import Limits
from backend.realtime.outbox import AsgiSend
from backend.realtime.services import Services
from backend.realtime.session import Close, Greet, Phase, Session
from backend.services.ports import Bus
from protocol.close_codes import CloseCode
from protocol.frames import Hello

_log = structlog.get_logger(__name__)

Scope = MutableMapping[str, Any]
Receive = Callable[[], Coroutine[Any, Any, MutableMapping[str, Any]]]

_GOODBYE_S = 5.0
"""How long a close may wait for a socket that takes nothing."""


class Gateway:
    """All sockets of one process."""

    def __init__(
        self,
        bus: Bus,
        services: Services,
        clock: Clock,
        *,
        origin_allowed: Callable[[str], bool],
        limits: Limits | None = None,
    ) -> None:
        self.bus = bus
        self.services = services
        self.clock = clock
        self.limits = limits or Limits()
        self.process = secrets.token_hex(4)
        """Tells this process's sockets from others' in presence."""
        self.connections: set[Connection] = set()
        """Admitted ones."""
        self.awaiting_hello: set[Connection] = set()
        """Accepted ones without a first frame; the keeper closes those that take too long."""
        self.cuts = 0
        """Sessions closed as slow since the start."""
        self.hub = Hub(bus, self.spawn)
        self._origin_allowed = origin_allowed
        self._greeting: Counter[str] = Counter()
        """Sockets that have not shown a ticket yet, by address."""
        self._draining = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._keeper = Keeper(self)
        handlers.check()

    # ── life ─────────────────────────────────────────────────────────────────────────────────

    async def __aenter__(self) -> Gateway:
        await self._keeper.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._keeper.stop()
        for connection in (*self.connections, *self.awaiting_hello):
            connection.close(CloseCode.RESTART, "restart")
        # What sockets leave behind (presence, follows) may start more of the same.
        while self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=5.0)
            for task in late:
                task.cancel()

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run something that outlives the socket that began it; ended with the gateway."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if task.cancelled() or (error := task.exception()) is None:
            return
        if isinstance(error, OSError):
            # The bus is away. What was to be told is told by the keeper's next rounds.
            _log.warning("realtime_task_lost", error=repr(error))
        else:
            _log.error("realtime_task_failed", error=repr(error), exc_info=error)

    async def drain(self, *, notice_s: float = 1.0, spread_s: float = 2.0) -> None:
        """Before a planned restart: tell every tab, then close a few at a time, so that they do
        not all come back in the same moment. New sockets are turned away meanwhile."""
        self._draining = True
        notice = session.restarting(round(notice_s * 1000))
        for connection in tuple(self.connections):
            connection.send(notice)
        await self.clock.sleep(notice_s)
        leaving = tuple(self.connections)
        step = max(1, len(leaving) // 20)
        for first in range(0, len(leaving), step):
            for connection in leaving[first : first + step]:
                connection.close(CloseCode.RESTART, "restart")
            await self.clock.sleep(spread_s / 20)

    # ── one socket ───────────────────────────────────────────────────────────────────────────

    async def __call__(self, scope: Scope, receive: Receive, send: AsgiSend) -> None:
        address = str((scope.get("client") or ("", 0))[0])
        await receive()  # websocket.connect
        refused = self._refused(scope, address)
        if refused is not None:
            # Before the handshake: the browser sees a failed connection, no code.
            _log.info("socket_refused", why=refused, address=address)
            await send({"type": "websocket.close", "code": int(CloseCode.ORIGIN)})
            return
        connection = Connection(self, Session(self.limits, self.clock.monotonic()), send)
        self._greeting[address] += 1
        try:
            await send({"type": "websocket.accept"})
            try:
                admitted = await self._greet(connection, scope, receive)
            finally:
                self._greeting[address] -= 1
                if not self._greeting[address]:
                    del self._greeting[address]
            if admitted:
                await self._talk(connection, receive)
            if connection.outbox.draining:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_GOODBYE_S):
                        await connection.outbox.flushed()
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if connection.closing_at is None or task is None:
                raise
            # Our own cut; whatever else wants this task gone is served by its end as well.
            task.uncancel()
        finally:
            self._end(connection)

    def _refused(self, scope: Scope, address: str) -> str | None:
        if self._draining:
            return "restarting"
        if self._greeting[address] >= self.limits.greeting_per_address:
            return "too many unauthenticated sockets"
        if not self._origin_allowed(_origin(scope)):
            return "origin"
        return None

    async def _greet(self, connection: Connection, scope: Scope, receive: Receive) -> bool:
        """Hello to welcome. False: the socket is closed, or about to be."""
        self.awaiting_hello.add(connection)
        try:
            message = await receive()
        finally:
            self.awaiting_hello.discard(connection)
        if message["type"] != "websocket.receive":
            return False
        action = connection.session.receive(_frame(message), self.clock.monotonic())
        if isinstance(action, Close):
            connection.close(action.code, action.reason)
        elif isinstance(action, Greet):
            return await self._admit(connection, action.hello, _origin(scope))
        return False

    async def _admit(self, connection: Connection, hello: Hello, origin: str) -> bool:
        try:
            await connection.welcome(hello, origin)
        except BadTicket as error:
            connection.close(CloseCode.TICKET, str(error))
            return False
        except ForeignPage as error:
            _log.warning("foreign_origin", account=str(error), origin=origin[:200])
            connection.close(CloseCode.ORIGIN, "not a page of this account")
            return False
        except OSError as error:
            # The bus is away: nothing true can be said, so nothing is; the tab comes back.
            _log.warning("welcome_failed", error=repr(error))
            connection.close(CloseCode.RESYNC, "try again")
            return False
        self.connections.add(connection)
        if self._draining:
            connection.close(CloseCode.RESTART, "restart")
        else:
            self._keeper.seated(connection)
        return True

    async def _talk(self, connection: Connection, receive: Receive) -> None:
        while True:
            message = await receive()
            if message["type"] != "websocket.receive":
                return
            connection.receive(_frame(message))

    def _end(self, connection: Connection) -> None:
        connection.session.phase = Phase.CLOSED
        connection.outbox.discard()
        self.connections.discard(connection)
        for key in connection.keys:
            self.hub.leave(connection, key)
        connection.keys.clear()
        self._keeper.left(connection)


def _frame(message: MutableMapping[str, Any]) -> str | bytes:
    text = message.get("text")
    return text if text is not None else message.get("bytes") or b""


def _origin(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"origin":
            return str(value.decode("latin-1"))
    return ""


def origin_rule(own: tuple[str, ...], host_patterns: tuple[str, ...]) -> Callable[[str], bool]:
    """Whether a page may open a socket before its account is known: one of our `own` origins, or
    an https page of a host like `*.bitrix24.ru`."""
    suffixes = tuple(p[1:] for p in host_patterns if p.startswith("*."))
    hosts = frozenset(p for p in host_patterns if not p.startswith("*."))

    def allowed(origin: str) -> bool:
        if origin in own:
            return True
        try:
            parts = urlsplit(origin)
            host = parts.hostname or ""
        except ValueError:
            return False
        return parts.scheme == "https" and (host in hosts or host.endswith(suffixes))

    return allowed
