"""Connections to the UIS cloud: their addresses, their letters, and the parts built of them."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec
import structlog
from starlette.routing import BaseRoute

from backend.api.doors import Doors
from backend.api.uis import UisApi
from backend.bootstrap.foundation import Foundation
from backend.errors import AppError, Expired
from backend.kit.clock import Clock
from backend.services.line_statuses import Agreed, LineStatuses, OnLine
from backend.services.ports import Bus
from backend.services.routing import RoutingTable
from backend.services.statuses import StatusService
from backend.store.database import Database
from backend.store.gateways import SqlStatuses
from backend.store.switches import SwitchConnection, SwitchStore
from backend.store.uis import QUESTION, UisStore
from backend.telephony.uis import UNKNOWN, Answer, Letter, UisRecordings, UisStatuses, UisSwitch
from backend.telephony.uis.names import Line, parse
from backend.telephony.uis.recordings import MEDIA_URL
from protocol.vocabulary import AgentStatus, EmployeeId, LegId

log = structlog.get_logger(__name__)

KIND: Final = "uis"
HOLD: Final = "hold"
RECORDING: Final = "recording"
"""Keys of a connection's settings: what whoever waits hears, and who begins recordings."""
SECRETS_S: Final = 10.0
"""How soon a new or changed connection's secret opens the door."""
_GRACE_S: Final = 1.5
"""Between the owner's deadline for an answer and ours."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where an account of the cloud is spoken to."""

    call: str
    data: str
    media: str


def addresses(url: str) -> Addresses:
    """All of them follow from Call API's, as in the documentation: `callapi…/v4.0` goes with
    `dataapi…/v2.0`. Another host is its own for everything, which the sandbox is."""
    parts = urlsplit(url)
    path = parts.path.rstrip("/") or "/v4.0"
    call = f"{parts.scheme}://{parts.netloc}{path}"
    if parts.netloc.startswith("callapi"):
        host = parts.netloc.replace("callapi-jsonrpc", "dataapi-jsonrpc", 1)
        host = host.replace("callapi", "dataapi", 1)
        return Addresses(call, f"{parts.scheme}://{host}/v2.0", MEDIA_URL)
    base = f"{parts.scheme}://{parts.netloc}"
    return Addresses(call, f"{base}/v2.0", f"{base}/system/media")


def credentials(secret: str, token: str) -> str:
    """As they are kept: the secret of our door, then the cloud's key."""
    return f"{secret}:{token}"


def by_command(connection: SwitchConnection) -> bool:
    """Whether talks are recorded by our command rather than by the cloud's rules."""
    return connection.settings.get(RECORDING) == "dozvon"


class SqlPost:
    """`telephony.uis.Post` in SQL, with the bus to wake its reader."""

    def __init__(self, database: Database, bus: Bus, connection_id: str) -> None:
        self._database = database
        self._bus = bus
        self._id = connection_id

    async def letters(self) -> list[Letter]:
        async with self._database.begin_resolving() as tx:
            return [Letter(id_, body) for id_, body in await UisStore(tx, self._id).unread()]

    async def read(self, letters: list[Letter]) -> None:
        async with self._database.begin_resolving() as tx:
            await UisStore(tx, self._id).read([letter.id for letter in letters])

    @asynccontextmanager
    async def waking(self, listener: Callable[[], None]) -> AsyncIterator[None]:
        async with self._bus.on_wake(_topic(self._id), lambda _payload: listener()):
            yield

    @asynccontextmanager
    async def answering(self, answer: Answer) -> AsyncIterator[None]:
        async def run(payload: bytes) -> bytes:
            return msgspec.json.encode(await answer(msgspec.json.decode(payload)))

        async with self._bus.serve(_topic(self._id), run):
            yield

    async def names(self) -> dict[tuple[int, int], LegId]:
        async with self._database.begin_resolving() as tx:
            kept = await UisStore(tx, self._id).names()
        return {place: LegId(name) for place, name in kept.items()}

    async def name(self, session_id: int, vendor_id: int, leg_id: LegId) -> None:
        async with self._database.begin_resolving() as tx:
            await UisStore(tx, self._id).name(session_id, vendor_id, leg_id)


