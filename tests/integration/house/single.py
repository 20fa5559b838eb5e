"""The whole house in this process, behind the ASGI server, with a clock that can be put forward."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import uvicorn
from starlette.applications import Starlette

from backend.bootstrap import Foundation, Web, foundation, web, worker
from backend.bootstrap.worker import Worker
from backend.demo.cast import SEVER, VEKTOR, Team
from backend.kit.clock import SystemClock
from backend.kit.secrets_box import new_key
from backend.realtime.server import UVICORN
from backend.sandbox.ari import Switch
from backend.sandbox.bitrix24 import Application, Portal, PortalConfig, create_portal
from backend.sandbox.dataset import generate
from backend.services.sessions import Identity
from backend.settings import Settings
from backend.store.crm_connections import CrmConnection, CrmConnectionStore
from protocol.vocabulary import EmployeeId
from tests.integration.house.tab import Tab
from tests.integration.house.town import (
    ARI_APP,
    ARI_PASSWORD,
    ARI_USER,
    ORIGIN,
    eventually,
    sandbox_switch,
    seed,
)

PORTAL, AMO = "https://sever.bitrix24.ru", "https://vektor.amocrm.ru"
AMO_SECRET = "the-secret-that-signs-disposable-tokens-of-amocrm"
AMO_CLIENT = "d0f5c0de-0000-4000-8000-00000000d0f5"
AMO_ACCOUNT = "31415926"


class HastyClock(SystemClock):
    """The machine's clock, put forward by `ahead_s`; waiting takes as long as ever."""

    def __init__(self) -> None:
        self.ahead_s = 0.0

    def now(self) -> datetime:
        return super().now() + timedelta(seconds=self.ahead_s)

    def monotonic(self) -> float:
        return super().monotonic() + self.ahead_s


@dataclass
class Single:
    base: Foundation
    web: Web
    clock: HastyClock
    switch: Switch
    portal: Portal
    port: int
    worker: Worker

    @property
    def http(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def ws(self) -> str:
        return f"ws://127.0.0.1:{self.port}/ws"

    async def token(self, employee: str) -> str:
        """A session of somebody whose proof was good."""
        team = SEVER if employee.startswith("sever") else VEKTOR
        issued = await self.web.sessions.open(
            Identity(
                account_id=team.account_id,
                employee_id=EmployeeId(employee),
                name=employee,
                extension=employee[-3:],
                origins=(ORIGIN, _page(team)),
                crm=team.crm,
            )
        )
        return issued.token

    async def ticket(self, employee: str = "sever-101") -> str:
        return await self.web.sessions.ticket(await self.token(employee))

    async def tab(self, employee: str) -> Tab:
        return Tab(await self.token(employee), self.port, f"tab-{employee}")


def _page(team: Team) -> str:
    return PORTAL if team is SEVER else AMO


@asynccontextmanager
async def serving(app: Starlette) -> AsyncIterator[int]:
    """The port it listens on."""
    options = {**UVICORN, "loop": "none"}
    config = uvicorn.Config(
        app, host="127.0.0.1", port=0, log_config=None, lifespan="off",
        timeout_graceful_shutdown=1, **options,
    )  # fmt: skip
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    await server.startup()
    main = asyncio.create_task(server.main_loop())
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        await main
        await server.shutdown()


@asynccontextmanager
async def single(database_url: str, directory: Path) -> AsyncIterator[Single]:
    clock = HastyClock()
    async with AsyncExitStack() as stack:
        switch, ari_url = await stack.enter_async_context(sandbox_switch())
        portal_app = create_portal(
            PortalConfig(
                public_url=PORTAL,
                dataset=generate(contacts=20),
                application=Application(installed=True),
            ),
            clock,
        )
        portal_port = await stack.enter_async_context(serving(portal_app))
        settings = Settings(
            database_url=database_url,
            var_dir=directory,
            public_url=ORIGIN,
            secret_keys=f"k1:{new_key()}",
            ari_url=ari_url,
            ari_user=ARI_USER,
            ari_password=ARI_PASSWORD,
            ari_app=ARI_APP,
        )
        base = await stack.enter_async_context(
            foundation(settings, single=True, migrating=False, clock=clock)
        )
        await seed(base.database, base.secrets)
        portal: Portal = portal_app.state.portal
        await _connect(base, portal, f"http://127.0.0.1:{portal_port}")
        working = await stack.enter_async_context(worker(base))
        served = await stack.enter_async_context(web(base))
        port = await stack.enter_async_context(serving(Starlette(routes=served.routes)))
        await eventually(lambda: any(a["connected"] for a in switch.state()["apps"]))
        yield Single(base, served, clock, switch, portal, port, working)


async def _connect(base: Foundation, portal: Portal, url: str) -> None:
    grant = portal.tokens.issue(1)
    later = datetime.now(UTC) + timedelta(hours=1)
    for connection in (
        CrmConnection(
            account_id=SEVER.account_id,
            kind=SEVER.crm,
            external_id=portal.config.member_id,
            base_url=PORTAL,
            host=PORTAL.removeprefix("https://"),
            client_id=portal.config.application.client_id,
            client_secret=portal.config.application.client_secret,
            access_token=grant.access_token,
            refresh_token=grant.refresh_token,
            expires_at=later,
            settings={"api_url": f"{url}/rest/", "auth_url": f"{url}/oauth-server/rest/"},
        ),
        CrmConnection(
            account_id=VEKTOR.account_id,
            kind=VEKTOR.crm,
            external_id=AMO_ACCOUNT,
            base_url=AMO,
            host=AMO.removeprefix("https://"),
            client_id=AMO_CLIENT,
            client_secret=AMO_SECRET,
            settings={
                "api_url": "http://127.0.0.1:9",
                "auth_url": "http://127.0.0.1:9",
                "redirect_uri": f"{ORIGIN}/amocrm/oauth",
            },
        ),
    ):
        async with base.database.begin(connection.account_id) as tx:
            await CrmConnectionStore(tx, base.secrets).save(connection)
