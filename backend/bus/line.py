"""One connection to Redis or Valkey that is always being kept up: RESP3, pipelined, no pool.

A bare hiredis reader: fan-out is most of what a web process reads, and per message this costs
little more than the parsing. With RESP3 a connection may subscribe and ask at once, so that "where
is this stream" can be asked right behind "subscribe".
"""

from __future__ import annotations

import asyncio
import random
import ssl
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import unquote, urlsplit

import hiredis
import structlog

_log = structlog.get_logger(__name__)

_CONNECT_TIMEOUT_S = 5.0
_REPLY_TIMEOUT_S = 5.0
_LOOK_S = 1.0
_PING_S = 10.0
"""A connection may be half open: without a question nobody would notice."""
_BACKOFF_S = (0.05, 2.0)

Word = str | bytes | int
_NOTHING = object()


@dataclass(frozen=True, slots=True)
class Address:
    """`redis://[user[:password]@]host[:port][/db]`, `rediss://` with TLS, `unix:///path[?db=]`."""

    host: str
    port: int
    path: str | None
    user: str | None
    password: str | None
    database: int
    tls: bool

    @classmethod
    def parse(cls, url: str) -> Address:
        """Raises ValueError for anything else."""
        parts = urlsplit(url)
        if parts.scheme not in {"redis", "rediss", "unix"}:
            raise ValueError(f"not a Redis address: {parts.scheme}://")
        local = parts.scheme == "unix"
        database = parts.query.removeprefix("db=") if local else parts.path.strip("/")
        return cls(
            host=parts.hostname or "127.0.0.1",
            port=parts.port or 6379,
            path=unquote(parts.path) if local else None,
            user=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password else None,
            database=int(database or 0),
            tls=parts.scheme == "rediss",
        )


class Wire(asyncio.Protocol):
    """The socket of the moment: replies in the order of the questions, pushes as they come."""

    def __init__(self, on_message: Callable[[bytes, bytes], None]) -> None:
        self._on_message = on_message
        self._reader = hiredis.Reader(notEnoughData=_NOTHING)
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[tuple[asyncio.Future[Any], float]] = deque()
        """Questions without a reply, oldest first, with the second they were asked."""
        self._transport: asyncio.Transport | None = None
        self._out: list[bytes] = []
        """Packed commands that wait for one write: it costs more than packing a dozen of them."""
        self.lost: asyncio.Future[None] = self._loop.create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # By what it can do: uvloop's transports are no asyncio.Transport.
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._reader.feed(data)
        while (reply := self._reader.gets()) is not _NOTHING:
            if type(reply) is hiredis.PushNotification:
                if reply[0] == b"message":
                    self._on_message(reply[1], reply[2])
                continue
            waiter, _ = self._waiting.popleft()
            if waiter.done():
                continue
            if isinstance(reply, hiredis.ReplyError):
                waiter.set_exception(reply)
            else:
                waiter.set_result(reply)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.lost.done():
            self.lost.set_result(None)
        while self._waiting:
            waiter, _ = self._waiting.popleft()
            if not waiter.done():
                waiter.set_exception(ConnectionResetError("the bus went away"))

    def ask(self, *words: Word) -> asyncio.Future[Any]:
        """Send a command that is answered by a reply."""
        waiter: asyncio.Future[Any] = self._loop.create_future()
        if self.lost.done() or self._transport is None:
            waiter.set_exception(ConnectionResetError("the bus went away"))
            return waiter
        self._waiting.append((waiter, self._loop.time()))
        self._write(words)
        return waiter

    def tell(self, *words: Word) -> None:
        """Send a command that RESP3 answers by a push (subscribing)."""
        if self._transport is not None and not self.lost.done():
            self._write(words)

    def _write(self, words: tuple[Word, ...]) -> None:
        if not self._out:
            # One turn of the loop later: what the sockets that are readable now will ask goes
            # along. An idle loop turns in microseconds; a thousand tabs save half of the writes.
            self._loop.call_soon(self._loop.call_soon, self._flush)
        self._out.append(hiredis.pack_command(cast(Any, words)))

    def _flush(self) -> None:
        out, self._out = self._out, []
        if self._transport is not None and not self.lost.done():
            self._transport.write(out[0] if len(out) == 1 else b"".join(out))

    def overdue(self) -> bool:
        """The oldest question waits longer than a server that lives would let it."""
        return bool(self._waiting) and self._loop.time() - self._waiting[0][1] > _REPLY_TIMEOUT_S

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()


