"""Listening, and leaving in order: sockets are told and spread before anything is closed.

SIGTERM ─► not ready, `restarting`, tabs leave a few at a time ─► no new connections
        ─► the lifespan's end: worker, journal, database
"""

from __future__ import annotations

import socket
from collections.abc import Sequence

import structlog
import uvicorn
from starlette.applications import Starlette

from backend.errors import SettingsError
from backend.realtime.server import UVICORN

log = structlog.get_logger(__name__)

REQUESTS_S = 5
"""How long requests under way may still take once nobody new is let in."""


class Server(uvicorn.Server):
    """uvicorn closes every socket first and ends the lifespan after: a drain in the lifespan would
    find nobody left to tell. So it stands before."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        drain = getattr(getattr(self.config.app, "state", None), "drain", None)
        if drain is not None and not self.force_exit:
            try:
                await drain()
            except Exception:
                log.exception("serving.drain_failed")
        await super().shutdown(sockets)


def serve(app: Starlette, host: str, port: int, *, proxies: Sequence[str] = ()) -> int:
    """Serve until a signal says otherwise; the exit code. Port 0 is any free one, which the log
    names. `proxies` are believed when they say whose request they bring. Raises SettingsError when
    the address cannot be had."""
    listening = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        raise SettingsError(
            f"cannot listen on {host}:{port} ({error.strerror}); another process may have it"
        ) from error
    with listening:
        if port == 0:
            log.info("serving.listens", host=host, port=listening.getsockname()[1])
        server = Server(
            uvicorn.Config(
                app,
                # Ours stand already: uvicorn's own would bypass masking.
                log_config=None,
                access_log=False,
                lifespan="on",
                # Not from uvicorn's own environment variable: all settings are in one table.
                proxy_headers=bool(proxies),
                forwarded_allow_ips=list(proxies),
                timeout_graceful_shutdown=REQUESTS_S,
                **UVICORN,
            )
        )
        server.run(sockets=[listening])
    return 0 if server.started else 3
