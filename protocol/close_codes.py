"""WebSocket close codes. 4500-4999: stay away; any other: come back, with jitter."""

from __future__ import annotations

from enum import IntEnum


class CloseCode(IntEnum):
    RESTART = 1012
    """A planned restart (RFC 6455 registry: service restart)."""
    SLOW = 4000
    """The outbox was full: come back and recover."""
    HELLO_TIMEOUT = 4001
    SILENT = 4002
    """No pong in time."""
    RESYNC = 4003
    """The server lost its place in a stream; come back for a snapshot."""
    TICKET = 4010
    """The ticket was unknown, used or too old: buy another with the session token."""
    TOO_MANY_FRAMES = 4011
    BAD_FRAME = 4012
    """Not JSON, too big, or not a frame of this protocol."""
    SESSION_ENDED = 4500
    """Signed out, revoked or expired: sign in through the CRM again."""
    ORIGIN = 4501
    PROTOCOL = 4502
    """This protocol version is not spoken here: reload the page."""
    REPLACED = 4503


def may_return(code: int) -> bool:
    return not 4500 <= code <= 4999