class Line:
    """Keeps a `Wire` up. Commands wait a little for it, then raise ConnectionError."""

    def __init__(
        self,
        address: Address,
        *,
        on_message: Callable[[bytes, bytes], None] = lambda channel, payload: None,
        on_up: Callable[[Wire], Awaitable[None]],
        wait_s: float = 2.0,
    ) -> None:
        self._address = address
        self._on_message = on_message
        self._on_up = on_up
        """Called with every new wire before anybody else may use it."""
        self._wait_s = wait_s
        self._wire: Wire | None = None
        self._up = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Connect, or raise what stands in the way: a wrong address is to be heard at once."""
        self._wire = await self._connect()
        self._up.set()
        self._task = asyncio.get_running_loop().create_task(self._keep_up(self._wire))

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        if self._wire is not None:
            self._wire.abort()
            await self._wire.lost

    async def _connect(self) -> Wire:
        loop = asyncio.get_running_loop()
        where = self._address
        async with asyncio.timeout(_CONNECT_TIMEOUT_S):
            if where.path is not None:
                _, wire = await loop.create_unix_connection(
                    lambda: Wire(self._on_message), where.path
                )
            else:
                _, wire = await loop.create_connection(
                    lambda: Wire(self._on_message),
                    where.host,
                    where.port,
                    ssl=ssl.create_default_context() if where.tls else None,
                )
            try:
                words: list[Word] = ["HELLO", 3]
                if where.password is not None:
                    words += ["AUTH", where.user or "default", where.password]
                await wire.ask(*words)
                if where.database:
                    await wire.ask("SELECT", where.database)
                await self._on_up(wire)
            except BaseException:
                wire.abort()
                raise
        return wire

    async def _keep_up(self, wire: Wire) -> None:
        while True:
            await self._watch(wire)
            self._up.clear()
            self._wire = None
            _log.warning("bus_lost", host=self._address.path or self._address.host)
            wire = await self._reconnect()
            self._wire = wire
            self._up.set()
            _log.info("bus_back", host=self._address.path or self._address.host)

    async def _watch(self, wire: Wire) -> None:
        """Returns when the wire is dead. One look a second is the deadline of all questions: a
        timer for each would cost more than the question."""
        loop = asyncio.get_running_loop()
        ping_at = loop.time() + _PING_S
        while not wire.lost.done():
            await asyncio.wait([wire.lost], timeout=_LOOK_S)
            if wire.overdue():
                # Later replies would be late as well; a new connection is not.
                wire.abort()
                await wire.lost
            elif loop.time() >= ping_at and not wire.lost.done():
                ping_at = loop.time() + _PING_S
                # Nobody waits for it; when it stays out it is overdue.
                wire.ask("PING").add_done_callback(_seen)

    async def _reconnect(self) -> Wire:
        delay = _BACKOFF_S[0]
        while True:
            try:
                return await self._connect()
            except (OSError, TimeoutError, hiredis.HiredisError):
                # Jitter: all processes lost it at the same moment.
                await asyncio.sleep(delay * random.uniform(0.5, 1.5))  # noqa: S311
                delay = min(delay * 2, _BACKOFF_S[1])

    async def wire(self) -> Wire:
        """The live wire. Raises ConnectionError when there is none for a while."""
        if self._wire is None:
            try:
                async with asyncio.timeout(self._wait_s):
                    await self._up.wait()
            except TimeoutError:
                raise ConnectionError("the bus is away") from None
        if self._wire is None:
            raise ConnectionError("the bus is away")
        return self._wire

    @property
    def now(self) -> Wire | None:
        return self._wire

    async def ask(self, *words: Word) -> Any:
        """Raises ConnectionError, after some seconds at most, and hiredis.ReplyError."""
        wire = self._wire or await self.wire()
        return await wire.ask(*words)


def _seen(answer: asyncio.Future[Any]) -> None:
    """Look at how a question ended, so that it does not count as an error nobody saw."""
    if not answer.cancelled():
        answer.exception()
