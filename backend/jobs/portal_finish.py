"""The job behind a call's end: close it in the portal, once, however often the job runs."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.jobs.queue import JobQueue
from backend.services.portal_calls import PortalCall, PortalCalls
from backend.services.ports import FinishedCall
from protocol.vocabulary import AccountId, CallId, Direction, EmployeeId, HangupCause, Outcome

log = structlog.get_logger(__name__)

NAME = "portal.finish"


VERSION = 2
"""2: `others`, whom the call falls to when the portal does not know `employee_id`."""


def _with_others(args: dict[str, Any]) -> dict[str, Any]:
    return {**args, "others": []}


def register(jobs: JobQueue, portal_calls: PortalCalls) -> None:
    @jobs.task(NAME, version=VERSION, upgrades={1: _with_others})
    async def finish(
        *,
        account_id: str,
        call_id: str,
        direction: str,
        number: str,
        line: str,
        started_at: str,
        employee_id: str,
        others: list[str],
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
            [EmployeeId(employee_id), *map(EmployeeId, others)],
            outcome=Outcome(outcome),
            cause=None if cause is None else HangupCause(cause),
            talk_s=talk_s,
        )


async def defer(jobs: JobQueue, tx: AsyncConnection, call: FinishedCall) -> None:
    """Queue it in the caller's transaction; calls of one number are closed one after another.

    A call nobody was rung for has nobody it could be closed for; internal calls never reach a CRM.
    """
    if call.direction == Direction.INTERNAL.value:
        return
    rung = (call.answered_by, *(leg.employee_id for leg in call.legs))
    people = list(dict.fromkeys(employee for employee in rung if employee is not None))
    if not people:
        log.info("portal.nobody_rung", account=call.account_id, call=call.call_id)
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
        employee_id=people[0],
        others=people[1:],
        outcome=call.outcome,
        cause=None if call.cause is None else call.cause.value,
        talk_s=call.talk_s,
    )