class SqlDoor:
    """`api.uis.UisDoor` in SQL; questions go over the bus to the owner of the connection."""

    def __init__(self, base: Foundation) -> None:
        self._base = base
        self._known: tuple[float, dict[str, str]] | None = None
        """When the secrets were read, and the connection by the hash of each."""

    async def connection(self, secret: str) -> str | None:
        now = self._base.clock.monotonic()
        if self._known is None or now - self._known[0] > SECRETS_S:
            self._known = (now, await self._secrets())
        wanted, found = _hash(secret), None
        for known, connection_id in self._known[1].items():
            if hmac.compare_digest(known, wanted):
                found = connection_id
        return found

    async def _secrets(self) -> dict[str, str]:
        async with self._base.database.begin_resolving() as tx:
            connections = await SwitchStore(tx, self._base.secrets).all()
        pairs = ((c.credentials.partition(":")[0], c.id) for c in connections if c.kind == KIND)
        return {_hash(secret): connection_id for secret, connection_id in pairs if secret}

    async def store(self, connection_id: str, key: str, event: str, body: dict[str, Any]) -> None:
        async with self._base.database.begin_resolving() as tx:
            new = await UisStore(tx, connection_id).put(key, event, body)
        if new:
            await self._base.bus.wake(_topic(connection_id))

    async def ask(self, connection_id: str, question: dict[str, Any]) -> dict[str, Any]:
        timeout_s = self._base.settings.uis_answer_ms / 1000 + _GRACE_S
        try:
            told = await self._base.bus.ask(
                _topic(connection_id), msgspec.json.encode(question), timeout_s=timeout_s
            )
            answer: dict[str, Any] = msgspec.json.decode(told)
        except (AppError, OSError, TimeoutError) as error:
            reason = "nobody owns it" if isinstance(error, Expired) else type(error).__name__
            log.warning("uis.question_unanswered", connection=connection_id, reason=reason)
            return {"returned_code": UNKNOWN}
        return answer

    async def keep(
        self, connection_id: str, question: dict[str, Any], answer: dict[str, Any]
    ) -> None:
        key = _hash(f"{question}{self._base.clock.now().isoformat()}")
        try:
            async with self._base.database.begin_resolving() as tx:
                await UisStore(tx, connection_id).put(key, QUESTION, question, answer=answer)
        except Exception as error:
            log.warning("uis.question_not_kept", connection=connection_id, error=str(error))


def door(base: Foundation, doors: Doors) -> list[BaseRoute]:
    return [*UisApi(SqlDoor(base), doors).routes()]


def switch(base: Foundation, connection: SwitchConnection, routing: RoutingTable) -> UisSwitch:
    """What the owner of the connection speaks to the cloud with."""
    where, settings = addresses(connection.url), base.settings
    return UisSwitch(
        where.call,
        connection.credentials.partition(":")[2],
        post=SqlPost(base.database, base.bus, connection.id),
        who=lambda employee: _employee(routing, connection.id, employee),
        ours=lambda number: routing.dialed(connection.id, number) is not None,
        clock=base.clock,
        identity=connection.id,
        data_url=where.data,
        poll_s=float(settings.uis_poll_s),
        answer_s=settings.uis_answer_ms / 1000,
        hold_message=str(connection.settings.get(HOLD) or settings.uis_hold),
        records_by_command=by_command(connection),
    )


def recordings(connection: SwitchConnection, clock: Clock) -> UisRecordings:
    where = addresses(connection.url)
    token = connection.credentials.partition(":")[2]
    return UisRecordings(
        where.data, token, clock=clock, identity=connection.id, media_url=where.media
    )


class SqlAgreed:
    """`services.line_statuses.AgreedBook` of one connection."""

    def __init__(self, database: Database, connection_id: str) -> None:
        self._database = database
        self._id = connection_id

    async def load(self) -> dict[int, Agreed]:
        async with self._database.begin_resolving() as tx:
            kept = await UisStore(tx, self._id).agreed()
        return {
            vendor: Agreed(vendor_status=AgentStatus(status), version=version)
            for vendor, (status, version) in kept.items()
        }

    async def keep(self, vendor: int, agreed: Agreed) -> None:
        async with self._database.begin_resolving() as tx:
            await UisStore(tx, self._id).agree(vendor, agreed.vendor_status.value, agreed.version)


@asynccontextmanager
async def statuses_in_step(
    base: Foundation,
    connection: SwitchConnection,
    routing: RoutingTable,
    statuses: StatusService,
) -> AsyncIterator[None]:
    """Keep statuses as the cloud has them, and the cloud's as ours, while inside."""
    where = addresses(connection.url)
    engine = UisStatuses(where.data, connection.credentials.partition(":")[2])
    step = LineStatuses(
        engine=engine,
        book=SqlAgreed(base.database, connection.id),
        store=SqlStatuses(base.database),
        statuses=statuses,
        people=lambda: _people(routing, connection.id),
        clock=base.clock,
    )
    task = asyncio.create_task(step.run(), name=f"statuses:{connection.id}")
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await engine.aclose()


def _people(routing: RoutingTable, connection_id: str) -> list[OnLine]:
    """Who has a line of the cloud's, once for each of its employees."""
    found: dict[int, OnLine] = {}
    for account in routing.accounts_on(connection_id):
        for employee in account.employees.values():
            for device in employee.devices:
                line = parse(device.endpoint)
                if isinstance(line, Line):
                    found.setdefault(
                        line.employee,
                        OnLine(
                            account_id=account.account_id,
                            employee_id=employee.employee_id,
                            vendor=line.employee,
                        ),
                    )
    return list(found.values())


def _employee(routing: RoutingTable, connection_id: str, vendor: int) -> EmployeeId | None:
    """Who has a line of the cloud's employee."""
    people = _people(routing, connection_id)
    return next((one.employee_id for one in people if one.vendor == vendor), None)


def _topic(connection_id: str) -> str:
    return f"uis:{connection_id}"


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
