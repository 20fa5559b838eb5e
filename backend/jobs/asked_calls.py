"""Jobs of calls a CRM asked for: telling of those that came to nothing."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from backend.jobs.queue import JobQueue
from backend.services.ports import FinishedCall
from backend.services.ports.asked import AskedCall
from backend.services.refused_calls import RefusedCalls
from protocol.vocabulary import AccountId, CallId, Direction, HangupCause

REFUSED = "asked_calls.refused"
NOT_PICKED_UP = "asked_calls.not_picked_up"
_MISSED = frozenset(
    {
        HangupCause.NO_ANSWER,
        HangupCause.UNREACHABLE,
        HangupCause.BUSY,
        HangupCause.FAILURE,
        HangupCause.CONGESTION,
    }
)
"""Ends that are nobody's choice: who rejects the call or hangs up knows why."""


def register(jobs: JobQueue, refused_calls: RefusedCalls) -> None:
    @jobs.task(REFUSED)
    async def refused(*, account_id: str, crm: str, external_id: str) -> None:
        await refused_calls.tell(AccountId(account_id), crm, external_id)

    @jobs.task(NOT_PICKED_UP)
    async def not_picked_up(*, account_id: str, call_id: str, unreachable: bool) -> None:
        await refused_calls.not_picked_up(
            AccountId(account_id), CallId(call_id), unreachable=unreachable
        )


async def defer_refused(jobs: JobQueue, tx: AsyncConnection, call: AskedCall) -> None:
    await jobs.defer_in(
        tx,
        REFUSED,
        account_id=call.account_id,
        crm=call.crm.value,
        external_id=call.external_id,
    )


async def defer_not_picked_up(jobs: JobQueue, tx: AsyncConnection, call: FinishedCall) -> None:
    """Queue it, with the call's end, for an outgoing call that never left the employee's side."""
    if call.direction != Direction.OUTBOUND.value or call.callback or call.cause not in _MISSED:
        return
    own = [leg for leg in call.legs if leg.employee_id is not None]
    if not own or any(leg.answered_at is not None for leg in own):
        return
    await jobs.defer_in(
        tx,
        NOT_PICKED_UP,
        account_id=call.account_id,
        call_id=call.call_id,
        unreachable=all(leg.cause is HangupCause.UNREACHABLE for leg in own),
    )
