"""A supervisor beside a talk, as the cloud has it: its coach, `add.coach`.

He hears both and is heard by the employee only; a way to listen without a voice, or to join in, is
documented nowhere. The cloud connects him by itself when he picks up.
"""

from __future__ import annotations

import contextlib

from backend.errors import NoDevice, NotFound, SwitchRefused
from backend.services.ports.watching import WatchOrder, WatchState
from backend.telephony.uis import names
from backend.telephony.uis.call_api import CallApi
from backend.telephony.uis.listener import Listener
from backend.telephony.uis.naming import LISTENS
from backend.telephony.uis.post import Post
from backend.telephony.uis.session import Coach, Session
from protocol.vocabulary import LegState


class Coaching:
    """`services.ports.watching.Watches` of one account of the cloud."""

    def __init__(self, calls: CallApi, listener: Listener, post: Post) -> None:
        self._calls = calls
        self._listener = listener
        self._post = post

    async def ring_watcher(self, order: WatchOrder) -> None:
        session = self._listener.sessions.of_call(order.call_id)
        if session is None:
            raise NotFound("the cloud has no such call")
        if order.mode != "whisper":
            raise SwitchRefused("the cloud's coach is heard by the employee, and by nobody else")
        target = names.parse(order.endpoint)
        if target is None:
            raise NoDevice(f"{order.endpoint!r} is no line of this cloud")
        if any(coach.watch_id == order.watch_id for coach in session.coaches):
            return
        if session.has(target):
            raise SwitchRefused("he takes part in the talk already")
        coach = Coach(watch_id=order.watch_id, target=target)
        session.coaches.append(coach)
        try:
            await self._calls.coach(session.session_id, names.number_of(target))
        except (SwitchRefused, NotFound):
            session.coaches.remove(coach)
            raise
        self._listener.look_soon()

    async def watch_state(self, watch_id: str) -> WatchState:
        found = self._find(watch_id)
        if found is None or found[1].state is LegState.ENDED:
            return "gone"
        return "up" if found[1].state is LegState.UP else "ringing"

    async def let_in(self, order: WatchOrder) -> None:
        """The cloud did, when he picked up."""
        if order.mode != "whisper":
            raise SwitchRefused("the cloud's coach is heard by the employee, and by nobody else")

    async def end_watch(self, watch_id: str) -> None:
        found = self._find(watch_id)
        if found is None or found[1].state is LegState.ENDED:
            return
        session, coach = found
        if coach.vendor_id is None:
            # Nobody can be sent away who has no number yet; the list tells it soon.
            coach.unwanted = True
            self._listener.look_soon()
            return
        await self._send_away(session.session_id, coach.vendor_id)
        coach.state = LegState.ENDED

    async def end_watches(self) -> None:
        kept = {place for place, name in (await self._post.names()).items() if name == LISTENS}
        if not kept:
            return
        for row in await self._calls.sessions():
            for leg in row.legs:
                if (row.session_id, leg.leg_id) in kept and leg.state is not LegState.ENDED:
                    await self._send_away(row.session_id, leg.leg_id)

    async def _send_away(self, session_id: int, vendor_id: int) -> None:
        with contextlib.suppress(NotFound):
            await self._calls.disconnect(session_id, vendor_id)
        self._listener.look_soon()

    def _find(self, watch_id: str) -> tuple[Session, Coach] | None:
        return next(
            (
                (session, coach)
                for session in self._listener.sessions.all()
                for coach in session.coaches
                if coach.watch_id == watch_id
            ),
            None,
        )
