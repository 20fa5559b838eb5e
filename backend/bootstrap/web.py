"""The web process: sockets, signing on, pages, health."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.routing import BaseRoute, WebSocketRoute

from backend.api.doors import Doors
from backend.api.metrics import Collect, HealthApi
from backend.api.pages import PagesApi
from backend.api.portal_call import PortalCallApi
from backend.api.recordings import RecordingsApi
from backend.api.sign_on import SignOnApi
from backend.bootstrap import amocrm, portals, uis
from backend.bootstrap.audio import audio_storage
from backend.bootstrap.board import board_doors, hands
from backend.bootstrap.callbacks import callbacks
from backend.bootstrap.dialer import desk, list_doors
from backend.bootstrap.foundation import Foundation, bus_check
from backend.bootstrap.lines import SwitchLineHomes
from backend.bootstrap.settings_api import settings_doors
from backend.bootstrap.sip_origins import SipOrigins
from backend.bootstrap.tracking import visit_doors
from backend.bootstrap.visitors import seen_today, tell_workday, visitors
from backend.connectors.crm.provers import AmoCrmProver, Bitrix24Prover
from backend.jobs import inbox as inbox_jobs
from backend.jobs.queue import JobQueue
from backend.realtime.gateway import Gateway, origin_rule
from backend.realtime.limits import Limits
from backend.realtime.services import Services
from backend.services.calls import CallsClient
from backend.services.crm_admins import CrmAdmins
from backend.services.crm_events import EventInbox
from backend.services.ice_servers import IceConfig
from backend.services.phones import Phones
from backend.services.presence import Presence
from backend.services.recordings import RecordingLinks
from backend.services.sessions import Sessions
from backend.services.sign_on import SignOn
from backend.services.statuses import StatusService
from backend.settings import Settings, listed
from backend.store.gateways import (
    SqlDirectory,
    SqlHistory,
    SqlInbox,
    SqlPortalCalls,
    SqlRecordings,
    SqlSessions,
    SqlStatuses,
)
from backend.store.gateways.crm_admins import SqlAdminRoles
from backend.store.gateways.issued_lines import SqlIssuedLines
from backend.store.gateways.lines import SqlLinePeople
from protocol.vocabulary import AccountId

log = structlog.get_logger(__name__)

NOTICE_S, SPREAD_S = 0.2, 0.5
"""How long a planned restart is announced, and over how long the tabs are sent away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Web:
    gateway: Gateway
    sessions: Sessions
    statuses: StatusService
    health: HealthApi
    jobs: JobQueue
    """For queueing only: announced tasks, carried out by a worker."""
    inbox: EventInbox
    drain: Callable[[], Awaitable[None]]
    """To be called before the server closes its sockets (`serving`)."""
    routes: list[BaseRoute]


def _ice(settings: Settings) -> IceConfig:
    return IceConfig(
        stun_urls=listed(settings.stun_urls),
        turn_urls=listed(settings.turn_urls),
        turn_secret=settings.turn_secret,
    )


@asynccontextmanager
async def web(base: Foundation, more: Collect | None = None) -> AsyncIterator[Web]:
    """Everything browsers and CRMs talk to, ready to be routed. `more` is what else of this
    process is measured."""
    settings, bus, clock = base.settings, base.bus, base.clock
    directory = SqlDirectory(base.database, base.secrets, clock)
    sessions = Sessions(SqlSessions(base.database, settings.origin), bus, clock)
    jobs = JobQueue(base.database.url, pool_size=2)
    inbox_jobs.announce(jobs)
    statuses = StatusService(SqlStatuses(base.database, tell_workday(jobs)), bus, clock)
    seen = seen_today(base)
    admins = CrmAdmins(SqlAdminRoles(base.database), bus)
    sign_on = SignOn(
        directory,
        sessions,
        [AmoCrmProver(), Bitrix24Prover(base.http)],
        settings.origin,
        visitors(base, jobs, seen),
        admins,
    )

    async def queue_event(tx: AsyncConnection, account_id: AccountId, inbox_id: int) -> None:
        await inbox_jobs.defer(jobs, tx, account_id, inbox_id)

    inbox = SqlInbox(base.database, queue_event)
    calls = CallsClient(bus)
    homes = SwitchLineHomes(base)
    raised = hands(base)
    services = Services(
        calls=calls,
        contacts=calls,
        statuses=statuses,
        history=SqlHistory(base.database, base.secrets, settings.base_url),
        sessions=sessions,
        presence=Presence(bus, clock),
        phones=Phones(
            bus,
            clock,
            SqlLinePeople(base.database),
            homes,
            _ice(settings),
            SqlIssuedLines(base.database),
        ),
        seen=seen,
        callbacks=callbacks(base, jobs),
        dialer=desk(base, jobs),
        hands=raised,
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

    async def collect() -> None:
        base.metrics.sessions.set(len(gateway.connections))
        base.metrics.cut_sessions.set(gateway.cuts)
        if more is not None:
            await more()

    health = HealthApi(
        base.metrics,
        {"database": base.database.ping, "bus": bus_check(base)},
        collect,
        base.secrets.answer,
    )

    async def drain() -> None:
        """Not ready from now on; then every tab is told and sent away. Once is enough."""
        if health.draining:
            return
        await health.drain()
        quick = not gateway.connections
        await gateway.drain(
            notice_s=0.0 if quick else NOTICE_S, spread_s=0.0 if quick else SPREAD_S
        )

    doors = Doors(clock)
    portal_doors = portals.doors(base, jobs, inbox, doors)
    switches = SipOrigins(base, directory)
    pages = PagesApi(directory, settings.origin, portal_doors.launches, switches.of_page)
    async with jobs.opened(), gateway:
        yield Web(
            gateway=gateway,
            sessions=sessions,
            statuses=statuses,
            health=health,
            jobs=jobs,
            inbox=inbox,
            drain=drain,
            routes=[
                *health.routes(),
                *SignOnApi(sign_on, sessions, directory, settings.origin, doors).routes(),
                *amocrm.doors(base, jobs, inbox, directory, doors),
                *portal_doors.routes,
                *uis.door(base, doors),
                *PortalCallApi(sessions, SqlPortalCalls(base.database), doors).routes(),
                *settings_doors(base, jobs, sessions, doors),
                *list_doors(base, sessions, doors),
                *board_doors(base, sessions, statuses, raised, doors),
                *visit_doors(base, doors),
                *RecordingsApi(
                    RecordingLinks(SqlRecordings(base.database, base.secrets), settings.base_url),
                    audio_storage(settings),
                ).routes(),
                *pages.routes(),
                WebSocketRoute("/ws", gateway),
            ],
        )
        await portal_doors.launches.aclose()
        await admins.aclose()
        await homes.aclose()
        await directory.aclose()
        # Servers other than ours end the lifespan without having drained.
        with contextlib.suppress(Exception):
            await drain()
