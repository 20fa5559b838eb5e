"""ARI's event socket: how it is opened."""

from __future__ import annotations

import base64
import logging
from typing import Final
from urllib.parse import urlencode, urlsplit, urlunsplit

from websockets.asyncio.client import connect

# The library writes handshakes, and so our password, to its logger at DEBUG level: ours never
# goes that deep, whatever the application sets for the rest.
_logger: Final = logging.getLogger("backend.telephony.asterisk.socket.frames")
_logger.setLevel(logging.WARNING)

# Asterisk gives up on a reader after websocket_write_timeout (100 ms by default), so frames are
# taken off the wire well ahead of their reading; a thousand calls starting at once fit.
_FRAMES_AHEAD: Final = 16_384
_OPEN_TIMEOUT_S: Final = 10.0
# A dead peer is noticed within a call's ring time.
_PING_INTERVAL_S: Final = 10.0
_PING_TIMEOUT_S: Final = 10.0
_CLOSE_TIMEOUT_S: Final = 2.0


def base_url(url: str) -> str:
    """The root of ARI, whether the setting names it or only the server."""
    trimmed = url.rstrip("/")
    return trimmed if trimmed.endswith("/ari") else trimmed + "/ari"


def open_events(url: str, user: str, password: str, app: str) -> connect:
    """The socket that hears `app`'s events, as an asynchronous context manager.

    Without `subscribeAll`: an application hears of its own channels, and of the legs it rings,
    from the first moment; the rest of the switch is other people's business, and recording
    events would come twice.
    """
    parts = urlsplit(base_url(url))
    scheme = "wss" if parts.scheme == "https" else "ws"
    query = urlencode({"app": app, "subscribeAll": "false"})
    credentials = base64.b64encode(f"{user}:{password}".encode()).decode()
    return connect(
        urlunsplit((scheme, parts.netloc, parts.path + "/events", query, "")),
        additional_headers={"Authorization": f"Basic {credentials}"},
        compression=None,
        proxy=None,
        open_timeout=_OPEN_TIMEOUT_S,
        ping_interval=_PING_INTERVAL_S,
        ping_timeout=_PING_TIMEOUT_S,
        close_timeout=_CLOSE_TIMEOUT_S,
        max_queue=_FRAMES_AHEAD,
        logger=_logger,
    )
