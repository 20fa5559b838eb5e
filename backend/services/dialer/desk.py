"""What operators ask of the list they work on. Each command id has one effect, however often it
is sent.

A command is one transaction on the rows it is about; the clock's side (`engine`) is woken
afterwards and goes on from there.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec

from backend.domain.dialer import item as steps
from backend.domain.dialer.item import Item
from backend.errors import BadRequest, NotFound, WrongState
from backend.kit.clock import Clock
from backend.services.dialer import editing, moves, reviewing, views
from backend.services.dialer.calling import Calling
from backend.services.dialer.editing import workable
from backend.services.dialer.engine import TOPIC
from backend.services.dialer.moves import ToDial
from backend.services.dialer.reviewing import Records
from backend.services.dialer.teller import AT_WORK, DialerTeller, may_edit
from backend.services.ports import Bus
from backend.services.ports.dialer import DialerBook, DialerTx, Run, WorkList
from backend.services.routing import ROUTING_TOPIC
from protocol.dialer import (
    BlendList,
    DialerItems,
    DialerLists,
    DialItem,
    DisposeItem,
    ListItems,
    ListLists,
    NextItem,
    RefreshList,
    SkipItem,
    StartList,
    StopList,
    TypeOn,
)
from protocol.dialer_words import (
    DispositionEffect,
    ItemId,
    ItemPhase,
    ListId,
    ListState,
    RunState,
    WaitReason,
)
from protocol.frames import Command
from protocol.vocabulary import AccountId, EmployeeId

MOST_AHEAD: Final = timedelta(days=366)
_Answer = msgspec.Struct | None


class Desk:
    def __init__(
        self,
        *,
        book: DialerBook,
        bus: Bus,
        clock: Clock,
        calling: Calling,
        teller: DialerTeller,
        records: Records,
    ) -> None:
        self._book = book
        self._bus = bus
        self._clock = clock
        self._calling = calling
        self._teller = teller
        self._records = records
        self._carried_out: dict[type[Command], Callable[..., Awaitable[ToDial | None]]] = {
            StartList: self._start,
            StopList: self._stop,
            BlendList: self._blend,
            DialItem: self._dial,
            SkipItem: self._skip,
            NextItem: self._next,
            TypeOn: self._typing,
            DisposeItem: self._dispose,
        }

    async def ask(
        self, account_id: AccountId, employee_id: EmployeeId, command: Command
    ) -> _Answer:
        """The reply's result. Raises AppErrors whose data may hold a `why`."""
        match command:
            case ListLists():
                return await self._lists(account_id, employee_id)
            case ListItems():
                return await self._items(account_id, employee_id, command)
            case RefreshList(list_id=list_id, item_id=item_id):
                async with self._book.begin(account_id) as tx:
                    await workable(tx, ListId(list_id), employee_id)
                only = None if item_id is None else ItemId(item_id)
                answer = await reviewing.refresh(
                    self._book, self._records, account_id, ListId(list_id), self._clock, only=only
                )
                await self._said(account_id, employee_id)
                return answer
        await self._carry_out(account_id, employee_id, command)
        return None

    async def _carry_out(
        self, account_id: AccountId, employee_id: EmployeeId, command: Command
    ) -> None:
        wanted: ToDial | None = None
        async with self._book.begin(account_id) as tx:
            if not await tx.once(f"dialer:{employee_id}:{command.id}"):
                return
            before = await tx.run(employee_id, lock=True)
            edit = editing.EDITS.get(type(command))
            if edit is not None:
                await edit(tx, employee_id, before, command, self._clock.now())
            else:
                context: Any = (tx, account_id, employee_id, before)
                wanted = await self._carried_out[type(command)](*context, command)
            after = await tx.run(employee_id)
        if _on_list(before) != _on_list(after):
            await self._bus.wake(ROUTING_TOPIC, account_id.encode())
        if wanted is not None:
            await self._calling.place(account_id, wanted)
        await self._said(account_id, employee_id)

    async def _said(self, account_id: AccountId, employee_id: EmployeeId) -> None:
        await self._teller.tell(account_id, [employee_id])
        await self._bus.wake(TOPIC, account_id.encode())

    # ── questions ──

    async def _lists(self, account_id: AccountId, employee_id: EmployeeId) -> DialerLists:
        async with self._book.begin(account_id) as tx:
            return DialerLists(
                lists=[
                    views.list_view(
                        work,
                        await tx.counts(work.id),
                        may_edit=await may_edit(tx, work, employee_id),
                    )
                    for work in await tx.lists_of(employee_id)
                ]
            )

    async def _items(
        self, account_id: AccountId, employee_id: EmployeeId, command: ListItems
    ) -> DialerItems:
        async with self._book.begin(account_id) as tx:
            work = await workable(tx, ListId(command.list_id), employee_id)
            return await reviewing.page(
                tx,
                work,
                part=command.part,
                after=command.after,
                limit=command.limit,
                who=employee_id,
            )

    # ── the run ──

    async def _start(
        self,
        tx: DialerTx,
        _account: AccountId,
        who: EmployeeId,
        run: Run | None,
        command: StartList,
    ) -> None:
        work = await workable(tx, ListId(command.list_id), who)
        if work.state is ListState.CLOSED:
            raise WrongState("the list was put away", why=WaitReason.CLOSED.value)
        if work.state is ListState.PAUSED:
            raise WrongState("the list is held", why=WaitReason.PAUSED.value)
        found = await tx.in_hand(who)
        if found is not None and found[0] != work.id:
            raise WrongState("somebody of another list is in hand", why="in_hand")
        counts = await tx.counts(work.id)
        if found is None and counts.waiting == 0 and counts.in_hand == 0:
            raise WrongState("nobody is left on the list", why="nothing_left")
        if work.state is ListState.FINISHED:
            await tx.put_list(replace(work, state=ListState.OPEN))
        now = self._clock.now()
        since = run.since if run is not None and run.state is RunState.RUNNING else now
        await tx.put_run(
            Run(
                employee_id=who,
                list_id=work.id,
                state=RunState.RUNNING,
                since=since,
                seen_at=now,
                blend=command.blend,
            )
        )

    async def _stop(
        self,
        tx: DialerTx,
        _account: AccountId,
        _who: EmployeeId,
        run: Run | None,
        _command: StopList,
    ) -> None:
        if run is not None and run.state in AT_WORK:
            await moves.stop(tx, run, self._clock.now())

    async def _blend(
        self,
        tx: DialerTx,
        _account: AccountId,
        _who: EmployeeId,
        run: Run | None,
        command: BlendList,
    ) -> None:
        if run is None:
            raise NotFound("no list was begun")
        await tx.put_run(replace(run, blend=command.on))

    # ── whoever is in hand ──

    async def _dial(
        self,
        tx: DialerTx,
        account: AccountId,
        who: EmployeeId,
        run: Run | None,
        command: DialItem,
    ) -> ToDial:
        work, one = await _held(tx, who, command.item_id, command.fence)
        if one.phase is not ItemPhase.SHOWN:
            raise WrongState("dialled already", why="stale")
        if work.state in (ListState.PAUSED, ListState.CLOSED):
            raise WrongState("the list is held", why=work.state.value)
        if run is not None and run.waits is not None:
            await tx.put_run(replace(run, waits=None, refusal=None, next_at=None))
        return await moves.call(tx, account, work, one, self._clock.now(), number=command.number)

    async def _skip(
        self,
        tx: DialerTx,
        _account: AccountId,
        who: EmployeeId,
        _run: Run | None,
        command: SkipItem,
    ) -> None:
        work, one = await _held(tx, who, command.item_id, command.fence)
        last = await tx.last_position(work.id)
        await tx.save(work.id, one, steps.skipped(one, self._clock.now(), last=last))

    async def _next(
        self,
        tx: DialerTx,
        _account: AccountId,
        who: EmployeeId,
        _run: Run | None,
        command: NextItem,
    ) -> None:
        work, one = await _held(tx, who, command.item_id, command.fence)
        await moves.wrap_up_over(tx, work, one, self._clock.now())

    async def _typing(
        self,
        tx: DialerTx,
        _account: AccountId,
        who: EmployeeId,
        _run: Run | None,
        command: TypeOn,
    ) -> None:
        work, one = await _held(tx, who, command.item_id, command.fence)
        after = steps.typing(one, self._clock.now())
        if after is not one:
            await tx.save(work.id, one, after)

    async def _dispose(
        self,
        tx: DialerTx,
        _account: AccountId,
        who: EmployeeId,
        _run: Run | None,
        command: DisposeItem,
    ) -> None:
        work, one = await _held(tx, who, command.item_id, command.fence)
        known = {d.id: d for d in await moves.dispositions(tx)}
        said = known.get(command.disposition)
        if said is None:
            raise BadRequest("no such disposition", why="disposition")
        at = _aware(command.callback_at)
        if said.effect is DispositionEffect.CALLBACK:
            now = self._clock.now()
            if at is None or not now - timedelta(minutes=1) <= at <= now + MOST_AHEAD:
                raise BadRequest("a call-back needs an hour to come", why="callback_at")
        after = steps.disposed(
            one,
            said,
            note=command.note.strip(),
            callback_at=at,
            callback_for=who if command.callback_mine else None,
        )
        await tx.save(work.id, one, after)


async def _held(tx: DialerTx, who: EmployeeId, item_id: str, fence: int) -> tuple[WorkList, Item]:
    found = await tx.in_hand(who)
    if found is None or found[1].id != item_id:
        raise WrongState("this person is not in your hand", why="stale")
    list_id, one = found
    return await moves.must_have(tx, list_id), one.held(who, fence)


def _aware(at: datetime | None) -> datetime | None:
    return at if at is None or at.tzinfo is not None else at.replace(tzinfo=UTC)


def _on_list(run: Run | None) -> tuple[bool, bool]:
    return (False, False) if run is None else (run.state in AT_WORK, run.blend)
