"""How the ASGI server is to be run for many idle sockets. Figures: docs/decisions/0001."""

from __future__ import annotations

import gc
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.applications import Starlette
from starlette.types import Receive, Scope, Send

UVICORN: dict[str, Any] = {
    # 25 KiB and 66k pushes/s against 33 KiB and 46k/s of the `websockets` implementation.
    "ws": "websockets-sansio",
    # A deflate context costs 40-100 KiB per socket; our frames are a few hundred bytes.
    "ws_per_message_deflate": False,
    # Silence is measured by frames of the protocol: ASGI shows no pongs to the application.
    "ws_ping_interval": None,
    "ws_max_size": 1 << 20,
    "http": "httptools",
    "loop": "auto",
    "backlog": 4096,
}
"""Options for `uvicorn.Config`. Frames over 64 KiB are refused by the session with its own code;
`ws_max_size` only bounds what is read before that."""


SOCKET_PATH = "/ws"


class Front(Starlette):
    """Routes and middleware for requests; sockets of tabs go past them.

    Each layer between the server and a socket lives as long as the socket and is passed by every
    push, and none of them does anything for one.
    """

    sockets: Callable[[Any, Any, Any], Awaitable[None]] | None = None
    """What serves `SOCKET_PATH`, once it is there."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if (
            self.sockets is not None
            and scope["type"] == "websocket"
            and scope["path"] == SOCKET_PATH
        ):
            await self.sockets(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


def tune_gc() -> None:
    """Call once, after start-up and before the first socket.

    Each socket brings some hundred objects that live for days. The collector's default is to look
    through all of them again and again while thousands connect; nearly half of the handshakes per
    second went there.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 50, 100)
