"""Steps of many items at once, as `domain.dialer.item` takes them one by one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, func, select, update

from backend.domain.dialer.item import WAITING
from backend.services.ports.dialer import Home, Role
from backend.store.dialer_lists import DialerStore
from backend.store.tables import accounts, employees
from backend.store.tables import dialer_items as items
from protocol.dialer_words import AttemptOutcome, ItemId, ItemPhase, ItemReason, ListId
from protocol.vocabulary import EmployeeId

STEP = 1024
"""Between neighbours' places, so that a row can be put between them ten times."""
_WAITING = tuple(phase.value for phase in WAITING)


class DialerManyStore(DialerStore):
    async def home(self) -> Home:
        query = select(accounts.c.region, accounts.c.timezone).where(accounts.c.id == self._account)
        row = (await self._rows(query))[0]
        return Home(region=row["region"], timezone=row["timezone"])

    async def role(self, employee_id: EmployeeId) -> Role | None:
        query = select(employees.c.role).where(
            employees.c.account_id == self._account,
            employees.c.id == employee_id,
            employees.c.active,
        )
        found = await self._rows(query)
        role: Role | None = found[0]["role"] if found else None
        return role

    async def close_waiting(self, list_id: ListId, reason: ItemReason, at: datetime) -> None:
        await self._tx.execute(
            update(items)
            .where(*self._of(list_id), items.c.phase.in_(_WAITING))
            .values(phase=ItemPhase.EXCLUDED.value, reason=reason.value, since=at, callback=False)
        )

    async def repeat(
        self, list_id: ListId, outcomes: Sequence[AttemptOutcome], at: datetime, *, most: int
    ) -> int:
        done = await self._tx.execute(
            update(items)
            .where(
                *self._of(list_id),
                items.c.phase == ItemPhase.DONE.value,
                items.c.outcome.in_([outcome.value for outcome in outcomes]),
                items.c.attempts < most,
            )
            .values(
                phase=ItemPhase.WAITING.value,
                since=at,
                due_at=None,
                due_for=None,
                callback=False,
                reason=None,
            )
            .returning(items.c.id)
        )
        return len(done.all())

    async def move(self, list_id: ListId, item_id: ItemId, before: ItemId | None) -> bool:
        place = await self._place(list_id, item_id, before)
        if place is None:
            await self._spread(list_id)
            place = await self._place(list_id, item_id, before)
        if place is None:
            return False
        done = await self._tx.execute(
            update(items)
            .where(*self._of(list_id), items.c.id == item_id)
            .values(position=place)
            .returning(items.c.id)
        )
        return done.one_or_none() is not None

    async def _place(self, list_id: ListId, item_id: ItemId, before: ItemId | None) -> int | None:
        """A free place; None where there is none between the two."""
        others = (*self._of(list_id), items.c.id != item_id)
        if before is None:
            last = await self._tx.execute(select(func.max(items.c.position)).where(*others))
            return int(last.scalar_one_or_none() or 0) + STEP
        found = await self._tx.execute(
            select(items.c.position).where(*self._of(list_id), items.c.id == before)
        )
        behind = found.scalar_one_or_none()
        if behind is None:
            return None
        ahead = await self._tx.execute(
            select(func.max(items.c.position)).where(*others, items.c.position < behind)
        )
        first = ahead.scalar_one_or_none()
        first = behind - 2 * STEP if first is None else first
        return None if behind - first < 2 else (behind + first) // 2

    async def _spread(self, list_id: ListId) -> None:
        order = (
            select(
                items.c.id,
                (func.row_number().over(order_by=(items.c.position, items.c.id)) * STEP).label(
                    "place"
                ),
            )
            .where(*self._of(list_id))
            .subquery()
        )
        await self._tx.execute(
            update(items)
            .where(*self._of(list_id), items.c.id == order.c.id)
            .values(position=order.c.place)
        )

    def _of(self, list_id: ListId) -> tuple[ColumnElement[bool], ...]:
        return (items.c.account_id == self._account, items.c.list_id == list_id)
