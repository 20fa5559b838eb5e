"""From the first pick-up to the last leg: who wins, who hears whom, hold, hanging up."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import structlog

from backend.domain.call import Held, Leg, Muted, Over, Taken
from backend.errors import AppError, NotFound, SwitchError
from backend.services.calls import views
from backend.services.calls.core import Core
from backend.services.calls.keys import Keys
from backend.services.calls.live import Live
from backend.services.calls.pauses import Pausing
from backend.services.calls.recording import Recording
from backend.services.calls.rescue import given_up
from backend.services.calls.ringing import Ringing
from backend.services.calls.tracing import settled
from backend.services.calls.transfer import over
from protocol.pushes import RecordRef
from protocol.vocabulary import (
    CallState,
    Direction,
    EmployeeId,
    HangupCause,
    LegId,
    LegState,
    Outcome,
    TransferTrouble,
)

log = structlog.get_logger(__name__)

CARD_S = 60.0
"""How long an ended card stays for whoever talked."""
GRACE_S = 2.0
"""How long the history waits for the last legs' reports, to keep their causes."""
AGAIN_S, AGAIN_MAX_S = 2.0, 30.0
"""After those who talk could not be connected: each second of it is silence, but a switch that
refuses for good is not to be asked for ever at this rate."""
FORGOTTEN_S = 5.0
"""After a hang-up was accepted: past this its report is taken as lost."""


