"""Calls a CRM asked for, on their way to the process that owns the account's calls.

Apart from the commands of tabs: a tab may not name a line, nor ring people by a scenario.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from datetime import datetime

import msgspec

from backend.services.calls.asked import Asked
from backend.services.calls.placing import Wish
from backend.services.calls.wire import answering, result_of
from backend.services.ports import Bus
from protocol.vocabulary import AccountId, CallId, EmployeeId

PLACING_S = 15.0
"""The switch has its own, shorter deadlines: whoever waits longer waits for nobody."""


class PlaceClick(msgspec.Struct, frozen=True, kw_only=True, tag="click"):
    """Ring the employee, then the number he clicked."""

    call_id: CallId
    employee_id: EmployeeId
    number: str
    line: str = ""
    asked: Asked = Asked()

    def wish(self) -> Wish:
        return Wish(
            call_id=self.call_id,
            target=self.number,
            source="click",
            line=self.line,
            asked=self.asked,
        )


class PlaceCallBack(msgspec.Struct, frozen=True, kw_only=True, tag="callback"):
    """Ring employees by the scenario of the virtual number `line`, then the visitor."""

    call_id: CallId
    line: str
    number: str
    asked: Asked = Asked()


class PlaceListed(msgspec.Struct, frozen=True, kw_only=True, tag="listed"):
    """Ring the employee, then whoever is next on his list. Past `not_after` it is begun no more:
    nobody waits for it."""

    call_id: CallId
    employee_id: EmployeeId
    number: str
    not_after: datetime
    asked: Asked = Asked()

    def wish(self) -> Wish:
        return Wish(call_id=self.call_id, target=self.number, asked=self.asked)


Order = PlaceClick | PlaceCallBack | PlaceListed
Handle = Callable[[AccountId, Order], Awaitable[None]]

_decoder: msgspec.json.Decoder[Order] = msgspec.json.Decoder(Order)


def _name(account_id: AccountId) -> str:
    return f"orders:{account_id}"


def serve(bus: Bus, account_id: AccountId, handle: Handle) -> AbstractAsyncContextManager[None]:
    """Carry the account's orders out while inside."""

    async def run(payload: bytes) -> None:
        await handle(account_id, _decoder.decode(payload))

    return bus.serve(_name(account_id), answering(account_id, run))


class OrdersClient:
    """Raises what the owner raised; Expired when nobody owns the account's calls."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus

    async def place(self, account_id: AccountId, order: Order) -> None:
        payload = msgspec.json.encode(order)
        result_of(await self._bus.ask(_name(account_id), payload, timeout_s=PLACING_S))
