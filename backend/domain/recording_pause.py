"""Pauses of a recording as facts: when it was silent, and who asked. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from protocol.vocabulary import EmployeeId


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    by: EmployeeId
    began_at: datetime
    until: datetime
    """When it ends by itself."""
    ended_at: datetime | None = None


Pauses = tuple[Pause, ...]
"""Oldest first; only the last may be under way."""


def under_way(pauses: Pauses) -> Pause | None:
    """The pause that lasts."""
    return pauses[-1] if pauses and pauses[-1].ended_at is None else None


def begun(pauses: Pauses, by: EmployeeId, at: datetime, until: datetime) -> Pauses:
    """With one more under way; one that lasts already goes on."""
    if under_way(pauses) is not None:
        return pauses
    return (*pauses, Pause(by=by, began_at=at, until=until))


def ended(pauses: Pauses, at: datetime) -> Pauses:
    """With none under way. A pause does not end before it began, whatever clocks say."""
    last = under_way(pauses)
    if last is None:
        return pauses
    return (*pauses[:-1], replace(last, ended_at=max(at, last.began_at)))
