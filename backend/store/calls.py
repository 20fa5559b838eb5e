"""Finished calls: written once, read as history."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import msgspec
from sqlalchemy import RowMapping, and_, delete, exists, or_, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.domain.recording_pause import Pauses
from backend.domain.visits import Way
from backend.services.ports import FinishedCall, FinishedHandover, FinishedLeg, StepNote
from backend.store.tables import (
    call_events,
    call_legs,
    callback_tasks,
    calls,
    crm_calls,
    employees,
    intents,
)
from protocol.vocabulary import AccountId, CallId, EmployeeId, HangupCause, LegId, Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryRow:
    call: FinishedCall
    """Without its legs."""
    mine: bool
    """Whether the employee who asked is the one who talked."""
    answered_by_name: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CrmCall:
    """One of our calls as the CRM's own telephony knows it."""

    call_id: CallId
    crm_kind: str
    external_call_id: str | None
    state: str


class CallStore:
    def __init__(self, tx: AsyncConnection) -> None:
        self._tx = tx

    async def finish(self, call: FinishedCall) -> bool:
        """Keep it with its legs and drop its journal. False: as good a word was there before.

        An owner that lost its lease may have written the call as lost before the next one saw it
        answered: a stronger outcome replaces a weaker one, never the other way round (R2). What
        the CRM said of the call in the meantime stays.
        """
        account_id, call_id = call.account_id, call.call_id
        this = (calls.c.account_id == account_id, calls.c.id == call_id)
        values = _call_values(call)
        written = await self._tx.execute(
            insert(calls)
            .values(
                account_id=account_id,
                id=call_id,
                record_kind=call.record_kind,
                record_id=call.record_id,
                record_url=call.record_url,
                **values,
            )
            .on_conflict_do_nothing()
            .returning(calls.c.id)
        )
        kept = written.one_or_none() is not None
        if not kept:
            stronger = await self._tx.execute(
                update(calls)
                .where(*this, calls.c.outcome.in_(_weaker(call.outcome)))
                .values(**values)
                .returning(calls.c.id)
            )
            kept = stronger.one_or_none() is not None
            if kept:
                await self._tx.execute(
                    delete(call_legs).where(
                        call_legs.c.account_id == account_id, call_legs.c.call_id == call_id
                    )
                )
        if kept and call.legs:
            await self._tx.execute(
                insert(call_legs).on_conflict_do_nothing(),
                [_leg_values(account_id, call_id, leg) for leg in call.legs],
            )
        await self._tx.execute(
            delete(call_events).where(
                call_events.c.account_id == account_id, call_events.c.call_id == call_id
            )
        )
        return kept

    async def find(self, account_id: AccountId, call_id: CallId) -> FinishedCall | None:
        """The call with its legs, or None (another account's counts as none)."""
        query = select(calls).where(calls.c.account_id == account_id, calls.c.id == call_id)
        row = (await self._tx.execute(query)).mappings().one_or_none()
        if row is None:
            return None
        legs = await self._tx.execute(
            select(call_legs)
            .where(call_legs.c.account_id == account_id, call_legs.c.call_id == call_id)
            .order_by(call_legs.c.started_at, call_legs.c.leg_id)
        )
        return _call(row, tuple(_leg(leg) for leg in legs.mappings()))

    async def history(
        self,
        account_id: AccountId,
        employee_id: EmployeeId | None,
        *,
        before: str | None = None,
        limit: int = 30,
    ) -> tuple[list[HistoryRow], str | None]:
        """Calls that rang for or were made by the employee, or are his to call back (None:
        everybody's), newest first.

        The second value is the cursor of the next page: the last call's id, None at the end.
        """
        query = (
            select(calls, employees.c.name.label("answered_by_name"))
            .select_from(calls)
            .outerjoin(
                employees,
                and_(
                    employees.c.account_id == calls.c.account_id,
                    employees.c.id == calls.c.answered_by,
                ),
            )
            .where(calls.c.account_id == account_id)
        )
        if employee_id is not None:
            rang = exists().where(
                call_legs.c.account_id == calls.c.account_id,
                call_legs.c.call_id == calls.c.id,
                call_legs.c.employee_id == employee_id,
            )
            told = exists().where(
                callback_tasks.c.account_id == calls.c.account_id,
                callback_tasks.c.call_id == calls.c.id,
                callback_tasks.c.employees.contains([employee_id]),
            )
            query = query.where(or_(rang, told, calls.c.answered_by == employee_id))
        if before is not None:
            edge = select(calls.c.started_at, calls.c.id).where(
                calls.c.account_id == account_id, calls.c.id == before
            )
            query = query.where(tuple_(calls.c.started_at, calls.c.id) < edge.scalar_subquery())
        query = query.order_by(calls.c.started_at.desc(), calls.c.id.desc()).limit(limit + 1)
        rows = (await self._tx.execute(query)).mappings().all()
        page = [
            HistoryRow(
                call=_call(row, ()),
                mine=employee_id is not None
                and employee_id in (row["answered_by"], row["last_talked_by"]),
                answered_by_name=row["answered_by_name"],
            )
            for row in rows[:limit]
        ]
        return page, page[-1].call.call_id if len(rows) > limit else None

    async def prune(self, account_id: AccountId, *, before: datetime) -> None:
        """Forget intents made before, and entries that came after their call was finished."""
        await self._tx.execute(
            delete(intents).where(intents.c.account_id == account_id, intents.c.at < before)
        )
        kept = select(calls.c.id).where(calls.c.account_id == account_id)
        await self._tx.execute(
            delete(call_events).where(
                call_events.c.account_id == account_id,
                call_events.c.at < before,
                call_events.c.call_id.in_(kept),
            )
        )

    async def set_record(
        self, account_id: AccountId, call_id: CallId, *, kind: str, record_id: str, url: str | None
    ) -> None:
        """The CRM record the call turned out to belong to."""
        await self._tx.execute(
            update(calls)
            .where(calls.c.account_id == account_id, calls.c.id == call_id)
            .values(record_kind=kind, record_id=record_id, record_url=url)
        )

    async def claim_crm_call(self, account_id: AccountId, call: CrmCall) -> None:
        """Write it down unless something is known of it already; waits for another who does."""
        await self._tx.execute(
            insert(crm_calls)
            .values(
                account_id=account_id,
                call_id=call.call_id,
                crm_kind=call.crm_kind,
                external_call_id=call.external_call_id,
                state=call.state,
            )
            .on_conflict_do_nothing()
        )

    async def save_crm_call(self, account_id: AccountId, call: CrmCall) -> None:
        """Remember under which id the CRM knows the call. An id once known is kept."""
        statement = insert(crm_calls).values(
            account_id=account_id,
            call_id=call.call_id,
            crm_kind=call.crm_kind,
            external_call_id=call.external_call_id,
            state=call.state,
        )
        known = statement.excluded.external_call_id
        await self._tx.execute(
            statement.on_conflict_do_update(
                index_elements=["account_id", "call_id", "crm_kind"],
                set_={
                    "state": call.state,
                    "external_call_id": known
                    if call.external_call_id is not None
                    else crm_calls.c.external_call_id,
                },
            )
        )

    async def crm_call(
        self, account_id: AccountId, call_id: CallId, crm_kind: str
    ) -> CrmCall | None:
        query = select(crm_calls).where(
            crm_calls.c.account_id == account_id,
            crm_calls.c.call_id == call_id,
            crm_calls.c.crm_kind == crm_kind,
        )
        row = (await self._tx.execute(query)).mappings().one_or_none()
        return None if row is None else _crm_call(row)

    async def by_external_call(
        self, account_id: AccountId, crm_kind: str, external_call_id: str
    ) -> CrmCall | None:
        """Which of our calls the CRM means."""
        query = select(crm_calls).where(
            crm_calls.c.account_id == account_id,
            crm_calls.c.crm_kind == crm_kind,
            crm_calls.c.external_call_id == external_call_id,
        )
        row = (await self._tx.execute(query)).mappings().first()
        return None if row is None else _crm_call(row)


