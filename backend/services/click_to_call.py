"""Calls a CRM asks for: a number clicked on its page (B5), a call-back form on its site (B6).

    event ─► row, once ─► order to whoever owns the account's calls ─► placed
                              └─ refused: the fate and the job that tells of it, one transaction

The portal has registered a clicked call itself: our call takes its id over before anything rings,
so that it is shown, followed and closed like any other and never registered twice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

import structlog

from backend.domain.phone_number import canonical
from backend.errors import AppError, Expired, SwitchUnavailable
from backend.kit.clock import Clock
from backend.services.calls.asked import Asked
from backend.services.calls.orders import Order, PlaceCallBack, PlaceClick
from backend.services.calls.placing import asked_call_id
from backend.services.crm_events import CrmEvent, CrmEvents
from backend.services.ports.asked import AskedCall
from backend.services.refusals import reason_of
from backend.services.routing import AccountRoute
from protocol.vocabulary import (
    AccountId,
    CallId,
    CrmKind,
    EmployeeId,
    RefusalReason,
)

log = structlog.get_logger(__name__)

CLICK_FRESH: Final = timedelta(seconds=60)
"""Whoever clicked has given up by then, and a phone that rings by itself frightens people."""
CLICK_SENT: Final = timedelta(minutes=3)
"""The same by the CRM's own clock, for what waited on the way to us: clocks of servers that nobody
sets are minutes wrong, and a click must not fail for that."""
CALLBACK_FRESH: Final = timedelta(minutes=10)
"""A visitor waits longer, but not for ever: past it a person decides whether to call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clicked:
    """Somebody clicked a number; the CRM registered the call as `crm_call_id`."""

    crm_call_id: str
    crm_user_id: str
    number: str
    line: str = ""
    record_kind: str | None = None
    record_id: str | None = None
    extension: str | None = None
    call_list_id: str | None = None
    sent_at: datetime | None = None
    """By the CRM's clock, which may be wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallBackWanted:
    """A visitor wants to be called from the virtual number `line`."""

    number: str
    line: str
    crm_call_id: str | None = None
    record_kind: str | None = None
    record_id: str | None = None
    message: str | None = None
    sent_at: datetime | None = None


class AskedCalls(Protocol):
    """On disk; each method is a transaction."""

    async def put(self, call: AskedCall) -> AskedCall:
        """Keep it; as it stands now when it came before."""

    async def placed(self, call: AskedCall) -> None: ...
    async def refused(self, call: AskedCall, reason: RefusalReason) -> None:
        """Keep that and queue the job that tells of it, unless its fate was known before."""


class Orders(Protocol):
    async def place(self, account_id: AccountId, order: Order) -> None:
        """Raises AppErrors whose data may hold a `reason`."""


class Bind(Protocol):
    async def __call__(
        self, account_id: AccountId, call_id: CallId, crm_call_id: str, /
    ) -> None: ...


class ClickToCall:
    def __init__(
        self,
        *,
        asked: AskedCalls,
        orders: Orders,
        accounts: Callable[[AccountId], AccountRoute | None],
        employee: Callable[[AccountId, str], EmployeeId | None],
        bind: Bind,
        read_click: Callable[[Mapping[str, Any]], Clicked],
        read_callback: Callable[[Mapping[str, Any]], CallBackWanted],
        clock: Clock,
    ) -> None:
        """`bind` writes down under which id the CRM knows our call. `read_…` decode an event's
        body and raise BadRequest."""
        self._asked = asked
        self._orders = orders
        self._accounts = accounts
        self._employee = employee
        self._bind = bind
        self._read_click = read_click
        self._read_callback = read_callback
        self._clock = clock

    def listen(self, events: CrmEvents) -> None:
        events.on(CrmKind.BITRIX24.value, "ONEXTERNALCALLSTART", self.clicked)
        events.on(CrmKind.BITRIX24.value, "ONEXTERNALCALLBACKSTART", self.call_back_wanted)

    async def clicked(self, event: CrmEvent) -> None:
        """Raises BadRequest for an event that cannot be meant: it is parked in sight."""
        click = self._read_click(event.body)
        crm = CrmKind(event.source)
        call = await self._asked.put(
            AskedCall(
                account_id=event.account_id,
                crm=crm,
                external_id=click.crm_call_id,
                kind="click",
                call_id=asked_call_id(event.account_id, crm.value, click.crm_call_id),
                crm_call_id=click.crm_call_id,
                crm_user_id=click.crm_user_id,
                employee_id=self._employee(event.account_id, click.crm_user_id),
                number=click.number,
                line=click.line,
                record_kind=click.record_kind,
                record_id=click.record_id,
                asked_at=event.received_at,
                extension=click.extension,
                call_list_id=click.call_list_id,
            )
        )
        if call.state != "asked":
            return
        reason = await self._place_click(call, click.sent_at)
        await self._settle(call, reason)

    async def _place_click(self, call: AskedCall, sent_at: datetime | None) -> RefusalReason | None:
        account = self._accounts(call.account_id)
        await self._bind(call.account_id, call.call_id, call.crm_call_id or call.external_id)
        if call.employee_id is None:
            return RefusalReason.NOT_AN_EMPLOYEE
        if self._older(call.asked_at, CLICK_FRESH) or self._older(sent_at, CLICK_SENT):
            return RefusalReason.TOO_LATE
        if account is not None and not account.settings.crm.on:
            return RefusalReason.CLICK_OFF
        order = PlaceClick(
            call_id=call.call_id,
            employee_id=call.employee_id,
            number=call.number,
            line=call.line,
            asked=_asked(call),
        )
        try:
            await self._orders.place(call.account_id, order)
        except AppError as error:
            return reason_of(error)
        return None

    async def call_back_wanted(self, event: CrmEvent) -> None:
        """Raises SwitchUnavailable while it is worth trying again: the event is handled anew."""
        wanted = self._read_callback(event.body)
        crm = CrmKind(event.source)
        external_id = wanted.crm_call_id or event.external_id
        call = await self._asked.put(
            AskedCall(
                account_id=event.account_id,
                crm=crm,
                external_id=external_id,
                kind="callback",
                call_id=asked_call_id(event.account_id, crm.value, external_id),
                crm_call_id=wanted.crm_call_id,
                crm_user_id=None,
                employee_id=None,
                number=wanted.number,
                line=wanted.line,
                record_kind=wanted.record_kind,
                record_id=wanted.record_id,
                asked_at=event.received_at,
                message=wanted.message,
            )
        )
        if call.state != "asked":
            return
        reason = await self._place_callback(call, wanted.sent_at)
        await self._settle(call, reason)

    async def _place_callback(
        self, call: AskedCall, sent_at: datetime | None
    ) -> RefusalReason | None:
        if self._older(call.asked_at, CALLBACK_FRESH) or self._older(sent_at, CALLBACK_FRESH):
            return RefusalReason.TOO_LATE
        account = self._accounts(call.account_id)
        if account is not None and not _takes_callbacks(account, call.line):
            return RefusalReason.CALLBACK_OFF
        if call.crm_call_id is not None:
            await self._bind(call.account_id, call.call_id, call.crm_call_id)
        order = PlaceCallBack(
            call_id=call.call_id, line=call.line, number=call.number, asked=_asked(call)
        )
        try:
            await self._orders.place(call.account_id, order)
        except (SwitchUnavailable, Expired) as error:
            raise SwitchUnavailable(f"call-back to be tried again: {error}") from error
        except AppError as error:
            return reason_of(error)
        return None

    def _older(self, at: datetime | None, than: timedelta) -> bool:
        return at is not None and self._clock.now() - at > than

    async def _settle(self, call: AskedCall, reason: RefusalReason | None) -> None:
        ids = {"account": call.account_id, "call": call.call_id, "kind": call.kind}
        if reason is None:
            await self._asked.placed(call)
            log.info("asked_call.placed", **ids)
        else:
            await self._asked.refused(call, reason)
            log.info("asked_call.refused", reason=reason.value, **ids)


def _takes_callbacks(account: AccountRoute, line: str) -> bool:
    """Whether forms are answered, and on this number: one marked as a line of the CRM."""
    crm, wanted = account.settings.crm, canonical(line, region=account.region)
    lines = {number.number for number in account.virtual_numbers if number.crm_line}
    return crm.on and crm.callback_form and wanted in lines


def _asked(call: AskedCall) -> Asked:
    return Asked(extension=call.extension, message=call.message, record=call.record)
