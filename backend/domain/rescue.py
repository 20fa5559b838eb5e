"""A talk whose operator was lost: when it is one, and who is rung to take it up again (M1, R7).

talking ──(his connection breaks)──► returning ──► talking        he is rung, and picks up by itself
                                        │
                                        ▼ he does not come
                                     seeking ──► talking           his colleagues and he are rung
                                        │
                                        ▼ nobody comes
                                     over, and the customer is called back

The customer hears a notice and music all the while; his hanging up ends it anywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from backend.domain.call import Call
from backend.domain.scenario import EndStep, Scenario, Step
from protocol.vocabulary import Direction, EmployeeId, HangupCause, LegId

COLLEAGUES_S: Final = 40
BACK_S: Final = 6.0
"""A page that was reloaded has its phone back within this; past it, his other devices ring."""
SAME_MOMENT: Final = timedelta(seconds=3)
"""Both sides end a talk at once: who leaves so soon after the other has said goodbye."""

_BROKEN: Final = frozenset(
    {
        HangupCause.LOST_CONTACT,
        HangupCause.FAILURE,
        HangupCause.CONGESTION,
        HangupCause.UNREACHABLE,
    }
)
"""Ends of a talk that nobody meant, whatever the device."""


def is_loss(call: Call, leg_id: LegId, cause: HangupCause, *, browser: bool, asked: bool) -> bool:
    """Whether this end of a leg leaves a customer alone whom nobody meant to leave.

    `browser`: the leg was on a tab's line, which is hung up by command only: whatever else ends it
    is a closed page, a crash or a network. A phone that hangs up with a normal cause means it.
    `asked`: we told the switch to end it.
    """
    leg = call.leg(leg_id)
    if leg is None or leg.employee_id is None or asked or call.direction is Direction.INTERNAL:
        return False
    if call.taken is None or call.ended_at is not None or leg not in call.talkers:
        return False
    side = call.side_of(leg)
    mates = [other for other in call.talkers if other != leg and call.side_of(other) == side]
    others = [other for other in call.talkers if call.side_of(other) != side]
    if mates or not any(other.employee_id is None for other in others):
        return False  # somebody is there to talk on, or no customer is left
    return browser or cause in _BROKEN


def colleagues_of(
    employee: EmployeeId, groups: Mapping[str, tuple[EmployeeId, ...]], scenario: Scenario | None
) -> Scenario:
    """Who is rung when he does not come back: his groups, else whom the call rang last by its
    scenario; he himself among them, for he may be back by then."""
    people = [who for members in groups.values() if employee in members for who in members]
    if not people and scenario is not None:
        rings = [step for step in scenario.steps[: scenario.own] if isinstance(step, Step)]
        people = list(rings[-1].people(groups)) if rings else []
    ringing = Step(
        employees=tuple(dict.fromkeys((employee, *people))),
        timeout_s=COLLEAGUES_S,
        ring_busy=False,
    )
    return Scenario(name="rescue", steps=(ringing, EndStep(final="normal")), final="normal")
