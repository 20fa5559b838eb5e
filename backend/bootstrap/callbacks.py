"""Customers to be called back: who tells of them, and who hears that it was done."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from backend.bootstrap.foundation import Foundation
from backend.jobs import callback_tasks
from backend.jobs import callbacks as jobs_of_callbacks
from backend.jobs.queue import JobQueue
from backend.services.callbacks import Callbacks, CallbackTeller
from backend.services.ports import FinishedCall
from backend.store.callbacks import CallbackStore
from backend.store.gateways.callbacks import SqlCallbacks
from protocol.vocabulary import AccountId, Direction, EmployeeId, Outcome


def _rows(base: Foundation, jobs: JobQueue) -> SqlCallbacks:
    async def changed(
        tx: AsyncConnection, account_id: AccountId, employees: Sequence[EmployeeId]
    ) -> None:
        await jobs_of_callbacks.defer(jobs, tx, account_id, employees)
        await close_in_crm(jobs, tx, account_id)

    return SqlCallbacks(base.database, base.secrets, base.settings.base_url, changed)


def callback_teller(base: Foundation, jobs: JobQueue) -> CallbackTeller:
    """For the worker."""
    return CallbackTeller(_rows(base, jobs), base.bus, base.clock)


def callbacks(base: Foundation, jobs: JobQueue) -> Callbacks:
    """For processes with sockets; `jobs` is open while they are served."""
    jobs_of_callbacks.announce(jobs)
    callback_tasks.announce(jobs)
    return Callbacks(_rows(base, jobs))


async def close_in_crm(jobs: JobQueue, tx: AsyncConnection, account_id: AccountId) -> None:
    """Have what is done here closed over there."""
    for call_id in await CallbackStore(tx).to_close(account_id):
        await callback_tasks.defer(jobs, tx, account_id, call_id)


async def call_finished(
    jobs: JobQueue, tx: AsyncConnection, call: FinishedCall, *, crm: str | None
) -> None:
    """Keep what the call asks for, and end what it answers, in the transaction that keeps it.
    `crm`: the kind of CRM that is to have a task of it."""
    store = CallbackStore(tx)
    if await store.want(call):
        await jobs_of_callbacks.defer(jobs, tx, call.account_id, call.wanted_by)
        if crm is not None and await store.expect_in_crm(call.account_id, call.call_id, crm):
            await callback_tasks.defer(jobs, tx, call.account_id, call.call_id)
    if call.outcome != Outcome.ANSWERED.value or call.wanted is not None or not call.number:
        return
    talked = [leg.employee_id for leg in call.legs if leg.employee_id and leg.answered_at]
    if call.direction != Direction.INTERNAL.value and talked:
        known = await store.reached(call.account_id, call.number, talked[-1], at=call.ended_at)
        if known:
            await jobs_of_callbacks.defer(jobs, tx, call.account_id, known)
            await close_in_crm(jobs, tx, call.account_id)
