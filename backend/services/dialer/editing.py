"""What is changed about a list: its rows and their order, another round, the end of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from backend.domain.dialer import item as steps
from backend.domain.dialer.item import Item
from backend.errors import NotAllowed, NotFound, WrongState
from backend.services.dialer import moves
from backend.services.dialer.teller import AT_WORK, may_edit
from backend.services.ports.dialer import DialerTx, Run, WorkList
from protocol.dialer import MoveItem, RemoveItem, RepeatList, ResetList
from protocol.dialer_words import (
    AttemptOutcome,
    ItemId,
    ItemPhase,
    ItemReason,
    ListId,
    ListState,
    WaitReason,
)
from protocol.frames import Command
from protocol.vocabulary import EmployeeId

_NOT_REACHED: Final = tuple(o for o in AttemptOutcome if o is not AttemptOutcome.REACHED)


async def remove(
    tx: DialerTx, who: EmployeeId, _run: Run | None, command: RemoveItem, now: datetime
) -> None:
    work = await editable(tx, ListId(command.list_id), who)
    one = await _row(tx, work, command.item_id)
    if one.phase is ItemPhase.EXCLUDED:
        return
    if one.phase is ItemPhase.SHOWN:
        raise WrongState("somebody has this row in hand", why="in_hand")
    await tx.save(work.id, one, steps.excluded(one, ItemReason.REMOVED, now))


async def move(
    tx: DialerTx, who: EmployeeId, _run: Run | None, command: MoveItem, _now: datetime
) -> None:
    work = await editable(tx, ListId(command.list_id), who)
    await _row(tx, work, command.item_id)
    before = None if command.before is None else ItemId(command.before)
    if not await tx.move(work.id, ItemId(command.item_id), before):
        raise NotFound("no such row to put it before")


async def repeat(
    tx: DialerTx, who: EmployeeId, _run: Run | None, command: RepeatList, now: datetime
) -> None:
    work = await editable(tx, ListId(command.list_id), who)
    if work.state is ListState.CLOSED:
        raise WrongState("the list was put away", why=WaitReason.CLOSED.value)
    outcomes = [o for o in command.outcomes if o in _NOT_REACHED] or list(_NOT_REACHED)
    count = await tx.repeat(work.id, outcomes, now, most=work.rules.max_attempts)
    if count == 0:
        raise WrongState("nobody may be called again", why="nothing_left")
    if work.state is ListState.FINISHED:
        await tx.put_list(replace(work, state=ListState.OPEN))


async def reset(
    tx: DialerTx, who: EmployeeId, run: Run | None, command: ResetList, now: datetime
) -> None:
    work = await editable(tx, ListId(command.list_id), who)
    if run is not None and run.list_id == work.id and run.state in AT_WORK:
        await moves.stop(tx, run, now)
    await close(tx, work, now)


EDITS: Final[
    dict[
        type[Command],
        Callable[[DialerTx, EmployeeId, Run | None, Any, datetime], Awaitable[None]],
    ]
] = {RemoveItem: remove, MoveItem: move, RepeatList: repeat, ResetList: reset}


async def close(tx: DialerTx, work: WorkList, at: datetime) -> None:
    """Put a list away. Raises WrongState while somebody of it is in hand."""
    await tx.alone()
    if (await tx.counts(work.id)).in_hand:
        raise WrongState("somebody of the list is in hand", why="in_hand")
    await tx.close_waiting(work.id, ItemReason.LIST_CLOSED, at)
    await tx.put_list(replace(work, state=ListState.CLOSED))


async def workable(tx: DialerTx, list_id: ListId, who: EmployeeId) -> WorkList:
    """One the employee works on or leads. Raises NotFound, for a foreign one alike."""
    work = await tx.work_list(list_id)
    if work is None or (who not in await tx.members(work) and not await may_edit(tx, work, who)):
        raise NotFound("no such list")
    return work


async def editable(tx: DialerTx, list_id: ListId, who: EmployeeId) -> WorkList:
    """Raises NotFound, and NotAllowed for one the employee only works on."""
    work = await workable(tx, list_id, who)
    if not await may_edit(tx, work, who):
        raise NotAllowed("whoever leads the team changes its lists", why="list_supervisors_only")
    return work


async def _row(tx: DialerTx, work: WorkList, item_id: str) -> Item:
    found = await tx.item(ItemId(item_id))
    if found is None or found[0] != work.id:
        raise NotFound("no such row")
    return found[1]