def _weaker(outcome: str) -> tuple[str, ...]:
    """Outcomes that `outcome` replaces."""
    order = [known.value for known in Outcome]
    return tuple(order[: order.index(outcome)]) if outcome in order else ()


def _call_values(call: FinishedCall) -> dict[str, object]:
    return {
        "direction": call.direction,
        "number": call.number,
        "name": call.name,
        "virtual_number": call.virtual_number,
        "scenario": call.scenario,
        "started_at": call.started_at,
        "answered_at": call.answered_at,
        "ended_at": call.ended_at,
        "talk_s": call.talk_s,
        "outcome": call.outcome,
        "cause": None if call.cause is None else call.cause.value,
        "answered_by": call.answered_by,
        "last_talked_by": call.last_talked_by,
        "handovers": msgspec.to_builtins(call.handovers),
        "notes": msgspec.to_builtins(call.notes),
        "pauses": msgspec.to_builtins(call.pauses),
        "callback": call.callback,
        "shown": call.shown,
        "message": call.message,
        # A later word may know nothing of it, and takes nothing away.
        **({} if call.visit is None else {"visit": msgspec.to_builtins(call.visit)}),
    }


def _leg_values(account_id: AccountId, call_id: CallId, leg: FinishedLeg) -> dict[str, object]:
    return {
        "account_id": account_id,
        "call_id": call_id,
        "leg_id": leg.leg_id,
        "employee_id": leg.employee_id,
        "number": leg.number,
        "started_at": leg.started_at,
        "answered_at": leg.answered_at,
        "ended_at": leg.ended_at,
        "cause": None if leg.cause is None else leg.cause.value,
        "joined_at": leg.joined_at,
        "left_at": leg.left_at,
    }


