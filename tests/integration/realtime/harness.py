"""A gateway on a real server and port, with services that only remember."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import uvicorn
import websockets
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute

from backend.bus.memory import MemoryBus
from backend.errors import WrongState
from backend.kit.clock import Clock, SystemClock
from backend.realtime.gateway import Gateway
from backend.realtime.limits import Limits
from backend.realtime.services import Services
from backend.services.ports import Bus, Publication, account_stream, me_stream
from backend.services.presence import Presence
from backend.services.sessions import Identity, IssuedToken, Sessions, StoredSession
from protocol.commands import DeclineCall
from protocol.frames import Command
from protocol.pushes import HistoryPage, StatusChanged, SwitchChanged
from protocol.vocabulary import (
    AccountId,
    AgentStatus,
    EmployeeId,
    Feature,
    SessionId,
    StatusSource,
    StreamName,
)
from tests.fake_lines import FakeLines, phones_of

ORIGIN = "https://app.test"
ACCOUNT = AccountId("acme")
ANNA = EmployeeId("anna")
AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


class MemorySessions:
    """A `SessionStore` without a database."""

    def __init__(self) -> None:
        self.rows: dict[str, StoredSession] = {}

    async def add(self, session: StoredSession) -> None:
        self.rows[session.session_id] = session

    async def find(self, token_hash: bytes) -> StoredSession | None:
        return next((s for s in self.rows.values() if s.token_hash == token_hash), None)

    async def find_by_id(
        self, account_id: AccountId, session_id: SessionId
    ) -> StoredSession | None:
        row = self.rows.get(session_id)
        return row if row is not None and row.identity.account_id == account_id else None

    async def replace_token(
        self, account_id: AccountId, session_id: SessionId, token_hash: bytes, expires_at: datetime
    ) -> None:
        row = self.rows[session_id]
        self.rows[session_id] = replace(row, token_hash=token_hash, expires_at=expires_at)

    async def revoke(self, account_id: AccountId, session_id: SessionId, at: datetime) -> None:
        row = self.rows.get(session_id)
        if row is not None and row.identity.account_id == account_id:
            self.rows[session_id] = replace(row, revoked_at=at)

    async def revoke_employee(
        self, account_id: AccountId, employee_id: EmployeeId, at: datetime
    ) -> Sequence[SessionId]:
        gone = [
            s.session_id
            for s in self.rows.values()
            if (s.identity.account_id, s.identity.employee_id) == (account_id, employee_id)
            and s.revoked_at is None
        ]
        for session_id in gone:
            await self.revoke(account_id, session_id, at)
        return gone

    async def revoked_since(self, at: datetime) -> Sequence[SessionId]:
        return [s.session_id for s in self.rows.values() if s.revoked_at and s.revoked_at >= at]


@dataclass
class Remembering:
    """Commands as they arrived; declining is refused, to see a refusal travel."""

    seen: list[Command] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(
        self, account_id: AccountId, employee_id: EmployeeId, command: Command, *, timeout_s: float
    ) -> bytes | None:
        self.seen.append(command)
        if isinstance(command, DeclineCall):
            raise WrongState("it is over", call="gone")
        if not self.gate.is_set():
            await self.gate.wait()
        return None


@dataclass
class ChosenStatuses:
    chosen: list[tuple[EmployeeId, AgentStatus, str | None]] = field(default_factory=list)

    async def choose(
        self,
        account_id: AccountId,
        employee_id: EmployeeId,
        status: AgentStatus,
        reason: str | None,
    ) -> None:
        self.chosen.append((employee_id, status, reason))


class EmptyHistory:
    async def page(
        self, account_id: AccountId, employee_id: EmployeeId, *, before: str | None, limit: int
    ) -> HistoryPage:
        return HistoryPage(entries=[], next=None)


@dataclass
class House:
    """Everything a test may touch."""

    bus: Bus
    gateway: Gateway
    sessions: Sessions
    store: MemorySessions
    calls: Remembering
    statuses: ChosenStatuses
    url: str
    clock: Clock
    lines: FakeLines
    version: int = field(default_factory=lambda: time.time_ns() // 1000)
    """Ahead of whatever an earlier test left in a shared server."""

    async def sign_in(self, employee: str = "anna", account: str = "acme") -> IssuedToken:
        return await self.sessions.open(
            Identity(
                account_id=AccountId(account),
                employee_id=EmployeeId(employee),
                name=employee.title(),
                extension="101",
                origins=(ORIGIN,),
            )
        )

    @contextlib.asynccontextmanager
    async def tab(
        self,
        token: IssuedToken | None = None,
        *,
        streams: dict[str, tuple[str, int]] | None = None,
        features: Sequence[str] = tuple(Feature),
        tab: str = "t1",
        visible: bool = True,
        sound: bool = False,
    ) -> AsyncIterator[Tab]:
        token = token or await self.sign_in()
        ticket = await self.sessions.ticket(token.token)
        async with self.socket() as socket:
            hello = {
                "type": "hello",
                "ticket": ticket,
                "protocol": 1,
                "features": list(features),
                "streams": streams or {},
                "tab": tab,
                "visible": visible,
                "sound": sound,
            }
            await socket.send(msgspec.json.encode(hello).decode())
            welcome = msgspec.json.decode(await socket.recv())
            assert welcome["type"] == "welcome"
            yield Tab(socket, welcome)

    @contextlib.asynccontextmanager
    async def socket(
        self, origin: str | None = ORIGIN
    ) -> AsyncIterator[websockets.ClientConnection]:
        async with websockets.connect(
            self.url,
            origin=websockets.Origin(origin) if origin else None,
            compression=None,
            ping_interval=None,
            close_timeout=2,
        ) as socket:
            yield socket

    async def say_status(self, status: AgentStatus, employee: str = "anna") -> None:
        self.version += 1
        push = StatusChanged(
            stream=StreamName.ME,
            entity="status",
            version=self.version,
            status=status,
            since=AT,
            source=StatusSource.PERSON,
            reason=None,
        )
        await self.bus.publish([Publication(me_stream(ACCOUNT, EmployeeId(employee)), push)])

    async def say_switch(self, *, connected: bool) -> None:
        self.version += 1
        push = SwitchChanged(
            stream=StreamName.ACCOUNT,
            entity="switch",
            version=self.version,
            connected=connected,
            since=AT,
        )
        await self.bus.publish([Publication(account_stream(ACCOUNT), push)])


@dataclass
class Tab:
    socket: websockets.ClientConnection
    welcome: dict[str, Any]

    async def frame(self) -> dict[str, Any]:
        async with asyncio.timeout(5):
            found: dict[str, Any] = msgspec.json.decode(await self.socket.recv())
            return found

    async def until(self, tag: str) -> dict[str, Any]:
        """The next frame of this type; others on the way are passed over."""
        async with asyncio.timeout(5):
            while (frame := await self.frame())["type"] != tag:
                pass
            return frame

    async def ask(self, tag: str, id: str = "command-1", **fields: Any) -> None:
        frame = {"type": tag, "id": id, **fields}
        await self.socket.send(msgspec.json.encode(frame).decode())

    async def closed(self) -> int:
        """The code the server closed with."""
        async with asyncio.timeout(8):
            with contextlib.suppress(websockets.ConnectionClosed):
                while True:
                    await self.socket.recv()
        return self.socket.close_code or 0


@contextlib.asynccontextmanager
async def listening(gateway: Gateway) -> AsyncIterator[str]:
    """The gateway behind uvicorn on a free port; the URL of its socket."""
    app = Starlette(routes=[WebSocketRoute("/ws", gateway)])
    config = uvicorn.Config(
        app,
        host="127.0.0.1",
        port=0,
        log_config=None,
        lifespan="off",
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        ws_ping_interval=None,
        loop="none",
        timeout_graceful_shutdown=2,
    )
    server = uvicorn.Server(config)
    config.load()
    server.lifespan = config.lifespan_class(config)
    await server.startup()
    port = server.servers[0].sockets[0].getsockname()[1]
    main = asyncio.create_task(server.main_loop())
    try:
        yield f"ws://127.0.0.1:{port}/ws"
    finally:
        server.should_exit = True
        await main
        await server.shutdown()


@contextlib.asynccontextmanager
async def house(
    *,
    bus: Bus | None = None,
    clock: Clock | None = None,
    limits: Limits | None = None,
    allowed: Callable[[str], bool] = lambda origin: origin == ORIGIN,
) -> AsyncIterator[House]:
    clock = clock or SystemClock()
    bus = bus or MemoryBus(clock)
    store = MemorySessions()
    sessions = Sessions(store, bus, clock)
    calls = Remembering()
    calls.gate.set()
    statuses = ChosenStatuses()
    lines = FakeLines()
    services = Services(
        calls=calls,
        contacts=calls,
        statuses=statuses,
        history=EmptyHistory(),
        sessions=sessions,
        presence=Presence(bus, clock),
        phones=phones_of(bus, clock, lines),
    )
    gateway = Gateway(bus, services, clock, origin_allowed=allowed, limits=limits)
    async with gateway, listening(gateway) as url:
        yield House(bus, gateway, sessions, store, calls, statuses, url, clock, lines)


async def eventually(condition: Callable[[], bool], *, within_s: float = 5.0) -> None:
    """Wait until the condition holds. Raises TimeoutError."""
    async with asyncio.timeout(within_s):
        while not condition():  # noqa: ASYNC110 - it may depend on anything
            await asyncio.sleep(0.01)


HOUR = timedelta(hours=1)
