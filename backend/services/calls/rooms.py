"""Who hears whom: the talk's room, who waits with music, who is apart, whose microphone is off.

Orders about a call's rooms reach the switch in the order they were given (`Live.lock`), and each
looks again at what is wanted when its turn comes.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import structlog

from backend.domain.call import Held, Muted
from backend.errors import NotFound, SwitchError
from backend.services.calls.core import Core
from backend.services.calls.keys import Keys
from backend.services.calls.live import Live
from backend.services.calls.recording import Recording
from backend.services.ports import Sound
from protocol.vocabulary import CallState, Direction, EmployeeId, LegId, LegState

log = structlog.get_logger(__name__)

AGAIN_S, AGAIN_MAX_S = 2.0, 30.0
"""After those who talk could not be connected: each second of it is silence, but a switch that
refuses for good is not to be asked for ever at this rate."""


class Rooms:
    def __init__(self, core: Core) -> None:
        self._core = core
        self._keys = Keys(core)
        self.recording = Recording(core)

    # ── the talk's ──

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
        caller = live.call.leg(room[0])
        if live.call.direction is Direction.INBOUND and caller and caller.state is not LegState.UP:
            await core.order(lambda: core.switch.answer(call_id, room[0]))
        legs = self.inside(live, with_held=resume)
        await core.order(lambda: core.switch.connect(live.slug, call_id, legs))

    async def hear_early(self, live: Live, leg_id: LegId) -> None:
        """Whoever placed the call hears what the other side's network says before the answer, in
        place of our ringing tone."""
        core, call_id = self._core, live.call.call_id
        async with live.lock:
            own, leg = live.call.origin_up, live.call.leg(leg_id)
            if own is None or leg is None or leg.ended_at is not None:
                return
            if live.call.answered_leg is not None or live.call.state is CallState.ENDED:
                return
            legs = (own.leg_id, leg_id)
            try:
                await core.order(lambda: core.switch.connect(live.slug, call_id, legs))
            except (NotFound, SwitchError) as error:
                log.info("not heard before the answer", call=call_id, error=repr(error))

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

    def inside(self, live: Live, *, with_held: bool = False) -> tuple[LegId, ...]:
        """Those in the talk's room: without whoever waits with music, unless he is to come back by
        this; with voices that move to another tab and are not heard yet."""
        room, waits = self.room(live), live.held_leg
        if live.stays_held:
            waits = waits or self.other(live, room, None)
        elif with_held:
            waits = None
        beside = (m.new for m in live.moves.values() if m.silent and m.new not in room)
        return (*(leg for leg in room if leg != waits), *beside)

    def tape(self, live: Live) -> None:
        """See that the talk is recorded, if it is to be: from the first answer on."""
        self.recording.begin(live)

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
        self.recording.hush(live)
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

    # ── apart from the talk ──

    async def soothe(self, live: Live, waiting: Callable[[], LegId | None]) -> None:
        """Music for whoever is `waiting` when the orders before this one are through; None: nobody
        is any more."""
        core, call_id = self._core, live.call.call_id
        async with live.lock:
            waits = waiting()
            if waits is None:
                return
            try:
                await core.order(lambda: core.switch.hold(call_id, waits, on=True))
            except NotFound:
                return  # he hung up
            except SwitchError as error:
                log.error("somebody waits in silence", call=call_id, error=repr(error))
                return
            live.held_leg = waits

    async def aside(
        self, live: Live, leg_id: LegId, sound: Sound, still: Callable[[], bool]
    ) -> bool:
        """Out of every room with this sound, if that is `still` wanted when it comes to it: whether
        it was. Raises SwitchError, NotFound."""
        core, call_id = self._core, live.call.call_id
        async with live.lock:
            if not still():
                return False
            await core.order(lambda: core.switch.set_aside(call_id, leg_id, sound))
            return True

    async def consult(
        self, live: Live, legs: tuple[LegId, LegId], still: Callable[[], bool]
    ) -> bool:
        """These two hear each other apart from the talk, if that is `still` wanted when it comes to
        it: whether it was. Raises SwitchError, NotFound."""
        core, call_id = self._core, live.call.call_id
        async with live.lock:
            if not still():
                return False
            await core.order(lambda: core.switch.consult(live.slug, call_id, legs))
            return True