class Talking:
    def __init__(self, core: Core, ringing: Ringing) -> None:
        self._core = core
        self._ringing = ringing
        self._recording = Recording(core)
        self.pausing = Pausing(core)
        self._keys = Keys(core)

    # ── the answer ──

    def take(self, live: Live, winner: Leg) -> None:
        """This leg has the talk; everyone else stops ringing, and only then are they connected."""
        core, at = self._core, winner.answered_at or self._core.clock.now()
        core.record(live, Taken(leg_id=winner.leg_id, at=at))
        live.wanted = None  # the journal's reader knows it by the fact
        self._ringing.stop(live, winner=winner.leg_id, cause=HangupCause.ANSWERED_ELSEWHERE)
        self.drop_losers(live)
        core.spawn(self.connect(live))
        if winner.employee_id is not None:
            core.spawn(self.make_room(live, winner.employee_id))

    def drop_losers(self, live: Live) -> None:
        """Whoever was called and did not win hears that somebody else answered."""
        talk, sought = live.call.talkers, live.rung_legs if live.seeks else set()
        sought |= live.coming
        if live.transfer is not None and live.transfer.leg_id is not None:
            sought.add(live.transfer.leg_id)
        for leg in live.call.live_legs:
            if leg not in talk and leg.leg_id not in sought:
                self._core.end_leg(live, leg.leg_id, HangupCause.ANSWERED_ELSEWHERE)

    async def connect(self, live: Live, *, resume: bool = False) -> None:
        """Let everybody who is in the talk hear each other; `resume`: whoever was held, too."""
        async with live.lock:
            await self._connect(live, resume=resume)

    async def take_up(self, live: Live, leg_id: LegId, *, muted: bool) -> None:
        """Whoever was lost is back on this leg; `muted`: nobody is to hear him yet."""
        if muted:
            await self._mute_again(live, leg_id)
        await self.connect(live, resume=True)

    async def _mute_again(self, live: Live, leg_id: LegId) -> None:
        core, call_id = self._core, live.call.call_id
        # Before the switch's word: his tab goes by his card, and he may be lost once more.
        self.note_mute(live, leg_id, on=True)
        try:
            await core.order(lambda: core.switch.mute(call_id, leg_id, on=True))
        except (NotFound, SwitchError) as error:
            # His card says that he is heard: better than a customer alone.
            log.error("not muted again", call=call_id, error=repr(error))
            self.note_mute(live, leg_id, on=False)

    async def _connect(self, live: Live, *, resume: bool) -> None:
        core, call, room = self._core, live.call, self.room(live)
        if not room or call.state is CallState.ENDED:
            return
        try:
            await self._assemble(live, room, resume=resume)
            if resume and (live.call.is_held or live.held_leg is not None) and not live.stays_held:
                await self._unhold(live, self.other(live, room, None))
        except NotFound:
            if not live.disconnected:
                log.info("a leg left before it was connected", call=call.call_id)
            self._try_again(live)
        except SwitchError as error:
            if not live.disconnected:
                log.error("cannot connect", call=call.call_id, error=repr(error))
            self._try_again(live)
        else:
            live.disconnected, live.unmet = False, None
            self.tape(live)
            core.spawn(self._keys.dial_extension(live))

    async def _assemble(self, live: Live, room: tuple[LegId, ...], *, resume: bool) -> None:
        """Have exactly these in one room, `resume`: with whoever is held. Raises SwitchError,
        NotFound."""
        core, call_id = self._core, live.call.call_id
        if live.call.direction is Direction.INBOUND:
            await core.order(lambda: core.switch.answer(call_id, room[0]))
        legs = room if resume and not live.stays_held else self.inside(live)
        await core.order(lambda: core.switch.connect(live.slug, call_id, legs))

    def reunite(self, live: Live) -> None:
        """Something changed: those who could not be connected may be by now."""
        if live.disconnected:
            self._core.spawn(self._reunite(live))

    def _try_again(self, live: Live) -> None:
        """Somebody may be in silence: not only when the next report comes."""
        if not live.disconnected:
            live.disconnected = True
            self._core.spawn(self._keep_trying(live))

    async def _keep_trying(self, live: Live) -> None:
        delay_s = AGAIN_S
        while live.disconnected and live.call.state is not CallState.ENDED:
            await self._core.clock.sleep(delay_s)
            await self._reunite(live)
            delay_s = min(2 * delay_s, AGAIN_MAX_S)

    async def _reunite(self, live: Live) -> None:
        async with live.lock:
            # While it is being passed on, who hears whom is for the transfer to say.
            passing = live.transfer is not None and not live.transfer.swapped
            if live.disconnected and not passing:
                await self._connect(live, resume=True)

    def inside(self, live: Live) -> tuple[LegId, ...]:
        """Those of the talk who hear each other: without whoever waits with music."""
        room, waits = self.room(live), live.held_leg
        if live.stays_held and waits is None:
            waits = self.other(live, room, None)
        return tuple(leg for leg in room if leg != waits)

    def tape(self, live: Live) -> None:
        """See that the talk is recorded, if it is to be: from the first answer on."""
        self._recording.begin(live)

    def room(self, live: Live) -> tuple[LegId, ...]:
        """The legs of the talk, the caller's side first; empty while a side is."""
        call = live.call
        if call.answered_leg is None or call.vacant is not None:
            return ()
        legs = tuple(leg.leg_id for leg in call.talkers)
        return legs if len(legs) > 1 else ()

    # ── hold ──

    async def hold(self, live: Live, own: LegId | None, *, on: bool, by_us: bool = False) -> None:
        """Music for the other side, or back. Asking for the present state does nothing.

        `own` is the leg of who asks. `by_us`: also where a telephone holds the call by itself: its
        music ends when it leaves. Raises WrongState through the caller, SwitchError, NotFound.
        """
        core = self._core
        async with live.lock:
            room = self.room(live)
            already = live.call.is_held == on and not (by_us and live.held_leg is None)
            if not room or already:
                return
            other = self.other(live, room, own)
            if live.disconnected:
                await self._assemble(live, room, resume=True)
                live.disconnected, live.unmet = False, None
            if not on:
                await self._unhold(live, other)
                return
            try:
                await core.switch.hold(live.call.call_id, other, on=True)
            except SwitchError:
                # Half of it may be done, and he sits in silence.
                live.held_leg = other
                core.spawn(self.connect(live, resume=True))
                raise
            live.held_leg = other
            self._note_hold(live, on=True)

    def other(self, live: Live, room: tuple[LegId, ...], own: LegId | None) -> LegId:
        """Who hears the music while `own` is elsewhere."""
        customer = live.call.customer
        if customer is not None:
            return customer.leg_id
        return next((leg for leg in room if leg != own), room[0])

    async def _unhold(self, live: Live, other: LegId) -> None:
        leg_id = other if live.held_leg is None else live.held_leg
        await self._core.switch.hold(live.call.call_id, leg_id, on=False)
        live.held_leg, live.stays_held = None, False
        self._note_hold(live, on=False)

    def _note_hold(self, live: Live, *, on: bool) -> None:
        core = self._core
        self._recording.hush(live)
        if live.call.is_held == on:
            return
        # The switch has accepted and may report it too; the later of both instants counts.
        known, at = live.call.hold, core.clock.now()
        if known is not None:
            at = max(at, known[0] + timedelta(microseconds=1))
        core.record(live, Held(on=on, at=at))
        core.show(live)

    async def make_room(self, live: Live, employee_id: EmployeeId) -> None:
        """Hold whatever else this employee talks in: he turns to this call (W8).

        Raises SwitchError, NotFound.
        """
        for other in self._core.calls_of(live.call.account_id, employee_id):
            talks = other.call.state is CallState.TALKING and employee_id in other.call.at_talk
            if other is not live and talks and other.transfer is None:
                own = other.call.leg_of(employee_id)
                await self.hold(other, None if own is None else own.leg_id, on=True)

    async def mute(self, live: Live, leg_id: LegId, *, on: bool) -> None:
        """Nobody hears this leg, or everybody again. Raises SwitchError, NotFound."""
        leg = live.call.leg(leg_id)
        if leg is not None and leg.is_muted != on:
            try:
                await self._core.switch.mute(live.call.call_id, leg_id, on=on)
            except NotFound:
                if leg_id not in live.moved:
                    raise
            self.note_mute(live, leg_id, on=on)
        if leg_id in live.moved:
            # His voice went to another tab while the switch was asked.
            await self.mute(live, live.moved[leg_id], on=on)

    def note_mute(self, live: Live, leg_id: LegId, *, on: bool) -> None:
        core, leg = self._core, live.call.leg(leg_id)
        at = core.clock.now()
        if leg is not None and leg.mute is not None:
            at = max(at, leg.mute[0] + timedelta(microseconds=1))
        core.record(live, Muted(leg_id=leg_id, on=on, at=at))
        core.show(live)

    # ── the end ──

    async def hang_up(self, live: Live) -> None:
        """End every leg of the call. Raises SwitchError when the switch does not do it."""
        core, call = self._core, live.call
        legs = [leg.leg_id for leg in call.live_legs]
        live.asked_to_end.update(legs)
        talked = call.answered_leg is not None
        cause = HangupCause.NORMAL if talked else HangupCause.CANCELLED
        orders = [core.switch.hang_up(call.call_id, leg_id, cause) for leg_id in legs]
        answers = await asyncio.gather(*orders, return_exceptions=True)
        failed = {
            leg_id: answer
            for leg_id, answer in zip(legs, answers, strict=True)
            if isinstance(answer, AppError)
        }
        live.asked_to_end.difference_update(failed)
        for error in failed.values():
            raise error
        if not talked:
            # Nobody to hear a report of: the caller gave up before anything was connected.
            core.record(live, Over(cause=cause, at=core.clock.now()))
            self.finish(live)
        else:
            core.spawn(self._end_unreported(live))

    async def _end_unreported(self, live: Live) -> None:
        """The switch did what it was asked and its report was lost: the call is over all the
        same."""
        await self._core.clock.sleep(FORGOTTEN_S)
        if live.call.state is not CallState.ENDED:
            self._core.record(live, Over(cause=HangupCause.NORMAL, at=self._core.clock.now()))
            self.finish(live)

    def finish(self, live: Live) -> None:
        """See to an ended call: silence, cards, history. Once; later facts only refine it."""
        if live.ended:
            self._core.show(live)
            return
        live.ended = True
        call, core = live.call, self._core
        answered = call.outcome is Outcome.ANSWERED
        cause = HangupCause.NORMAL if answered else HangupCause.CANCELLED
        self._ringing.stop(live, winner=None, cause=cause)
        if live.origin is not None and live.origin.timer is not None:
            live.origin.timer.cancel()
        for leg in call.live_legs:
            told = call.cause if call.is_origin(leg) and call.cause is not None else cause
            core.end_leg(live, leg.leg_id, told)
        if not call.live_legs:
            live.all_gone.set()
        if live.transfer is not None:
            live.wanted = given_up(live) or live.wanted
            gone = over(live.transfer, core.clock.now(), reason=TransferTrouble.CANCELLED)
            live.handovers.append(gone)
            live.transfer = None
        self._recording.end(live)
        core.idle.ended(call)
        # Before the cards leave: the search ends with the last of them.
        record = core.callers.record_of(call.call_id)
        core.show(live)
        core.spawn(self._wind_up(live, record))

    async def _wind_up(self, live: Live, record: tuple[RecordRef, str] | None) -> None:
        """History first, then the cards' time, then oblivion."""
        core = self._core
        await self._legs_gone(live)
        await settled(live)
        record = core.callers.record_of(live.call.call_id) or record
        kept = views.finished(live, record, core.account(live))
        core.journal.finish(kept)
        log.info(
            "call ended",
            account=kept.account_id,
            call=kept.call_id,
            direction=kept.direction,
            number=kept.number,
            outcome=kept.outcome,
            cause=kept.cause,
            talk_s=kept.talk_s,
        )
        core.spawn(self._release(live))
        core.spawn(self._tell_history(live))
        await core.clock.sleep(CARD_S - GRACE_S)
        if views.finished(live, None, core.account(live)).outcome != kept.outcome:
            # A late report made a missed call an answered one.
            core.journal.finish(views.finished(live, record, core.account(live)))
        live.closed = True
        core.show(live)
        core.put_away(live)

    async def _legs_gone(self, live: Live) -> None:
        gone = asyncio.ensure_future(live.all_gone.wait())
        late = asyncio.ensure_future(self._core.clock.sleep(GRACE_S))
        try:
            await asyncio.wait((gone, late), return_when=asyncio.FIRST_COMPLETED)
        finally:
            gone.cancel()
            late.cancel()

    async def _release(self, live: Live) -> None:
        await self._core.order(lambda: self._core.switch.release(live.call.call_id))

    async def _tell_history(self, live: Live) -> None:
        await self._core.journal.flush()
        call = live.call
        placed_by = () if call.placed_by is None else (call.placed_by,)
        concerned = {*call.rung, *live.withdrawn, *placed_by}
        self._core.notices.history(call, sorted(concerned))

    def crossed(self, live: Live, leg_id: LegId) -> None:
        """Somebody picked up as he was being hung up, or just after the call's end: it is no
        answer."""
        leg = live.call.leg(leg_id)
        if leg is None or leg.state is not LegState.ENDED:
            self._core.spawn(self._hang_up_crossed(live, leg_id))

    async def _hang_up_crossed(self, live: Live, leg_id: LegId) -> None:
        call_id = live.call.call_id
        await self._core.order(
            lambda: self._core.switch.hang_up(call_id, leg_id, HangupCause.CANCELLED)
        )
