"""How the ASGI server is to be run for many idle sockets. Figures: docs/decisions/0001."""

from __future__ import annotations

import gc
from typing import Any

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


def tune_gc() -> None:
    """Call once, after start-up and before the first socket.

    Each socket brings some hundred objects that live for days. The collector's default is to look
    through all of them again and again while thousands connect; nearly half of the handshakes per
    second went there.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 50, 100)
