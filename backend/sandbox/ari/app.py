"""The ASGI application: ARI at `/ari`, SIP at `/ws`, remote control, the switchboard's page."""

from __future__ import annotations

from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles

from backend.sandbox.ari.http import ari, control
from backend.sandbox.ari.switch import Switch
from backend.sandbox.sip import endpoint as sip_endpoint

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from backend.kit.clock import Clock
    from backend.sandbox.ari.config import SwitchConfig

_PAGE = Path(__file__).parent / "page"


def create_switch(config: SwitchConfig, clock: Clock) -> Starlette:
    """The sandbox switch as an ASGI application; `app.state.switch` is its direct control.

    Its lifespan only cleans up: a server that runs none must call `await switch.close()` itself.
    """

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        try:
            yield
        finally:
            await app.state.switch.close()

    app = Starlette(
        routes=[
            WebSocketRoute("/ari/events", ari.events),
            WebSocketRoute("/ws", sip_endpoint.speak),
            Route(
                "/ari/{path:path}",
                ari.rest,
                methods=["GET", "POST", "PUT", "DELETE", "PATCH"],
            ),
            *control.ROUTES,
            Mount("/", StaticFiles(directory=_PAGE, html=True)),
        ],
        lifespan=lifespan,
    )
    app.state.switch = Switch(config, clock)
    return app
