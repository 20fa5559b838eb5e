"""The portal and its authorization server as one ASGI application."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from backend.sandbox.bitrix24.control import Control
from backend.sandbox.bitrix24.deeds import Deeds
from backend.sandbox.bitrix24.disk import Disk
from backend.sandbox.bitrix24.form import CallbackForm
from backend.sandbox.bitrix24.oauth import OAuth
from backend.sandbox.bitrix24.pages import Pages
from backend.sandbox.bitrix24.portal import Portal
from backend.sandbox.bitrix24.rest.server import RestDoor

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from backend.kit.clock import Clock
    from backend.sandbox.bitrix24.config import PortalConfig

_PAGE = Path(__file__).parent / "page"
_VERBS = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


def create_portal(config: PortalConfig, clock: Clock) -> Starlette:
    """The sandbox portal; `app.state.portal` is its Portal.

    Events are delivered only while the application's lifespan runs.
    """
    portal = Portal(config, clock)

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        delivery = asyncio.create_task(portal.events.run())
        try:
            yield
        finally:
            delivery.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await delivery

    app = Starlette(
        routes=[
            *OAuth(portal).routes(),
            Route("/rest/{path:path}", RestDoor(portal).__call__, methods=_VERBS),
            *Control(portal).routes(),
            *Disk(portal).routes(),
            Mount("/portal/static", StaticFiles(directory=_PAGE / "static")),
            *Deeds(portal).routes(),
            *CallbackForm(portal, _PAGE).routes(),
            *Pages(portal, _PAGE).routes(),
        ],
        lifespan=lifespan,
    )
    app.state.portal = portal
    return app
