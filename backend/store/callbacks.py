"""Customers who wait to be called back: one row for each call that ended so."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from sqlalchemy import ColumnElement, RowMapping, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.services.ports import FinishedCall
from backend.services.ports.callbacks import WORTH_CLOSING, CallbackTask, CrmTask
from backend.store.tables import callback_tasks as tasks
from protocol.vocabulary import AccountId, CallbackReason, CallId, EmployeeId

MAX_OPEN = 500


class CallbackStore:
    def __init__(self, tx: AsyncConnection) -> None:
        self._tx = tx

    async def want(self, call: FinishedCall) -> bool:
        """Keep that the caller is to be called back. False: it was kept before."""
        if call.wanted is None:
            return False
        kept = await self._tx.execute(
            insert(tasks)
            .values(
                account_id=call.account_id,
                call_id=call.call_id,
                number=call.number,
                name=call.name,
                virtual_number=call.virtual_number,
                reason=call.wanted.reason.value,
                employees=list(call.wanted_by),
                created_at=call.ended_at,
            )
            .on_conflict_do_nothing()
            .returning(tasks.c.call_id)
        )
        return kept.one_or_none() is not None

    async def reached(
        self, account_id: AccountId, number: str, by: EmployeeId, *, at: datetime
    ) -> list[EmployeeId]:
        """Somebody talked with the number: whatever waited for that is done. Who knew of it."""
        done = await self._tx.execute(
            update(tasks)
            .where(
                tasks.c.account_id == account_id,
                tasks.c.number == number,
                tasks.c.done_at.is_(None),
                tasks.c.created_at <= at,
            )
            .values(done_at=at, done_by=by)
            .returning(tasks.c.employees)
        )
        return list(dict.fromkeys(EmployeeId(who) for row in done for who in row.employees))

    async def done(
        self, account_id: AccountId, call_id: CallId, by: EmployeeId
    ) -> tuple[EmployeeId, ...] | None:
        """By the word of somebody it was told to. None: no such task of theirs. Twice is once."""
        found = await self._tx.execute(
            update(tasks)
            .where(
                tasks.c.account_id == account_id,
                tasks.c.call_id == call_id,
                tasks.c.employees.contains([by]),
            )
            .values(
                done_at=func.coalesce(tasks.c.done_at, func.now()),
                done_by=func.coalesce(tasks.c.done_by, by),
            )
            .returning(tasks.c.employees)
        )
        row = found.one_or_none()
        return None if row is None else tuple(EmployeeId(who) for who in row.employees)

    async def expect_in_crm(self, account_id: AccountId, call_id: CallId, kind: str) -> bool:
        """The CRM is to have it. False: that was known, or there is no such task."""
        found = await self._tx.execute(
            update(tasks)
            .where(*_this(account_id, call_id), tasks.c.crm_state.is_(None))
            .values(crm_kind=kind, crm_state="expected")
            .returning(tasks.c.call_id)
        )
        return found.one_or_none() is not None

    async def save_in_crm(
        self, account_id: AccountId, call_id: CallId, kind: str, told: CrmTask
    ) -> None:
        await self._tx.execute(
            update(tasks)
            .where(*_this(account_id, call_id))
            .values(
                crm_kind=kind,
                crm_state=told.state,
                crm_ref=told.ref,
                crm_trouble=told.trouble,
                crm_reason=told.reason,
            )
        )

    async def find(
        self, account_id: AccountId, call_id: CallId
    ) -> tuple[CallbackTask, datetime | None] | None:
        """The task and when it was done."""
        found = await self._tx.execute(select(tasks).where(*_this(account_id, call_id)))
        row = found.mappings().one_or_none()
        return None if row is None else (_task(row), row["done_at"])

    async def to_close(self, account_id: AccountId) -> list[CallId]:
        """Tasks that are done here and may still stand open in the CRM."""
        found = await self._tx.execute(
            select(tasks.c.call_id).where(
                tasks.c.account_id == account_id,
                tasks.c.done_at.is_not(None),
                tasks.c.crm_state.in_(WORTH_CLOSING),
            )
        )
        return [CallId(call_id) for call_id in found.scalars()]

    async def open(self, account_id: AccountId) -> list[CallbackTask]:
        """Newest first."""
        rows = await self._tx.execute(
            select(tasks)
            .where(tasks.c.account_id == account_id, tasks.c.done_at.is_(None))
            .order_by(tasks.c.created_at.desc(), tasks.c.call_id)
            .limit(MAX_OPEN)
        )
        return [_task(row) for row in rows.mappings()]

    async def told_of(self, account_id: AccountId, call_id: CallId) -> tuple[EmployeeId, ...]:
        """Who is told of this call's task; nobody when it has none that waits."""
        found = await self._tx.execute(
            select(tasks.c.employees).where(
                tasks.c.account_id == account_id,
                tasks.c.call_id == call_id,
                tasks.c.done_at.is_(None),
            )
        )
        row = found.one_or_none()
        return () if row is None else tuple(EmployeeId(who) for who in row.employees)

    async def states(
        self, account_id: AccountId, call_ids: Sequence[CallId]
    ) -> dict[CallId, Literal["open", "done"]]:
        """How far each of these calls' tasks is; calls without one are missing."""
        rows = await self._tx.execute(
            select(tasks.c.call_id, tasks.c.done_at).where(
                tasks.c.account_id == account_id, tasks.c.call_id.in_(call_ids)
            )
        )
        return {CallId(row.call_id): "open" if row.done_at is None else "done" for row in rows}


def _this(account_id: AccountId, call_id: CallId) -> tuple[ColumnElement[bool], ...]:
    return tasks.c.account_id == account_id, tasks.c.call_id == call_id


def _in_crm(row: RowMapping) -> CrmTask | None:
    if row["crm_state"] is None:
        return None
    return CrmTask(
        state=row["crm_state"],
        ref=row["crm_ref"],
        trouble=row["crm_trouble"],
        reason=row["crm_reason"],
    )


def _task(row: RowMapping) -> CallbackTask:
    return CallbackTask(
        call_id=CallId(row["call_id"]),
        number=row["number"],
        name=row["name"],
        virtual_number=row["virtual_number"],
        reason=CallbackReason(row["reason"]),
        employees=tuple(EmployeeId(who) for who in row["employees"]),
        created_at=row["created_at"],
        crm=_in_crm(row),
    )
