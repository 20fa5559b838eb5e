"""Passing a talk on without losing anybody (W6, R8).

The other party hears music from the first order on and is never connected with nobody: whatever
fails, the talk goes back to who sent it, then to the number's scenario, and only then to its end.
Who talks is moved by facts (`Joined`, `Parted`), how far a transfer is stands in the journal: a new
owner goes on where the last one stopped.
"""

from __future__ import annotations

from dataclasses import replace

import structlog

from backend.domain.call import Ended, Joined, Leg, Parted
from backend.domain.scenario import Scenario
from backend.errors import WrongState
from backend.services.calls.consulting import Consulting
from backend.services.calls.core import Core
from backend.services.calls.handover_notes import note
from backend.services.calls.live import Live
from backend.services.calls.rescue import is_lost
from backend.services.calls.ringing import Ringing
from backend.services.calls.rooms import Rooms
from backend.services.calls.targets import target_of, trouble
from backend.services.calls.transfer import Phase, Transfer, in_phase, over
from backend.services.ports import LiveCall
from protocol.transfers import TransferCall
from protocol.vocabulary import (
    CallState,
    Direction,
    EmployeeId,
    HangupCause,
    LegId,
    LegState,
    TransferTrouble,
)

log = structlog.get_logger(__name__)


class Transfers:
    def __init__(self, core: Core, ringing: Ringing, rooms: Rooms) -> None:
        self._core = core
        self._ringing = ringing
        self._rooms = rooms
        self._consulting = Consulting(core, rooms)
        ringing.spent = self._spent

    # ── what people ask ──

    async def begin(self, live: Live, employee_id: EmployeeId, wish: TransferCall) -> None:
        """Music for the other side, then ring the target. Raises WrongState, BadRequest, NotFound,
        NoDevice, SwitchError: the talk is then as it was, at worst on hold."""
        core = self._core
        if wish.kind not in core.switch.capabilities.transfers:
            raise WrongState("the switch cannot do it", reason=TransferTrouble.ENGINE.value)
        own = self._own_leg(live, employee_id)
        target = target_of(core, live, employee_id, wish)
        await self._rooms.hold(live, own.leg_id, on=True, by_us=True)
        # The switch was asked meanwhile: somebody may have hung up, or asked for the same.
        own = self._own_leg(live, employee_id)
        side = live.call.side_of(own)
        if side is None:
            raise WrongState("not in the talk")
        live.fallback = self._fallback(live)
        live.stays_held = False
        live.transfer = Transfer(
            kind=wish.kind,
            by=employee_id,
            side=side,
            sender_leg=own.leg_id,
            target=target,
            note=(wish.note or "").strip() or None,
            at=core.clock.now(),
        )
        note(self._core, live)
        if wish.kind == "blind":
            self._part(live)
        else:
            core.spawn(self._consulting.wait(live, own.leg_id))
        self._ring(live)
        core.show(live)

    async def complete(self, live: Live, employee_id: EmployeeId) -> None:
        """The sender leaves it to the target, or to the target's answer."""
        transfer = self._sent_by(live, employee_id)
        if self._sender(live) is None:
            raise WrongState("the sender has left already")
        self._leave_it(live, transfer)

    def _leave_it(self, live: Live, transfer: Transfer) -> None:
        """Raises WrongState."""
        if transfer.phase is Phase.CONSULTING:
            self._join_consulted(live)
        elif "blind" not in self._core.switch.capabilities.transfers:
            raise WrongState("the switch cannot do it", reason=TransferTrouble.ENGINE.value)
        else:
            self._go_blind(live)
        self._core.show(live)

    async def cancel(self, live: Live, employee_id: EmployeeId) -> None:
        """The sender takes the call back; after a blind one he is rung."""
        transfer = self._sent_by(live, employee_id)
        if transfer.phase not in (Phase.RINGING, Phase.CONSULTING):
            raise WrongState("it is on its way back already")
        self._stop_ringing(live, HangupCause.CANCELLED)
        if transfer.leg_id is not None:
            self._core.end_leg(live, transfer.leg_id, HangupCause.CANCELLED)
        self._fail(live, TransferTrouble.CANCELLED)
        self._core.show(live)

    async def merge(self, live: Live, employee_id: EmployeeId) -> None:
        """All three hear each other."""
        transfer = self._sent_by(live, employee_id)
        if "conference" not in self._core.switch.capabilities.transfers:
            raise WrongState("the switch cannot do it", reason=TransferTrouble.ENGINE.value)
        if transfer.phase is not Phase.CONSULTING or transfer.leg_id is None:
            raise WrongState("the target does not talk yet")
        self._join(live, transfer.leg_id)
        self._core.show(live)

    async def leave(self, live: Live, employee_id: EmployeeId) -> None:
        """Leave a talk of three to the others."""
        core, own = self._core, live.call.leg_of(employee_id)
        side = None if own is None else live.call.side_of(own)
        others = [leg for leg in live.call.talkers if leg != own and live.call.side_of(leg) == side]
        if own is None or own not in live.call.talkers or not others:
            raise WrongState("nobody would be left on this side")
        core.record(live, Parted(leg_id=own.leg_id, at=core.clock.now()))
        core.end_leg(live, own.leg_id, HangupCause.NORMAL)
        core.show(live)

    async def swap(self, live: Live, *, to_customer: bool) -> None:
        """The sender turns to the other party, or back to the target. Raises WrongState,
        SwitchError."""
        await self._consulting.swap(live, to_customer=to_customer)

    def hangs_up(self, live: Live, employee_id: EmployeeId) -> bool:
        """What hanging up means to him in a transfer; false: what it always means."""
        transfer = live.transfer
        if transfer is None or transfer.rescue:
            return False
        leg = None if transfer.leg_id is None else live.call.leg(transfer.leg_id)
        if leg is not None and leg.employee_id == employee_id:
            self._core.end_leg(live, leg.leg_id, HangupCause.NORMAL)
            return True
        if employee_id != transfer.by:
            return False
        if self._sender(live) is None:
            raise WrongState("the call is on its way to somebody else")
        self._leave_it(live, transfer)
        return True

    # ── what the switch reports ──

    def before_end(self, live: Live, ended: Ended) -> None:
        """The sender of an attended transfer hangs up: he leaves, the call goes on. So it does
        when the target left before anybody heard him."""
        transfer = live.transfer
        if transfer is not None and ended.leg_id == transfer.sender_leg:
            self._core.record(live, Parted(leg_id=ended.leg_id, at=ended.at))
        unmet = live.unmet
        if transfer is None and unmet is not None and ended.leg_id == unmet[0]:
            self._left_unmet(live, ended, unmet[1])

    def leg_gone(self, live: Live, leg_id: LegId) -> None:
        """The one who is consulted hung up."""
        if live.transfer is not None and leg_id == live.transfer.leg_id:
            self._fail(live, TransferTrouble.TARGET_LEFT)

    def settle(self, live: Live) -> None:
        """See to what the facts demand of the transfer under way. Twice does nothing."""
        transfer = live.transfer
        if transfer is None:
            return
        if transfer.phase is Phase.CONSULTING:
            if self._sender(live) is None:
                self._join_consulted(live)
            return
        waits = transfer.phase is Phase.RINGING and transfer.kind == "attended"
        if waits and self._sender(live) is None:
            self._go_blind(live)
        up = [leg for leg in live.call.live_legs if self._has_picked_up(live, leg)]
        first = min(up, key=lambda leg: (leg.answered_at, leg.leg_id), default=None)
        if first is not None:
            self._picked_up(live, first)

    def conclude(self, live: Live, found: LiveCall) -> bool:
        """Whether a transfer taken over was done already, and only the note of that was lost."""
        transfer, call = live.transfer, live.call
        if transfer is None:
            return False
        others = [leg.leg_id for leg in call.talkers if call.side_of(leg) != transfer.side]
        if found.held and others and live.held_leg is None:
            live.held_leg = others[0]
        joined = (
            leg.leg_id
            for leg in call.talkers
            if leg.leg_id != transfer.sender_leg and call.side_of(leg) == transfer.side
        )
        there = next(joined, None)
        if there is not None:
            self._join(live, there)
        return there is not None

    def resume(self, live: Live, found: LiveCall) -> None:
        """Take a transfer over from an owner that is gone. Each order is safe to repeat."""
        transfer, core = live.transfer, self._core
        if transfer is None:
            return
        live.fallback = self._fallback(live)
        if not transfer.swapped and not found.held:
            core.spawn(self._consulting.soothe(live, transfer.sender_leg))
        if transfer.phase is Phase.CONSULTING:
            target = None if transfer.leg_id is None else live.call.leg(transfer.leg_id)
            if target is None or target.state is LegState.ENDED:
                self._fail(live, TransferTrouble.TARGET_LEFT)
            elif transfer.swapped:
                core.spawn(self._rooms.connect(live, resume=True))
            elif self._sender(live) is not None:
                core.spawn(self._consulting.meet(live, transfer.sender_leg, target.leg_id))
            return
        self._ringing.resume(live, live.step if transfer.phase is Phase.SEEKING else 0)

    # ── steps on the way ──

    def _ring(self, live: Live) -> None:
        live.step = -1
        live.turn.clear()
        self._ringing.advance(live)

    def _has_picked_up(self, live: Live, leg: Leg) -> bool:
        """A leg that was rung for the transfer, rather than one that is leaving. A voice on its way
        to another tab is nobody new, unless it is the one that was lost."""
        transfer = live.transfer
        return (
            leg.answered_at is not None
            and not leg.has_parted
            and leg not in live.call.members
            and leg.leg_id not in live.asked_to_end
            and (leg.leg_id not in live.coming or (transfer is not None and transfer.rescue))
        )

    def _picked_up(self, live: Live, leg: Leg) -> None:
        transfer, core = live.transfer, self._core
        if transfer is None:
            return
        sender = self._sender(live)
        if transfer.phase is not Phase.RINGING or sender is None:
            self._join(live, leg.leg_id)
            return
        self._stop_ringing(live, HangupCause.ANSWERED_ELSEWHERE, winner=leg.leg_id)
        live.transfer = replace(in_phase(transfer, Phase.CONSULTING), leg_id=leg.leg_id)
        note(self._core, live)
        core.spawn(self._consulting.meet(live, sender.leg_id, leg.leg_id))

    def _join_consulted(self, live: Live) -> None:
        transfer = live.transfer
        if transfer is None or transfer.leg_id is None:
            return
        self._part(live)
        self._join(live, transfer.leg_id)

    def _join(self, live: Live, leg_id: LegId) -> None:
        """This leg is in the talk: the transfer is over."""
        transfer, core, leg = live.transfer, self._core, live.call.leg(leg_id)
        if transfer is None:
            return
        if leg is None or leg.state is LegState.ENDED:
            self._fail(live, TransferTrouble.TARGET_LEFT)  # left in the same moment
            return
        self._stop_ringing(live, HangupCause.ANSWERED_ELSEWHERE, winner=leg_id)
        at, who = core.clock.now(), leg.employee_id
        core.record(live, Joined(leg_id=leg_id, side=transfer.side, at=at))
        live.wanted = None
        live.handovers.append(over(transfer, at, reason=transfer.reason, to=who))
        live.transfer, live.unmet = None, (leg_id, transfer)
        note(self._core, live)
        back = transfer.is_back(who)
        live.stays_held = back and transfer.held
        core.spawn(self._rooms.take_up(live, leg_id, muted=back and transfer.muted))
        if who is not None and not live.stays_held:
            core.spawn(self._rooms.make_room(live, who))

    def _left_unmet(self, live: Live, ended: Ended, transfer: Transfer) -> None:
        """Whoever joined left before he was connected: the other party still waits for somebody."""
        core, call, leg = self._core, live.call, live.call.leg(ended.leg_id)
        live.unmet = None
        mates = [one for one in call.talkers if one != leg and call.side_of(one) == transfer.side]
        asked = ended.leg_id in live.asked_to_end
        if asked or mates or call.state is CallState.ENDED:
            return
        if transfer.rescue and is_lost(core, live, ended):
            return  # lost once more: his rescue begins anew
        core.record(live, Parted(leg_id=ended.leg_id, at=ended.at))
        live.handovers.pop()
        if transfer.rescue:
            # He hung up on silence: his colleagues are rung, and he with them.
            back = in_phase(transfer, Phase.SEEKING)
        else:
            back = in_phase(transfer, Phase.RETURNING, reason=TransferTrouble.TARGET_LEFT)
        live.transfer = replace(back, leg_id=None, swapped=False)
        note(core, live)
        # The order that failed may have ended the music.
        core.spawn(self._consulting.soothe(live, transfer.sender_leg))
        self._ring(live)

    def _part(self, live: Live) -> None:
        """The sender leaves; his phone is free."""
        sender, core = self._sender(live), self._core
        if sender is not None:
            core.record(live, Parted(leg_id=sender.leg_id, at=core.clock.now()))
            core.end_leg(live, sender.leg_id, HangupCause.NORMAL)

    def _go_blind(self, live: Live) -> None:
        """The sender of an attended transfer does not wait for the answer."""
        transfer = live.transfer
        if transfer is None:
            return
        live.transfer = replace(transfer, kind="blind")
        note(self._core, live)
        self._part(live)

    def _fail(self, live: Live, reason: TransferTrouble) -> None:
        """Back to the sender: he talks on, or is rung again."""
        transfer, core = live.transfer, self._core
        if transfer is None:
            return
        if self._sender(live) is not None:
            live.handovers.append(over(transfer, core.clock.now(), reason=reason, to=transfer.by))
            live.transfer = None
            note(self._core, live)
            core.spawn(self._rooms.connect(live, resume=True))
            return
        live.transfer = replace(in_phase(transfer, Phase.RETURNING, reason=reason), leg_id=None)
        note(self._core, live)
        self._ring(live)

    def _spent(self, live: Live) -> bool:
        """Nobody is left to ring in this phase; false: then the call ends as its scenario says."""
        transfer = live.transfer
        if transfer is None or transfer.phase is Phase.SEEKING:
            return False
        if transfer.phase is Phase.RINGING:
            self._fail(live, trouble(live, transfer))
            return True
        live.transfer = in_phase(transfer, Phase.SEEKING)
        note(self._core, live)
        log.info("nobody took a transfer", call=live.call.call_id, reason=transfer.reason)
        self._ring(live)
        return True

    def _stop_ringing(self, live: Live, cause: HangupCause, *, winner: LegId | None = None) -> None:
        self._ringing.stop(live, winner=winner, cause=cause)

    # ── questions ──

    def _own_leg(self, live: Live, employee_id: EmployeeId) -> Leg:
        if live.transfer is not None:
            raise WrongState("a transfer is under way", reason=TransferTrouble.UNDER_WAY.value)
        own = live.call.leg_of(employee_id)
        if live.call.state not in (CallState.TALKING, CallState.HELD) or own is None:
            raise WrongState("nobody talks")
        side = live.call.side_of(own)
        mates = [leg for leg in live.call.talkers if live.call.side_of(leg) == side]
        if own not in mates or len(mates) > 1:
            raise WrongState("not alone on this side of the talk")
        return own

    def _sent_by(self, live: Live, employee_id: EmployeeId) -> Transfer:
        if live.transfer is None or live.transfer.by != employee_id:
            raise WrongState("no transfer of this employee is under way")
        return live.transfer

    def _sender(self, live: Live) -> Leg | None:
        """The sender's leg while he is in the talk."""
        if live.transfer is None:
            return None
        leg = live.call.leg(live.transfer.sender_leg)
        return leg if leg is not None and leg.left_at is None else None

    def _fallback(self, live: Live) -> Scenario | None:
        """Whom the call goes to when nobody took it: as if the other party called us anew."""
        if live.call.direction is Direction.INTERNAL:
            return None
        if live.scenario is not None:
            return live.scenario
        account = self._core.account(live)
        shown = live.caller_id or account.caller_id
        lines = (line for line in account.virtual_numbers if line.number == shown)
        return next((line.scenario for line in lines), None)
