"""Puts one sandbox account together as an ASGI application."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.responses import Response

from backend.sandbox.amocrm import ajax, button, consent, control, host, interface, oauth
from backend.sandbox.amocrm.amo import Amo
from backend.sandbox.amocrm.api import (
    account,
    calls,
    cards,
    catalogs,
    convertors,  # noqa: F401 - registers path parameters
    feed,
    integrations,
    links,
    structure,
    talks,
    tasks,
    unsorted,
)
from backend.sandbox.amocrm.envelope import Problem
from backend.sandbox.amocrm.guard import Guard

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request

    from backend.kit.clock import Clock
    from backend.sandbox.amocrm.config import AmoConfig


def create_amo(config: AmoConfig, clock: Clock) -> Starlette:
    """The account of `config` as an application; its innards are `app.state.amo`."""
    amo = Amo(config, clock)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        await amo.aclose()

    app = Starlette(
        routes=[
            *control.routes(),
            *button.routes(),
            *consent.routes(),
            *oauth.routes(),
            *account.routes(),
            *structure.routes(),
            *unsorted.routes(),
            *talks.routes(),
            *cards.routes(),
            *catalogs.routes(),
            *links.routes(),
            *feed.routes(),
            *tasks.routes(),
            *calls.routes(),
            *integrations.routes(),
            *ajax.routes(),
            *interface.routes(),
            *host.routes(),
        ],
        middleware=[Middleware(Guard, amo=amo)],
        exception_handlers={Problem: _problem, HTTPException: _http_error},
        lifespan=lifespan,
    )
    app.state.amo = amo
    return app


async def _problem(_: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)  # noqa: S101 - registered for this class alone
    return error.response()


async def _http_error(request: Request, error: Exception) -> Response:
    """Paths and methods nobody serves, in the platform's words."""
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this class alone
    if error.status_code == 404:
        return Problem(404, f"Cannot {request.method} {request.url}").response()
    if error.status_code == 405:
        return Problem(405, "Method Not Allowed").response()
    return Problem(error.status_code, str(error.detail)).response()
