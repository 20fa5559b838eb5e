"""How much one session may ask and hold."""

from __future__ import annotations

from dataclasses import dataclass

from protocol.frames import HELLO_TIMEOUT_S, MAX_CLIENT_FRAME_BYTES


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    frame_bytes: int = MAX_CLIENT_FRAME_BYTES
    hello_timeout_s: float = HELLO_TIMEOUT_S
    ping_interval_s: float = 20.0
    silence_s: float = 45.0
    """Two pings unanswered and a little. Hidden tabs answer messages even when their timers are
    throttled to one a minute, so this does not cut them."""
    commands_per_s: float = 20.0
    commands_burst: float = 60.0
    """A person clicks far less; a page that opens asks a handful at once."""
    commands_running: int = 16
    refusals: int = 200
    """Commands refused in a row before the socket is closed."""
    frames_per_s: float = 100.0
    frames_burst: float = 1_000.0
    replies_kept: int = 32
    """Answers kept for repeated commands of this connection."""
    outbox_frames: int = 1_000
    outbox_bytes: int = 512 * 1024
    """Whichever is full first closes a slow session; below the 1 MiB a stalled tab may cost."""
    greeting_per_address: int = 64
    """Sockets of one address that have not yet shown a ticket. An office sits behind one address
    and all its tabs come back at once after a restart, but each greets for milliseconds only."""


class Bucket:
    """A token bucket: `burst` at once, `per_s` in the long run."""

    __slots__ = ("_at", "_left")

    def __init__(self, burst: float, now: float) -> None:
        self._left = burst
        self._at = now

    def take(self, now: float, per_s: float, burst: float) -> bool:
        left = min(burst, self._left + (now - self._at) * per_s)
        self._at = now
        self._left = left - 1 if left >= 1 else left
        return left >= 1
