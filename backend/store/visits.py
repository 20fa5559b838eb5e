"""Visits and lent numbers in SQL. Whoever opens the transaction commits it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import RowMapping, delete, func, null, or_, select, text, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.domain.number_leases import SKEW, Lent
from backend.domain.visits import Page, Source, Visit, Way, way_of
from backend.store.tables import calls, number_leases, virtual_numbers, visit_events, visits
from protocol.vocabulary import AccountId

_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:what, 0))")


class VisitStore:
    def __init__(self, tx: AsyncConnection) -> None:
        self._tx = tx

    # ── visits ──

    async def lock_sessions(self, account_id: AccountId, sessions: Collection[str]) -> None:
        """Nobody else adds pages to these until the transaction ends. In one order, or two who
        take several would wait for each other."""
        for session in sorted(set(sessions)):
            await self._tx.execute(_LOCK, {"what": f"visit:{account_id}:{session}"})

    async def is_new(self, account_id: AccountId, event_id: str, now: datetime) -> bool:
        """Whether the event was never told before; from now on it was."""
        statement = (
            insert(visit_events)
            .values(account_id=account_id, event_id=event_id, at=now)
            .on_conflict_do_nothing()
            .returning(visit_events.c.event_id)
        )
        return (await self._tx.execute(statement)).one_or_none() is not None

    async def find(self, account_id: AccountId, session: str) -> Visit | None:
        query = select(visits).where(visits.c.account_id == account_id, visits.c.session == session)
        row = (await self._tx.execute(query)).mappings().one_or_none()
        return None if row is None else _visit(row)

    async def save(self, account_id: AccountId, visit: Visit) -> None:
        plain: dict[str, Any] = msgspec.to_builtins(visit)
        values = {
            **plain,
            "source_at": visit.source_at,
            "began_at": visit.began_at,
            "seen_at": visit.seen_at,
        }
        statement = insert(visits).values(account_id=account_id, **values)
        await self._tx.execute(
            statement.on_conflict_do_update(index_elements=["account_id", "session"], set_=values)
        )

    async def way(self, account_id: AccountId, session: str) -> Way | None:
        """The session's visit with what is known of its visitor's others; None when it is gone."""
        visit = await self.find(account_id, session)
        if visit is None:
            return None
        query = select(func.count(), func.min(visits.c.began_at), func.max(visits.c.seen_at)).where(
            visits.c.account_id == account_id, visits.c.visitor == visit.visitor
        )
        count, first_at, last_at = (await self._tx.execute(query)).one()
        return way_of(visit, visits=count, first_at=first_at, last_at=last_at)

    # ── numbers ──

    async def pool(self, account_id: AccountId) -> list[str]:
        """The numbers that are lent to visitors."""
        query = select(virtual_numbers.c.number).where(
            virtual_numbers.c.account_id == account_id,
            virtual_numbers.c.tracking["pool"].as_boolean(),
        )
        return list((await self._tx.execute(query)).scalars())

    async def lock_numbers(self, account_id: AccountId) -> None:
        """Nobody else lends numbers of the account until the transaction ends. After
        `lock_sessions`, for everybody alike."""
        await self._tx.execute(_LOCK, {"what": f"numbers:{account_id}"})

    async def spans(
        self, account_id: AccountId, numbers: Sequence[str], *, since: datetime
    ) -> list[Lent]:
        """Those that end after, and the newest of each number."""
        table = number_leases.c
        of_pool = (table.account_id == account_id, table.number.in_(numbers))
        newest = select(table.number, func.max(table.since)).where(*of_pool).group_by(table.number)
        query = select(number_leases).where(
            *of_pool, or_(table.until > since, tuple_(table.number, table.since).in_(newest))
        )
        return [_lent(row) for row in (await self._tx.execute(query)).mappings()]

    async def around(self, account_id: AccountId, number: str, at: datetime) -> list[Lent]:
        """Spans that hold the instant, give or take the skew."""
        query = select(number_leases).where(
            number_leases.c.account_id == account_id,
            number_leases.c.number == number,
            number_leases.c.since <= at + SKEW,
            number_leases.c.until >= at - SKEW,
        )
        return [_lent(row) for row in (await self._tx.execute(query)).mappings()]

    async def put(self, account_id: AccountId, span: Lent) -> None:
        """Write the span down; one that began at the same instant is what it takes the place
        of."""
        changed = {"until": span.until, "visitor": span.visitor, "session": span.session}
        statement = insert(number_leases).values(
            account_id=account_id, number=span.number, since=span.since, **changed
        )
        await self._tx.execute(
            statement.on_conflict_do_update(
                index_elements=["account_id", "number", "since"], set_=changed
            )
        )

    # ── forgetting ──

    async def prune(
        self, account_id: AccountId, *, before: datetime, events_before: datetime
    ) -> None:
        """Forget visitors not seen since, their numbers, and their ways on kept calls."""
        await self._tx.execute(
            delete(visits).where(visits.c.account_id == account_id, visits.c.seen_at < before)
        )
        await self._tx.execute(
            delete(number_leases).where(
                number_leases.c.account_id == account_id, number_leases.c.until < before
            )
        )
        await self._tx.execute(
            delete(visit_events).where(
                visit_events.c.account_id == account_id, visit_events.c.at < events_before
            )
        )
        await self._tx.execute(
            update(calls)
            .where(
                calls.c.account_id == account_id,
                calls.c.started_at < before,
                calls.c.visit.is_not(null()),
            )
            .values(visit=null())
        )


def _visit(row: RowMapping) -> Visit:
    return Visit(
        visitor=row["visitor"],
        session=row["session"],
        site=row["site"],
        began_at=row["began_at"],
        seen_at=row["seen_at"],
        landing=row["landing"],
        referrer=row["referrer"],
        source=msgspec.convert(row["source"], Source),
        source_at=row["source_at"],
        pages=msgspec.convert(row["pages"], tuple[Page, ...]),
        pages_total=row["pages_total"],
    )


def _lent(row: RowMapping) -> Lent:
    return Lent(
        number=row["number"],
        visitor=row["visitor"],
        session=row["session"],
        since=row["since"],
        until=row["until"],
    )
