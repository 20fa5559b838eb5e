"""amoCRM's parts put together: doors for the web process, jobs and care for the worker."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.routing import Route

from backend.api.amocrm import AmoCrmInstallApi
from backend.api.amocrm_account import AmoCrmAccountApi
from backend.api.doors import Doors
from backend.bootstrap.connecting import pairing
from backend.bootstrap.foundation import Foundation
from backend.bootstrap.sources import Sources
from backend.connectors.crm.amocrm import AmoCrm, webhooks
from backend.connectors.crm.amocrm.calls import unsorted_ref
from backend.connectors.crm.amocrm.care import AccountCare
from backend.connectors.crm.amocrm.hosts import Hosts
from backend.connectors.crm.amocrm.install import Installation, authorize_url, returned
from backend.connectors.crm.provers import AmoCrmProver
from backend.jobs import amocrm as jobs_of_amocrm
from backend.jobs import employees_sync, waking
from backend.jobs.queue import JobQueue
from backend.services.amocrm_accounts import AmoCrmAccounts
from backend.services.amocrm_changes import AmoCrmChanges
from backend.services.amocrm_install import AmoCrmInstall
from backend.services.amocrm_keeper import AmoCrmKeeper
from backend.services.contacts.changes import PhoneChanges
from backend.services.crm_events import CrmEvents, EventInbox
from backend.services.sign_on import Directory, origin_of
from backend.store.gateways.amocrm_clients import SqlAmoCrmClients
from backend.store.gateways.amocrm_install import SqlAmoCrmInstalls
from backend.store.gateways.amocrm_links import SqlAmoCrmLinks
from protocol.vocabulary import AccountId


def clients(base: Foundation) -> SqlAmoCrmClients:
    settings = base.settings
    return SqlAmoCrmClients(
        base.database,
        base.secrets,
        base.clock,
        base_url=settings.base_url,
        client_id=settings.amocrm_client_id,
        client_secret=settings.amocrm_client_secret,
    )


def consent_page(base: Foundation, client_id: str, state: str) -> str:
    return authorize_url(base.settings.amocrm_site, client_id=client_id, state=state)


def doors(
    base: Foundation, jobs: JobQueue, inbox: EventInbox, directory: Directory, knocks: Doors
) -> list[Route]:
    """Everything amoCRM and its administrators call."""
    jobs_of_amocrm.announce(jobs)
    employees_sync.announce(jobs)
    hosts = Hosts.parse(base.settings.amocrm_hosts)
    codes = pairing(base)

    def consent(client_id: str, state: str) -> str:
        return consent_page(base, client_id, state)

    def verify(query: Mapping[str, str], client_id: str, client_secret: str) -> str:
        return webhooks.disconnected(query, client_id=client_id, client_secret=client_secret)

    async def pages() -> set[str]:
        known = await directory.pages()
        return {origin_of(url) for urls in known.values() for url in urls}

    accounts = AmoCrmAccounts(
        links=_links(base, jobs),
        inbox=inbox,
        prover=AmoCrmProver(),
        pairing=codes,
        decode=webhooks.decode,
        verify_disconnect=verify,
        authorize_url=consent,
        clock=base.clock,
    )
    installing = AmoCrmInstallApi(
        install=install(base, jobs),
        pairing=codes,
        clients=clients(base),
        secrets=base.secrets,
        doors=knocks,
        arrived=lambda query: returned(query, hosts),
        authorize_url=consent,
    )
    connected = AmoCrmAccountApi(accounts=accounts, pages=pages, doors=knocks)
    return [*installing.routes(), *connected.routes()]


def work(
    base: Foundation,
    jobs: JobQueue,
    events: CrmEvents,
    sources: Sources,
    phones: PhoneChanges,
    numbers_changed: Callable[[AccountId], Awaitable[None]],
    request_settled: Callable[[AccountId, str], Awaitable[None]],
) -> AmoCrmKeeper:
    """Registers amoCRM's jobs and handlers; the keeper is to be run by one process."""

    def source(account_id: AccountId) -> AmoCrm | None:
        found = sources.get(account_id)
        return found if isinstance(found, AmoCrm) else None

    async def care(account_id: AccountId) -> AccountCare | None:
        if source(account_id) is None:
            # Connected a moment ago.
            await sources.refresh()
        found = source(account_id)
        return None if found is None else found.care

    keeper = AmoCrmKeeper(
        links=_links(base, jobs),
        care=care,
        accounts=sources.accounts,
        webhooks_url=lambda account_id, secret: (
            f"{base.settings.base_url}/amocrm/webhooks/{account_id}.{secret}"
        ),
        clock=base.clock,
    )
    jobs_of_amocrm.register(jobs, install(base, jobs), keeper)

    async def settled(account_id: AccountId, uid: str) -> None:
        await request_settled(account_id, unsorted_ref(uid))

    AmoCrmChanges(phones, source, numbers_changed, settled).listen(events)
    return keeper


def install(base: Foundation, jobs: JobQueue) -> AmoCrmInstall:
    """`jobs` knows amoCRM's tasks and the reading of employees."""

    async def queue(tx: AsyncConnection, pending_id: str) -> None:
        await jobs_of_amocrm.defer_finish(jobs, tx, pending_id)

    async def follow(tx: AsyncConnection, account_id: AccountId) -> None:
        await jobs_of_amocrm.defer_keep(jobs, tx, account_id)
        await employees_sync.defer(jobs, tx, account_id, "installed")
        await waking.wake(tx, account_id)

    store = SqlAmoCrmInstalls(base.database, base.secrets, queue, follow)
    return AmoCrmInstall(store, Installation(base.http, base.clock), base.clock)


def _links(base: Foundation, jobs: JobQueue) -> SqlAmoCrmLinks:
    async def queue(tx: AsyncConnection, account_id: AccountId) -> None:
        await jobs_of_amocrm.defer_keep(jobs, tx, account_id)

    return SqlAmoCrmLinks(base.database, base.secrets, queue)
