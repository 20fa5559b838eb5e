"""The ASGI application and its lifespan."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager

from starlette.applications import Starlette
from starlette.routing import BaseRoute

from backend.bootstrap.foundation import Foundation, foundation
from backend.bootstrap.web import web
from backend.bootstrap.worker import worker
from backend.realtime.server import tune_gc
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
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            base = await stack.enter_async_context(
                foundation(settings, single=with_worker, migrating=with_worker)
            )
            if extra is not None:
                app.router.routes.extend(await stack.enter_async_context(extra(base)))
            if with_worker:
                app.state.worker = await stack.enter_async_context(worker(base))
            served = await stack.enter_async_context(web(base))
            app.router.routes.extend(served.routes)
            app.state.foundation, app.state.web = base, served
            tune_gc()
            ready()
            yield

    return Starlette(lifespan=lifespan)
