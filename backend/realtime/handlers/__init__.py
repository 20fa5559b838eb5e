"""One function per command. Importing this package registers them all."""

from __future__ import annotations

from backend.realtime.handlers import (
    calls,
    contacts,
    dialer,
    hands,
    history,
    phones,
    sessions,
    statuses,
    streams,
    tabs,
)
from backend.realtime.registry import HANDLERS
from protocol import commands

__all__ = [
    "calls",
    "check",
    "contacts",
    "dialer",
    "hands",
    "history",
    "phones",
    "sessions",
    "statuses",
    "streams",
    "tabs",
]


def check() -> None:
    """Every command of the protocol has a handler. Raises TypeError at start, not at first use."""
    missing = [kind.__name__ for kind in commands.COMMANDS if kind not in HANDLERS]
    if missing:
        raise TypeError(f"no handler for {', '.join(missing)}")
