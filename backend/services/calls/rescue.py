"""A talk that lost its operator: the customer is kept, the operator brought back (M1, R7).

It goes on as a transfer nobody asked for (`Transfer.rescue`): to the operator himself first, whose
phone picks up by itself, then to his colleagues. So whatever a transfer survives, a rescue does:
its facts and its phase stand in the journal, and a new owner goes on with it.
"""

from __future__ import annotations

import structlog

from backend.domain.call import Ended, Parted
from backend.domain.rescue import SAME_MOMENT, colleagues_of, is_loss
from backend.domain.scenario import Device, Scenario
from backend.errors import AppError
from backend.services.calls.browser import comes_back, device_of
from backend.services.calls.core import Core
from backend.services.calls.handover_notes import note
from backend.services.calls.live import Live
from backend.services.calls.ringing import Ringing
from backend.services.calls.rooms import Rooms
from backend.services.calls.steps import either
from backend.services.calls.transfer import Phase, Target, Transfer
from backend.services.ports import CallbackWanted, LiveCall
from protocol.vocabulary import CallbackReason, CallState, EmployeeId, HangupCause, LegId

log = structlog.get_logger(__name__)

NOTICE_S = 6.0
"""A notice whose end was not reported is over after this: music is better than silence."""


class Rescue:
    def __init__(self, core: Core, ringing: Ringing, rooms: Rooms, *, notice: str = "") -> None:
        """`notice` is the switch's name of what the customer hears first, where the account has
        nothing of its own; empty: music at once."""
        self._core = core
        self._ringing = ringing
        self._rooms = rooms
        self._notice = notice

    def before_end(self, live: Live, ended: Ended) -> None:
        """A leg is about to be recorded as ended: see whether a customer is left alone by it."""
        core, leg = self._core, live.call.leg(ended.leg_id)
        if live.transfer is not None or leg is None or leg.employee_id is None:
            return
        side = live.call.side_of(leg)
        if side is None or not is_lost(core, live, ended):
            return
        device = device_of(core, live, leg)
        browser = device is not None and device.kind == "browser"
        log.warning("operator lost", call=live.call.call_id, leg_id=leg.leg_id, cause=ended.cause)
        core.record(live, Parted(leg_id=leg.leg_id, at=ended.at))
        # A telephone's own hold ends with it; a tab has none of its own.
        held = live.call.is_held and (browser or live.held_leg is not None)
        route = core.account(live).employees.get(leg.employee_id)
        live.transfer = Transfer(
            kind="blind",
            by=leg.employee_id,
            side=side,
            sender_leg=leg.leg_id,
            target=Target(
                label=leg.employee_id if route is None else route.name,
                employees=(leg.employee_id,),
            ),
            note=None,
            at=ended.at,
            phase=Phase.RETURNING,
            rescue=True,
            muted=leg.is_muted,
            held=held,
        )
        note(core, live)
        self._begin(live, device if browser else None, held=held)

    def vanished(self, live: Live, leg_id: LegId) -> None:
        """Nobody is on this leg any more, whatever the switch still believes."""
        core = self._core
        ended = Ended(leg_id=leg_id, cause=HangupCause.LOST_CONTACT, at=core.clock.now())
        self.before_end(live, ended)
        core.end_leg(live, leg_id, HangupCause.LOST_CONTACT)
        self._ringing.settled(live)

    def resume(self, live: Live, found: LiveCall) -> None:
        """Take a rescue over from an owner that is gone; the customer may sit in silence."""
        transfer = live.transfer
        if transfer is None or live.asking is not None:
            return  # what was found missing just now was seen to just now
        live.fallback = self._colleagues(live, transfer.by)
        if live.call.vacant is None:
            return
        rung = [leg for leg in live.call.live_legs if leg not in live.call.talkers]
        if transfer.phase is Phase.RETURNING and not rung:
            lost = live.call.leg(transfer.sender_leg)
            device = None if lost is None else device_of(self._core, live, lost)
            browser = device is not None and device.kind == "browser"
            self._begin(live, device if browser else None, held=found.held)
            return
        if not found.held:
            self._core.spawn(self._music(live, transfer.sender_leg))
        self._ringing.resume(live, live.step if transfer.phase is Phase.SEEKING else 0)

    def _begin(self, live: Live, browser: Device | None, *, held: bool = False) -> None:
        transfer = live.transfer
        if transfer is None:
            return
        live.fallback = self._colleagues(live, transfer.by)
        live.step = -1
        live.turn.clear()
        live.asking = self._core.spawn(self._bring_back(live, transfer, browser))
        if not held:
            self._core.spawn(self._soothe(live, transfer.sender_leg))

    # ── the operator ──

    async def _bring_back(self, live: Live, transfer: Transfer, browser: Device | None) -> None:
        """Ring him; a page that was reloaded gets the time it needs to be a phone again."""
        core = self._core
        if browser is not None:
            lost = transfer.sender_leg
            await comes_back(core, live, transfer.by, browser, lambda: self._waits(live, lost))
        live.asking = None
        if self._waits(live, transfer.sender_leg):
            self._ringing.advance(live)
            self._ringing.settled(live)

    # ── the customer ──

    async def _soothe(self, live: Live, lost: LegId) -> None:
        """A short notice, then music, until somebody talks to him again."""
        core, call = self._core, live.call
        waits = self._customer(live)
        if waits is None:
            return
        account = core.account(live)
        notice = account.heard(account.settings.sounds.rescue_notice or self._notice)
        if notice and core.switch.capabilities.messages:
            try:
                live.sound_over.clear()
                await core.switch.play(call.call_id, waits, notice)
                await either(live.sound_over, core.clock, NOTICE_S)
            except AppError as error:
                log.info("no notice", call=call.call_id, error=repr(error))
        await self._music(live, lost)

    async def _music(self, live: Live, lost: LegId) -> None:
        await self._rooms.soothe(
            live, lambda: self._customer(live) if self._waits(live, lost) else None
        )

    # ── questions ──

    def _waits(self, live: Live, lost: LegId) -> bool:
        """The rescue of this leg is still under way and nobody has the talk."""
        transfer = live.transfer
        ours = transfer is not None and transfer.rescue and transfer.sender_leg == lost
        return ours and live.call.state is not CallState.ENDED and live.call.vacant is not None

    def _customer(self, live: Live) -> LegId | None:
        return next((leg.leg_id for leg in live.call.talkers if leg.employee_id is None), None)

    def _colleagues(self, live: Live, employee_id: EmployeeId) -> Scenario:
        return colleagues_of(employee_id, self._core.account(live).groups, live.scenario)


def is_lost(core: Core, live: Live, ended: Ended) -> bool:
    """Whether this end of a leg leaves a customer alone whom nobody meant to leave."""
    leg = live.call.leg(ended.leg_id)
    device = None if leg is None else device_of(core, live, leg)
    return is_loss(
        live.call,
        ended.leg_id,
        ended.cause,
        browser=device is not None and device.kind == "browser",
        asked=ended.leg_id in live.asked_to_end,
    )


def given_up(live: Live) -> CallbackWanted | None:
    """What an ended call asks for when its rescue was under way: a call back, unless both sides
    left in the same moment."""
    transfer, ended_at = live.transfer, live.call.ended_at
    if transfer is None or not transfer.rescue or ended_at is None:
        return None
    if live.call.over is None and ended_at - transfer.at < SAME_MOMENT:
        return None
    return CallbackWanted(reason=CallbackReason.LOST)
