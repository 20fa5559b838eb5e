"""The dialer's twin of a disk: transactions one after the other, undone when they raise."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime

from backend.domain.dialer import item as steps
from backend.domain.dialer.checks import Facts
from backend.domain.dialer.item import IN_HAND, WAITING, Item, part_of
from backend.domain.dialer.rules import Disposition
from backend.errors import WrongState
from backend.services.ports.dialer import (
    Attempt,
    Consent,
    Counts,
    Home,
    Known,
    Left,
    Part,
    Role,
    Run,
    Stop,
    WorkList,
)
from protocol.dialer_words import AttemptOutcome, ItemId, ItemPhase, ItemReason, ListId, RunState
from protocol.vocabulary import AccountId, CallId, EmployeeId


@dataclass
class Rows:
    lists: dict[ListId, WorkList] = field(default_factory=dict)
    loaded: dict[ListId, int] = field(default_factory=dict)
    items: dict[ItemId, tuple[ListId, Item]] = field(default_factory=dict)
    runs: dict[EmployeeId, Run] = field(default_factory=dict)
    attempts: dict[CallId, Attempt] = field(default_factory=dict)
    stops: dict[str, Stop] = field(default_factory=dict)
    consents: dict[str, Consent] = field(default_factory=dict)
    dispositions: tuple[Disposition, ...] = ()
    commands: set[str] = field(default_factory=set)
    told: tuple[CallId, ...] = ()

    def copy(self) -> Rows:
        return Rows(
            dict(self.lists),
            dict(self.loaded),
            dict(self.items),
            dict(self.runs),
            dict(self.attempts),
            dict(self.stops),
            dict(self.consents),
            self.dispositions,
            set(self.commands),
            self.told,
        )


class MemoryBook:
    """`known` says what calls' own rows would; `groups` and `roles` what people's would."""

    def __init__(self, roles: Mapping[EmployeeId, Role]) -> None:
        self.rows: dict[AccountId, Rows] = {}
        self.roles = dict(roles)
        self.groups: dict[str, set[EmployeeId]] = {}
        self.known: dict[CallId, Known] = {}
        self.home = Home()
        self._lock = asyncio.Lock()

    @asynccontextmanager
    async def begin(self, account_id: AccountId) -> AsyncIterator[MemoryTx]:
        async with self._lock:
            rows = self.rows.get(account_id, Rows()).copy()
            yield MemoryTx(self, rows)
            self.rows[account_id] = rows

    async def working(self, accounts: Iterable[AccountId]) -> Mapping[AccountId, list[Run]]:
        at_work = (RunState.RUNNING, RunState.STOPPING)
        found = {
            account: [run for run in self.of(account).runs.values() if run.state in at_work]
            for account in accounts
        }
        return {account: runs for account, runs in found.items() if runs}

    def of(self, account_id: AccountId) -> Rows:
        return self.rows.setdefault(account_id, Rows())


class MemoryTx:
    def __init__(self, book: MemoryBook, rows: Rows) -> None:
        self._book = book
        self._rows = rows

    async def home(self) -> Home:
        return self._book.home

    async def role(self, employee_id: EmployeeId) -> Role | None:
        return self._book.roles.get(employee_id)

    async def once(self, command: str) -> bool:
        new = command not in self._rows.commands
        self._rows.commands.add(command)
        return new

    async def alone(self) -> None:
        """They are one after the other anyway."""

    async def work_list(self, list_id: ListId, *, lock: bool = False) -> WorkList | None:
        return self._rows.lists.get(list_id)

    async def lists_of(self, employee_id: EmployeeId) -> list[WorkList]:
        found = await self.all_lists()
        return [w for w in found if employee_id in await self.members(w) and w.state != "closed"]

    async def all_lists(self) -> list[WorkList]:
        return sorted(self._rows.lists.values(), key=lambda w: w.created_at, reverse=True)

    async def put_list(self, work: WorkList) -> None:
        self._rows.lists[work.id] = work

    async def members(self, work: WorkList) -> set[EmployeeId]:
        if work.group_id is None:
            return set() if work.owner_id is None else {work.owner_id}
        return self._book.groups.get(work.group_id, set())

    async def counts(self, list_id: ListId) -> Counts:
        parts = [part_of(one.phase) for one in self._of(list_id)]
        return Counts(
            loaded=self._rows.loaded.get(list_id, 0),
            waiting=parts.count("waiting"),
            in_hand=parts.count("in_hand"),
            done=parts.count("done"),
            excluded=parts.count("excluded"),
        )

    async def add_items(self, list_id: ListId, items: Sequence[Item]) -> None:
        for one in items:
            assert one.id not in self._rows.items
            self._rows.items[one.id] = (list_id, one)
        self._rows.loaded[list_id] = self._rows.loaded.get(list_id, 0) + len(items)

    async def item(self, item_id: ItemId) -> tuple[ListId, Item] | None:
        return self._rows.items.get(item_id)

    async def in_hand(self, employee_id: EmployeeId) -> tuple[ListId, Item] | None:
        held = [pair for pair in self._rows.items.values() if pair[1].held_by == employee_id]
        assert len(held) < 2, "one hand holds one person"
        return held[0] if held else None

    async def items(
        self, list_id: ListId, part: Part = "all", *, after: int | None = None, limit: int = 50
    ) -> list[Item]:
        found = [one for one in self._of(list_id) if part in ("all", part_of(one.phase))]
        return [one for one in found if after is None or one.position > after][:limit]

    async def candidates(
        self, list_id: ListId, employee_id: EmployeeId, at: datetime, *, limit: int
    ) -> list[Item]:
        found = [
            one
            for one in self._of(list_id)
            if one.phase in WAITING
            and (one.due_at is None or one.due_at <= at)
            and (one.not_before is None or one.not_before <= at)
            and one.due_for in (None, employee_id)
        ]
        return sorted(found, key=lambda one: not one.callback)[:limit]

    async def save(self, list_id: ListId, before: Item, after: Item) -> None:
        known = self._rows.items.get(before.id)
        if known is None or known[0] != list_id:
            raise WrongState("no such item", why="stale")
        if (known[1].phase, known[1].fence) != (before.phase, before.fence):
            raise WrongState("changed meanwhile", why="stale")
        self._rows.items[before.id] = (list_id, after)

    async def left(self, list_id: ListId, employee_id: EmployeeId) -> Left:
        waiting = [one for one in self._of(list_id) if one.phase in WAITING]
        mine = [one for one in waiting if one.due_for in (None, employee_id)]
        timed = [
            (max(t for t in (one.due_at, one.not_before) if t is not None), one)
            for one in mine
            if one.due_at is not None or one.not_before is not None
        ]
        first = min(timed, key=lambda pair: pair[0], default=None)
        return Left(
            waiting=len(waiting),
            in_hand=sum(one.phase in IN_HAND for one in self._of(list_id)),
            next_at=None if first is None else first[0],
            reason=None if first is None or first[1].not_before is None else first[1].reason,
        )

    async def last_position(self, list_id: ListId) -> int:
        return max((one.position for one in self._of(list_id)), default=0)

    async def look_again(self, list_id: ListId) -> None:
        for one in self._of(list_id):
            if one.phase in WAITING:
                self._rows.items[one.id] = (list_id, replace(one, not_before=None, reason=None))

    async def close_waiting(self, list_id: ListId, reason: ItemReason, at: datetime) -> None:
        for one in self._of(list_id):
            if one.phase in WAITING:
                self._rows.items[one.id] = (list_id, steps.excluded(one, reason, at))

    async def repeat(
        self, list_id: ListId, outcomes: Sequence[AttemptOutcome], at: datetime, *, most: int
    ) -> int:
        again = [
            one
            for one in self._of(list_id)
            if one.phase is ItemPhase.DONE and one.outcome in outcomes and one.attempts < most
        ]
        for one in again:
            self._rows.items[one.id] = (list_id, steps.repeated(one, at))
        return len(again)

    async def move(self, list_id: ListId, item_id: ItemId, before: ItemId | None) -> bool:
        order = [one for one in self._of(list_id) if one.id != item_id]
        moved = self._rows.items[item_id][1]
        places = [one.id for one in order]
        if before is not None and before not in places:
            return False
        order.insert(len(order) if before is None else places.index(before), moved)
        for place, one in enumerate(order):
            self._rows.items[one.id] = (list_id, replace(one, position=(place + 1) * 1024))
        return True

    async def facts(self, items: Sequence[Item]) -> Facts:
        dialled: dict[str, datetime] = {}
        called: dict[str, dict[ItemId, datetime]] = {}
        for attempt in self._rows.attempts.values():
            if attempt.outcome is not AttemptOutcome.OPERATOR_AWAY:
                last = dialled.get(attempt.number, attempt.at)
                dialled[attempt.number] = max(last, attempt.at)
                called.setdefault(attempt.person, {})[attempt.item_id] = attempt.at
        held = [one for _, one in self._rows.items.values() if one.held_by is not None]
        return Facts(
            stops={number: stop.kind for number, stop in self._rows.stops.items()},
            consents=frozenset(
                n for n, consent in self._rows.consents.items() if consent.revoked_at is None
            ),
            dialled=dialled,
            called=called,
            elsewhere=frozenset(w for one in held for w in (*one.numbers, one.person) if w),
        )

    async def run(self, employee_id: EmployeeId, *, lock: bool = False) -> Run | None:
        return self._rows.runs.get(employee_id)

    async def runs(self, list_id: ListId | None = None) -> list[Run]:
        return [r for r in self._rows.runs.values() if list_id in (None, r.list_id)]

    async def put_run(self, run: Run) -> None:
        self._rows.runs[run.employee_id] = run

    async def add_attempt(self, attempt: Attempt) -> None:
        assert attempt.call_id not in self._rows.attempts, "one hand dials once"
        self._rows.attempts[attempt.call_id] = attempt

    async def attempt(self, call_id: CallId) -> Attempt | None:
        return self._rows.attempts.get(call_id)

    async def put_attempt(self, attempt: Attempt) -> None:
        self._rows.attempts[attempt.call_id] = attempt

    async def attempts(self, list_id: ListId) -> list[Attempt]:
        found = [a for a in self._rows.attempts.values() if a.list_id == list_id]
        return sorted(found, key=lambda a: (a.at, a.call_id))

    async def names(self, items: Sequence[ItemId]) -> dict[ItemId, str]:
        return {one: self._rows.items[one][1].name for one in items}

    async def call_known(self, call_id: CallId) -> Known | None:
        return self._book.known.get(call_id)

    async def tell_crm(self, call_id: CallId) -> None:
        self._rows.told = (*self._rows.told, call_id)

    async def dispositions(self) -> tuple[Disposition, ...]:
        return self._rows.dispositions

    async def put_dispositions(self, dispositions: Sequence[Disposition]) -> None:
        self._rows.dispositions = tuple(dispositions)

    async def stops(self) -> list[Stop]:
        return list(self._rows.stops.values())

    async def put_stop(self, stop: Stop) -> None:
        known = self._rows.stops.get(stop.number)
        if known is None or known.kind != "opted_out":
            self._rows.stops[stop.number] = stop

    async def drop_stop(self, number: str) -> bool:
        return self._rows.stops.pop(number, None) is not None

    async def consents(self) -> list[Consent]:
        return list(self._rows.consents.values())

    async def put_consents(self, consents: Sequence[Consent]) -> None:
        for one in consents:
            self._rows.consents[one.number] = one

    async def revoke_consent(self, number: str, at: datetime) -> bool:
        known = self._rows.consents.get(number)
        if known is None or known.revoked_at is not None:
            return False
        self._rows.consents[number] = replace(known, revoked_at=at)
        return True

    def _of(self, list_id: ListId) -> list[Item]:
        found = [one for owner, one in self._rows.items.values() if owner == list_id]
        return sorted(found, key=lambda one: (one.position, one.id))
