"""Whose browser can be called on now, in memory where calls are routed (M3).

Read off what colleagues are told: the same stream, so that supervisors and the router never
disagree. Nothing is asked while a call rings.
"""

from __future__ import annotations

from contextlib import AsyncExitStack

import msgspec

from backend.services.ports import Bus, Delivery, StreamRead, colleagues_stream
from protocol.vocabulary import AccountId, EmployeeId

_TAG = "colleague.phone_changed"


class _Told(msgspec.Struct, frozen=True):
    employee_id: EmployeeId
    version: int
    missing: list[str]


_told = msgspec.json.Decoder(_Told)


class ReadyLines:
    """Follows the accounts it was asked to; of others it knows nothing, and says not ready."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._told: dict[AccountId, dict[EmployeeId, _Told]] = {}
        self._followed: dict[AccountId, AsyncExitStack] = {}

    def is_ready(self, account_id: AccountId, employee_id: EmployeeId) -> bool:
        """Whether every part is proven: microphone, sound, socket, registration, one tab."""
        told = self._told.get(account_id, {}).get(employee_id)
        return told is not None and not told.missing

    async def follow(self, account_id: AccountId) -> None:
        """Know the account from now on. Following it twice does nothing."""
        if account_id in self._followed:
            return
        stack = self._followed[account_id] = AsyncExitStack()
        known = self._told.setdefault(account_id, {})

        def take(delivery: Delivery) -> None:
            if delivery.tag != _TAG:
                return
            told = _told.decode(delivery.frame)
            before = known.get(told.employee_id)
            if before is None or before.version <= told.version:
                known[told.employee_id] = told

        def start_over(read: StreamRead) -> None:
            known.clear()
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

    async def forget(self, account_id: AccountId) -> None:
        stack = self._followed.pop(account_id, None)
        self._told.pop(account_id, None)
        if stack is not None:
            await stack.aclose()

    async def aclose(self) -> None:
        for account_id in tuple(self._followed):
            await self.forget(account_id)
