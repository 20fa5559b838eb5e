"""What operators ask of their lists. Each command id has one effect, however often it is sent.

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
from backend.errors import BadRequest, NotAllowed, NotFound, WrongState
from backend.kit.clock import Clock
from backend.services.dialer import moves, reviewing, views
from backend.services.dialer.calling import Calling
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
    MoveItem,
    NextItem,
    RefreshList,
    RemoveItem,
    RepeatList,
    ResetList,
    SkipItem,
    StartList,
    StopList,
    TypeOn,
)
from protocol.dialer_words import (
    AttemptOutcome,
    DispositionEffect,
    ItemId,
    ItemPhase,
    ItemReason,
    ListId,
    ListState,
    RunState,
    WaitReason,
)
from protocol.frames import Command
from protocol.vocabulary import AccountId, EmployeeId

MOST_AHEAD: Final = timedelta(days=366)
_NOT_REACHED: Final = tuple(o for o in AttemptOutcome if o is not AttemptOutcome.REACHED)
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
            RemoveItem: self._remove,
            MoveItem: self._move,
            RepeatList: self._repeat,
            ResetList: self._reset,
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
                    await _workable(tx, ListId(list_id), employee_id)
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
            act = self._carried_out[type(command)]
            context: Any = (tx, account_id, employee_id, before)
            wanted = await act(*context, command)
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
            work = await _workable(tx, ListId(command.list_id), employee_id)
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
        work = await _workable(tx, ListId(command.list_id), who)
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

    # ── the list ──

    async def _remove(
        self,
        tx: DialerTx,
        _account: AccountId,
        who: EmployeeId,
        _run: Run | None,
        command: RemoveItem,
    ) -> None:
        work = await _editable(tx, ListId(command.list_id), who)
        one = await _row(tx, work, command.item_id)
        if one.phase is ItemPhase.EXCLUDED:
            return
        if one.phase is ItemPhase.SHOWN:
            raise WrongState("somebody has this row in hand", why="in_hand")
        after = steps.excluded(one, ItemReason.REMOVED, self._clock.now())
        await tx.save(work.id, one, after)

    async def _move(
        self,
        tx: DialerTx,
        _account: AccountId,
        who: EmployeeId,
        _run: Run | None,
        command: MoveItem,
    ) -> None:
        work = await _editable(tx, ListId(command.list_id), who)
        await _row(tx, work, command.item_id)
        before = None if command.before is None else ItemId(command.before)
        if not await tx.move(work.id, ItemId(command.item_id), before):
            raise NotFound("no such row to put it before")

    async def _repeat(
        self,
        tx: DialerTx,
        _account: AccountId,
        who: EmployeeId,
        _run: Run | None,
        command: RepeatList,
    ) -> None:
        work = await _editable(tx, ListId(command.list_id), who)
        if work.state is ListState.CLOSED:
            raise WrongState("the list was put away", why=WaitReason.CLOSED.value)
        outcomes = [o for o in command.outcomes if o in _NOT_REACHED] or list(_NOT_REACHED)
        count = await tx.repeat(work.id, outcomes, self._clock.now(), most=work.rules.max_attempts)
        if count == 0:
            raise WrongState("nobody may be called again", why="nothing_left")
        if work.state is ListState.FINISHED:
            await tx.put_list(replace(work, state=ListState.OPEN))

    async def _reset(
        self,
        tx: DialerTx,
        _account: AccountId,
        who: EmployeeId,
        run: Run | None,
        command: ResetList,
    ) -> None:
        work = await _editable(tx, ListId(command.list_id), who)
        now = self._clock.now()
        if run is not None and run.list_id == work.id and run.state in AT_WORK:
            await moves.stop(tx, run, now)
        await close(tx, work, now)


async def close(tx: DialerTx, work: WorkList, at: datetime) -> None:
    """Put a list away. Raises WrongState while somebody of it is in hand."""
    await tx.alone()
    if (await tx.counts(work.id)).in_hand:
        raise WrongState("somebody of the list is in hand", why="in_hand")
    await tx.close_waiting(work.id, ItemReason.LIST_CLOSED, at)
    await tx.put_list(replace(work, state=ListState.CLOSED))


async def _workable(tx: DialerTx, list_id: ListId, who: EmployeeId) -> WorkList:
    """One the employee works on or leads. Raises NotFound, for a foreign one alike."""
    work = await tx.work_list(list_id)
    if work is None or (who not in await tx.members(work) and not await may_edit(tx, work, who)):
        raise NotFound("no such list")
    return work


async def _editable(tx: DialerTx, list_id: ListId, who: EmployeeId) -> WorkList:
    work = await _workable(tx, list_id, who)
    if not await may_edit(tx, work, who):
        raise NotAllowed("whoever leads the team changes its lists", why="list_supervisors_only")
    return work


async def _held(tx: DialerTx, who: EmployeeId, item_id: str, fence: int) -> tuple[WorkList, Item]:
    found = await tx.in_hand(who)
    if found is None or found[1].id != item_id:
        raise WrongState("this person is not in your hand", why="stale")
    list_id, one = found
    return await moves.must_have(tx, list_id), one.held(who, fence)


async def _row(tx: DialerTx, work: WorkList, item_id: str) -> Item:
    found = await tx.item(ItemId(item_id))
    if found is None or found[0] != work.id:
        raise NotFound("no such row")
    return found[1]


def _aware(at: datetime | None) -> datetime | None:
    return at if at is None or at.tzinfo is not None else at.replace(tzinfo=UTC)


def _on_list(run: Run | None) -> tuple[bool, bool]:
    return (False, False) if run is None else (run.state in AT_WORK, run.blend)
