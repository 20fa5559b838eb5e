"""Ids that sort by the time they were made: UUID version 7 (RFC 9562 §5.7) as text."""

from __future__ import annotations

import os
import threading
import time
import uuid

_lock = threading.Lock()
_last = 0
"""The last id's 48 bits of milliseconds and 12 bits of sequence, so that ids of one process grow
even within a millisecond or when the clock steps back."""


def new_id() -> str:
    """A fresh id, greater as text than every earlier one of this process."""
    global _last
    with _lock:
        _last = max(_last + 1, time.time_ns() // 1_000_000 << 12)
        stamp = _last
    tail = int.from_bytes(os.urandom(8)) & (1 << 62) - 1
    value = stamp >> 12 << 80 | 0x7 << 76 | (stamp & 0xFFF) << 64 | 0b10 << 62 | tail
    return str(uuid.UUID(int=value))


def made_at_ms(identifier: str) -> int:
    """When the id was made, milliseconds of the epoch. Raises ValueError when it is no UUID."""
    return uuid.UUID(identifier).int >> 80
