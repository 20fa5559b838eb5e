"""The people of lists: one row each, changed only by whoever knows how it stood before."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, Select, and_, func, insert, or_, select, update
from sqlalchemy import text as sql

from backend.domain.dialer.item import IN_HAND, WAITING, Item, Tried
from backend.errors import WrongState
from backend.services.ports.dialer import Left, Part
from backend.store.dialer_lists import DialerListStore, DialerStore
from backend.store.tables import dialer_items as items
from protocol.dialer_words import AttemptOutcome, ItemId, ItemPhase, ItemReason, ListId
from protocol.vocabulary import CallId, EmployeeId

_PARTS: dict[Part, tuple[str, ...]] = {
    "all": tuple(phase.value for phase in ItemPhase),
    "waiting": tuple(phase.value for phase in WAITING),
    "in_hand": tuple(phase.value for phase in IN_HAND),
    "done": (ItemPhase.DONE.value,),
    "excluded": (ItemPhase.EXCLUDED.value,),
}
_WAITING = items.c.phase.in_(_PARTS["waiting"])
_IN_HAND = items.c.phase.in_(_PARTS["in_hand"])
_CHUNK = 500


class DialerItemStore(DialerStore):
    async def add_items(self, list_id: ListId, new: Sequence[Item]) -> None:
        rows = [
            {"account_id": self._account, "list_id": list_id, "id": one.id, **_values(one)}
            for one in new
        ]
        for start in range(0, len(rows), _CHUNK):
            await self._tx.execute(insert(items), rows[start : start + _CHUNK])
        await DialerListStore(self._tx, self._account).count_loaded(list_id, len(rows))

    async def item(self, item_id: ItemId) -> tuple[ListId, Item] | None:
        query = self._items().where(items.c.id == item_id).with_for_update()
        found = await self._rows(query)
        return (ListId(found[0]["list_id"]), item_of(found[0])) if found else None

    async def in_hand(self, employee_id: EmployeeId) -> tuple[ListId, Item] | None:
        query = self._items().where(items.c.held_by == employee_id).with_for_update()
        found = await self._rows(query)
        return (ListId(found[0]["list_id"]), item_of(found[0])) if found else None

    async def items(
        self, list_id: ListId, part: Part = "all", *, after: int | None = None, limit: int = 50
    ) -> list[Item]:
        query = self._items().where(items.c.list_id == list_id, items.c.phase.in_(_PARTS[part]))
        if after is not None:
            query = query.where(items.c.position > after)
        rows = await self._rows(query.order_by(items.c.position, items.c.id).limit(limit))
        return [item_of(row) for row in rows]

    async def candidates(
        self, list_id: ListId, employee_id: EmployeeId, at: datetime, *, limit: int
    ) -> list[Item]:
        query = (
            self._items()
            .where(
                items.c.list_id == list_id,
                _WAITING,
                or_(items.c.due_at.is_(None), items.c.due_at <= at),
                or_(items.c.not_before.is_(None), items.c.not_before <= at),
                _for(employee_id),
            )
            .order_by(items.c.callback.desc(), items.c.position, items.c.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        return [item_of(row) for row in await self._rows(query)]

    async def save(self, list_id: ListId, before: Item, after: Item) -> None:
        done = await self._tx.execute(
            update(items)
            .where(
                items.c.account_id == self._account,
                items.c.list_id == list_id,
                items.c.id == before.id,
                items.c.phase == before.phase.value,
                items.c.fence == before.fence,
            )
            .values(**_values(after))
            .returning(items.c.id)
        )
        if done.one_or_none() is None:
            raise WrongState(f"item {before.id} changed meanwhile", why="stale")

    async def left(self, list_id: ListId, employee_id: EmployeeId) -> Left:
        free = func.greatest(items.c.due_at, items.c.not_before)
        mine = and_(_WAITING, _for(employee_id))
        sums = select(
            func.count().filter(_WAITING).label("waiting"),
            func.count().filter(_IN_HAND).label("in_hand"),
            func.min(free).filter(mine).label("next_at"),
        ).where(items.c.account_id == self._account, items.c.list_id == list_id)
        total = (await self._rows(sums))[0]
        first = (
            select(items.c.reason, items.c.not_before)
            .where(items.c.account_id == self._account, items.c.list_id == list_id, mine)
            .order_by(sql("greatest(due_at, not_before) NULLS LAST"), items.c.position)
            .limit(1)
        )
        found = await self._rows(first)
        reason = found[0]["reason"] if found and found[0]["not_before"] is not None else None
        return Left(
            waiting=total["waiting"],
            in_hand=total["in_hand"],
            next_at=total["next_at"],
            reason=None if reason is None else ItemReason(reason),
        )

    async def last_position(self, list_id: ListId) -> int:
        query = select(func.max(items.c.position).label("last")).where(
            items.c.account_id == self._account, items.c.list_id == list_id
        )
        return int((await self._rows(query))[0]["last"] or 0)

    async def names(self, wanted: Sequence[ItemId]) -> dict[ItemId, str]:
        query = select(items.c.id, items.c.name).where(
            items.c.account_id == self._account, items.c.id.in_(wanted)
        )
        return {ItemId(row["id"]): row["name"] for row in await self._rows(query)}

    async def look_again(self, list_id: ListId) -> None:
        await self._tx.execute(
            update(items)
            .where(items.c.account_id == self._account, items.c.list_id == list_id, _WAITING)
            .values(not_before=None, reason=None)
        )

    def _items(self) -> Select[Any]:
        return select(items).where(items.c.account_id == self._account)


def _for(employee_id: EmployeeId) -> ColumnElement[bool]:
    return or_(items.c.due_for.is_(None), items.c.due_for == employee_id)


def _values(item: Item) -> dict[str, Any]:
    return {
        "position": item.position,
        "name": item.name,
        "numbers": list(item.numbers),
        "person": item.person,
        "record_kind": item.record_kind,
        "record_id": item.record_id,
        "record_url": item.record_url,
        "zone": item.zone,
        "phase": item.phase.value,
        "fence": item.fence,
        "held_by": item.held_by,
        "since": item.since,
        "until": item.until,
        "ended_at": item.ended_at,
        "call_id": item.call_id,
        "number": item.number,
        "attempts": item.attempts,
        "tried": {
            number: {"attempts": one.attempts, "last": None if one.last is None else one.last.value}
            for number, one in item.tried.items()
        },
        "due_at": item.due_at,
        "due_for": item.due_for,
        "not_before": item.not_before,
        "callback": item.callback,
        "outcome": None if item.outcome is None else item.outcome.value,
        "disposition": item.disposition,
        "note": item.note,
        "callback_at": item.callback_at,
        "callback_for": item.callback_for,
        "reason": None if item.reason is None else item.reason.value,
        "same_as": item.same_as,
    }


def item_of(row: RowMapping) -> Item:
    return Item(
        id=ItemId(row["id"]),
        position=row["position"],
        name=row["name"],
        numbers=tuple(row["numbers"]),
        person=row["person"],
        record_kind=row["record_kind"],
        record_id=row["record_id"],
        record_url=row["record_url"],
        zone=row["zone"],
        phase=ItemPhase(row["phase"]),
        fence=row["fence"],
        held_by=_employee(row["held_by"]),
        since=row["since"],
        until=row["until"],
        ended_at=row["ended_at"],
        call_id=None if row["call_id"] is None else CallId(row["call_id"]),
        number=row["number"],
        attempts=row["attempts"],
        tried={
            number: Tried(attempts=one["attempts"], last=_outcome(one["last"]))
            for number, one in row["tried"].items()
        },
        due_at=row["due_at"],
        due_for=_employee(row["due_for"]),
        not_before=row["not_before"],
        callback=row["callback"],
        outcome=_outcome(row["outcome"]),
        disposition=row["disposition"],
        note=row["note"],
        callback_at=row["callback_at"],
        callback_for=_employee(row["callback_for"]),
        reason=None if row["reason"] is None else ItemReason(row["reason"]),
        same_as=None if row["same_as"] is None else ItemId(row["same_as"]),
    )


def _employee(value: str | None) -> EmployeeId | None:
    return None if value is None else EmployeeId(value)


def _outcome(value: str | None) -> AttemptOutcome | None:
    return None if value is None else AttemptOutcome(value)
