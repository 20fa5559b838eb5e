"""What a leg of a call is called: its id says whose it is and which attempt."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from protocol.vocabulary import EmployeeId, LegId

CUSTOMER = "customer"
AGENT = "agent"
GUEST = "guest"
"""A third party outside, whom somebody of us brought in."""


class LegName(NamedTuple):
    """What a leg's id says. `customer-0`, `guest-<attempt>`, `agent-<employee id>-<attempt>`."""

    kind: str
    employee_id: EmployeeId | None
    attempt: int


def customer_leg(attempt: int = 0) -> LegId:
    return LegId(f"{CUSTOMER}-{attempt}")


def guest_leg(attempt: int) -> LegId:
    return LegId(f"{GUEST}-{attempt}")


def agent_leg(employee_id: EmployeeId, attempt: int) -> LegId:
    return LegId(f"{AGENT}-{employee_id}-{attempt}")


@lru_cache(maxsize=10_000)
def leg_name(leg_id: LegId) -> LegName:
    """Raises ValueError when it is no id of ours."""
    kind, _, rest = leg_id.partition("-")
    owner, _, attempt = rest.rpartition("-")
    if kind in (CUSTOMER, GUEST) and not owner:
        return LegName(kind, None, int(attempt))
    if kind == AGENT and owner:
        return LegName(AGENT, EmployeeId(owner), int(attempt))
    raise ValueError(f"not a leg: {leg_id}")
