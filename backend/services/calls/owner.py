"""The one writer of a switch connection's calls: hears it, keeps the calls, gives orders."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AsyncExitStack

import structlog
from structlog.contextvars import bound_contextvars

from backend.domain.call import Call, Ended, Held, Moved
from backend.domain.leg_id import leg_name
from backend.errors import Expired
from backend.kit.clock import Clock
from backend.services.calls import foreign, orders, wire
from backend.services.calls.adoption import Adoption
from backend.services.calls.callback import CallBacks
from backend.services.calls.commands import Commands
from backend.services.calls.core import Core
from backend.services.calls.early import EarlyFacts
from backend.services.calls.event_ids import ids_of
from backend.services.calls.hooks import (
    BrowserReady,
    Callers,
    Managers,
    Passed,
    Ways,
    never_ready,
    tell_nobody,
)
from backend.services.calls.idle import LastTalks
from backend.services.calls.live import Live
from backend.services.calls.monitoring import Monitoring, Watched, tell_no_board
from backend.services.calls.moving import Moving
from backend.services.calls.placing import Placing
from backend.services.calls.rescue import Rescue
from backend.services.calls.ringing import Ringing
from backend.services.calls.rooms import Rooms
from backend.services.calls.talking import Talking
from backend.services.calls.tracing import trace
from backend.services.calls.transfers import Transfers
from backend.services.calls.vanish import Vanish
from backend.services.ports import (
    Arrived,
    Bus,
    CallJournal,
    EarlySound,
    HoldReported,
    Lease,
    LegEnded,
    LegMoved,
    Placed,
    SoundOver,
    Switch,
    SwitchConnected,
    SwitchDisconnected,
    SwitchEvent,
)
from backend.services.ports.last_numbers import LastNumbers
from backend.services.ports.watching import Watches
from backend.services.routing import AccountRoute, RoutingTable
from protocol.commands import AnyCommand
from protocol.vocabulary import (
    AccountId,
    CallId,
    CallState,
    Direction,
    EmployeeId,
    HangupCause,
    LegState,
)

log = structlog.get_logger(__name__)


class CallOwner:
    """Build one per lease of a switch connection and `run` it until the lease is lost.

    `lease` answers with the lease held now, or None once it is lost: then nothing is rung any more.
    """

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
        rescue_notice: str = "",
        ways: Ways | None = None,
        browser_ready: BrowserReady = never_ready,
        passed: Passed = tell_nobody,
        last_numbers: LastNumbers | None = None,
        watch: Callable[[Call], None] = lambda _call: None,
        observe: Callable[[float], None] = lambda _seconds: None,
        watches: Watches | None = None,
        watched: Watched = tell_no_board,
    ) -> None:
        """`watches` lets supervisors into talks, of which `watched` is told. `watch` is told
        of every call that changed, and must not wait; `observe` gets seconds
        from a change to its being published."""
        self._bus = bus
        self._switch = switch
        self._routing = routing
        self._core = Core(
            connection_id=connection_id,
            switch=switch,
            bus=bus,
            journal=journal,
            lease=lease,
            routing=routing,
            callers=callers,
            clock=clock,
            managers=managers,
            talks=talks,
            ways=ways,
            browser_ready=browser_ready,
            passed=passed,
            last_numbers=last_numbers,
            watch=watch,
            observe=observe,
        )
        self._ringing = Ringing(self._core, self._settle)
        self._placing = Placing(self._core, self._ringing)
        self._rooms = Rooms(self._core)
        self._talking = Talking(self._core, self._ringing, self._rooms)
        self._transfers = Transfers(self._core, self._ringing, self._rooms)
        self._rescue = Rescue(self._core, self._ringing, self._rooms, notice=rescue_notice)
        self._moving = Moving(self._core, self._rooms, self._settle)
        self._vanish = Vanish(self._core, bus, self._rescue.vanished)
        self._adoption = Adoption(
            self._core,
            self._ringing,
            self._placing,
            self._rooms,
            self._talking,
            self._transfers,
            self._rescue,
            self._settle,
            bus,
        )
        self._callbacks = CallBacks(self._core, self._ringing)
        self._commands = Commands(
            self._core,
            self._ringing,
            self._placing,
            self._rooms,
            self._talking,
            self._transfers,
            self._moving,
        )
        self._monitoring = Monitoring(self._core, bus, watches, watched)
        self._early = EarlyFacts(self._core.ended_ids)
        self._served: dict[AccountId, AsyncExitStack] = {}

    # ── for the process ──

    async def run(self) -> None:
        """Own the calls until the switch connection ends. Raises SwitchRefused when another holder
        took it over. Calls go on on the switch; the next owner takes them over."""
        stop_listening = self._routing.on_change(self._on_routing)
        self._core.spawn(self._core.publisher.run())
        self._core.spawn(self._monitoring.begin())
        try:
            for account in self._routing.accounts_on(self._core.connection_id):
                await self._serve(account)
                self._core.spawn(self._core.idle.load(account.account_id))
            async for event in self._switch.events():
                # Whatever this event leads to, tasks included, is logged under its call.
                with bound_contextvars(**ids_of(self._core, event)):
                    try:
                        await self._on_event(event)
                    except Exception:
                        log.exception("switch event broke", kind=type(event).__name__)
        finally:
            stop_listening()
            await self._commands.stop()
            await self._core.stop()
            for served in tuple(self._served.values()):
                await served.aclose()
            self._served.clear()

    async def handle(
        self, account_id: AccountId, employee_id: EmployeeId, command: AnyCommand
    ) -> object | None:
        """Carry a command on calls out, once per command id. Raises AppErrors."""
        return await self._commands.handle(account_id, employee_id, command)

    async def _on_order(self, account_id: AccountId, order: orders.Order) -> None:
        """A call the CRM asked for; once per call id. Raises AppErrors."""
        match order:
            case orders.PlaceClick():
                await self._placing.dial(account_id, order.employee_id, order.wish())
            case orders.PlaceListed():
                if self._core.clock.now() > order.not_after:
                    raise Expired("nobody waits for this call any more")
                await self._placing.dial(account_id, order.employee_id, order.wish())
            case orders.PlaceCallBack():
                self._callbacks.place(account_id, order)

    def named(self, call_id: CallId, name: str) -> None:
        """The CRM says who the outside party is; calls of other owners are left alone."""
        live = self._core.calls.get(call_id)
        if live is not None and live.name != name:
            live.name = name
            self._core.show(live)

    def republish(self) -> None:
        """Tell everything owned once more: the bus lost its memory."""
        self._core.republish()

    def calls_of(self, account_id: AccountId) -> tuple[Call, ...]:
        """An account's calls that have not ended, for its supervisors' board."""
        return tuple(
            live.call
            for live in self._core.calls.values()
            if live.call.account_id == account_id and live.call.ended_at is None
        )

    def live_calls(self) -> int:
        """Calls that have not ended, for metrics and draining."""
        return sum(live.call.state is not CallState.ENDED for live in self._core.calls.values())

    # ── accounts ──

    def _on_routing(self, account_id: AccountId) -> None:
        account = self._routing.account(account_id)
        ours = account is not None and account.connection_id == self._core.connection_id
        if account is not None and ours and account_id not in self._served:
            self._core.spawn(self._serve(account))
        elif not ours and account_id in self._served:
            self._core.spawn(self._served.pop(account_id).aclose())
            if account is not None:
                self._core.put_ended_away(account_id)
        if account is not None and ours:
            self._silence_the_gone(account)

    def _silence_the_gone(self, account: AccountRoute) -> None:
        """Phones of people who were switched off fall silent at once (X10); what they talk about
        already goes on, for the customer's sake."""
        for live in tuple(self._core.calls.values()):
            if live.call.account_id != account.account_id:
                continue
            gone = [who for who in live.offers if who not in account.employees]
            for who in gone:
                self._ringing.withdraw(live, who, "over")
            caller = live.origin.route.employee_id if live.origin is not None else None
            if caller is not None and caller not in account.employees:
                self._placing.own_side_left(live)
            if gone:
                self._settle(live)

    async def _serve(self, account: AccountRoute) -> None:
        if account.account_id in self._served:
            return
        stack = self._served[account.account_id] = AsyncExitStack()
        await stack.enter_async_context(wire.serve(self._bus, account.account_id, self.handle))
        await stack.enter_async_context(orders.serve(self._bus, account.account_id, self._on_order))
        await stack.enter_async_context(self._monitoring.serve(account.account_id))
        self._core.notices.welcome(account)

    # ── what the switch reports ──

    async def _on_event(self, event: SwitchEvent) -> None:
        match event:
            case Arrived():
                self._on_arrival(event)
            case Placed():
                self._on_placed(event)
            case LegMoved(call_id=call_id, leg_id=leg_id, state=state, at=at):
                self._on_fact(call_id, Moved(leg_id=leg_id, state=state, at=at))
            case LegEnded(call_id=call_id, leg_id=leg_id, cause=cause, at=at):
                self._on_fact(call_id, Ended(leg_id=leg_id, cause=cause, at=at))
            case EarlySound(call_id=call_id, leg_id=leg_id):
                if (live := self._core.calls.get(call_id)) is not None:
                    self._core.spawn(self._rooms.hear_early(live, leg_id))
            case HoldReported(call_id=call_id, on=on, at=at):
                self._on_fact(call_id, Held(on=on, at=at))
            case SoundOver(call_id=call_id):
                live = self._core.calls.get(call_id)
                if live is not None:
                    live.sound_over.set()
            case SwitchConnected():
                self._core.notices.switch(connected=True, at=event.at)
                await self._adoption.adopt(event)
            case SwitchDisconnected(at=at, reason=reason):
                log.warning("switch away", reason=reason)
                self._core.notices.switch(connected=False, at=at)

    def _on_arrival(self, event: Arrived) -> None:
        core = self._core
        if event.call_id in core.calls or event.call_id in core.ended_ids:
            return
        found = core.routing.dialed(core.connection_id, event.dialed)
        if found is None:
            log.warning("nobody's number was dialled", dialed=event.dialed)
            core.spawn(core.switch.hang_up(event.call_id, event.leg_id, HangupCause.INVALID_NUMBER))
            return
        account, virtual = found
        live = core.new_call(
            account,
            event.call_id,
            Direction.INBOUND,
            number=event.number,
            dialed=event.dialed,
            at=event.at,
        )
        live.virtual, live.scenario = virtual, virtual.scenario
        trace(core, live)
        core.record(live, Moved(leg_id=event.leg_id, state=LegState.RINGING, at=event.at))
        for fact in self._early.take(event.call_id):
            core.record(live, fact)
        core.spawn(self._let_hear_ringing(live, event))
        self._ringing.advance(live)
        self._settle(live)

    def _on_placed(self, event: Placed) -> None:
        live = foreign.placed(self._core, event)
        if live is not None:
            for fact in self._early.take(event.call_id):
                self._core.record(live, fact)
            self._settle(live)

    async def _let_hear_ringing(self, live: Live, event: Arrived) -> None:
        await self._core.switch.indicate_ringing(live.call.call_id, event.leg_id)

    def _on_fact(self, call_id: CallId, fact: Moved | Ended | Held) -> None:
        core = self._core
        live = core.calls.get(call_id)
        if live is None:
            self._early.keep(call_id, fact)
            return
        if not isinstance(fact, Held):
            try:
                leg_name(fact.leg_id)
            except ValueError:
                log.warning("a leg that is not ours", call=call_id, leg_id=fact.leg_id)
                return
        ended_at = live.call.ended_at
        up = isinstance(fact, Moved) and fact.state is LegState.UP
        if ended_at is not None and isinstance(fact, Moved) and up and fact.at >= ended_at:
            self._talking.crossed(live, fact.leg_id)
            return
        if isinstance(fact, Moved) and up and live.lets_go(fact.leg_id):
            # Taking the call now would stop everybody who still rings, for a leg that is leaving.
            self._talking.crossed(live, fact.leg_id)
            return
        if isinstance(fact, Held) and live.transfer is not None:
            return  # who hears whom is ours to say until it is over; what we said is recorded
        if isinstance(fact, Ended):
            self._transfers.before_end(live, fact)
            self._rescue.before_end(live, fact)
        if not core.record(live, fact):
            return
        if isinstance(fact, Moved):
            foreign.noticed(core, live, fact.leg_id)
        if isinstance(fact, Ended) and live.call.state is not CallState.ENDED:
            self._ringing.leg_gone(live, fact.leg_id, fact.cause)
            self._placing.own_leg_gone(live, fact.leg_id, fact.cause)
            self._transfers.leg_gone(live, fact.leg_id)
        self._settle(live)

    def _settle(self, live: Live) -> None:
        """See to whatever the call's facts now demand. Doing it twice does nothing."""
        self._moving.settle(live)
        if live.call.state is not CallState.ENDED:
            self._move_on(live)
        if live.call.state is CallState.ENDED:
            self._talking.finish(live)
        else:
            self._core.show(live)

    def _move_on(self, live: Live) -> None:
        call = live.call
        if call.taken is not None:
            self._transfers.settle(live)
            self._talking.drop_losers(live)
            self._rooms.reunite(live)
            self._vanish.watch(live)
            return
        first = call.first_operator
        if first is not None:
            self._callbacks.claim(live, first)
        winner = call.answered_leg
        if winner is not None:
            # Even when it has left by now: both reports came at once, and it did answer.
            self._talking.take(live, winner)
        elif call.direction is not Direction.INBOUND:
            self._placing.own_leg_up(live)
