"""Taking calls over: after a gap in the switch's reports, or from an owner that is gone (R7).

Three memories are compared: what we keep, what the journal kept, what lives on the switch. The
switch decides what lives, the journal what it is about.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import msgspec
import structlog

from backend.domain.call import Ended, Held, Leg, Moved, Over, raised
from backend.domain.leg_id import CUSTOMER, leg_name
from backend.services.calls import records
from backend.services.calls.core import Core
from backend.services.calls.live import Live
from backend.services.calls.placing import Placing
from backend.services.calls.rescue import Rescue
from backend.services.calls.ringing import Ringing
from backend.services.calls.rooms import Rooms
from backend.services.calls.talking import Talking
from backend.services.calls.tracing import trace
from backend.services.calls.transfers import Transfers
from backend.services.ports import (
    Bus,
    CallbackWanted,
    LiveCall,
    LiveLeg,
    Publication,
    SwitchConnected,
    colleagues_stream,
    me_stream,
)
from backend.services.routing import AccountRoute
from protocol.pushes import CallRemoved, ColleagueBusyChanged
from protocol.vocabulary import (
    AccountId,
    CallbackReason,
    CallId,
    CallState,
    Direction,
    EmployeeId,
    HangupCause,
    LegId,
    LegState,
    StreamName,
)

log = structlog.get_logger(__name__)


class _Card(msgspec.Struct):
    """The part of a kept push that the sweep needs."""

    type: str
    entity: str
    version: int
    call_id: CallId | None = None
    number: str = ""
    name: str | None = None
    employee_id: EmployeeId | None = None
    busy: str = ""


class Adoption:
    def __init__(
        self,
        core: Core,
        ringing: Ringing,
        placing: Placing,
        rooms: Rooms,
        talking: Talking,
        transfers: Transfers,
        rescue: Rescue,
        settle: Callable[[Live], None],
        bus: Bus,
    ) -> None:
        self._core = core
        self._ringing = ringing
        self._placing = placing
        self._rooms = rooms
        self._talking = talking
        self._transfers = transfers
        self._rescue = rescue
        self._settle = settle
        self._bus = bus
        self._read_journal = False
        """Whether the forerunner's calls were taken over: only at our first connection."""

    async def adopt(self, event: SwitchConnected) -> None:
        """Bring memory in line with what lives on the switch now."""
        core, first = self._core, not self._read_journal
        if first:
            await self._remember()
            self._read_journal = True
        there = {call.call_id: call for call in event.calls}
        # Where not one call we know is left, it was not the people who hung up.
        restarted = there.keys().isdisjoint(core.calls)
        for call_id, live in tuple(core.calls.items()):
            if live.call.state is CallState.ENDED:
                self._settle(live)
            elif call_id not in there and not self._on_its_way(live):
                self._gone(live, event.at, with_switch=restarted)
        for found in event.calls:
            known = core.calls.get(found.call_id)
            if known is None:
                known = self._discover(found, event.at)
            if known is not None:
                self._compare(known, found, event.at, first=first)
        if first:
            core.spawn(self._sweep())

    async def _remember(self) -> None:
        """The journal's open calls into memory, above every version their owner told."""
        core = self._core
        accounts = [a.account_id for a in core.routing.accounts_on(core.connection_id)]
        for call_id, entries in (await core.journal.open_calls(accounts)).items():
            kept = records.replay(entries)
            account = None if kept is None else core.routing.account(kept.call.account_id)
            if kept is None or account is None or call_id in core.calls:
                continue
            live = Live(call=raised(kept.call, core.first_version()), slug=account.slug)
            live.name, live.step, live.tried = kept.name, kept.step, kept.tried
            live.recording, live.inherited, live.pauses = kept.recording, True, kept.pauses
            self._talking.pausing.resume(live)
            live.wanted, live.voicemail = kept.wanted, kept.voicemail
            live.can = core.switch.capabilities
            live.transfer = kept.passing.transfer
            live.handovers = list(kept.passing.handovers)
            live.extension_dialed = kept.extension_dialed
            live.notes, live.caller_id, live.asked = kept.notes, kept.caller_id, kept.asked
            found = core.routing.dialed(core.connection_id, kept.call.dialed)
            by_scenario = kept.call.direction is Direction.INBOUND or kept.call.callback
            if by_scenario and found is not None:
                live.virtual, live.scenario = found[1], found[1].scenario
                live.way = kept.way
                trace(core, live)
            if kept.call.direction is Direction.INTERNAL:
                self._placing.prepare_internal(live, account)
            live.called_out = kept.call.customer is not None or (
                kept.step >= 0 and not kept.call.callback
            )
            core.calls[call_id] = live

    def _on_its_way(self, live: Live) -> bool:
        """Dialled a moment ago: the switch was asked, or is being asked, and has said nothing."""
        legs = live.call.live_legs
        return bool(legs) and all(not self._should_be_there(live, leg) for leg in legs)

    def _gone(self, live: Live, at: datetime, *, with_switch: bool) -> None:
        """It ended while we did not look: nobody can say why. A customer whose talk broke off with
        the switch is called back."""
        call = live.call
        outside = any(leg.employee_id is None for leg in call.talkers)
        if with_switch and outside and call.taken is not None:
            live.wanted = live.wanted or CallbackWanted(reason=CallbackReason.LOST)
            self._core.journal.append(records.wanted(call, live.wanted, at))
        for leg in live.call.live_legs:
            self._core.record(live, Ended(leg_id=leg.leg_id, cause=HangupCause.LOST_CONTACT, at=at))
        if live.call.state is not CallState.ENDED:
            self._core.record(live, Over(cause=HangupCause.LOST_CONTACT, at=at))
        self._settle(live)

    def _discover(self, found: LiveCall, at: datetime) -> Live | None:
        """A call the journal does not know: its first entries were lost, or it just arrived."""
        core = self._core
        names = {leg.leg_id: leg_name(leg.leg_id) for leg in found.legs if _ours(leg.leg_id)}
        customer = next((g for g in found.legs if g.leg_id in names and _is_customer(g)), None)
        dialed = (
            None if customer is None else core.routing.dialed(core.connection_id, customer.dialed)
        )
        over = found.call_id in core.ended_ids
        if not over and dialed is None and len(found.connected) > 1:
            # People talk: not ours to end, even if nobody knows what about (R7).
            log.warning("leaving a talk nobody knows", call=found.call_id)
            return None
        if not over and dialed is None and core.switch.capabilities.routes:
            return None  # dialled on a telephone: the engine tells of it by itself
        if over or dialed is None or customer is None:
            log.warning("ending half a call nobody knows", call=found.call_id)
            for leg in found.legs:
                core.spawn(core.switch.hang_up(found.call_id, leg.leg_id, HangupCause.LOST_CONTACT))
            return None
        account, virtual = dialed
        live = core.new_call(
            account,
            found.call_id,
            Direction.INBOUND,
            number=customer.number,
            dialed=customer.dialed,
            at=min(customer.at, at),
        )
        live.virtual, live.scenario = virtual, virtual.scenario
        trace(core, live)
        return live

    def _compare(self, live: Live, found: LiveCall, at: datetime, *, first: bool) -> None:
        core = self._core
        there = {leg.leg_id: leg for leg in found.legs if _ours(leg.leg_id)}
        for leg in live.call.live_legs:
            if leg.leg_id not in there and self._should_be_there(live, leg):
                lost = Ended(leg_id=leg.leg_id, cause=HangupCause.LOST_CONTACT, at=at)
                self._transfers.before_end(live, lost)
                self._rescue.before_end(live, lost)
                core.record(live, lost)
        for there_leg in there.values():
            if there_leg.state is LegState.UP and live.lets_go(there_leg.leg_id):
                self._talking.crossed(live, there_leg.leg_id)
                continue
            core.record(
                live, Moved(leg_id=there_leg.leg_id, state=there_leg.state, at=there_leg.at)
            )
        if found.held != live.call.is_held and len(found.connected) + found.held > 0:
            core.record(live, Held(on=found.held, at=at))
        if found.held and live.call.customer is not None:
            live.held_leg = live.held_leg or live.call.customer.leg_id
        # Whatever we asked of the switch before, these legs live.
        live.unheeded.update(there.keys() & live.asked_to_end)
        if live.call.state is CallState.ENDED:
            self._settle(live)
            for there_leg in there.values():
                core.end_leg(live, there_leg.leg_id, live.call.cause or HangupCause.NORMAL)
            return
        for leg_id in there.keys() & live.asked_to_end:
            core.end_leg(live, leg_id, HangupCause.CANCELLED)
        live.call = raised(live.call, max(live.call.version, live.told) + 1)
        self._look_up(live)
        if first:
            self._resume(live, found)
        else:
            self._catch_up(live)
        self._settle(live)
        if live.transfer is not None:
            return
        if live.call.taken is not None and self._is_apart(live, found):
            core.spawn(self._rooms.connect(live, resume=found.held))
        elif live.call.answered_leg is not None and len(found.connected) > 1:
            if first and live.extension_dialed is None:
                # They were connected by a forerunner who may have dialled it: nobody does twice.
                live.extension_dialed = False
                core.show(live)
            self._rooms.tape(live)

    def _is_apart(self, live: Live, found: LiveCall) -> bool:
        """Whether somebody who talks is not in the room. Who is on hold is out of it, and whoever
        holds him is in it: where he is not, the gone owner was about to connect them."""
        room = self._rooms.room(live)
        missing = [leg_id for leg_id in room if leg_id not in found.connected]
        if not found.held:
            return bool(missing)
        if live.call.customer is None and len(missing) == 1:
            live.held_leg = live.held_leg or missing[0]
        waits = live.held_leg or (self._rooms.other(live, room, None) if room else None)
        return any(leg_id != waits for leg_id in missing)

    def _should_be_there(self, live: Live, leg: Leg) -> bool:
        """Not a leg whose order is still on its way to the switch."""
        offers = (*live.offers.values(), *(() if live.origin is None else (live.origin,)))
        under_way = any(leg.leg_id in offer.ringing for offer in offers)
        under_way = under_way or leg.leg_id == live.outside or leg.leg_id in live.ordering
        return not (under_way and leg.ringing_at is None and leg.answered_at is None)

    def _catch_up(self, live: Live) -> None:
        """Attempts that ended unheard: the scenario goes on from there."""
        for leg in live.call.legs:
            if leg.state is LegState.ENDED:
                cause = leg.cause or HangupCause.LOST_CONTACT
                self._ringing.leg_gone(live, leg.leg_id, cause)
                self._placing.own_leg_gone(live, leg.leg_id, cause)
                self._transfers.leg_gone(live, leg.leg_id)

    def _resume(self, live: Live, found: LiveCall) -> None:
        if self._transfers.conclude(live, found):
            return
        if live.transfer is not None:
            resuming = self._rescue if live.transfer.rescue else self._transfers
            resuming.resume(live, found)
            return
        if live.call.state is not CallState.RINGING:
            return
        unclaimed = live.call.callback and live.call.claimed is None
        if live.call.direction is Direction.INBOUND or unclaimed:
            self._ringing.resume(live, live.step)
        elif live.call.origin_up is None:
            self._placing.resume_own(live)
        elif live.call.direction is Direction.INTERNAL and live.called_out:
            self._ringing.resume(live, live.step)
        elif live.called_out and all(not _is_customer(leg) for leg in found.legs):
            live.called_out = False  # the order to ring the outside party never got through
            log.info("ringing the outside party again", call=live.call.call_id)

    def _look_up(self, live: Live) -> None:
        call = live.call
        concerned = call.concerned()
        if concerned and call.number and call.direction is not Direction.INTERNAL:
            self._core.look_up(live, concerned)

    # ── cards of calls nobody owns ──

    async def _sweep(self) -> None:
        """Take away what the forerunner left on the bus: cards and busy marks of ended calls."""
        core = self._core
        for account in core.routing.accounts_on(core.connection_id):
            for employee_id in account.employees:
                await self._sweep_cards(account.account_id, employee_id)
            await self._sweep_busy(account)

    async def _sweep_cards(self, account_id: AccountId, employee_id: EmployeeId) -> None:
        core, key = self._core, me_stream(account_id, employee_id)
        for delivery in (await self._bus.read(key, None)).deliveries:
            if delivery.tag != "call.changed":
                continue
            card = msgspec.json.decode(delivery.frame, type=_Card)
            if card.call_id is None:
                continue
            live = core.calls.get(card.call_id)
            if live is not None and employee_id in live.shown:
                continue
            version = max(card.version + 1, core.first_version())
            if live is not None:
                # The call lives, but this card of it was taken away while nobody owned it.
                live.told = max(live.told + 1, version)
                version = live.told
            push = CallRemoved(
                stream=StreamName.ME,
                entity=card.entity,
                version=version,
                call_id=card.call_id,
                reason="over",
                by=None,
                number=card.number,
                name=card.name,
            )
            core.publisher.put([Publication(key, push, removes=True)])

    async def _sweep_busy(self, account: AccountRoute) -> None:
        core, key = self._core, colleagues_stream(account.account_id)
        for delivery in (await self._bus.read(key, None)).deliveries:
            if delivery.tag != "colleague.busy_changed":
                continue
            mark = msgspec.json.decode(delivery.frame, type=_Card)
            if mark.employee_id is None:
                continue
            busy = core.busy(account.account_id, mark.employee_id)
            if busy == mark.busy:
                continue
            push = ColleagueBusyChanged(
                stream=StreamName.COLLEAGUES,
                entity=mark.entity,
                version=max(core.notices.stamp(), mark.version + 1),
                employee_id=mark.employee_id,
                busy=busy,
                since=core.clock.now(),
            )
            core.publisher.put([Publication(key, push)])


def _ours(leg_id: LegId) -> bool:
    try:
        leg_name(leg_id)
    except ValueError:
        return False
    return True


def _is_customer(leg: LiveLeg) -> bool:
    return _ours(leg.leg_id) and leg_name(leg.leg_id).kind == CUSTOMER
