"""Every attempt, and what is known of numbers and people before the next one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, Select, func, insert, or_, select, update

from backend.domain.dialer.checks import Facts
from backend.domain.dialer.item import Item
from backend.services.ports.dialer import Attempt, Known
from backend.store.dialer_lists import DialerStore
from backend.store.tables import (
    call_events,
    calls,
    dialer_consents,
    dialer_items,
    dialer_stops,
    intents,
)
from backend.store.tables import dialer_attempts as attempts
from protocol.dialer_words import AttemptOutcome, ItemId, ListId
from protocol.vocabulary import CallId, EmployeeId

_AWAY = AttemptOutcome.OPERATOR_AWAY.value


class DialerAttemptStore(DialerStore):
    async def add_attempt(self, attempt: Attempt) -> None:
        await self._tx.execute(
            insert(attempts).values(
                account_id=self._account, call_id=attempt.call_id, **_values(attempt)
            )
        )

    async def attempt(self, call_id: CallId) -> Attempt | None:
        query = self._attempts().where(attempts.c.call_id == call_id)
        found = await self._rows(query)
        return _attempt(found[0]) if found else None

    async def put_attempt(self, attempt: Attempt) -> None:
        await self._tx.execute(
            update(attempts)
            .where(attempts.c.account_id == self._account, attempts.c.call_id == attempt.call_id)
            .values(**_values(attempt))
        )

    async def attempts(self, list_id: ListId) -> list[Attempt]:
        query = self._attempts().where(attempts.c.list_id == list_id)
        rows = await self._rows(query.order_by(attempts.c.at, attempts.c.call_id))
        return [_attempt(row) for row in rows]

    async def call_known(self, call_id: CallId) -> Known | None:
        found: Known | None = None
        if await self._has(calls.c.id, calls.c.account_id, calls.c.id == call_id):
            found = "kept"
        elif await self._has(
            call_events.c.seq, call_events.c.account_id, call_events.c.call_id == call_id
        ):
            found = "live"
        elif await self._has(intents.c.call_id, intents.c.account_id, intents.c.call_id == call_id):
            found = "rung"
        return found

    async def facts(self, items: Sequence[Item]) -> Facts:
        numbers = sorted({number for item in items for number in item.numbers})
        people = sorted({item.person for item in items if item.person})
        if not numbers:
            return Facts()
        account = self._account
        stops = await self._rows(
            select(dialer_stops.c.number, dialer_stops.c.kind).where(
                dialer_stops.c.account_id == account, dialer_stops.c.number.in_(numbers)
            )
        )
        consents = await self._rows(
            select(dialer_consents.c.number).where(
                dialer_consents.c.account_id == account,
                dialer_consents.c.number.in_(numbers),
                dialer_consents.c.revoked_at.is_(None),
            )
        )
        counted = (
            attempts.c.account_id == account,
            or_(attempts.c.outcome.is_(None), attempts.c.outcome != _AWAY),
        )
        dialled = await self._rows(
            select(attempts.c.number, func.max(attempts.c.at).label("at"))
            .where(*counted, attempts.c.number.in_(numbers))
            .group_by(attempts.c.number)
        )
        called: dict[str, dict[ItemId, datetime]] = {}
        for row in await self._rows(
            select(attempts.c.person, attempts.c.item_id, func.max(attempts.c.at).label("at"))
            .where(*counted, attempts.c.person.in_(people))
            .group_by(attempts.c.person, attempts.c.item_id)
        ):
            called.setdefault(row["person"], {})[ItemId(row["item_id"])] = row["at"]
        held = await self._rows(
            select(dialer_items.c.numbers, dialer_items.c.person).where(
                dialer_items.c.account_id == account, dialer_items.c.held_by.is_not(None)
            )
        )
        return Facts(
            stops={row["number"]: row["kind"] for row in stops},
            consents=frozenset(row["number"] for row in consents),
            dialled={row["number"]: row["at"] for row in dialled},
            called=called,
            elsewhere=frozenset(
                word for row in held for word in (*row["numbers"], row["person"]) if word
            ),
        )

    def _attempts(self) -> Select[Any]:
        return select(attempts).where(attempts.c.account_id == self._account)

    async def _has(self, column: Any, account: Any, condition: Any) -> bool:
        query = select(column).where(account == self._account, condition).limit(1)
        return (await self._tx.execute(query)).first() is not None


def _values(attempt: Attempt) -> dict[str, Any]:
    return {
        "list_id": attempt.list_id,
        "item_id": attempt.item_id,
        "employee_id": attempt.employee_id,
        "number": attempt.number,
        "person": attempt.person,
        "n": attempt.n,
        "shown_at": attempt.shown_at,
        "at": attempt.at,
        "answered_at": attempt.answered_at,
        "ended_at": attempt.ended_at,
        "wrapped_at": attempt.wrapped_at,
        "outcome": None if attempt.outcome is None else attempt.outcome.value,
        "talk_s": attempt.talk_s,
        "disposition": attempt.disposition,
    }


def _attempt(row: RowMapping) -> Attempt:
    return Attempt(
        call_id=CallId(row["call_id"]),
        list_id=ListId(row["list_id"]),
        item_id=ItemId(row["item_id"]),
        employee_id=EmployeeId(row["employee_id"]),
        number=row["number"],
        person=row["person"],
        n=row["n"],
        shown_at=row["shown_at"],
        at=row["at"],
        answered_at=row["answered_at"],
        ended_at=row["ended_at"],
        wrapped_at=row["wrapped_at"],
        outcome=None if row["outcome"] is None else AttemptOutcome(row["outcome"]),
        talk_s=row["talk_s"],
        disposition=row["disposition"],
    )
