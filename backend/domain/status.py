"""Who may make whom how available (R9)."""

from __future__ import annotations

from protocol.vocabulary import AgentStatus, StatusSource

_AVAILABILITY: dict[AgentStatus, int] = {
    AgentStatus.OFF_WORK: 0,
    AgentStatus.DO_NOT_DISTURB: 0,
    AgentStatus.BREAK: 0,
    AgentStatus.AWAY: 1,
    AgentStatus.AVAILABLE: 2,
}
"""How much may ring: nothing, the mobile, everything."""

_PEOPLE = frozenset({StatusSource.PERSON, StatusSource.SUPERVISOR})


def availability(status: AgentStatus) -> int:
    """Grows with what may ring; different statuses may be equal."""
    return _AVAILABILITY[status]


def is_choice(source: StatusSource) -> bool:
    """Whether a human said so: only that moves the ceiling machines are held under."""
    return source in _PEOPLE


def allowed(wanted: AgentStatus, source: StatusSource, chosen: AgentStatus) -> AgentStatus:
    """What becomes of a wish, given what a human chose last.

    A machine may lower availability, and lift it again up to the choice but never above: a failed
    call or the CRM's working day must not end somebody's break.
    """
    if is_choice(source) or availability(wanted) <= availability(chosen):
        return wanted
    return chosen
