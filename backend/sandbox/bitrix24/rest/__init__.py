"""The REST methods, one module per family; importing this package fills the registry."""

from __future__ import annotations

from backend.sandbox.bitrix24.rest import (
    activities,
    bindings,
    calllists,
    chats,
    dealcontacts,
    dictionaries,
    entities,
    event,
    items,
    lines,
    placement,
    statistics,
    system,
    telephony,
    timeline,
    timeman,
    transcripts,
    userfields,
    users,
    voximplant,
)

__all__ = [
    "activities",
    "bindings",
    "calllists",
    "chats",
    "dealcontacts",
    "dictionaries",
    "entities",
    "event",
    "items",
    "lines",
    "placement",
    "statistics",
    "system",
    "telephony",
    "timeline",
    "timeman",
    "transcripts",
    "userfields",
    "users",
    "voximplant",
]
