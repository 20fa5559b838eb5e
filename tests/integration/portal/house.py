"""Our doors and jobs beside a sandbox portal, over a real database: what an installation needs."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from os import urandom
from typing import Any

import httpx
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.applications import Starlette

from backend.api.doors import Doors
from backend.api.metrics import Metrics
from backend.api.pages import PagesApi
from backend.api.portal_launches import PortalLaunches
from backend.bootstrap import portals
from backend.bootstrap.foundation import Foundation
from backend.bootstrap.sources import Sources
from backend.bus.memory import MemoryBus
from backend.demo.servers import serving
from backend.jobs import inbox as inbox_jobs
from backend.jobs.queue import JobQueue
from backend.jobs.worker import JobWorker, WorkerTimes
from backend.kit.clock import SystemClock
from backend.kit.secrets_box import SecretsBox
from backend.sandbox.bitrix24 import Application, PortalConfig, create_portal
from backend.sandbox.bitrix24.portal import Portal
from backend.sandbox.dataset import generate
from backend.services.contacts import PhoneIndex
from backend.services.contacts.changes import PhoneChanges
from backend.services.crm_events import CrmEvents
from backend.services.pairing import Pairing
from backend.settings import Settings
from backend.store.crm_connections import CrmConnection, CrmConnectionStore
from backend.store.database import Database
from backend.store.gateways import SqlDirectory, SqlInbox, SqlPairings, SqlPhoneIndex
from protocol.vocabulary import AccountId, CrmKind
from tests.integration.house.town import free_port

PORTAL = "http://portal.test"
KIND = CrmKind.BITRIX24
OWN_ID, OWN_SECRET = "app.5f00000000000.10000001", "market-secret"
ADMIN, SECOND_ADMIN, OPERATOR = 1, 2, 5


@dataclass
class House:
    base: Foundation
    portal: Portal
    ours: httpx.AsyncClient
    """A browser at our pages, or a portal at our doors."""
    sources: Sources
    index: PhoneIndex
    jobs: JobQueue
    launches: PortalLaunches
    synchronised: list[AccountId]
    """Accounts whose employees were asked for."""

    def form(self, user_id: int = ADMIN, *, placement: str = "DEFAULT") -> dict[str, str]:
        """What the portal posts with a page of ours."""
        grant = self.portal.tokens.issue(user_id)
        config = self.portal.config
        return {
            "AUTH_ID": grant.access_token,
            "AUTH_EXPIRES": "3600",
            "REFRESH_ID": grant.refresh_token,
            "SERVER_ENDPOINT": config.server_endpoint,
            "APPLICATION_TOKEN": config.application.application_token,
            "member_id": config.member_id,
            "status": "L",
            "PLACEMENT": placement,
            "PLACEMENT_OPTIONS": "{}",
        }

    def query(self, language: str = "ru") -> dict[str, str]:
        domain = self.portal.config.domain
        return {"DOMAIN": domain, "PROTOCOL": "0", "LANG": language, "APP_SID": "5" * 32}

    async def install(self, form: dict[str, str] | None = None, **query: str) -> httpx.Response:
        return await self.ours.post(
            "/bitrix24/install", params=self.query() | query, data=form or self.form()
        )

    async def code(self, account_id: AccountId) -> str:
        pairing = Pairing(SqlPairings(self.base.database), self.base.secrets, self.base.clock)
        return await pairing.issue(account_id, KIND)

    async def join(self, page: httpx.Response, **fields: str) -> httpx.Response:
        """Fill in the page's form and send it."""
        hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page.text))
        return await self.ours.post("/bitrix24/install/join", data=hidden | fields)

    async def connection(self, account_id: AccountId) -> CrmConnection | None:
        async with self.base.database.begin(account_id) as tx:
            return await CrmConnectionStore(tx, self.base.secrets).find(account_id, KIND)

    async def prepare(self, account_id: AccountId) -> None:
        """As `dozvon connect bitrix24` does for a local application."""
        application = self.portal.config.application
        await portals.installs(self.base, self.jobs).prepare(
            account_id,
            page_url=PORTAL,
            client_id=application.client_id,
            client_secret=application.client_secret,
        )

    async def work(self) -> None:
        """Deliver the portal's events, then run jobs until none is left."""
        async with asyncio.timeout(20):
            await self.portal.events.drained()
            await self.sources.refresh()
            while await self.jobs.waiting():  # noqa: ASYNC110 - a job's end has no event here
                await asyncio.sleep(0.02)

    def bound(self) -> set[str]:
        return {item.code for item in self.portal.placements}

    def subscribed(self, *, offline: bool = False) -> set[str]:
        return {item.event for item in self.portal.events.handlers if item.offline is offline}


