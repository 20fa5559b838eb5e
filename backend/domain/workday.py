"""The CRM's working day beside our status (B12). Pure.

    CRM: opened, resumed ─► available      paused ─► break      closed, expired ─► off work
    us:  break ─► pause (only an opened day)      available ─► resume (only a paused one)

Both sides are the employee's own doing, so the later act wins (P05):

- the day's state counts when it changes; while it stays as it is, whatever is chosen here stands,
  however often the CRM repeats its state;
- a choice made here while the CRM was being asked is the later act;
- the first state seen of an employee counts only while they never chose anything here;
- what we wrote ourselves is no change;
- nothing we write opens or closes a day.
"""

from __future__ import annotations

from enum import StrEnum

from protocol.vocabulary import AgentStatus


class DayState(StrEnum):
    """An employee's working day in the CRM."""

    OPENED = "opened"
    PAUSED = "paused"
    CLOSED = "closed"
    EXPIRED = "expired"
    """Opened on an earlier day and never closed."""


class DayWrite(StrEnum):
    PAUSE = "pause"
    RESUME = "resume"


STATUS_OF = {
    DayState.OPENED: AgentStatus.AVAILABLE,
    DayState.PAUSED: AgentStatus.BREAK,
    DayState.CLOSED: AgentStatus.OFF_WORK,
    DayState.EXPIRED: AgentStatus.OFF_WORK,
}
LEADS_TO = {DayWrite.PAUSE: DayState.PAUSED, DayWrite.RESUME: DayState.OPENED}
_WRITES = {
    (AgentStatus.BREAK, DayState.OPENED): DayWrite.PAUSE,
    (AgentStatus.AVAILABLE, DayState.PAUSED): DayWrite.RESUME,
}
WRITTEN = frozenset(status for status, _ in _WRITES)
"""Choices the CRM may have to hear of."""


def write_for(status: AgentStatus, day: DayState) -> DayWrite | None:
    """What a choice of ours changes over there; None for everything that opens, closes or is as
    it should be."""
    return _WRITES.get((status, day))
