"""What a kept call says of the attempt it was."""

from __future__ import annotations

from typing import Final

from backend.domain.leg_id import CUSTOMER, leg_name
from backend.services.dialer.moves import call_over
from backend.services.ports import FinishedCall, FinishedLeg
from backend.services.ports.dialer import DialerTx
from protocol.dialer_words import AttemptOutcome
from protocol.vocabulary import EmployeeId, HangupCause

_OUTCOMES: Final = {
    HangupCause.BUSY: AttemptOutcome.BUSY,
    HangupCause.NO_ANSWER: AttemptOutcome.NO_ANSWER,
    HangupCause.REJECTED: AttemptOutcome.REJECTED,
    HangupCause.INVALID_NUMBER: AttemptOutcome.INVALID_NUMBER,
    HangupCause.UNREACHABLE: AttemptOutcome.UNREACHABLE,
    HangupCause.CONGESTION: AttemptOutcome.UNREACHABLE,
    HangupCause.NORMAL: AttemptOutcome.CANCELLED,
    HangupCause.CANCELLED: AttemptOutcome.CANCELLED,
    HangupCause.LOST_CONTACT: AttemptOutcome.LOST,
}


def outcome_of(call: FinishedCall) -> AttemptOutcome:
    """By the person's own leg; without one the operator's phone did not pick up."""
    theirs = [leg for leg in call.legs if _is_customer(leg)]
    if any(leg.answered_at is not None for leg in theirs):
        return AttemptOutcome.REACHED
    own = [leg for leg in call.legs if leg.employee_id is not None]
    if not theirs and not any(leg.answered_at is not None for leg in own):
        return AttemptOutcome.OPERATOR_AWAY
    cause = theirs[-1].cause if theirs else call.cause
    return AttemptOutcome.FAILED if cause is None else _OUTCOMES.get(cause, AttemptOutcome.FAILED)


async def call_finished(tx: DialerTx, call: FinishedCall) -> EmployeeId | None:
    """In the transaction that keeps the call. Whose list it was of; None: of none."""
    theirs = [leg.answered_at for leg in call.legs if _is_customer(leg) and leg.answered_at]
    return await call_over(
        tx,
        call.call_id,
        outcome_of(call),
        call.ended_at,
        talk_s=call.talk_s if theirs else 0,
        answered_at=theirs[0] if theirs else None,
    )


def _is_customer(leg: FinishedLeg) -> bool:
    try:
        return leg_name(leg.leg_id).kind == CUSTOMER
    except ValueError:
        return leg.employee_id is None
