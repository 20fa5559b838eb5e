"""The job behind a call's end: close it in the portal, once, however often the job runs."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from backend.jobs.queue import JobQueue
from backend.services.portal_calls import PortalCall, PortalCalls
from backend.services.ports import FinishedCall
from protocol.vocabulary import AccountId, CallId, Direction, EmployeeId, HangupCause, Outcome

NAME = "portal.finish"


def register(jobs: JobQueue, portal_calls: PortalCalls) -> None:
    @jobs.task(NAME)
    async def finish(
        *,
        account_id: str,
        call_id: str,
        direction: str,
        number: str,
        line: str,
        started_at: str,
        employee_id: str,
        outcome: str,
        cause: str | None,
        talk_s: int,
    ) -> None:
        await portal_calls.finish(
            PortalCall(
                account_id=AccountId(account_id),
                call_id=CallId(call_id),
                direction=Direction(direction),
                number=number,
                line=line,
                started_at=datetime.fromisoformat(started_at),
            ),
            EmployeeId(employee_id),
            outcome=Outcome(outcome),
            cause=None if cause is None else HangupCause(cause),
            talk_s=talk_s,
        )


async def defer(jobs: JobQueue, tx: AsyncConnection, call: FinishedCall) -> None:
    """Queue it in the caller's transaction; calls of one number are closed one after another.

    A call nobody was rung for has nobody it could be closed for; internal calls never reach a CRM.
    """
    rung = next((leg.employee_id for leg in call.legs if leg.employee_id is not None), None)
    employee_id = call.answered_by or rung
    if employee_id is None or call.direction == Direction.INTERNAL.value:
        return
    await jobs.defer_in(
        tx,
        NAME,
        lock=f"portal:{call.account_id}:{call.number}",
        account_id=call.account_id,
        call_id=call.call_id,
        direction=call.direction,
        number=call.number,
        line=call.virtual_number or "",
        started_at=call.started_at.isoformat(),
        employee_id=employee_id,
        outcome=call.outcome,
        cause=None if call.cause is None else call.cause.value,
        talk_s=call.talk_s,
    )
