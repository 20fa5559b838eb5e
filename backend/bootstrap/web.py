"""The web process: sockets, signing on, pages, health."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import structlog
from starlette.routing import BaseRoute, WebSocketRoute

from backend.api.metrics import HealthApi
from backend.api.pages import PagesApi
from backend.api.portal_call import PortalCallApi
from backend.api.sign_on import SignOnApi
from backend.bootstrap.foundation import Foundation
from backend.connectors.crm.provers import AmoCrmProver, Bitrix24Prover
from backend.realtime.gateway import Gateway, origin_rule
from backend.realtime.limits import Limits
from backend.realtime.services import Services
from backend.services.calls import CallsClient
from backend.services.presence import Presence
from backend.services.sessions import Sessions
from backend.services.sign_on import SignOn
from backend.services.statuses import StatusService
from backend.store.gateways import (
    SqlDirectory,
    SqlHistory,
    SqlPortalCalls,
    SqlSessions,
    SqlStatuses,
)

log = structlog.get_logger(__name__)

BUS_CHECK_S = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Web:
    gateway: Gateway
    sessions: Sessions
    statuses: StatusService
    health: HealthApi
    routes: list[BaseRoute]


@asynccontextmanager
async def web(base: Foundation) -> AsyncIterator[Web]:
    """Everything browsers and CRMs talk to, ready to be routed."""
    settings, bus, clock = base.settings, base.bus, base.clock
    directory = SqlDirectory(base.database, base.secrets, clock)
    sessions = Sessions(SqlSessions(base.database, settings.origin), bus, clock)
    statuses = StatusService(SqlStatuses(base.database), bus, clock)
    sign_on = SignOn(
        directory, sessions, [AmoCrmProver(), Bitrix24Prover(base.http)], settings.origin
    )
    calls = CallsClient(bus)
    services = Services(
        calls=calls,
        contacts=calls,
        statuses=statuses,
        history=SqlHistory(base.database),
        sessions=sessions,
        presence=Presence(bus, clock),
    )
    gateway = Gateway(
        bus,
        services,
        clock,
        origin_allowed=origin_rule(
            (settings.origin,),
            tuple(
                pattern.strip()
                for text in (settings.bitrix24_hosts, settings.amocrm_hosts)
                for pattern in text.split(",")
                if pattern.strip()
            ),
        ),
        limits=Limits(greeting_per_address=settings.max_unauthenticated),
    )

    async def bus_answers() -> None:
        async with asyncio.timeout(BUS_CHECK_S):
            await bus.generation()

    def collect() -> None:
        base.metrics.sessions.set(len(gateway.connections))
        base.metrics.cut_sessions.set(gateway.cuts)

    health = HealthApi(base.metrics, {"database": base.database.ping, "bus": bus_answers}, collect)
    pages = PagesApi(directory, settings.origin)
    async with gateway:
        yield Web(
            gateway=gateway,
            sessions=sessions,
            statuses=statuses,
            health=health,
            routes=[
                *health.routes(),
                *SignOnApi(sign_on, sessions, directory, settings.origin).routes(),
                *PortalCallApi(sessions, SqlPortalCalls(base.database)).routes(),
                *pages.routes(),
                WebSocketRoute("/ws", gateway),
            ],
        )
        health.draining = True
        with contextlib.suppress(Exception):
            await gateway.drain(notice_s=0.2, spread_s=0.5)
