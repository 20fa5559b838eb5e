"""The clock's side of the dialer: one process looks each second, and at once when it is woken.

Whatever it decides is read from rows and written to rows in one transaction; what it knows beside
them (who is there, who talks) may only make it wait. So any process can go on at any moment.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

import structlog

from backend.domain.dialer import item as steps
from backend.domain.dialer.item import Item
from backend.domain.dialer.rules import wants_press
from backend.errors import AppError, WrongState
from backend.kit.clock import Clock
from backend.services.dialer import moves, watch
from backend.services.dialer.calling import Calling
from backend.services.dialer.moves import ToDial
from backend.services.dialer.seats import Seats
from backend.services.dialer.teller import DialerTeller
from backend.services.ports import Bus
from backend.services.ports.dialer import DialerBook, DialerTx, Left, Run, WorkList
from backend.services.routing import ROUTING_TOPIC
from protocol.dialer_words import ItemPhase, ListState, RunState, WaitReason
from protocol.vocabulary import AccountId, EmployeeId

log = structlog.get_logger(__name__)

TICK_S: Final = 1.0
LEASE: Final = timedelta(seconds=30)
"""An operator without a live tab for so long has gone: a reload takes ten seconds at most."""
TOPIC: Final = "dialer"
"""Woken with an account's id when something of it changed."""
_CLOSED: Final = (ListState.CLOSED, ListState.PAUSED)


