"""Every key the bus keeps, how long it lives and what an entry looks like. Nothing else names one.

Streams have no time to live: their entities are the snapshot a `hello` is answered with, and their
number is bounded by employees and live calls. Everything else forgets by itself.
"""

from __future__ import annotations

from dataclasses import dataclass

PREFIX = "dz1"
"""Changes when the meaning of a value changes, so that old and new processes never mix."""

LOG_MAX = 500
"""Pushes kept per stream for recovery. A busy operator's hour is some 300; beyond that a snapshot
is smaller than the tail."""
LOG_TTL_S = 600
"""A tab that was away longer takes a snapshot."""
TOMBSTONE_TTL_S = 600
"""How long a removed entity's version is remembered, so that a late push does not revive it."""
PRESENCE_TTL_S = 45.0
"""A tab whose process died is gone after this; refreshed each ping round (see presence)."""
PRESENCE_GRACE_S = 20.0
"""A reload or a change of network is not an absence."""
CHANGE_TTL_S = 30 * 86_400
"""Remembered last values; when one is forgotten its next value counts as a change."""
VERSION_TTL_S = 30 * 86_400
"""A forgotten counter goes on from the time, which is ahead of it."""


@dataclass(frozen=True, slots=True)
class StreamKeys:
    """The four keys of one stream, in the order the scripts take them."""

    state: str
    """Hash: epoch, seq."""
    entities: str
    """Hash: entity → `seq LF version LF tag LF frame`; tag and frame are empty when removed."""
    tombs: str
    """Sorted set: removed entity by the second of its removal."""
    log: str
    """List of the newest messages, gapless up to `seq`: `epoch LF seq LF tag LF frame`."""


def stream(key: str) -> StreamKeys:
    base = f"{PREFIX}:s:{key}"
    return StreamKeys(f"{base}:state", f"{base}:entities", f"{base}:tombs", f"{base}:log")


def channel(key: str) -> str:
    """Where a stream's messages are fanned out, in the form its log keeps."""
    return f"{PREFIX}:c:{key}"


def stream_of(channel_name: str) -> str:
    return channel_name[len(PREFIX) + 3 :]


def wake(topic: str) -> str:
    return f"{PREFIX}:w:{topic}"


def question(owner: str) -> str:
    """`reply channel LF id LF payload`."""
    return f"{PREFIX}:q:{owner}"


def answer(process: str) -> str:
    """`id LF payload`."""
    return f"{PREFIX}:a:{process}"


def value(key: str) -> str:
    return f"{PREFIX}:v:{key}"


def counter(key: str) -> str:
    return f"{PREFIX}:n:{key}"


def version(key: str) -> str:
    return f"{PREFIX}:ver:{key}"


def change(key: str) -> str:
    """Hash: value, version."""
    return f"{PREFIX}:ch:{key}"


def generation() -> str:
    return f"{PREFIX}:generation"


def tabs(account_id: str, employee_id: str) -> str:
    """Hash: session → `expiry ms LF TabPresence as JSON`; lives as long as its youngest tab."""
    return f"{PREFIX}:t:{account_id}:{employee_id}"


def employees(account_id: str) -> str:
    """Sorted set: employee by the millisecond their presence ends."""
    return f"{PREFIX}:e:{account_id}"
