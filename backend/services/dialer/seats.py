"""Whether an operator can be given a call this second (P25): there, willing, free, reachable.

What is told to colleagues is what counts here too, so that a board and the dialer never disagree;
only being there is asked anew each time.
"""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import Literal

import msgspec

from backend.services.ports import Bus, Delivery, StreamRead, colleagues_stream
from backend.services.routing import RoutingTable
from protocol.dialer_words import WaitReason
from protocol.vocabulary import AccountId, AgentStatus, EmployeeId

_BUSY, _PHONE = "colleague.busy_changed", "colleague.phone_changed"
WILLING = frozenset({AgentStatus.AVAILABLE, AgentStatus.DO_NOT_DISTURB})
"""L644: do not disturb means busy with calls of one's own."""


class _Told(msgspec.Struct, frozen=True):
    employee_id: EmployeeId
    version: int
    busy: Literal["free", "ringing", "talking"] = "free"
    missing: list[str] = []


_told = msgspec.json.Decoder(_Told)


class Seats:
    def __init__(self, bus: Bus, routing: RoutingTable) -> None:
        self._bus = bus
        self._routing = routing
        self._told: dict[tuple[AccountId, EmployeeId, str], _Told] = {}
        self._followed: dict[AccountId, AsyncExitStack] = {}

    async def present(self, account_id: AccountId, employee_id: EmployeeId) -> bool:
        """Whether a tab of theirs lives."""
        return bool(await self._bus.present(account_id, employee_id))

    def waits_for(self, account_id: AccountId, employee_id: EmployeeId) -> WaitReason | None:
        """What keeps somebody who is there from being given a call; None: nothing."""
        account = self._routing.account(account_id)
        route = None if account is None else account.employees.get(employee_id)
        if account is None or route is None or not route.devices:
            return WaitReason.NO_DEVICE
        if account.trunk is None:
            return WaitReason.NO_TRUNK
        if route.status not in WILLING:
            return WaitReason.STATUS
        busy = self._told.get((account_id, employee_id, _BUSY))
        if busy is not None and busy.busy != "free":
            return WaitReason.ON_CALL
        phone = self._told.get((account_id, employee_id, _PHONE))
        proven = phone is not None and not phone.missing
        if not proven and all(device.kind == "browser" for device in route.devices):
            return WaitReason.NOT_READY
        return None

    async def follow(self, account_id: AccountId) -> None:
        """Know the account's people from now on."""
        if account_id in self._followed:
            return
        stack = self._followed[account_id] = AsyncExitStack()

        def take(delivery: Delivery) -> None:
            if delivery.tag not in (_BUSY, _PHONE):
                return
            told = _told.decode(delivery.frame)
            key = (account_id, told.employee_id, delivery.tag)
            before = self._told.get(key)
            if before is None or before.version <= told.version:
                self._told[key] = told

        def start_over(read: StreamRead) -> None:
            for key in [key for key in self._told if key[0] == account_id]:
                del self._told[key]
            for delivery in read.deliveries:
                take(delivery)

        key = colleagues_stream(account_id)
        try:
            await stack.enter_async_context(self._bus.follow(key, take, start_over))
            for delivery in (await self._bus.read(key, None)).deliveries:
                take(delivery)
        except BaseException:
            self._followed.pop(account_id, None)
            await stack.aclose()
            raise

    async def aclose(self) -> None:
        for account_id in tuple(self._followed):
            await self._followed.pop(account_id).aclose()