class Engine:
    def __init__(
        self,
        *,
        book: DialerBook,
        bus: Bus,
        clock: Clock,
        seats: Seats,
        calling: Calling,
        teller: DialerTeller,
        kept: watch.Kept,
        accounts: Callable[[], Iterable[AccountId]],
        held: Callable[[], bool] = lambda: True,
    ) -> None:
        """`held` says whether this process may still decide."""
        self._book = book
        self._bus = bus
        self._clock = clock
        self._seats = seats
        self._calling = calling
        self._teller = teller
        self._kept = kept
        self._accounts = accounts
        self._held = held
        self._woken = asyncio.Event()
        self._placing: set[asyncio.Task[None]] = set()
        self._working: dict[AccountId, set[EmployeeId]] = {}

    async def run(self) -> None:
        """Until cancelled. Orders on their way are finished by the watch of whoever is next."""
        try:
            async with self._bus.on_wake(TOPIC, lambda _payload: self._woken.set()):
                while self._held():
                    self._woken.clear()
                    await self.tick()
                    await self._pause()
        finally:
            for task in self._placing:
                task.cancel()
            await asyncio.gather(*self._placing, return_exceptions=True)

    async def tick(self) -> None:
        """Everybody at work, once."""
        working = await self._book.working(self._accounts())
        for account_id, runs in working.items():
            await self._seats.follow(account_id)
            for run in runs:
                await self._one(account_id, run.employee_id)
        now = {account: {run.employee_id for run in runs} for account, runs in working.items()}
        for account_id in {*now, *self._working}:
            people = now.get(account_id, set()) | self._working.get(account_id, set())
            await self._teller.tell(account_id, people)
        self._working = now

    async def idle(self) -> None:
        """Every order given so far was answered."""
        await asyncio.gather(*self._placing, return_exceptions=True)

    async def _pause(self) -> None:
        waking = asyncio.create_task(self._woken.wait())
        sleeping = asyncio.create_task(self._clock.sleep(TICK_S))
        try:
            await asyncio.wait({waking, sleeping}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (waking, sleeping):
                task.cancel()
            await asyncio.gather(waking, sleeping, return_exceptions=True)

    async def _one(self, account_id: AccountId, employee_id: EmployeeId) -> None:
        """One operator's step; a step that fails costs nobody else theirs."""
        try:
            here = await self._seats.present(account_id, employee_id)
            if not self._held():
                return
            async with self._book.begin(account_id) as tx:
                before = await tx.run(employee_id, lock=True)
                wanted = None if before is None else await self._step(tx, account_id, before, here)
                after = await tx.run(employee_id)
            if wanted is not None:
                self._spawn(account_id, wanted)
            if before is not None and after is not None and before.state is not after.state:
                await self._bus.wake(ROUTING_TOPIC, account_id.encode())
        except WrongState as error:
            log.info("dialer.step_late", account=account_id, who=employee_id, error=str(error))
        except AppError as error:
            log.warning("dialer.step_failed", account=account_id, error=str(error))

    def _spawn(self, account_id: AccountId, wanted: ToDial) -> None:
        task = asyncio.create_task(self._place(account_id, wanted))
        self._placing.add(task)
        task.add_done_callback(self._placing.discard)

    async def _place(self, account_id: AccountId, wanted: ToDial) -> None:
        try:
            await self._calling.place(account_id, wanted)
        except Exception:
            # Written down already: the watch goes on from the rows.
            log.exception("dialer.order_broke", call=wanted.attempt.call_id)
        self._woken.set()

    # ── one step, in one transaction ──

    async def _step(
        self, tx: DialerTx, account_id: AccountId, run: Run, here: bool
    ) -> ToDial | None:
        now = self._clock.now()
        if run.state not in (RunState.RUNNING, RunState.STOPPING):
            return None
        if here:
            run = replace(run, seen_at=now)
            await tx.put_run(run)
        gone = not here and now >= run.seen_at + LEASE
        found = await tx.in_hand(run.employee_id)
        if found is None:
            return await self._free(tx, account_id, run, now, here=here, gone=gone)
        list_id, one = found
        work = await moves.must_have(tx, list_id)
        match one.phase:
            case ItemPhase.SHOWN:
                return await self._shown(tx, account_id, run, work, one, now, here=here, gone=gone)
            case ItemPhase.WRAP_UP:
                if one.until is None or now >= one.until:
                    await moves.wrap_up_over(tx, work, one, now)
                    self._woken.set()
                return None
            case _:
                return await self._on_the_line(tx, account_id, run, one, now)

    async def _free(
        self,
        tx: DialerTx,
        account_id: AccountId,
        run: Run,
        now: datetime,
        *,
        here: bool,
        gone: bool,
    ) -> ToDial | None:
        if run.state is RunState.STOPPING:
            await moves.stop(tx, run, now, why=run.waits)
            return None
        if gone:
            await moves.stop(tx, run, now, why=WaitReason.VANISHED)
            return None
        work = await moves.must_have(tx, run.list_id)
        if work.state is ListState.CLOSED:
            await moves.stop(tx, run, now, why=WaitReason.CLOSED)
            return None
        why = self._why_not(account_id, run, work, here=here)
        if why is not None:
            await _waits(tx, run, why)
            return None
        taken = await moves.take_next(tx, work, run, now)
        if isinstance(taken, Left):
            await moves.nobody_left(tx, work, run, taken, now)
            return None
        await _waits(tx, run, None)
        if taken.until is not None and now >= taken.until and not wants_press(work.purpose):
            return await self._call(tx, account_id, work, taken, now)
        return None

    async def _shown(
        self,
        tx: DialerTx,
        account_id: AccountId,
        run: Run,
        work: WorkList,
        one: Item,
        now: datetime,
        *,
        here: bool,
        gone: bool,
    ) -> ToDial | None:
        if gone or run.state is RunState.STOPPING or work.state in _CLOSED:
            await tx.save(work.id, one, steps.released(one, now))
            if gone or run.state is RunState.STOPPING:
                await moves.stop(tx, run, now, why=WaitReason.VANISHED if gone else run.waits)
            return None
        if wants_press(work.purpose) or one.until is None or now < one.until:
            return None
        why = self._why_not(account_id, run, work, here=here)
        if why is not None:
            await _waits(tx, run, why)
            return None
        await _waits(tx, run, None)
        return await self._call(tx, account_id, work, one, now)

    async def _call(
        self, tx: DialerTx, account_id: AccountId, work: WorkList, one: Item, now: datetime
    ) -> ToDial | None:
        """Dial; whoever may not be dialled any more goes back and is judged anew."""
        try:
            return await moves.call(tx, account_id, work, one, now)
        except WrongState as error:
            if error.data.get("why") == "stale":
                raise
            await tx.save(work.id, one, steps.released(one, now))
            self._woken.set()
            return None

    async def _on_the_line(
        self, tx: DialerTx, account_id: AccountId, run: Run, one: Item, now: datetime
    ) -> ToDial | None:
        seen = await watch.look(tx, account_id, one, now, self._kept)
        if seen.given_up and run.state is RunState.RUNNING:
            await moves.stop(tx, run, now, why=WaitReason.SWITCH_AWAY)
        return seen.again

    def _why_not(
        self, account_id: AccountId, run: Run, work: WorkList, *, here: bool
    ) -> WaitReason | None:
        if not here:
            return WaitReason.OFFLINE
        if work.state is ListState.PAUSED:
            return WaitReason.PAUSED
        return self._seats.waits_for(account_id, run.employee_id)


async def _waits(tx: DialerTx, run: Run, why: WaitReason | None) -> None:
    after = replace(run, waits=why, refusal=None, next_at=None)
    if after != run:
        await tx.put_run(after)
