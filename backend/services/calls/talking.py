"""From the first pick-up to the last leg: who wins, who leaves, what is kept of an ended call."""

from __future__ import annotations

import asyncio

import structlog

from backend.domain.call import Leg, Over, Taken
from backend.errors import AppError
from backend.services.calls import views
from backend.services.calls.core import Core
from backend.services.calls.live import Live
from backend.services.calls.pauses import Pausing
from backend.services.calls.rescue import given_up
from backend.services.calls.ringing import Ringing
from backend.services.calls.rooms import Rooms
from backend.services.calls.tracing import settled
from backend.services.calls.transfer import over
from protocol.pushes import RecordRef
from protocol.vocabulary import (
    CallState,
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
FORGOTTEN_S = 5.0
"""After a hang-up was accepted: past this its report is taken as lost."""


class Talking:
    def __init__(self, core: Core, ringing: Ringing, rooms: Rooms) -> None:
        self._core = core
        self._ringing = ringing
        self._rooms = rooms
        self.pausing = Pausing(core)

    # ── the answer ──

    def take(self, live: Live, winner: Leg) -> None:
        """This leg has the talk; everyone else stops ringing, and only then are they connected."""
        core, at = self._core, winner.answered_at or self._core.clock.now()
        core.record(live, Taken(leg_id=winner.leg_id, at=at))
        live.wanted = None  # the journal's reader knows it by the fact
        self._ringing.stop(live, winner=winner.leg_id, cause=HangupCause.ANSWERED_ELSEWHERE)
        self.drop_losers(live)
        core.spawn(self._rooms.connect(live))
        if winner.employee_id is not None:
            core.spawn(self._rooms.make_room(live, winner.employee_id))

    def drop_losers(self, live: Live) -> None:
        """Whoever was called and did not win hears that somebody else answered."""
        talk, sought = live.call.talkers, live.rung_legs if live.seeks else set()
        sought |= live.coming
        if live.transfer is not None and live.transfer.leg_id is not None:
            sought.add(live.transfer.leg_id)
        for leg in live.call.live_legs:
            if leg not in talk and leg.leg_id not in sought:
                self._core.end_leg(live, leg.leg_id, HangupCause.ANSWERED_ELSEWHERE)

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
        self._rooms.recording.end(live)
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
