"""What became of a step that asked whom to ring, kept for the call's details."""

from __future__ import annotations

from backend.domain.scenario import AnyStep, ManagerStep
from backend.services.calls import records
from backend.services.calls.core import Core
from backend.services.calls.live import Live, RemovalReason
from backend.services.ports import StepNote
from protocol.vocabulary import EmployeeId, HangupCause, StepReason


def note(core: Core, live: Live, employee_id: EmployeeId | None, reason: StepReason | None) -> None:
    """Of the running step; the newest one counts."""
    found = StepNote(step=live.step, employee_id=employee_id, reason=reason)
    if live.notes.get(live.step) != found:
        live.notes[live.step] = found
        core.journal.append(records.note(live.call, found, core.clock.now()))


def not_forwarded(
    core: Core, live: Live, step: AnyStep | None, employee_id: EmployeeId, reason: RemovalReason
) -> None:
    """The manager was rung and did not come."""
    if not isinstance(step, ManagerStep):
        return
    if reason == "over":
        note(core, live, employee_id, StepReason.NOT_AN_EMPLOYEE)
    if reason not in ("declined", "timed_out"):
        return
    own = [leg for leg in live.call.legs if leg.employee_id == employee_id]
    why = StepReason.DECLINED if reason == "declined" else StepReason.NO_ANSWER
    if own and all(leg.cause is HangupCause.UNREACHABLE for leg in own):
        why = StepReason.UNREACHABLE
    note(core, live, employee_id, why)
