"""The history of a call moved on after its end: it came into the CRM, its recording is there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import structlog

from backend.kit.clock import Clock
from backend.services.ports import Bus, FinishedCall, Publication, me_stream
from protocol.pushes import HistoryChanged
from protocol.vocabulary import AccountId, CallId, StreamName

log = structlog.get_logger(__name__)

FindCall = Callable[[AccountId, CallId], Awaitable[FinishedCall | None]]
Told = Callable[[AccountId, CallId], Awaitable[None]]


class HistoryTeller:
    """Has whoever was part of a call look again, if the history is on screen."""

    def __init__(self, find: FindCall, bus: Bus, clock: Clock) -> None:
        self._find = find
        self._bus = bus
        self._clock = clock
        self._stamp = 0

    async def tell(self, account_id: AccountId, call_id: CallId) -> None:
        """Never raises: a screen that is a little old is no reason to repeat a job."""
        try:
            call = await self._find(account_id, call_id)
            if call is None:
                return
            people = {call.answered_by, *(leg.employee_id for leg in call.legs)} - {None}
            push = HistoryChanged(
                stream=StreamName.ME,
                entity="history",
                version=self._next(),
                last_call_id=call_id,
            )
            await self._bus.publish(
                [Publication(me_stream(account_id, e), push) for e in people if e is not None]
            )
        except Exception as error:
            log.warning("history.untold", account=account_id, call=call_id, error=str(error))

    def _next(self) -> int:
        """Grows across processes: microseconds of the clock."""
        self._stamp = max(self._stamp + 1, int(self._clock.now().timestamp() * 1_000_000))
        return self._stamp
