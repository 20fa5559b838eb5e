"""The job behind a call's end: close it in the portal, once, however often the job runs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from backend.jobs.queue import JobQueue
from backend.services.portal_calls import CARD_LOADS_S, PortalCalls, may_stay
from backend.services.ports import FinishedCall
from backend.services.ports.portal_calls import PortalCall
from protocol.vocabulary import AccountId, CallId, Direction, EmployeeId, HangupCause, Outcome

NAME = "portal.finish"


VERSION = 4
"""2: `others`, whom the call falls to when the portal does not know `employee_id`.
3: `employees`, all of them, or nobody.
4: `callback`."""

Finished = Callable[[AccountId, CallId], Awaitable[None]]


def _with_others(args: dict[str, Any]) -> dict[str, Any]:
    return {**args, "others": []}


def _employees(args: dict[str, Any]) -> dict[str, Any]:
    first, others = args.pop("employee_id"), args.pop("others")
    return {**args, "employees": [first, *others]}


def _callback(args: dict[str, Any]) -> dict[str, Any]:
    return {**args, "callback": False}


_UPGRADES = {1: _with_others, 2: _employees, 3: _callback}


def register(jobs: JobQueue, portal_calls: PortalCalls, finished: Finished) -> None:
    """`finished` is told when the portal has closed the call, at least once."""

    @jobs.task(NAME, version=VERSION, upgrades=_UPGRADES)
    async def finish(
        *,
        account_id: str,
        call_id: str,
        direction: str,
        number: str,
        line: str,
        started_at: str,
        employees: list[str],
        outcome: str,
        cause: str | None,
        talk_s: int,
        callback: bool,
    ) -> None:
        await portal_calls.finish(
            PortalCall(
                account_id=AccountId(account_id),
                call_id=CallId(call_id),
                direction=Direction(direction),
                number=number,
                line=line,
                started_at=datetime.fromisoformat(started_at),
                callback=callback,
            ),
            [EmployeeId(employee) for employee in employees],
            outcome=Outcome(outcome),
            cause=None if cause is None else HangupCause(cause),
            talk_s=talk_s,
        )
        await finished(AccountId(account_id), CallId(call_id))


async def defer(jobs: JobQueue, tx: AsyncConnection, call: FinishedCall) -> None:
    """Queue it in the caller's transaction; calls of one number are closed one after another.

    Internal calls never reach a CRM. Closing takes the card away: one that may stay gets the time
    to ask for it.
    """
    if call.direction == Direction.INTERNAL.value:
        return
    rung = (call.answered_by, *(leg.employee_id for leg in call.legs))
    people = list(dict.fromkeys(employee for employee in rung if employee is not None))
    stays = may_stay(Direction(call.direction), Outcome(call.outcome))
    await jobs.defer_in(
        tx,
        NAME,
        lock=f"portal:{call.account_id}:{call.number}",
        at=call.ended_at + timedelta(seconds=CARD_LOADS_S) if stays else None,
        account_id=call.account_id,
        call_id=call.call_id,
        direction=call.direction,
        number=call.number,
        line=call.virtual_number or "",
        started_at=call.started_at.isoformat(),
        employees=people,
        outcome=call.outcome,
        cause=None if call.cause is None else call.cause.value,
        talk_s=call.talk_s,
        callback=call.callback,
    )
