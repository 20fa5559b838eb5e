"""The Switch port over the UIS/CoMagic cloud: commands by Call API, news by `listener`.

The cloud owns bridges and legs: it rings both sides of a call by one order, connects them by
itself, and asks us where an inbound call is to go. What the port orders one by one is done by it
already, or is the answer to its question; what it cannot do is in `CAPABILITIES`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Final

import httpx

from backend.errors import NotFound, SwitchRefused
from backend.kit.backoff import Backoff
from backend.kit.clock import Clock
from backend.services.ports import Capabilities, HoldReported, RingOrder, SoundOver, SwitchEvent
from backend.services.ports.switch import Sound
from backend.telephony.uis import names
from backend.telephony.uis.call_api import DTMF, CallApi, message
from backend.telephony.uis.coaching import Coaching
from backend.telephony.uis.data_api import DataApi
from backend.telephony.uis.errors import mnemonic_of
from backend.telephony.uis.listener import Listener
from backend.telephony.uis.naming import Who
from backend.telephony.uis.post import Post
from backend.telephony.uis.questions import Questions
from backend.telephony.uis.registrations import Registrations
from backend.telephony.uis.ringing import Ringing
from backend.telephony.uis.rpc import RpcClient
from backend.telephony.uis.session import Leg, Session
from backend.telephony.uis.sessions import Ours
from backend.telephony.uis.tape import Tape
from protocol.vocabulary import CallId, HangupCause, LegId, LegState

CAPABILITIES: Final = Capabilities(
    answer=False,
    mute=False,
    transfers=frozenset(("attended",)),
    recording=False,
    announcement=False,
    messages=False,
    watch=frozenset(("whisper",)),
    routes=True,
)
_PAUSE: Final = ","
_OURS: Final = "dozvon/"
"""Files that were put onto a switch of our own; messages of the cloud have other names."""


class UisSwitch:
    """One account of the cloud as a `Switch`. `events()` may be read by one reader at a time.

    `who` names our employee behind one of the cloud's, `ours` says whether a virtual number is one
    of ours: calls to others are left alone. `identity` is part of the ids of inbound
    calls and must stay the same for good. Without `data_url` there are no reasons of ends and no
    registrations. `records_by_command`: the account's own rules record nobody, so that what we
    begin and pause is all there is.
    """

    def __init__(
        self,
        url: str,
        token: str,
        *,
        post: Post,
        who: Who,
        ours: Ours = lambda _number: True,
        clock: Clock,
        identity: str,
        data_url: str = "",
        poll_s: float = 30.0,
        answer_s: float = 3.0,
        hold_message: str = "tts:Пожалуйста, подождите на линии.",
        records_by_command: bool = False,
        request_timeout_s: float = 5.0,
        backoff: Backoff | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._clock = clock
        self._identity = identity
        self._hold = message(hold_message)
        self._rpc = RpcClient(url, token, timeout_s=request_timeout_s, transport=transport)
        self._calls = CallApi(self._rpc)
        self._data_rpc = (
            RpcClient(data_url, token, timeout_s=request_timeout_s, transport=transport)
            if data_url
            else None
        )
        data = None if self._data_rpc is None else DataApi(self._data_rpc)
        self._questions = Questions(clock, answer_s)
        self._listener = Listener(
            identity,
            self._rpc,
            self._calls,
            data,
            post,
            self._questions,
            clock=clock,
            who=who,
            ours=ours,
            poll_s=poll_s,
            backoff=backoff or Backoff(),
        )
        self._registrations = Registrations(data, clock)
        self._keys = asyncio.Lock()
        """Keys go one after another, in the order they were pressed."""
        self.watches = Coaching(self._calls, self._listener, post)
        """Supervisors beside talks."""
        self._can = replace(CAPABILITIES, recording=records_by_command)
        self._tape = Tape(
            self._calls,
            lambda call_id: self._listener.sessions.of_call(call_id),
            strict=records_by_command,
        )
        self._ringing = Ringing(
            identity,
            self._calls,
            self._listener,
            self._questions,
            clock=clock,
            hang_up=self.hang_up,
        )

    @property
    def capabilities(self) -> Capabilities:
        return self._can

    @property
    def ignored(self) -> dict[str, int]:
        """What nothing was made of, by kind, for the metrics."""
        return dict(self._listener.sessions.ignored)

    def events(self) -> AsyncIterator[SwitchEvent]:
        return self._listener.events()

    # ── ringing ──

    async def ring(self, order: RingOrder) -> None:
        await self._ringing.ring(order)

    async def registered(self, endpoints: Sequence[str]) -> dict[str, bool]:
        return await self._registrations.of(endpoints)

    async def indicate_ringing(self, call_id: CallId, leg_id: LegId) -> None:
        """The cloud's scenario decides what is heard."""

    async def answer(self, call_id: CallId, leg_id: LegId) -> None:
        """The cloud did, when it connected them."""

    async def connect(self, account: str, call_id: CallId, legs: Sequence[LegId]) -> None:
        """Two who were rung for each other are connected already; a third party is let in, or
        sent away, by a command."""
        session = self._session(call_id)
        async with session.passing:
            wanted = self._present(session, legs)
            if not session.held or session.contact not in wanted:
                return
            own = _operators(session)
            if len(own) > 1 and own[-1] in wanted:
                await self._calls.transfer(session.session_id)
            else:
                third = len(own) > 1 and own[-1].asked is None
                await self._bring_back(session.session_id, third=third)
            self._report_hold(session, on=False)
        self._listener.look_soon()

    async def _bring_back(self, session_id: int, *, third: bool) -> None:
        """The contact and who spoke first talk again. Whether a third party is still there can
        have changed under way: each state has its own command, and refuses the other's."""
        first, second = self._calls.restore, self._calls.unhold
        if not third:
            first, second = second, first
        try:
            await first(session_id)
        except SwitchRefused as refused:
            if mnemonic_of(refused) != "invalid_state":
                raise
            await second(session_id)

    # ── in the talk ──

    async def hold(self, call_id: CallId, customer: LegId, *, on: bool) -> None:
        session = self._session(call_id)
        async with session.passing:
            if session.held != on:
                if on:
                    await self._calls.hold(session.session_id, *self._hold)
                else:
                    await self._calls.unhold(session.session_id)
            self._report_hold(session, on=on)

    def _report_hold(self, session: Session, *, on: bool) -> None:
        session.held = on
        now = self._clock.now()
        self._listener.tell([HoldReported(call_id=session.call_id, on=on, at=now)])

    async def consult(self, account: str, call_id: CallId, legs: Sequence[LegId]) -> None:
        """The cloud connects a third party with who asked for it, once it answers."""
        self._present(self._session(call_id), legs)

    async def set_aside(self, call_id: CallId, leg_id: LegId, sound: Sound) -> None:
        """What is heard meanwhile is the cloud's own."""

    async def mute(self, call_id: CallId, leg_id: LegId, *, on: bool) -> None:
        raise SwitchRefused("the cloud mutes nobody: the telephone does")

    async def send_digits(self, call_id: CallId, leg_id: LegId, digits: str) -> None:
        """One request for each key, whoever's leg is named: the contact hears it. Keys the cloud
        does not take are refused before the first."""
        session = self._session(call_id)
        self._present(session, [leg_id])
        if set(digits) - DTMF - {_PAUSE}:
            raise SwitchRefused("the cloud sends 0-9, * and # only")
        self._listener.chore(self._send_keys(session.session_id, digits))

    async def _send_keys(self, session_id: int, digits: str) -> None:
        async with self._keys:
            for key in digits:
                if key == _PAUSE:
                    await self._clock.sleep(1.0)
                else:
                    await self._calls.send_dtmf(session_id, key)

    async def play(self, call_id: CallId, leg_id: LegId, sound: str) -> None:
        """The cloud says its messages when it forwards a caller, so this one is heard with the
        next people to ring, and counts as over at once. `sound` is its name in the cloud."""
        session = self._listener.sessions.of_call(call_id)
        waits = session is not None and session.inbound and leg_id == names.CONTACT_LEG
        if session is None or not waits or session.answered:
            raise SwitchRefused("the cloud plays messages to callers who wait only")
        if sound.startswith(_OURS):
            raise SwitchRefused("that sound is another switch's")
        self._questions.greet(session.session_id, sound)
        now = self._clock.now()
        self._listener.tell([SoundOver(call_id=call_id, leg_id=leg_id, kind="played", at=now)])

    async def take_message(self, call_id: CallId, leg_id: LegId, name: str, *, max_s: int) -> None:
        raise SwitchRefused("the cloud takes messages by its own scenario only")

    async def announce_recording(self, call_id: CallId) -> None:
        raise SwitchRefused("the cloud announces recordings by its own scenario only")

    async def record(self, call_id: CallId, name: str) -> None:
        await self._tape.begin(self._session(call_id), name)

    async def mute_recording(self, name: str, *, on: bool) -> None:
        await self._tape.mute(name, on=on)

    async def stop_recording(self, name: str) -> None:
        await self._tape.stop(name)

    # ── the end ──

    async def hang_up(self, call_id: CallId, leg_id: LegId, cause: HangupCause) -> None:
        session = self._listener.sessions.of_call(call_id)
        if session is None:
            return
        if self._questions.withdraw(session.session_id, leg_id):
            self._listener.endings.unshown(session, leg_id, cause)
            return
        leg = session.legs.get(leg_id)
        if leg is not None and leg.state is LegState.ENDED:
            return
        if leg is not None:
            leg.asked = leg.asked or cause
        try:
            if leg is None or leg.vendor_id is None or self._ends_all(session, leg):
                if leg is None and (session.inbound or session.live):
                    self._listener.endings.unshown(session, leg_id, cause)
                    return
                session.leaving = True
                await self._calls.release(session.session_id)
            elif not await self._leaves(session, leg):
                await self._calls.disconnect(session.session_id, leg.vendor_id)
        except NotFound:
            pass
        if leg is None:
            self._listener.endings.unshown(session, leg_id, cause)
        self._listener.look_soon()

    async def _leaves(self, session: Session, leg: Leg) -> bool:
        """Whoever asked a third party leaves the contact to it: simply disconnected he would take
        the whole call along."""
        async with session.passing:
            own = _operators(session)
            if not session.held or len(own) < 2 or leg is not own[0]:
                return False
            await self._calls.transfer(session.session_id)
            self._report_hold(session, on=False)
        return True

    def _ends_all(self, session: Session, leg: Leg) -> bool:
        """The contact's end ends the session; so does the caller's, before somebody else is up."""
        if leg is session.contact:
            return True
        others = [one for one in session.live if one is not leg and one.state is LegState.UP]
        return not session.inbound and not others

    async def release(self, call_id: CallId) -> None:
        """Nothing of ours is left in the cloud."""
        self._tape.forget(call_id)

    async def aclose(self) -> None:
        await self._listener.aclose()
        await self._rpc.aclose()
        if self._data_rpc is not None:
            await self._data_rpc.aclose()

    def _present(self, session: Session, legs: Sequence[LegId]) -> list[Leg]:
        """Raises NotFound unless all of them live."""
        wanted = [leg for leg in session.live if leg.leg_id in legs]
        if len(wanted) < len(set(legs)):
            raise NotFound("a leg is gone")
        return wanted

    def _session(self, call_id: CallId) -> Session:
        session = self._listener.sessions.of_call(call_id)
        if session is None:
            raise NotFound("the cloud has no such call")
        return session


def _operators(session: Session) -> list[Leg]:
    """Whoever talks to the contact, then the third party, who came later."""
    own = [leg for leg in session.live if leg is not session.contact]
    return sorted(own, key=lambda leg: leg.vendor_id or 0)
