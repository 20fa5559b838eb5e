"""Giving the order for a call that is written down, and what a refusal does."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Final, Protocol

import structlog

from backend.errors import AppError, Expired, SwitchUnavailable
from backend.kit.clock import Clock
from backend.services.calls.asked import Asked
from backend.services.calls.orders import Order, PlaceListed
from backend.services.dialer.moves import ToDial, call_refused, stop
from backend.services.ports.dialer import DialerBook
from backend.services.refusals import reason_of
from protocol.dialer_words import RunState, WaitReason
from protocol.pushes import RecordRef
from protocol.vocabulary import AccountId, RecordKind, RefusalReason

log = structlog.get_logger(__name__)

GOOD_FOR: Final = timedelta(seconds=12)
"""Past it the owner of the calls does not begin: whoever waits for it has given it up by then
(`watch.GIVEN_UP`)."""
_KINDS: Final = {kind.value for kind in RecordKind}


class Orders(Protocol):
    async def place(self, account_id: AccountId, order: Order) -> None: ...


class Calling:
    def __init__(self, book: DialerBook, orders: Orders, clock: Clock) -> None:
        self._book = book
        self._orders = orders
        self._clock = clock

    async def place(self, account_id: AccountId, wanted: ToDial) -> None:
        """May be asked any number of times: it is one call. An answer that stays out says
        nothing; the watch looks at what became of it."""
        attempt = wanted.attempt
        if self._clock.now() > attempt.at + GOOD_FOR:
            return
        record = None
        if wanted.record is not None and wanted.record[0] in _KINDS:
            record = RecordRef(kind=RecordKind(wanted.record[0]), id=wanted.record[1])
        order = PlaceListed(
            call_id=attempt.call_id,
            employee_id=attempt.employee_id,
            number=attempt.number,
            not_after=attempt.at + GOOD_FOR,
            asked=Asked(record=record),
        )
        ids = {"account": account_id, "call": attempt.call_id, "item": attempt.item_id}
        try:
            await self._orders.place(account_id, order)
        except (Expired, SwitchUnavailable) as error:
            log.warning("listed_call.unanswered", error=str(error), **ids)
        except AppError as error:
            reason = reason_of(error)
            log.info("listed_call.refused", reason=reason.value, **ids)
            await self._refused(account_id, wanted, reason)

    async def _refused(self, account_id: AccountId, wanted: ToDial, reason: RefusalReason) -> None:
        """Back to the list. The run stops, or it would be refused over and over; being on a call
        passes by itself."""
        now = self._clock.now()
        async with self._book.begin(account_id) as tx:
            await call_refused(tx, wanted.attempt.call_id, now)
            run = await tx.run(wanted.attempt.employee_id, lock=True)
            if run is None or run.state is not RunState.RUNNING:
                return
            if reason is RefusalReason.BUSY:
                await tx.put_run(replace(run, waits=WaitReason.ON_CALL))
                return
            stopped = await stop(tx, run, now, why=WaitReason.REFUSED)
            await tx.put_run(replace(stopped, refusal=reason))
