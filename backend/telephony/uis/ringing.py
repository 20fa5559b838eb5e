"""How an order to ring becomes one of the three ways the cloud has of ringing somebody.

a call of ours        one order rings both sides, the employee first
a third party         `make.call`, while the contact is on hold
an inbound call       our answer to the cloud's question where it is to go
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from backend.errors import NoDevice, NotFound, SwitchRefused
from backend.kit.clock import Clock
from backend.services.ports import RingOrder
from backend.telephony.uis import names
from backend.telephony.uis.call_api import CallApi
from backend.telephony.uis.listener import Listener
from backend.telephony.uis.questions import Questions
from backend.telephony.uis.session import Expected, Session
from protocol.vocabulary import CallId, HangupCause, LegId, LegState

ASKED_S: Final = 12.0
"""A leg of an inbound call that the cloud did not ask for within this time cannot be rung."""

HangUp = Callable[[CallId, LegId, HangupCause], Awaitable[None]]


class Ringing:
    def __init__(
        self,
        identity: str,
        calls: CallApi,
        listener: Listener,
        questions: Questions,
        *,
        clock: Clock,
        hang_up: HangUp,
    ) -> None:
        self._identity = identity
        self._calls, self._listener, self._questions = calls, listener, questions
        self._clock, self._hang_up = clock, hang_up
        self._doubtful: set[CallId] = set()
        """Calls whose order to start was sent and not answered."""

    async def ring(self, order: RingOrder) -> None:
        target = names.parse(order.endpoint)
        if target is None:
            raise NoDevice(f"{order.endpoint!r} is no line of this cloud")
        session = self._listener.sessions.of_call(order.call_id)
        if session is None or session.leaving or not (session.live or session.expected):
            await self._start(order, target)
            return
        known = next((one for one in session.expected if one.leg_id == order.leg_id), None)
        if order.leg_id in session.legs or (known is not None and not known.doubtful):
            return
        expected = known or Expected(leg_id=order.leg_id, target=target)
        if session.held:
            await self._ring_third(session, expected, order.timeout_s)
        elif not session.inbound and session.has(target):
            raise NoDevice("the cloud rings an employee's numbers one after another")
        elif not session.inbound:
            # The other side of a call we began: the cloud rings it by itself.
            self._tell_later(session, expected, order.timeout_s)
        elif any(leg.state is LegState.UP for leg in session.live if leg is not session.contact):
            raise SwitchRefused("the cloud rings a third party only while the contact is on hold")
        else:
            self._offer(session, expected, names.number_of(target), order.timeout_s)

    async def _start(self, order: RingOrder, target: names.Line | names.Outside) -> None:
        """Both sides by one order. Asked again after a lost answer, it is looked for first."""
        if isinstance(target, names.Outside) or order.towards is None:
            raise SwitchRefused("the cloud begins a call with an employee's phone only")
        contact = names.parse(order.towards.endpoint)
        if contact is None:
            raise NoDevice(f"{order.towards.endpoint!r} is no line of this cloud")
        if order.call_id in self._doubtful:
            await self._find(order.call_id)
        session = self._listener.sessions.of_call(order.call_id)
        if session is None or session.leaving:
            self._doubtful.add(order.call_id)
            try:
                session_id = await self._calls.start_employee_call(
                    employee=target.employee,
                    number=target.number,
                    contact=names.number_of(contact),
                    virtual=names.digits(order.towards.shown),
                    external_id=names.external_id(self._identity, order.call_id),
                )
            except (SwitchRefused, NotFound):
                self._doubtful.discard(order.call_id)
                raise
            session = self._listener.sessions.started(
                session_id, order.call_id, names.number_of(contact), self._clock.now()
            )
        self._doubtful.discard(order.call_id)
        self._tell_later(session, Expected(leg_id=order.leg_id, target=target), order.timeout_s)

    async def _find(self, call_id: CallId) -> None:
        for row in await self._calls.sessions():
            if names.own_call(self._identity, row.external_id) == call_id and not row.inbound:
                self._listener.sessions.started(
                    row.session_id, call_id, row.contact, self._clock.now()
                )

    async def _ring_third(self, session: Session, expected: Expected, timeout_s: int) -> None:
        """By a command of its own. Asked again after a lost answer, it is looked for first."""
        number = names.number_of(expected.target)
        if not expected.doubtful:
            self._tell_later(session, expected, timeout_s)
        elif expected.shown_in(session.session_id, await self._calls.sessions()):
            expected.doubtful = False
            return
        expected.doubtful = True
        try:
            await self._calls.consult(session.session_id, number)
        except (SwitchRefused, NotFound):
            session.forget(expected.leg_id)
            raise
        expected.doubtful = False
        self._listener.look_soon()

    def _tell_later(self, session: Session, expected: Expected, timeout_s: int) -> None:
        """The leg is told of as soon as the cloud shows it, and given up after its time."""
        self._listener.tell(self._listener.sessions.expect(session, expected, self._clock.now()))
        self._listener.chore(self._run_out(session, expected.leg_id, timeout_s))
        self._listener.look_soon()

    async def _run_out(self, session: Session, leg_id: LegId, timeout_s: float) -> None:
        await self._clock.sleep(timeout_s)
        leg = session.legs.get(leg_id)
        waits = leg is None and any(one.leg_id == leg_id for one in session.expected)
        if waits or (leg is not None and leg.state in (LegState.DIALING, LegState.RINGING)):
            await self._hang_up(session.call_id, leg_id, HangupCause.NO_ANSWER)

    def _offer(self, session: Session, expected: Expected, phone: str, timeout_s: int) -> None:
        """Ring it by answering the cloud's question, now or when it comes."""
        self._listener.sessions.expect(session, expected, self._clock.now())
        self._questions.offer(session.session_id, expected.leg_id, phone)
        self._listener.chore(self._unasked(session, expected.leg_id, min(ASKED_S, timeout_s)))
        self._listener.chore(self._run_out(session, expected.leg_id, timeout_s))

    async def _unasked(self, session: Session, leg_id: LegId, wait_s: float) -> None:
        await self._clock.sleep(wait_s)
        if self._questions.withdraw(session.session_id, leg_id):
            self._listener.endings.unshown(session, leg_id, HangupCause.UNREACHABLE)
