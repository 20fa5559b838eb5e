"""The sandbox servers of the demo, each on its own port of the same process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import httpx
import structlog
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from backend.api.pages import static_dir
from backend.bootstrap import Foundation
from backend.demo.addresses import Addresses
from backend.demo.cast import (
    AMO_CLIENT_ID,
    AMO_CLIENT_SECRET,
    ARI_APP,
    ARI_PASSWORD,
    ARI_USER,
    CALLERS,
    CLOUD_KEY,
    CLOUD_SECRET,
    PORTAL_CLIENT_ID,
    PORTAL_CLIENT_SECRET,
    SEVER,
    TEAMS,
    TRUNK,
    VEKTOR,
)
from backend.demo.engines import Engines
from backend.demo.faults import FaultsPage
from backend.demo.installs import install
from backend.demo.landing import landing
from backend.demo.secure import secured
from backend.demo.seed import seed
from backend.demo.site import set_up, site_routes
from backend.demo.walk import Walks
from backend.errors import SettingsError
from backend.kit.loopback import LoopbackTransport
from backend.sandbox import sip
from backend.sandbox.amocrm import AmoConfig, WidgetPackage, create_amo
from backend.sandbox.ari import (
    KnownCustomer,
    PhoneConfig,
    SwitchConfig,
    VirtualNumber,
    create_switch,
)
from backend.sandbox.bitrix24 import Application, PortalConfig, create_portal
from backend.sandbox.dataset import Dataset, generate
from backend.sandbox.uis import Ask, CloudConfig, Employee, EmployeePhone, Queue, create_cloud
from backend.sandbox.uis import Number as CloudNumber
from backend.settings import Settings
from backend.telephony.asterisk.lines import websocket_url

log = structlog.get_logger(__name__)

START_TIMEOUT_S = 15.0


@asynccontextmanager
async def sandboxes(base: Foundation, where: Addresses) -> AsyncIterator[list[BaseRoute]]:
    """Starts the switch and both CRMs, seeds the accounts; yields the demo's own routes."""
    dataset = generate()
    switch = create_switch(_switch(dataset), base.clock)
    if (lacking := sip.missing()) is not None and not base.settings.ari_url:
        log.warning("the demo runs without voice", reason=lacking)
    portal = create_portal(_portal(where, dataset), base.clock)
    amo = create_amo(_amo(where), base.clock)
    cloud = create_cloud(_cloud(where, dataset), base.clock)
    # Before the switchboard's files, which take every other path.
    switch.router.routes[:0] = site_routes(base, where)
    async with AsyncExitStack() as stack:
        for offset, app in ((1, portal), (2, amo), (3, switch), (4, cloud)):
            await stack.enter_async_context(serving(app, base.settings.host, where.port + offset))
        await set_up(base, where, await seed(base, where))
        await install(base, where, portal, amo)
        secure = await stack.enter_async_context(
            secured(base.settings.var_dir / "tls", base.settings.host, where, portal, amo)
        )
        about = secure.told(describe(where, portal, dataset))
        if base.settings.ari_url:
            about["switch"] |= _own_switch(base.settings)
        walks = Walks(base, portal, amo)
        engines = Engines(base)
        faults = FaultsPage(where, portal, amo, switch)
        await faults.begin()
        yield [
            *walks.routes(),
            *engines.routes(),
            *faults.routes(),
            Route("/sandbox/about", lambda _request: JSONResponse(about)),
            secure.route(),
            Route("/", _home(where, walks, engines, own_switch=bool(base.settings.ari_url))),
        ]


@asynccontextmanager
async def serving(app: Starlette, host: str, port: int) -> AsyncIterator[None]:
    """One uvicorn server inside this loop. Raises SettingsError when the port is taken."""
    config = uvicorn.Config(
        app, host=host, port=port, log_level="warning", lifespan="on", ws="websockets-sansio",
        ws_per_message_deflate=False, timeout_graceful_shutdown=1, log_config=None,
        access_log=False,
    )  # fmt: skip
    server = _Quiet(config)
    task = asyncio.create_task(server.serve())
    try:
        async with asyncio.timeout(START_TIMEOUT_S):
            while not server.started:
                if task.done():
                    raise SettingsError(
                        f"port {port} is taken: choose others with `make demo PORT=9000`"
                    )
                await asyncio.sleep(0.01)
        yield
    finally:
        server.should_exit = True
        await asyncio.gather(task, return_exceptions=True)


class _Quiet(uvicorn.Server):
    """Leaves signals to the process and does not end it when the port is taken."""

    async def serve(self, sockets: Any = None) -> None:
        try:
            await self._serve(sockets)
        except SystemExit:
            return


def _switch(dataset: Dataset) -> SwitchConfig:
    names = {user.id: f"{user.first_name} {user.last_name}" for user in dataset.users}
    return SwitchConfig(
        username=ARI_USER,
        password=ARI_PASSWORD,
        virtual_numbers=tuple(
            VirtualNumber(
                number=number,
                app=ARI_APP,
                args=("inbound",),
                title=f"{team.name} · {title}",
            )
            for team in TEAMS
            for number, title in ((team.virtual_number, team.line_name), *team.tracked)
        ),
        phones=tuple(
            PhoneConfig(endpoint=team.endpoint(extension), name=f"{names[user_id]} · {team.name}")
            for team in TEAMS
            for user_id, extension in team.people
        ),
        customers=tuple(KnownCustomer(name=name, number=number) for name, number in CALLERS),
        trunks=(TRUNK,),
        channelvars=("DOZVON_CALL", "DOZVON_LEG", "DOZVON_ACCOUNT", "DOZVON_HELD"),
    )


