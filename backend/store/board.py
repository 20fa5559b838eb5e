"""The board's own tables, and what it counts of past calls."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import and_, delete, func, insert, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.domain.board.figures import EndedCall, LegPart, Sum
from backend.services.ports.board import Deed, LogRow
from backend.store.tables import board_deeds, board_log, call_legs, calls
from protocol.vocabulary import AccountId, CallId, Direction, EmployeeId, Outcome


class BoardStore:
    def __init__(self, tx: AsyncConnection) -> None:
        self._tx = tx

    async def ended(
        self, account_id: AccountId, since: datetime, until: datetime
    ) -> list[EndedCall]:
        """Calls that began in the span, in the order they began."""
        began = and_(
            calls.c.account_id == account_id,
            calls.c.started_at >= since,
            calls.c.started_at < until,
        )
        legs: dict[str, list[LegPart]] = {}
        query = (
            select(call_legs)
            .join(
                calls,
                and_(
                    calls.c.account_id == call_legs.c.account_id, calls.c.id == call_legs.c.call_id
                ),
            )
            .where(began, call_legs.c.employee_id.is_not(None))
        )
        for row in (await self._tx.execute(query)).mappings():
            legs.setdefault(row["call_id"], []).append(
                LegPart(
                    leg_id=row["leg_id"],
                    employee_id=EmployeeId(row["employee_id"]),
                    started_at=row["started_at"],
                    joined_at=row["joined_at"],
                    left_at=row["left_at"],
                )
            )
        rows = await self._tx.execute(select(calls).where(began).order_by(calls.c.started_at))
        return [
            EndedCall(
                call_id=CallId(row["id"]),
                direction=Direction(row["direction"]),
                outcome=Outcome(row["outcome"]),
                started_at=row["started_at"],
                answered_at=row["answered_at"],
                ended_at=row["ended_at"],
                talk_s=row["talk_s"],
                callback=row["callback"],
                legs=tuple(sorted(legs.get(row["id"], ()), key=lambda leg: leg.leg_id)),
            )
            for row in rows.mappings()
        ]

    async def sum(self, account_id: AccountId, since: datetime, ended_before: datetime) -> Sum:
        query = select(
            func.count(),
            func.count().filter(calls.c.outcome == Outcome.ANSWERED.value),
            func.coalesce(func.sum(calls.c.talk_s), 0),
        ).where(
            calls.c.account_id == account_id,
            calls.c.started_at >= since,
            calls.c.ended_at < ended_before,
        )
        found = (await self._tx.execute(query)).one()
        return Sum(int(found[0]), int(found[1]), int(found[2]))

    async def append(self, account_id: AccountId, rows: Sequence[LogRow]) -> None:
        for row in rows:
            # One by one: their numbers grow in this order.
            await self._tx.execute(
                insert(board_log).values(
                    account_id=account_id,
                    kind=row.kind,
                    began_at=row.began_at,
                    ended_at=row.ended_at,
                    body=row.body,
                )
            )

    async def past(self, account_id: AccountId, since: datetime, until: datetime) -> list[LogRow]:
        first = (
            select(func.max(board_log.c.seq))
            .where(
                board_log.c.account_id == account_id,
                board_log.c.kind == "whole",
                board_log.c.began_at <= since,
            )
            .scalar_subquery()
        )
        query = (
            select(board_log)
            .where(
                board_log.c.account_id == account_id,
                or_(first.is_(None), board_log.c.seq >= first),
                board_log.c.began_at <= until,
            )
            .order_by(board_log.c.seq)
        )
        return [
            LogRow(
                kind=row["kind"],
                began_at=row["began_at"],
                ended_at=row["ended_at"],
                body=bytes(row["body"]),
            )
            for row in (await self._tx.execute(query)).mappings()
        ]

    async def prune(self, account_id: AccountId, *, past: datetime, deeds: datetime) -> None:
        """Forget the past before `past`, and deeds before `deeds`."""
        await self._tx.execute(
            delete(board_log).where(
                board_log.c.account_id == account_id, board_log.c.ended_at < past
            )
        )
        await self._tx.execute(
            delete(board_deeds).where(
                board_deeds.c.account_id == account_id, board_deeds.c.at < deeds
            )
        )

    async def note(self, account_id: AccountId, deed: Deed) -> None:
        await self._tx.execute(
            insert(board_deeds).values(
                account_id=account_id,
                at=deed.at,
                by_employee=deed.by,
                what=deed.what,
                employee_id=deed.employee_id,
                call_id=deed.call_id,
                detail=deed.detail,
            )
        )

    async def deeds(self, account_id: AccountId, *, limit: int) -> list[Deed]:
        """Newest first."""
        rows = await self._tx.execute(
            select(board_deeds)
            .where(board_deeds.c.account_id == account_id)
            .order_by(board_deeds.c.seq.desc())
            .limit(limit)
        )
        return [
            Deed(
                at=row["at"],
                by=EmployeeId(row["by_employee"]),
                what=row["what"],
                employee_id=row["employee_id"],
                call_id=row["call_id"],
                detail=row["detail"],
            )
            for row in rows.mappings()
        ]
