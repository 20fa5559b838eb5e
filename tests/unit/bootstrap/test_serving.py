"""A stopping server drains while it still serves."""

from __future__ import annotations

import asyncio
import socket

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from backend.bootstrap.serving import Server, serve
from backend.errors import SettingsError


async def hello(_request: Request) -> Response:
    return PlainTextResponse("hello")


class Leaving(Server):
    """Told to stop as soon as it serves."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.should_exit = True


async def test_the_drain_comes_before_anything_is_closed() -> None:
    # It used to stand in the lifespan's end, where uvicorn had closed every socket already: no tab
    # ever heard `restarting`, and readiness never said no.
    heard: list[str] = []
    app = Starlette(routes=[Route("/", hello)])
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{listening.getsockname()[1]}/"

        async def drain() -> None:
            async with httpx.AsyncClient() as http:
                heard.append((await http.get(address)).text)

        app.state.drain = drain
        server = Leaving(uvicorn.Config(app, log_config=None, lifespan="on"))
        async with asyncio.timeout(10):
            await server.serve(sockets=[listening])
    assert heard == ["hello"]


async def test_a_drain_that_breaks_does_not_keep_the_server_alive() -> None:
    app = Starlette()

    async def drain() -> None:
        raise OSError("the bus is away")

    app.state.drain = drain
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        server = Server(uvicorn.Config(app, log_config=None, lifespan="on"))
        server.should_exit = True
        async with asyncio.timeout(10):
            await server.serve(sockets=[listening])
    assert server.started


def test_a_taken_port_is_said_in_words() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(SettingsError, match="cannot listen on 127"):
            serve(Starlette(), "127.0.0.1", taken.getsockname()[1])
