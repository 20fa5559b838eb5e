"""What web and worker both stand on: database, bus, secrets, HTTP out, clock, metrics."""

from __future__ import annotations

import asyncio
import os
import ssl
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

import httpx
import structlog

from backend.api.metrics import Metrics
from backend.bus.memory import MemoryBus
from backend.bus.redis import RedisBus
from backend.errors import SettingsError
from backend.kit.budget import Buckets
from backend.kit.clock import Clock, SystemClock
from backend.kit.loopback import LoopbackTransport
from backend.kit.secrets_box import SecretsBox, new_key, parse_key_ring
from backend.services.ports import Bus
from backend.settings import Settings
from backend.store.database import Database
from backend.store.embedded import embedded
from backend.store.migrations import migrate

log = structlog.get_logger(__name__)

BUS_CHECK_S = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Foundation:
    settings: Settings
    clock: Clock
    database: Database
    owner_url: str
    """The database as its owner sees it: for migrations and their state."""
    secrets: SecretsBox
    bus: Bus
    http: httpx.AsyncClient
    metrics: Metrics
    buckets: Buckets = field(default_factory=Buckets)
    """What CRMs count of our requests, by address."""


@asynccontextmanager
async def foundation(
    settings: Settings, *, single: bool, migrating: bool, clock: Clock | None = None
) -> AsyncIterator[Foundation]:
    """Everything started, in order; stopped in the other order.

    `single`: this process is all there is, so the bus may live in it. Raises SettingsError.
    """
    require_bus(settings, single=single)
    async with AsyncExitStack() as stack:
        url = settings.database_url
        if not url:
            url = await stack.enter_async_context(embedded(settings.var_dir / "postgres"))
        if migrating:
            await migrate(url)
        database = await stack.enter_async_context(Database(url))
        bus: Bus
        if settings.redis_url:
            bus = await stack.enter_async_context(RedisBus(settings.redis_url))
        else:
            bus = MemoryBus(clock)
        http = await stack.enter_async_context(
            httpx.AsyncClient(
                transport=_way_out(settings),
                timeout=20.0,
                follow_redirects=False,
                headers={"User-Agent": "Dozvon/0.1 (+https://github.com/dozvon/dozvon)"},
            )
        )
        yield Foundation(
            settings=settings,
            clock=clock or SystemClock(),
            database=database,
            owner_url=url,
            secrets=SecretsBox(_keys(settings)),
            bus=bus,
            http=http,
            metrics=Metrics(),
        )


def _way_out(settings: Settings) -> httpx.AsyncBaseTransport:
    way: httpx.AsyncBaseTransport = httpx.AsyncHTTPTransport(
        limits=httpx.Limits(max_connections=200, max_keepalive_connections=50),
        verify=ssl.create_default_context(),
    )
    return LoopbackTransport(way) if settings.sandbox else way


def bus_check(base: Foundation) -> Callable[[], Awaitable[None]]:
    """For readiness: raises when the bus does not answer in time."""

    async def answers() -> None:
        async with asyncio.timeout(BUS_CHECK_S):
            await base.bus.generation()

    return answers


def require_bus(settings: Settings, *, single: bool) -> None:
    """Raises SettingsError where processes would run apart with nothing between them."""
    if not single and not settings.redis_url:
        raise SettingsError(
            "DOZVON_REDIS_URL is not set: separate web and worker processes need Redis or Valkey "
            "to talk to each other. Set it, or run everything in one process with `dozvon up`."
        )


def _keys(settings: Settings) -> dict[str, bytes]:
    """The key ring of the settings, or one made once and kept in var_dir for its owner alone."""
    configured = settings.keys()
    if configured:
        return configured
    path = settings.var_dir / "secret-keys"
    if not path.exists():
        settings.var_dir.mkdir(parents=True, exist_ok=True)
        # Whole or not at all: processes that start together must end up with one key.
        handle, fresh = tempfile.mkstemp(dir=settings.var_dir, prefix=".secret-keys-")
        with os.fdopen(handle, "w") as file:
            file.write(f"k1:{new_key()}")
        try:
            os.link(fresh, path)
        except FileExistsError:
            log.info("secrets.key_found", file=str(path))
        else:
            log.warning(
                "secrets.key_generated", file=str(path), note="back it up with the database"
            )
        finally:
            os.unlink(fresh)
    return parse_key_ring(path.read_text().strip())
