"""How legs end: by whatever stopped showing them, with a reason that only the report knows."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from datetime import timedelta
from typing import Any, Final

import structlog

from backend.errors import NotFound, SwitchError
from backend.kit.clock import Clock
from backend.services.ports import SwitchEvent
from backend.telephony.uis import causes, names
from backend.telephony.uis.data_api import DataApi, LegEnd
from backend.telephony.uis.questions import Questions
from backend.telephony.uis.session import Leg, Session
from backend.telephony.uis.sessions import UNNUMBERED, Sessions
from backend.telephony.uis.wire import SessionRow
from protocol.vocabulary import HangupCause, LegId, LegState

log = structlog.get_logger(__name__)

UNSHOWN_S: Final = 5.0
"""After our answer a leg that is still in no list does not ring."""
GHOST: Final = timedelta(seconds=6)
"""A session this old that no list has ever shown was over before it could be."""
_REASON_S: Final = 2.0
"""How long a report of reasons is waited for; without it the leg's own course speaks."""
_REFUSED: Final = {"operator_disconnects": HangupCause.REJECTED}
"""Of an employee's leg that never was up: he declined."""


class Endings:
    """`tell` hands events out, `chore` runs what nobody waits for."""

    def __init__(
        self,
        sessions: Sessions,
        data: DataApi | None,
        questions: Questions,
        *,
        clock: Clock,
        tell: Callable[[Iterable[SwitchEvent]], None],
        chore: Callable[[Coroutine[Any, Any, None]], None],
    ) -> None:
        self._sessions = sessions
        self._data = data
        self._questions = questions
        self._clock = clock
        self._tell = tell
        self._chore = chore
        self._asking: set[tuple[int, LegId]] = set()
        """Legs whose reason is being asked for."""

    def end(self, session: Session, leg: Leg, cause: HangupCause) -> None:
        self._tell(self._sessions.end(session, leg, cause, self._clock.now()))
        if self._sessions.get(session.session_id) is None:
            self._questions.forget(session.session_id)

    def unshown(self, session: Session, leg_id: LegId, cause: HangupCause) -> None:
        """A leg the cloud never showed, and is not going to."""
        self.end(session, session.legs.setdefault(leg_id, Leg(leg_id=leg_id)), cause)

    def silent(self, session: Session, *, ago_s: float = 0.0) -> None:
        """What the cloud was told to ring and did not: it keeps quiet about lines nobody is at."""
        expected = {one.leg_id for one in session.expected}
        for leg_id in self._questions.given(session.session_id, ago_s=ago_s):
            if leg_id in expected:
                self.unshown(session, leg_id, HangupCause.UNREACHABLE)

    def after(self, rows: list[SessionRow], known: list[tuple[int, int]]) -> None:
        """What a list says by silence. `known` are the legs shown before it was asked for."""
        for session_id, vendor_id in self._sessions.missing(rows, known):
            session = self._sessions.get(session_id)
            if session is not None:
                self._gone(session, [leg for leg in session.live if _key(leg) == vendor_id])
        shown, before = {row.session_id for row in rows}, self._clock.now() - GHOST
        for session in self._sessions.all():
            self.silent(session, ago_s=UNSHOWN_S)
            if not session.listed and session.session_id not in shown and session.began_at < before:
                self.over(session)

    def over(self, session: Session) -> None:
        """All of it, whatever was expected included."""
        for expected in tuple(session.expected):
            session.legs.setdefault(expected.leg_id, Leg(leg_id=expected.leg_id))
        self._gone(session, session.live)

    def _gone(self, session: Session, legs: list[Leg]) -> None:
        """They are over: say so once it is known why."""
        for leg in legs:
            place = (session.session_id, leg.leg_id)
            caller = leg is session.contact and session.inbound
            if leg.asked is not None or self._data is None or leg.state is LegState.UP or caller:
                self.end(session, leg, leg.asked or self._likely(session, leg))
            elif place not in self._asking:
                self._asking.add(place)
                self._chore(self._end_with_reason(session, leg))

    async def _end_with_reason(self, session: Session, leg: Leg) -> None:
        ends: list[LegEnd] = []
        try:
            if self._data is not None:
                async with asyncio.timeout(_REASON_S):
                    ends = await self._data.leg_ends(
                        session.session_id, since=session.began_at, now=self._clock.now()
                    )
        except (SwitchError, NotFound, TimeoutError) as error:
            log.info("uis.reason_unknown", call=session.call_id, error=str(error))
        finally:
            self._asking.discard((session.session_id, leg.leg_id))
        contact = next((end for end in ends if not end.is_operator), None)
        if contact is not None and session.contact is None and not session.inbound:
            # So quick that no list showed it: the employee was up, and the contact refused.
            self._tell(self._sessions.contact_tried(session, leg, self._clock.now()))
            leg = session.legs[names.CONTACT_LEG]
            leg.vendor_id = contact.leg_id
        # A leg that was never shown has no number of the cloud's: the last one is as good as any.
        own = [end for end in ends if leg.vendor_id in (None, end.leg_id)]
        reason = own[-1].reason if own else ""
        cause = None if leg is session.contact else _REFUSED.get(reason)
        self.end(session, leg, cause or causes.cause_of(reason) or self._likely(session, leg))

    def _likely(self, session: Session, leg: Leg) -> HangupCause:
        return causes.likely(leg.state, contact=leg is session.contact, inbound=session.inbound)


def _key(leg: Leg) -> int:
    return UNNUMBERED if leg.vendor_id is None else leg.vendor_id
