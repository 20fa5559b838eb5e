"""Telling of calls that could not be placed: in the CRM's notifications, in the widget, and by
closing the call the CRM registered (L1307). The jobs behind it may run any number of times."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

import structlog

from backend.kit.clock import Clock
from backend.services import refusals
from backend.services.ports import Bus, Publication, me_stream
from backend.services.ports.asked import AskedCall
from backend.services.routing import AccountRoute
from protocol.pushes import NoticeRaised
from protocol.vocabulary import AccountId, CallId, RefusalReason, StreamName

log = structlog.get_logger(__name__)

STATUS: Final[dict[RefusalReason, str]] = {
    RefusalReason.CALLS_OFF: "403",
    RefusalReason.CLICK_OFF: "403",
    RefusalReason.NOT_AN_EMPLOYEE: "403",
    RefusalReason.CALLER_ID_NOT_ALLOWED: "403",
    RefusalReason.BAD_NUMBER: "404",
    RefusalReason.BUSY: "486",
    RefusalReason.NO_TRUNK: "503",
    RefusalReason.SWITCH_AWAY: "503",
    RefusalReason.TOO_LATE: "603-S",
}
"""The portal's codes (reference 3.2); what is not listed is 480, temporarily unavailable."""


class Portal(Protocol):
    """One CRM account that has notifications. Raises CrmError."""

    async def notify(self, user_id: str, text: str, tag: str) -> None:
        """One notification per `tag`: a later one takes the earlier one's place."""

    async def close_refused(
        self, crm_call_id: str, user_id: str, *, status: str, reason: str
    ) -> None:
        """Close a registered call nobody was rung for; one that is closed counts as done."""

    async def fallback_user(self, number: str) -> str | None: ...


class AskedCallsKept(Protocol):
    async def find(self, account_id: AccountId, crm: str, external_id: str) -> AskedCall | None: ...
    async def of_call(self, account_id: AccountId, call_id: CallId) -> AskedCall | None: ...


class RefusedCalls:
    def __init__(
        self,
        *,
        asked: AskedCallsKept,
        portals: Callable[[AccountId], Portal | None],
        accounts: Callable[[AccountId], AccountRoute | None],
        bus: Bus,
        clock: Clock,
    ) -> None:
        self._asked = asked
        self._portals = portals
        self._accounts = accounts
        self._bus = bus
        self._clock = clock

    async def tell(self, account_id: AccountId, crm: str, external_id: str) -> None:
        """A call that was refused: close what the CRM registered, then say why. Raises CrmError."""
        call = await self._asked.find(account_id, crm, external_id)
        if call is None or call.state != "refused" or call.reason is None:
            return
        reason = RefusalReason(call.reason)
        await self._raise(call, reason)
        portal = self._portals(account_id)
        user = call.crm_user_id
        if portal is None:
            return
        if user is None:
            user = await portal.fallback_user(call.number)
        if user is None:
            log.warning("refusal.nobody_to_tell", account=account_id, call=call.call_id)
            return
        if call.crm_call_id is not None:
            status = STATUS.get(reason, "480")
            said = self._text(call, reason)
            await portal.close_refused(call.crm_call_id, user, status=status, reason=said)
        await self._notify(portal, call, user, reason)

    async def not_picked_up(
        self, account_id: AccountId, call_id: CallId, *, unreachable: bool
    ) -> None:
        """A clicked call whose employee could not be reached on his own numbers. It is closed in
        the CRM like every ended call; here he is told why nothing happened."""
        call = await self._asked.of_call(account_id, call_id)
        if call is None or call.kind != "click" or call.crm_user_id is None:
            return
        no_line, not_up = RefusalReason.NO_REGISTERED_LINE, RefusalReason.NOT_PICKED_UP
        reason = no_line if unreachable else not_up
        portal = self._portals(account_id)
        if portal is not None:
            await self._notify(portal, call, call.crm_user_id, reason)

    async def _notify(
        self, portal: Portal, call: AskedCall, user: str, reason: RefusalReason
    ) -> None:
        await portal.notify(user, self._text(call, reason), f"DOZVON|CALL|{call.call_id}")

    async def _raise(self, call: AskedCall, reason: RefusalReason) -> None:
        """In the employee's open tabs."""
        if call.employee_id is None:
            return
        push = NoticeRaised(
            stream=StreamName.ME,
            entity="notice",
            version=int(call.asked_at.timestamp() * 1_000_000),
            reason=reason,
            number=call.number,
            at=self._clock.now(),
        )
        await self._bus.publish([Publication(me_stream(call.account_id, call.employee_id), push)])

    def _text(self, call: AskedCall, reason: RefusalReason) -> str:
        account = self._accounts(call.account_id)
        return refusals.text(
            reason,
            call.number,
            region="RU" if account is None else account.region,
            callback=call.kind == "callback",
        )
