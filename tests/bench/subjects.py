"""What is measured: our gateway with every feature on, and a bare endpoint to compare with.

Both run under the same server with the same options, encode the same push and say as much in the
welcome.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import msgspec
import redis.asyncio as redis_py
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from backend.bus.memory import MemoryBus
from backend.bus.redis import RedisBus
from backend.kit.clock import SystemClock
from backend.realtime.gateway import Gateway
from backend.realtime.limits import Limits
from backend.realtime.server import Front
from backend.realtime.services import Services
from backend.services.ports import Bus, Publication, account_stream, me_stream
from backend.services.presence import Presence
from backend.services.sessions import Identity, Sessions, StoredSession
from protocol import pushes
from protocol.frames import Push
from protocol.pushes import CallChanged, CrmChanged, StatusChanged, Who
from protocol.vocabulary import (
    AccountId,
    AgentStatus,
    CallId,
    CallState,
    CrmKind,
    Direction,
    EmployeeId,
    Feature,
    LegState,
    SessionId,
    StatusSource,
    StreamName,
)
from tests.bench.calls import Switchboard
from tests.bench.load import ORIGIN
from tests.fake_lines import phones_of
from tests.integration.realtime.harness import ChosenStatuses, EmptyHistory, MemorySessions
from tests.integration.realtime.harness import Remembering as Calls

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
_clock = SystemClock()


class Subject(Protocol):
    app: Starlette

    async def hellos(self, count: int, per_account: int) -> list[bytes]: ...
    async def push(self, number: int) -> None: ...
    async def broadcast(self, account: int) -> None: ...
    async def calls(self, sessions: int) -> None:
        """Be ready for `report`."""

    def report(self, number: int) -> None:
        """The switch says that somebody calls this employee."""


def status_push(version: int) -> StatusChanged:
    """A push of a usual size that carries when it was published (see load.Tally)."""
    return StatusChanged(
        stream=StreamName.ME,
        entity="status",
        version=version,
        status=AgentStatus.BREAK,
        since=AT,
        source=StatusSource.PERSON,
        reason=f"@{time.monotonic_ns()}",
    )


class Stamped(CrmChanged, frozen=True, kw_only=True, tag="crm.changed"):
    note: str


def account_push(version: int) -> Push:
    return Stamped(
        stream=StreamName.ACCOUNT,
        entity="crm",
        version=version,
        crm=CrmKind.AMOCRM,
        state="ok",
        since=AT,
        note=f"@{time.monotonic_ns()}",
    )


def card_push() -> CallChanged:
    """A ringing card, as our call owner tells it, made when the switch reports."""
    return CallChanged(
        stream=StreamName.ME,
        entity="call:call-1",
        version=1,
        call_id=CallId("call-1"),
        direction=Direction.INBOUND,
        state=CallState.RINGING,
        number="+79000000001",
        name=f"@{time.monotonic_ns()}",
        virtual_number="+74950000001",
        virtual_number_name="Main line",
        scenario="Sales",
        my_leg=LegState.DIALING,
        device="Desk phone",
        rung=[Who(employee_id=EmployeeId("e1"), name="Employee 1")],
        answered_by=None,
        started_at=AT,
        answered_at=None,
        ended_at=None,
        outcome=None,
        cause=None,
        actions=["answer", "decline"],
    )


@dataclass
class Ours:
    """The gateway with presence, deduplication, negotiation and revocation as in production."""

    app: Starlette
    bus: Bus
    sessions: Sessions
    switchboard: Switchboard
    per_account: int = 200
    version: int = field(default_factory=lambda: time.time_ns() // 1000)

    async def hellos(self, count: int, per_account: int) -> list[bytes]:
        """First frames with tickets bought in advance. Real tickets live 30 s; these are put into
        the bus with more, because ten thousand are bought before the first is used."""
        self.per_account = per_account
        made = []
        for number in range(count):
            identity = Identity(
                account_id=AccountId(f"a{number // per_account}"),
                employee_id=EmployeeId(f"e{number}"),
                name=f"Employee {number}",
                extension=str(100 + number),
                origins=(ORIGIN,),
            )
            stored = StoredSession(
                session_id=SessionId(f"session-{number}"),
                token_hash=b"",
                identity=identity,
                opened_at=AT,
                expires_at=_clock.now() + timedelta(hours=12),
            )
            ticket = await self.sessions.ticket_for(stored)
            made.append(
                msgspec.json.encode(
                    {
                        "type": "hello",
                        "ticket": ticket,
                        "protocol": 1,
                        "features": [f.value for f in Feature],
                        "tab": f"tab-{number}",
                    }
                )
            )
        return made

    async def push(self, number: int) -> None:
        self.version += 1
        key = me_stream(AccountId(f"a{number // self.per_account}"), EmployeeId(f"e{number}"))
        await self.bus.publish([Publication(key, status_push(self.version))])

    async def broadcast(self, account: int) -> None:
        self.version += 1
        key = account_stream(AccountId(f"a{account}"))
        await self.bus.publish([Publication(key, account_push(self.version))])

    async def calls(self, sessions: int) -> None:
        await self.switchboard.open(sessions, self.per_account)

    def report(self, number: int) -> None:
        self.switchboard.report(number)


class PatientSessions(Sessions):
    """Tickets that outlive the preparation of a run."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._ticket_ttl_s = 3600.0