def _cloud(where: Addresses, dataset: Dataset) -> CloudConfig:
    """The account a team may be moved to: its numbers, its people, each with a SIP line."""
    names = {user.id: f"{user.first_name} {user.last_name}" for user in dataset.users}
    door = f"{where.server(0)}/uis/{CLOUD_SECRET}"
    # As the documentation has it: one question for each step of ours, then the cloud's own music.
    steps = (Ask(), Ask(), Ask(), Queue(seconds=20))
    return CloudConfig(
        token=CLOUD_KEY,
        name=f"{VEKTOR.name} · sandbox",
        numbers=tuple(
            CloudNumber(number=number, name=title, steps=steps)
            for number, title in ((VEKTOR.virtual_number, VEKTOR.line_name), *VEKTOR.tracked)
        ),
        employees=tuple(
            Employee(
                id=int(extension),
                name=names[user_id],
                phones=(EmployeePhone(number=VEKTOR.cloud_phone(extension)),),
            )
            for user_id, extension in VEKTOR.people
        ),
        customers=CALLERS,
        notify_url=f"{door}/events",
        question_url=f"{door}/route",
    )


def _portal(where: Addresses, dataset: Dataset) -> PortalConfig:
    app = f"{where.app}/bitrix24"
    return PortalConfig(
        public_url=where.portal,
        server_url=where.server(1),
        dataset=dataset,
        # From the Market: one application for all portals, whose key the server has.
        application=Application(
            client_id=PORTAL_CLIENT_ID,
            client_secret=PORTAL_CLIENT_SECRET,
            handler_url=f"{app}/app",
            install_url=f"{app}/install",
            redirect_uri=f"{app}/oauth",
            status="F",
        ),
    )


def _amo(where: Addresses) -> AmoConfig:
    return AmoConfig(
        widget=WidgetPackage(
            code="dozvon",
            client_uuid=AMO_CLIENT_ID,
            client_secret=AMO_CLIENT_SECRET,
            redirect_uri=f"{where.app}/amocrm/oauth",
            disconnect_uri=f"{where.app}/amocrm/disconnect",
            directory=static_dir() / "amocrm",
            settings={"server": where.app},
        ),
        subdomain="amo",
        # Its hooks find `*.localhost` as a browser does.
        transport=LoopbackTransport(httpx.AsyncHTTPTransport()),
    )


def describe(where: Addresses, portal: Starlette, dataset: Dataset) -> dict[str, Any]:
    """What an outside client needs to be pointed at the sandboxes."""
    config: PortalConfig = portal.state.portal.config
    users = [
        {
            "id": user.id,
            "name": f"{user.first_name} {user.last_name}",
            "email": user.email,
            "is_admin": user.is_admin,
        }
        for user in dataset.users
    ]
    return {
        "app": {"url": where.app, "server_url": where.server(0)},
        "bitrix24": {
            "url": where.portal,
            "server_url": where.server(1),
            "member_id": config.member_id,
            "client_id": config.application.client_id,
            "client_secret": config.application.client_secret,
            "incoming_webhook": config.webhook_url,
            "oauth_server": config.server_endpoint,
            "users": users,
        },
        "amocrm": {
            "url": where.amo,
            "server_url": where.server(2),
            "client_id": AMO_CLIENT_ID,
            "client_secret": AMO_CLIENT_SECRET,
            "redirect_uri": f"{where.app}/amocrm/oauth",
            "users": users,
        },
        "switch": {
            "url": where.switchboard,
            "server_url": where.server(3),
            "ari_url": f"{where.server(3)}/ari",
            "user": ARI_USER,
            "password": ARI_PASSWORD,
            "app": ARI_APP,
            "sip_ws_url": f"{where.server(3).replace('http', 'ws', 1)}/ws",
            "virtual_numbers": {team.slug: team.virtual_number for team in TEAMS},
        },
        "cloud": {
            "url": where.cloud,
            "server_url": where.server(4),
            "call_api": f"{where.server(4)}/v4.0",
            "data_api": f"{where.server(4)}/v2.0",
            "key": CLOUD_KEY,
            "virtual_numbers": {VEKTOR.slug: VEKTOR.virtual_number},
        },
        "customers": [{"name": name, "number": number} for name, number in CALLERS],
        "operators": [
            {
                "account": team.slug,
                "crm": team.crm.value,
                "crm_user_id": user_id,
                "name": next(u["name"] for u in users if u["id"] == user_id),
                "extension": extension,
                "phone": team.endpoint(extension),
            }
            for team in (SEVER, VEKTOR)
            for user_id, extension in team.people
        ],
    }


def _own_switch(settings: Settings) -> dict[str, str]:
    """The reader's own Asterisk instead of the sandbox; its password is nobody else's business."""
    return {
        "url": settings.ari_url,
        "server_url": settings.ari_url,
        "ari_url": settings.ari_url,
        "user": settings.ari_user,
        "password": "",
        "app": settings.ari_app,
        "sip_ws_url": settings.sip_ws_url or websocket_url(settings.ari_url),
    }


def _home(where: Addresses, walks: Walks, engines: Engines, *, own_switch: bool) -> Any:
    async def home(request: Request) -> Response:
        if request.url.hostname != "dozvon.localhost":
            return RedirectResponse(where.app)
        language = request.headers.get("accept-language", "ru")
        codes, in_cloud = await walks.codes(), await engines.in_cloud()
        return landing(where, language, codes, own_switch=own_switch, in_cloud=in_cloud)

    return home
