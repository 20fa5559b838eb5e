"""The owner's memory: calls, what everyone was shown, and the ways out to bus, journal, switch.

Whatever changes a call is synchronous, so between two awaits the memory is whole. The way of a
change is `record` (facts joined, journal told) then `show` (cards queued); orders to the switch are
tasks that start only afterwards, so no card ever waits for SQL or for the switch.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Iterable
from datetime import datetime
from typing import Any

import structlog

from backend.domain.call import Call, Ended, Fact, Planned, apply, raised
from backend.domain.phone_number import canonical
from backend.domain.scenario import Device
from backend.errors import AppError, NotFound, SwitchError, SwitchRefused, SwitchUnavailable
from backend.kit.clock import Clock
from backend.kit.tasks import Tasks
from backend.services.calls import records, views
from backend.services.calls.asked import Asked
from backend.services.calls.hooks import (
    BrowserReady,
    Callers,
    Managers,
    NoManagers,
    NoWays,
    Passed,
    Ways,
    never_ready,
    tell_nobody,
)
from backend.services.calls.idle import Idle, LastTalks, NoTalks
from backend.services.calls.live import Live
from backend.services.calls.notices import Notices
from backend.services.calls.publisher import Publisher
from backend.services.calls.telling import Busy, Telling
from backend.services.ports import (
    CALL_HEADER,
    LEG_HEADER,
    Bus,
    CallJournal,
    Lease,
    RingOrder,
    Switch,
    Towards,
)
from backend.services.ports.last_numbers import LastNumbers, NoLastNumbers
from backend.services.routing import AccountRoute, RoutingTable
from protocol.vocabulary import (
    AccountId,
    CallId,
    CallState,
    Direction,
    EmployeeId,
    HangupCause,
    LegId,
)

log = structlog.get_logger(__name__)

VERSION_BITS = 20
"""A call's versions begin at the lease's token shifted by this: a new owner, whose journal may lack
the last entries, still begins above everything its forerunner told."""
REMEMBERED_ENDS = 10_000
_RETRIES_S = (0.5, 1.0, 2.0)


class Core:
    """Shared by the owner's parts. Only orders to the switch wait; all else is synchronous."""

    def __init__(
        self,
        *,
        connection_id: str,
        switch: Switch,
        bus: Bus,
        journal: CallJournal,
        lease: Callable[[], Lease | None],
        routing: RoutingTable,
        callers: Callers,
        clock: Clock,
        managers: Managers | None = None,
        talks: LastTalks | None = None,
        ways: Ways | None = None,
        browser_ready: BrowserReady = never_ready,
        passed: Passed = tell_nobody,
        last_numbers: LastNumbers | None = None,
        watch: Callable[[Call], None] = lambda _call: None,
        observe: Callable[[float], None] = lambda _seconds: None,
    ) -> None:
        self.managers: Managers = managers or NoManagers()
        self.ways: Ways = ways or NoWays()
        self.idle = Idle(talks or NoTalks())
        self.browser_ready = browser_ready
        self.passed = passed
        self.last_numbers: LastNumbers = last_numbers or NoLastNumbers()
        self._watch = watch
        self.connection_id = connection_id
        self.switch = switch
        self.journal = journal
        self.lease = lease
        self.routing = routing
        self.callers = callers
        self.clock = clock
        self.calls: dict[CallId, Live] = {}
        self.ended_ids: OrderedDict[CallId, None] = OrderedDict()
        """Calls already put away: late reports must not bring them back."""
        self.publisher = Publisher(bus, clock, self.republish, observe)
        self.notices = Notices(connection_id, routing, self.publisher, clock)
        self.telling = Telling(self.calls, self.publisher, self.notices, callers, clock)
        self._tasks: Tasks[None] = Tasks()

    # ── tasks ──

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run beside; what goes wrong is logged and harms nobody else."""
        task = self._tasks.spawn(self._guarded(work))
        # Cancelled before its first step, the task never touches the work it wraps.
        task.add_done_callback(lambda _: work.close())
        return task

    async def stop(self) -> None:
        await self._tasks.stop()

    async def _guarded(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except AppError as error:
            log.warning("call task failed", error=repr(error))
        except Exception:
            log.exception("call task broke")

    # ── memory ──

    def account(self, live: Live) -> AccountRoute:
        """The call's account as it is routed now; an empty one when it left meanwhile."""
        found = self.routing.account(live.call.account_id)
        if found is not None:
            return found
        return AccountRoute(
            account_id=live.call.account_id, slug=live.slug, connection_id=self.connection_id
        )

    def first_version(self) -> int:
        lease = self.lease()
        return 1 if lease is None else (lease.token << VERSION_BITS) + 1

    def begin(self, live: Live) -> None:
        """A new call: remembered and journalled, not shown yet."""
        live.call = raised(live.call, self.first_version())
        live.can = self.switch.capabilities
        self.calls[live.call.call_id] = live
        self.journal.append(records.began(live.call, live.name, live.caller_id, live.asked))

    def record(self, live: Live, fact: Fact) -> bool:
        """Join a fact. False when it said nothing new."""
        after = apply(live.call, fact)
        if after is live.call:
            return False
        live.call = after
        self.journal.append(records.fact(after.account_id, after.call_id, fact))
        self._watch(after)
        if after.ended_at is not None and not after.live_legs:
            live.all_gone.set()
        return True

    def find(self, account_id: AccountId, employee_id: EmployeeId, call_id: CallId) -> Live:
        """The call, if this employee has its card. Raises NotFound."""
        live = self.calls.get(call_id)
        if live is None or live.call.account_id != account_id:
            raise NotFound(f"no call {call_id}")
        if employee_id not in views.holders(live):
            raise NotFound(f"call {call_id} is not at {employee_id}")
        return live

    def calls_of(self, account_id: AccountId, employee_id: EmployeeId) -> list[Live]:
        """Those the employee has a card of."""
        return self.telling.calls_of(account_id, employee_id)

    def busy(self, account_id: AccountId, employee_id: EmployeeId) -> Busy:
        """Whether the employee's phone is taken by any call."""
        return self.telling.busy(account_id, employee_id)

    # ── telling ──

    def look_up(self, live: Live, employees: Iterable[EmployeeId]) -> None:
        """Have the CRM asked about the other party, or let more employees watch that."""
        call, record = live.call, live.asked.record
        self.callers.look_up(call.account_id, call.call_id, call.number, employees)
        if record is not None:
            self.callers.prefer(call.call_id, record)

    def show(self, live: Live) -> None:
        """Queue whatever changed for whoever has or had a card of this call."""
        self.telling.show(live, self.account(live))

    def put_ended_away(self, account_id: AccountId) -> None:
        """Cards of calls that are over, when another owner has the account: it knows none of them,
        so nobody could put them away."""
        for live in tuple(self.calls.values()):
            if live.call.account_id == account_id and live.call.state is CallState.ENDED:
                live.dismissed |= views.holders(live)
                self.show(live)

    def republish(self) -> None:
        """Everything owned, as it was last told: for a bus that lost its memory."""
        self.telling.republish()
        self.notices.republish()

    # ── orders to the switch ──

    def plan(self, live: Live, leg_id: LegId, number: str, device: Device | None) -> None:
        self.record(
            live,
            Planned(
                leg_id=leg_id,
                number=number,
                device=None if device is None else device.label,
                at=self.clock.now(),
            ),
        )

    async def ring(
        self,
        live: Live,
        leg_id: LegId,
        endpoint: str,
        *,
        timeout_s: float,
        caller: tuple[str, str],
        auto_answer: bool = False,
        towards: Towards | None = None,
        header: str = "",
        early: bool = False,
    ) -> AppError | None:
        """Ring once, whoever asks and however often; the intent is on disk first.

        `caller` is number and name to show; `header` says why a tab is rung. Returns what went
        wrong, for the ringer to go on. A refusal ends the leg; a switch that did not answer may
        have rung it all the same.
        """
        call, lease = live.call, self.lease()
        live.ordering.add(leg_id)
        try:
            if lease is None:
                raise SwitchUnavailable("not the owner of the switch connection")
            if not await self._intend(lease, call, leg_id):
                log.info("already rung or lease lost", call=call.call_id, leg_id=leg_id)
                return None
            leg = live.call.leg(leg_id)
            if leg_id in live.asked_to_end or (leg is not None and leg.ended_at is not None):
                return None  # taken or given up while the intent was written
            order = RingOrder(
                account=live.slug,
                call_id=call.call_id,
                leg_id=leg_id,
                endpoint=endpoint,
                caller_number=caller[0],
                caller_name=caller[1],
                timeout_s=max(1, round(timeout_s)),
                auto_answer=auto_answer,
                early=early,
                towards=towards,
                headers=_headers(call.call_id, leg_id, header),
            )
            # Safe to repeat: the leg's id on the switch is derived from its name.
            await self.order(lambda: self.switch.ring(order))
        except SwitchRefused as error:
            log.info("ring refused", call=call.call_id, leg_id=leg_id, error=str(error))
            cause = HangupCause.UNREACHABLE
            self.record(live, Ended(leg_id=leg_id, cause=cause, at=self.clock.now()))
            return error
        except SwitchError as error:
            self.end_leg(live, leg_id, HangupCause.FAILURE)
            return error
        finally:
            live.ordering.discard(leg_id)
        leg = live.call.leg(leg_id)
        unseen = leg is not None and leg.cause is HangupCause.LOST_CONTACT
        if unseen or leg_id in live.asked_to_end:
            # Given up while the order was on its way: the first hang-up may have found nothing.
            self.spawn(self._hang_up(live, leg_id, HangupCause.CANCELLED))
        return None

    async def _intend(self, lease: Lease, call: Call, leg_id: LegId) -> bool:
        """Whether it may be rung. Raises SwitchUnavailable when the disk does not say: whoever
        waits for the leg goes on as if the switch did not answer."""
        try:
            return await self.journal.record_intent(lease, call.account_id, call.call_id, leg_id)
        except Exception as error:
            log.exception("intent not written", call=call.call_id, leg_id=leg_id)
            raise SwitchUnavailable("the intent to ring could not be written") from error

    def end_leg(self, live: Live, leg_id: LegId, cause: HangupCause) -> None:
        """Ask the switch, once, to hang this leg up; anew when it did not do it."""
        if leg_id not in live.asked_to_end or leg_id in live.unheeded:
            live.asked_to_end.add(leg_id)
            live.unheeded.discard(leg_id)
            self.spawn(self._hang_up(live, leg_id, cause))

    async def _hang_up(self, live: Live, leg_id: LegId, cause: HangupCause) -> None:
        try:
            await self.order(lambda: self.switch.hang_up(live.call.call_id, leg_id, cause))
        except SwitchError:
            live.unheeded.add(leg_id)
            raise

    async def order(self, ask: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Ask the switch, again when it does not answer. Raises SwitchError, NotFound."""
        for delay in _RETRIES_S:
            try:
                return await ask()
            except SwitchUnavailable:
                await self.clock.sleep(delay)
        return await ask()

    def put_away(self, live: Live) -> None:
        """The call leaves the memory; reports of it are ignored from now on."""
        self.calls.pop(live.call.call_id, None)
        self.ended_ids[live.call.call_id] = None
        while len(self.ended_ids) > REMEMBERED_ENDS:
            self.ended_ids.popitem(last=False)

    def new_call(
        self,
        account: AccountRoute,
        call_id: CallId,
        direction: Direction,
        *,
        number: str,
        dialed: str,
        at: datetime,
        placed_by: EmployeeId | None = None,
        callback: bool = False,
        caller_id: str | None = None,
        asked: Asked | None = None,
    ) -> Live:
        """A call that begins now, in memory and journal. Trunks spell numbers as they like: from
        here on it is E.164, as far as it can be read."""
        internal = direction is Direction.INTERNAL
        number = number if internal else canonical(number, region=account.region)
        if direction is Direction.INBOUND:
            # The CRM is told the line when the call begins and when it ends: in one spelling, or
            # it takes them for two calls.
            dialed = canonical(dialed, region=account.region)
        call = Call(
            call_id=call_id,
            account_id=account.account_id,
            direction=direction,
            number=number,
            dialed=dialed,
            started_at=at,
            placed_by=placed_by,
            callback=callback,
        )
        live = Live(call=call, slug=account.slug, caller_id=caller_id, asked=asked or Asked())
        if number and not internal:
            known = self.callers.known(account.account_id, number)
            live.name = None if known is None else known.name
        self.begin(live)
        return live


def _headers(call_id: CallId, leg_id: LegId, why: str) -> dict[str, str]:
    """What a tab's line is told with the call."""
    told = {CALL_HEADER: call_id, LEG_HEADER: leg_id}
    return {**told, why: "1"} if why else told