@contextlib.asynccontextmanager
async def ours(redis_url: str | None) -> AsyncIterator[Ours]:
    async with contextlib.AsyncExitStack() as stack:
        bus: Bus = (
            await stack.enter_async_context(RedisBus(redis_url)) if redis_url else MemoryBus()
        )
        sessions = PatientSessions(MemorySessions(), bus, _clock)
        calls = Calls()
        gateway = Gateway(
            bus,
            Services(
                calls=calls,
                contacts=calls,
                statuses=ChosenStatuses(),
                history=EmptyHistory(),
                sessions=sessions,
                presence=Presence(bus, _clock),
                phones=phones_of(bus, _clock),
            ),
            _clock,
            origin_allowed=lambda origin: origin == ORIGIN,
            limits=Limits(greeting_per_address=100_000),
        )
        await stack.enter_async_context(gateway)
        switchboard = Switchboard(bus)
        stack.push_async_callback(switchboard.close)
        app = Front()
        app.sockets = gateway
        yield Ours(app, bus, sessions, switchboard)


class Bare:
    """The shortest Starlette endpoint that can push: a dict of sockets."""

    def __init__(self, redis: Any) -> None:
        self.app = Starlette(routes=[WebSocketRoute("/ws", self._socket)])
        self.sockets: dict[int, WebSocket] = {}
        self.per_account = 200
        self.version = 0
        self.reading: asyncio.Task[None] | None = None
        """Redis's messages to sockets."""
        self.reports: asyncio.Queue[tuple[int, CallChanged]] = asyncio.Queue()
        self.hearing: asyncio.Task[None] | None = None
        """The switch's reports to sockets."""
        self._redis = redis
        self._pubsub = redis.pubsub() if redis is not None else None

    async def _socket(self, socket: WebSocket) -> None:
        await socket.accept()
        number = int(await socket.receive_text())
        self.sockets[number] = socket
        await socket.send_text(_WELCOME)
        try:
            while True:
                await socket.receive_text()
        except WebSocketDisconnect:
            del self.sockets[number]

    async def hellos(self, count: int, per_account: int) -> list[bytes]:
        self.per_account = per_account
        if self._pubsub is not None:
            for first in range(0, count, 500):
                await self._pubsub.subscribe(
                    *(f"e{n}" for n in range(first, min(count, first + 500)))
                )
            await self._pubsub.subscribe(*(f"a{n}" for n in range(count // per_account + 1)))
            # Only now: redis-py's reader and a subscriber do not get on at the same time.
            self.reading = asyncio.create_task(self.fan_out())
        return [str(number).encode() for number in range(count)]

    async def fan_out(self) -> None:
        if self._pubsub is None:
            return
        while True:
            message = await self._pubsub.get_message(ignore_subscribe_messages=True, timeout=None)
            if message is None:
                continue
            kind, number = message["channel"][:1], int(message["channel"][1:])
            # A socket that went away is no reason to stop reading for the others.
            if kind == b"e":
                await self._send(number, message["data"].decode())
            else:
                await self._send_all(number, message["data"].decode())

    async def _send(self, number: int, text: str) -> None:
        socket = self.sockets.get(number)
        if socket is not None:
            await socket.send_text(text)

    async def _send_all(self, account: int, text: str) -> None:
        for number in range(account * self.per_account, (account + 1) * self.per_account):
            await self._send(number, text)

    async def push(self, number: int) -> None:
        self.version += 1
        body = pushes.encode(status_push(self.version))
        if self._redis is not None:
            await self._redis.publish(f"e{number}", body)
        else:
            await self._send(number, body.decode())

    async def broadcast(self, account: int) -> None:
        self.version += 1
        body = pushes.encode(account_push(self.version))
        if self._redis is not None:
            await self._redis.publish(f"a{account}", body)
        else:
            await self._send_all(account, body.decode())

    async def calls(self, sessions: int) -> None:
        self.hearing = asyncio.create_task(self._hear())

    def report(self, number: int) -> None:
        self.reports.put_nowait((number, card_push()))

    async def _hear(self) -> None:
        while True:
            number, push = await self.reports.get()
            body = pushes.encode(push)
            if self._redis is not None:
                await self._redis.publish(f"e{number}", body)
            else:
                await self._send(number, body.decode())


_WELCOME = '{"type":"welcome","padding":"' + "x" * 560 + '"}'
"""As long as ours for an employee without calls."""


@contextlib.asynccontextmanager
async def bare(redis_url: str | None) -> AsyncIterator[Bare]:
    redis = redis_py.Redis.from_url(redis_url, socket_timeout=None) if redis_url else None
    subject = Bare(redis)
    try:
        yield subject
    finally:
        for task in (subject.reading, subject.hearing):
            if task is not None:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
        if redis is not None:
            await redis.aclose()


SUBJECTS: dict[str, Any] = {"ours": ours, "bare": bare}
KINDS: Sequence[str] = ("bare", "ours")
