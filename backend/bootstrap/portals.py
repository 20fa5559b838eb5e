"""What web, worker and command line need to deal with Bitrix24 portals."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.routing import Route

from backend.api.bitrix24 import Bitrix24Api
from backend.api.doors import Doors
from backend.api.portal_launches import PortalLaunches
from backend.bootstrap.foundation import Foundation
from backend.bootstrap.sources import Sources
from backend.connectors.crm.bitrix24 import Bitrix24, webhooks
from backend.connectors.crm.bitrix24.bindings import Bitrix24Bindings
from backend.connectors.crm.bitrix24.changes import Bitrix24Changes
from backend.connectors.crm.bitrix24.install import Bitrix24Installer
from backend.jobs import employees_sync, portal_bind, portal_changes, portal_install, waking
from backend.jobs.queue import JobQueue
from backend.services.contacts.changes import PhoneChanges
from backend.services.crm_events import CrmEvents, EventInbox
from backend.services.pairing import Pairing
from backend.services.portal_bindings import PortalBindings, Standing
from backend.services.portal_care import PortalCare
from backend.services.portal_changes import PortalChanges
from backend.services.portal_events import PortalEvents
from backend.services.portal_install import AppClient, PortalInstall
from backend.store.crm_connections import CrmConnectionStore
from backend.store.gateways import SqlGrants, SqlPairings
from backend.store.gateways.portal_bindings import SqlPortalBindings
from backend.store.gateways.portal_install import Follow, SqlPortalInstalls
from protocol.vocabulary import AccountId, CrmKind

CHANGES_AFTER_S = 2.0


@dataclass(frozen=True, slots=True)
class PortalDoors:
    routes: list[Route]
    launches: PortalLaunches


def doors(base: Foundation, jobs: JobQueue, inbox: EventInbox, gate: Doors) -> PortalDoors:
    """Everything portals talk to; `jobs` only queues here."""
    portal_bind.announce(jobs)
    portal_install.announce(jobs)
    store = installs(base, jobs)
    joining = install(base, store)

    async def queue_bind(account_id: AccountId) -> None:
        await portal_bind.defer(jobs, None, account_id)

    async def bind_now(account_id: AccountId) -> list[Standing]:
        return await bind(base, account_id)

    events = PortalEvents(
        install=joining,
        store=store,
        bindings=binding_store(base),
        inbox=inbox,
        decode=webhooks.decode,
        verify=webhooks.verify,
        queue_bind=queue_bind,
        clock=base.clock,
    )
    api = Bitrix24Api(joining, events, bind_now, gate, base.clock)
    return PortalDoors(api.routes(), PortalLaunches(joining, gate, base.clock))


def installs(base: Foundation, jobs: JobQueue) -> SqlPortalInstalls:
    async def resume(tx: AsyncConnection, pending_id: str) -> None:
        await portal_install.defer(jobs, tx, pending_id)

    return SqlPortalInstalls(base.database, base.secrets, follow(jobs), resume)


def follow(jobs: JobQueue) -> Follow:
    """What a connected portal needs next. The page binds at once; the job is for when it cannot,
    and does nothing when it could."""

    employees_sync.announce(jobs)

    async def queue(tx: AsyncConnection, account_id: AccountId) -> None:
        await portal_bind.defer(jobs, tx, account_id)
        await employees_sync.defer(jobs, tx, account_id, "installed")
        await waking.wake(tx, account_id)

    return queue


def install(base: Foundation, store: SqlPortalInstalls) -> PortalInstall:
    settings = base.settings
    own = None
    if settings.bitrix24_client_id:
        own = AppClient(
            client_id=settings.bitrix24_client_id, client_secret=settings.bitrix24_client_secret
        )
    return PortalInstall(
        store=store,
        vendor=Bitrix24Installer(base.http, base.clock, auth_urls(base)),
        pairing=Pairing(SqlPairings(base.database), base.secrets, base.clock),
        clock=base.clock,
        own=own,
    )


def auth_urls(base: Foundation) -> list[str]:
    return [url.strip() for url in base.settings.bitrix24_auth_urls.split(",") if url.strip()]


def binding_store(base: Foundation) -> SqlPortalBindings:
    return SqlPortalBindings(base.database, base.secrets)


@asynccontextmanager
async def portal(base: Foundation, account_id: AccountId) -> AsyncIterator[Bitrix24 | None]:
    """The account's portal for a moment, with a queue of its own: for a person who waits. None
    when no portal is connected."""
    async with base.database.begin(account_id) as tx:
        found = await CrmConnectionStore(tx, base.secrets).find(account_id, CrmKind.BITRIX24)
    if found is None:
        yield None
        return
    grants = SqlGrants(base.database, base.secrets, account_id, CrmKind.BITRIX24)
    source = Bitrix24(
        http=base.http,
        grants=grants,
        portal_url=found.base_url,
        client_id=found.client_id,
        client_secret=found.client_secret or "",
        clock=base.clock,
        region=base.settings.region,
        buckets=base.buckets,
    )
    try:
        yield source
    finally:
        await source.budget.aclose()
        # The person may have stopped waiting in the middle of a refresh.
        await grants.aclose()


async def bind(base: Foundation, account_id: AccountId) -> list[Standing]:
    """Bind everything now. Raises CrmError."""
    async with portal(base, account_id) as source:
        return await _bindings(base, source).keep(account_id)


async def look(base: Foundation, account_id: AccountId) -> list[Standing]:
    """How everything stands. Raises CrmError."""
    async with portal(base, account_id) as source:
        return await _bindings(base, source).look(account_id)


def _bindings(base: Foundation, source: Bitrix24 | None) -> PortalBindings:
    async def binder(_account_id: AccountId) -> Bitrix24Bindings | None:
        return None if source is None else Bitrix24Bindings(source.client)

    return PortalBindings(
        binders=binder,
        store=binding_store(base),
        base_url=base.settings.base_url,
        clock=base.clock,
    )


def work(
    base: Foundation, jobs: JobQueue, sources: Sources, events: CrmEvents, phones: PhoneChanges
) -> PortalCare:
    """The worker's part: the jobs are registered, the events listened to; `run` it under a
    lease."""
    store = binding_store(base)

    async def binder(account_id: AccountId) -> Bitrix24Bindings | None:
        if sources.binder(account_id) is None:
            # Connected this moment: the job was queued with it.
            await sources.refresh()
        return sources.binder(account_id)

    bindings = PortalBindings(
        binders=binder, store=store, base_url=base.settings.base_url, clock=base.clock
    )

    def changing(account_id: AccountId) -> Bitrix24Changes | None:
        source = sources.bitrix24(account_id)
        return None if source is None else Bitrix24Changes(source)

    async def queue_bind(account_id: AccountId) -> None:
        await portal_bind.defer(jobs, None, account_id)

    async def queue_changes(account_id: AccountId) -> None:
        # A moment later: a person who saves a card twice is read once.
        at = base.clock.now() + timedelta(seconds=CHANGES_AFTER_S)
        await portal_changes.defer(jobs, account_id, at=at)

    changes = PortalChanges(portals=changing, phones=phones, bindings=store, queue=queue_changes)
    portal_bind.register(jobs, bindings)
    portal_install.register(jobs, install(base, installs(base, jobs)))
    portal_changes.register(jobs, changes)
    changes.listen(events)
    care = PortalCare(
        portals=sources.portals,
        bind=queue_bind,
        changes=queue_changes,
        store=installs(base, jobs),
        clock=base.clock,
    )
    care.listen(events)
    return care
