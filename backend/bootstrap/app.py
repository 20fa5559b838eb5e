"""The ASGI applications and their lifespans."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager

from starlette.applications import Starlette
from starlette.routing import BaseRoute

from backend.api.metrics import Collect, HealthApi
from backend.bootstrap.foundation import Foundation, bus_check, foundation
from backend.bootstrap.gauges import collector
from backend.bootstrap.web import web
from backend.bootstrap.worker import worker
from backend.realtime.server import Front, tune_gc
from backend.settings import Settings

Extra = Callable[[Foundation], AbstractAsyncContextManager[list[BaseRoute]]]
"""Something that lives between the foundation and the rest and may add routes (the demo)."""


def create_app(
    settings: Settings,
    *,
    with_worker: bool = False,
    extra: Extra | None = None,
    ready: Callable[[], None] = lambda: None,
) -> Starlette:
    """The web process; `with_worker` makes it the all-in-one process.

    Alone it wants Redis and a migrated database; all in one it migrates by itself.
    """

    @asynccontextmanager
    async def lifespan(app: Front) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            base = await stack.enter_async_context(
                foundation(settings, single=with_worker, migrating=with_worker)
            )
            if extra is not None:
                app.router.routes.extend(await stack.enter_async_context(extra(base)))
            collect: Collect | None = None
            if with_worker:
                app.state.worker = await stack.enter_async_context(worker(base))
                collect = collector(base.metrics, app.state.worker)
            served = await stack.enter_async_context(web(base, collect))
            app.router.routes.extend(served.routes)
            app.sockets = served.gateway
            app.state.foundation, app.state.web, app.state.drain = base, served, served.drain
            tune_gc()
            ready()
            yield

    return Front(lifespan=lifespan)


def create_worker_app(settings: Settings) -> Starlette:
    """The worker process: no pages and no sockets, only health and metrics."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with (
            foundation(settings, single=False, migrating=False) as base,
            worker(base) as running,
        ):
            health = HealthApi(
                base.metrics,
                {"database": base.database.ping, "bus": bus_check(base)},
                collector(base.metrics, running),
            )
            app.router.routes.extend(health.routes())
            app.state.drain = health.drain
            yield

    return Starlette(lifespan=lifespan)
