"""Live calls as a board shows them, read off the call's own facts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from backend.domain.call import Call
from backend.domain.scenario import Step
from backend.services.routing import AccountRoute, VirtualNumber
from protocol.board import BoardCall, BoardWatcher
from protocol.vocabulary import CallState, Direction, EmployeeId, LegState, StreamName

_RINGS = (LegState.DIALING, LegState.RINGING)


def board_call(
    call: Call,
    *,
    account: AccountRoute,
    line: VirtualNumber | None,
    name: str | None,
    watchers: Sequence[BoardWatcher],
    version: int,
) -> BoardCall:
    """`line` is the virtual number it came to; `name` who the outside party is, where known."""
    talking = sorted({leg.employee_id for leg in call.talkers if leg.employee_id is not None})
    if call.answered_leg is None and call.direction is Direction.INBOUND:
        talking = []
    ringing = sorted(
        {
            leg.employee_id
            for leg in call.legs
            if leg.employee_id is not None
            and leg.state in _RINGS
            and leg.employee_id not in talking
        }
    )
    return BoardCall(
        stream=StreamName.BOARD,
        entity=f"call:{call.call_id}",
        version=version,
        call_id=call.call_id,
        direction=call.direction,
        state=call.state,
        number=call.number,
        name=name,
        line=None if line is None else line.name or line.number,
        scenario=None if line is None or line.scenario is None else line.scenario.name,
        started_at=call.started_at,
        answered_at=call.answered_at,
        waits_since=_waits_since(call),
        talking=talking,
        ringing=ringing,
        people=sorted(_people(call, account, line)),
        watchers=list(watchers),
    )


def _waits_since(call: Call) -> datetime | None:
    if call.state is CallState.RINGING:
        return call.started_at if call.direction is Direction.INBOUND else None
    if call.state is not CallState.HELD:
        return None
    if call.vacant is not None:
        left = [leg.left_at for leg in call.members if leg.left_at is not None]
        return max(left, default=call.started_at)
    return call.hold[0] if call.hold is not None and call.hold[1] else None


def _people(call: Call, account: AccountRoute, line: VirtualNumber | None) -> set[EmployeeId]:
    """Everybody it was or may be offered to: a caller nobody is rung for yet waits for those whom
    the scenario names."""
    found = {leg.employee_id for leg in call.legs if leg.employee_id is not None}
    if call.placed_by is not None:
        found.add(call.placed_by)
    if call.answered_leg is None and line is not None and line.scenario is not None:
        for step in line.scenario.steps:
            if isinstance(step, Step):
                found.update(step.people(account.groups))
    return found
