"""A voice that moves to another tab in the middle of a talk, without a moment's silence (M14, R6).

The tab the person chose is the phone by now; the talk is still in the one it was in:

    rung ──► up ──► in the room, unheard ──► its sound is up ──► heard; the old leg parts
      └────────┴──────────────┴──────► anything else: the new leg is hung up, the old one talks on

Two legs of one person are two microphones: the new one is silent on the switch until the other
leaves. That it really hears is its tab's word (`call.take_voice`): the switch calls a leg up before
its sound is.

A new owner finds the old leg talking and a new one that is nobody's, and hangs that up: nothing
is written down before the new one has the talk.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import structlog

from backend.domain.call import Joined, Leg, Parted
from backend.domain.leg_id import agent_leg
from backend.domain.scenario import Device
from backend.errors import NotFound, SwitchError, WrongState
from backend.services.calls.browser import ask_to_answer, device_of
from backend.services.calls.core import Core
from backend.services.calls.live import Live, Move
from backend.services.calls.rooms import Rooms
from backend.services.calls.steps import either
from backend.services.calls.views import other_party
from backend.services.ports import MOVE_HEADER
from protocol.phone import StayReason
from protocol.vocabulary import CallState, EmployeeId, HangupCause, LegId, LegState

log = structlog.get_logger(__name__)

MOVE_S: Final = 8.0
"""From the wish to the sound, at most: the line is registered, so only a tab that is about to die
or a network that lets nothing through takes longer."""
SHOWN_S: Final = 15.0
"""How long the card says that the voice stayed."""


class _Stays(Exception):
    """The talk goes on where it is."""

    def __init__(self, reason: StayReason) -> None:
        super().__init__(reason)
        self.reason: StayReason = reason


class Moving:
    def __init__(self, core: Core, rooms: Rooms, settled: Callable[[Live], None]) -> None:
        self._core = core
        self._rooms = rooms
        self._settled = settled

    async def move(self, live: Live, employee_id: EmployeeId, leg_id: LegId) -> None:
        """Have the talk on this leg go on where its person's line is now; returns when it does.

        Raises WrongState with a `StayReason`: then nothing changed.
        """
        if leg_id in live.moves:
            return  # asked twice: under way
        core, old = self._core, live.call.leg(leg_id)
        line = None if old is None else device_of(core, live, old)
        can = core.switch.capabilities
        able = can.mute and "conference" in can.transfers
        if old is None or old.employee_id != employee_id or line is None or not able:
            raise WrongState("no voice to move", reason="not_taken")
        if line.kind != "browser" or live.transfer is not None or not _talks(live, old):
            raise WrongState("nobody talks in a tab", reason="transfer")
        new = agent_leg(employee_id, live.call.next_attempt(employee_id))
        until = core.clock.monotonic() + MOVE_S
        move = live.moves[leg_id] = Move(old=leg_id, new=new, by=employee_id, until=until)
        live.stayed.pop(employee_id, None)
        try:
            await self._carry(live, move, line)
        except _Stays as stays:
            log.info("voice stays", call=live.call.call_id, leg_id=new, reason=stays.reason)
            self._tell(live, employee_id, stays.reason)
            raise WrongState("the voice stays", reason=stays.reason) from None
        finally:
            live.moves.pop(leg_id, None)
            gone = live.call.leg(new)
            if not _has_it(live, new) and gone is not None and gone.state is not LegState.ENDED:
                core.end_leg(live, new, HangupCause.CANCELLED)
            self._settled(live)

    def sounds(self, live: Live, employee_id: EmployeeId, leg_id: LegId) -> None:
        """The tab's word that sound is up on this leg."""
        for move in live.moves.values():
            if move.new == leg_id and move.by == employee_id:
                move.sounds = True
                move.news.set()

    def settle(self, live: Live) -> None:
        """Something changed: those who wait look again."""
        for move in live.moves.values():
            move.news.set()

    # ── the way ──

    async def _carry(self, live: Live, move: Move, line: Device) -> None:
        """Raises _Stays."""
        core, call_id = self._core, live.call.call_id
        core.plan(live, move.new, line.endpoint, line)
        number, name = other_party(live, move.by, core.account(live))
        error = await core.ring(
            live,
            move.new,
            line.endpoint,
            timeout_s=MOVE_S,
            caller=(number, name or number),
            auto_answer=True,
            header=MOVE_HEADER,
        )
        if error is not None:
            raise _Stays("unreachable")
        ask_to_answer(core, live, move.by, move.new)
        await self._until(live, move, lambda: _is_up(live, move.new), "not_taken")
        try:
            await self._let_in(live, move)
            await self._until(live, move, lambda: move.sounds, "no_sound")
            await self._give_over(live, move)
        except (SwitchError, NotFound) as trouble:
            log.warning("voice not moved", call=call_id, error=repr(trouble))
            raise _Stays("switch") from trouble

    async def _let_in(self, live: Live, move: Move) -> None:
        """Beside the old one, and heard by nobody. Raises SwitchError, NotFound, _Stays."""
        core, call_id = self._core, live.call.call_id
        async with live.lock:
            self._check(live, move)
            if move.old not in self._rooms.inside(live) or _has_it(live, move.new):
                return  # he waits with music himself, or was lost
            await self._silence(live, move, on=True)
            legs = self._rooms.inside(live)
            await core.order(lambda: core.switch.connect(live.slug, call_id, legs))

    async def _give_over(self, live: Live, move: Move) -> None:
        """The new one is heard, the old one parts. Raises SwitchError, NotFound, _Stays."""
        core, call_id = self._core, live.call.call_id
        async with live.lock:
            old = self._check(live, move)
            if _has_it(live, move.new):
                # The old one was lost, and its rescue found this one.
                await self._silence(live, move, on=_is_muted(live, move.new))
                return
            if live.held_leg == move.old:
                await core.order(lambda: core.switch.hold(call_id, move.new, on=True))
                live.held_leg = move.new
            # He may press the button while the switch is asked.
            while move.silent != _is_muted(live, move.old):
                await self._silence(live, move, on=not move.silent)
            self._check(live, move)
            side, at = live.call.side_of(old), core.clock.now()
            if side is None or old.has_parted:
                raise _Stays("transfer")
            if move.silent:
                self._rooms.note_mute(live, move.new, on=True)
            core.record(live, Joined(leg_id=move.new, side=side, at=at))
            core.record(live, Parted(leg_id=move.old, at=at))
            live.moved[move.old] = move.new
            core.end_leg(live, move.old, HangupCause.NORMAL)
        self._settled(live)
        # The room is right by now; this sees to it should the switch have lost an order.
        await self._rooms.connect(live)

    async def _silence(self, live: Live, move: Move, *, on: bool) -> None:
        core, call_id = self._core, live.call.call_id
        if move.silent != on:
            await core.order(lambda: core.switch.mute(call_id, move.new, on=on))
            move.silent = on

    # ── questions ──

    async def _until(
        self, live: Live, move: Move, done: Callable[[], bool], late: StayReason
    ) -> None:
        """Raises _Stays, with `late` when it takes too long."""
        while True:
            self._check(live, move)
            if done() or _has_it(live, move.new):
                return
            left = move.until - self._core.clock.monotonic()
            if left <= 0:
                raise _Stays(late)
            move.news.clear()
            await either(move.news, self._core.clock, left)

    def _check(self, live: Live, move: Move) -> Leg:
        """The old leg, while there is something to move. Raises _Stays."""
        old, new = live.call.leg(move.old), live.call.leg(move.new)
        if old is None or live.call.state is CallState.ENDED:
            raise _Stays("transfer")
        if new is None or new.state is LegState.ENDED:
            raise _Stays("not_taken")
        transfer = live.transfer
        if transfer is not None and transfer.rescue and transfer.sender_leg == move.old:
            return old  # lost meanwhile: the new one, once it is up, is whom its rescue looks for
        if not _has_it(live, move.new) and (transfer is not None or not _talks(live, old)):
            raise _Stays("transfer")
        return old

    def _tell(self, live: Live, employee_id: EmployeeId, reason: StayReason) -> None:
        live.stayed[employee_id] = reason
        self._core.spawn(self._forget(live, employee_id, reason))

    async def _forget(self, live: Live, employee_id: EmployeeId, reason: StayReason) -> None:
        await self._core.clock.sleep(SHOWN_S)
        if live.stayed.get(employee_id) == reason and not live.closed:
            del live.stayed[employee_id]
            self._core.show(live)


def _talks(live: Live, leg: Leg) -> bool:
    talks = live.call.state in (CallState.TALKING, CallState.HELD)
    return talks and leg in live.call.talkers


def _is_up(live: Live, leg_id: LegId) -> bool:
    leg = live.call.leg(leg_id)
    return leg is not None and leg.state is LegState.UP


def _is_muted(live: Live, leg_id: LegId) -> bool:
    leg = live.call.leg(leg_id)
    return leg is not None and leg.is_muted


def _has_it(live: Live, leg_id: LegId) -> bool:
    """This leg has the talk."""
    return any(leg.leg_id == leg_id for leg in live.call.talkers)