@asynccontextmanager
async def house(
    database: Database, *, market: bool = False, **application: Any
) -> AsyncIterator[House]:
    """`market`: the portal knows our application of the Market, whose key we hold."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    if market:
        application |= {"client_id": OWN_ID, "client_secret": OWN_SECRET}
    app = create_portal(
        PortalConfig(
            public_url=PORTAL,
            dataset=generate(contacts=60),
            application=Application(
                handler_url=f"{address}/bitrix24/app",
                install_url=f"{address}/bitrix24/install",
                redirect_uri=f"{address}/bitrix24/oauth",
                **application,
            ),
            bucket_size=1000.0,
        ),
        SystemClock(),
    )
    portal: Portal = app.state.portal
    portal.users[SECOND_ADMIN] = replace(portal.users[SECOND_ADMIN], is_admin=True)
    settings = Settings(
        public_url=address,
        bitrix24_client_id=OWN_ID,
        bitrix24_client_secret=OWN_SECRET,
        bitrix24_auth_urls=portal.config.server_endpoint,
    )
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(
            httpx.AsyncClient(transport=httpx.ASGITransport(app))
        )
        base = Foundation(
            settings=settings,
            clock=SystemClock(),
            database=database,
            owner_url="",
            secrets=SecretsBox({"k1": urandom(32)}),
            bus=MemoryBus(),
            http=http,
            metrics=Metrics(),
        )
        jobs = JobQueue(database.url, pool_size=4)

        async def queue(tx: AsyncConnection, account_id: AccountId, inbox_id: int) -> None:
            await inbox_jobs.defer(jobs, tx, account_id, inbox_id)

        inbox = SqlInbox(database, queue)
        index, events = PhoneIndex(), CrmEvents()
        sources = Sources(base, index)
        phones = PhoneChanges(index=index, store=SqlPhoneIndex(database), bus=base.bus)
        inbox_jobs.register(jobs, events, inbox)
        synchronised: list[AccountId] = []

        @jobs.task("employees.sync")
        async def synchronise(*, account_id: str, asked_by: str) -> None:
            synchronised.append(AccountId(account_id))

        portals.work(base, jobs, sources, events, phones)
        doors = portals.doors(base, jobs, inbox, Doors(base.clock))
        directory = SqlDirectory(database, base.secrets, base.clock)
        pages = PagesApi(directory, settings.origin, doors.launches)
        await stack.enter_async_context(jobs.opened())
        site = Starlette(routes=[*doors.routes, *pages.routes()])
        await stack.enter_async_context(serving(site, "127.0.0.1", port))
        times = WorkerTimes(poll_s=0.05)
        tasks = [
            asyncio.create_task(JobWorker(jobs, name="here", times=times).run()),
            asyncio.create_task(portal.events.run()),
        ]
        ours = await stack.enter_async_context(httpx.AsyncClient(base_url=address))
        try:
            yield House(base, portal, ours, sources, index, jobs, doors.launches, synchronised)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await doors.launches.aclose()
            await directory.aclose()
            await sources.aclose()
