"""Tasks to call back: kept with the call that causes them, told by a job."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from backend.jobs.queue import JobQueue
from backend.services.callbacks import CallbackTeller
from backend.services.ports import FinishedCall
from backend.store.callbacks import CallbackStore
from protocol.vocabulary import AccountId, Direction, EmployeeId, Outcome

NAME = "callbacks.tell"


def register(jobs: JobQueue, teller: CallbackTeller) -> None:
    @jobs.task(NAME)
    async def tell(*, account_id: str, employees: list[str]) -> None:
        await teller.tell(AccountId(account_id), [EmployeeId(who) for who in employees])


def announce(jobs: JobQueue) -> None:
    """For processes that only queue it."""
    jobs.announce(NAME)


async def defer(
    jobs: JobQueue, tx: AsyncConnection, account_id: AccountId, employees: Sequence[EmployeeId]
) -> None:
    """Have these told anew, once the caller's transaction is committed."""
    if employees:
        await jobs.defer_in(tx, NAME, account_id=account_id, employees=list(employees))


async def on_finished(jobs: JobQueue, tx: AsyncConnection, call: FinishedCall) -> None:
    """Keep what the call asks for, and end what it answers, in the transaction that keeps it."""
    store = CallbackStore(tx)
    if await store.want(call):
        await defer(jobs, tx, call.account_id, call.wanted_by)
    if call.outcome != Outcome.ANSWERED.value or call.wanted is not None or not call.number:
        return
    talked = [leg.employee_id for leg in call.legs if leg.employee_id and leg.answered_at]
    if call.direction != Direction.INTERNAL.value and talked:
        known = await store.reached(call.account_id, call.number, talked[-1], at=call.ended_at)
        await defer(jobs, tx, call.account_id, known)