def _call(row: RowMapping, legs: Iterable[FinishedLeg]) -> FinishedCall:
    return FinishedCall(
        account_id=AccountId(row["account_id"]),
        call_id=CallId(row["id"]),
        direction=row["direction"],
        number=row["number"],
        name=row["name"],
        virtual_number=row["virtual_number"],
        scenario=row["scenario"],
        started_at=row["started_at"],
        answered_at=row["answered_at"],
        ended_at=row["ended_at"],
        talk_s=row["talk_s"],
        outcome=row["outcome"],
        cause=None if row["cause"] is None else HangupCause(row["cause"]),
        answered_by=None if row["answered_by"] is None else EmployeeId(row["answered_by"]),
        legs=tuple(legs),
        record_kind=row["record_kind"],
        record_id=row["record_id"],
        record_url=row["record_url"],
        notes=msgspec.convert(row["notes"], tuple[StepNote, ...]),
        last_talked_by=(
            None if row["last_talked_by"] is None else EmployeeId(row["last_talked_by"])
        ),
        handovers=msgspec.convert(row["handovers"], tuple[FinishedHandover, ...]),
        pauses=msgspec.convert(row["pauses"], Pauses),
        callback=row["callback"],
        shown=row["shown"],
        message=row["message"],
        visit=None if row["visit"] is None else msgspec.convert(row["visit"], Way),
    )


def _leg(row: RowMapping) -> FinishedLeg:
    return FinishedLeg(
        leg_id=LegId(row["leg_id"]),
        employee_id=None if row["employee_id"] is None else EmployeeId(row["employee_id"]),
        number=row["number"],
        started_at=row["started_at"],
        answered_at=row["answered_at"],
        ended_at=row["ended_at"],
        cause=None if row["cause"] is None else HangupCause(row["cause"]),
        joined_at=row["joined_at"],
        left_at=row["left_at"],
    )


def _crm_call(row: RowMapping) -> CrmCall:
    return CrmCall(
        call_id=CallId(row["call_id"]),
        crm_kind=row["crm_kind"],
        external_call_id=row["external_call_id"],
        state=row["state"],
    )
