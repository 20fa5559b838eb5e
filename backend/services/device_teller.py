"""Where each employee talks, told to their tabs: a tab becomes a phone only then (B21, W13)."""

from __future__ import annotations

from typing import Literal

from backend.kit.clock import Clock
from backend.services.ports import Bus, Publication, me_stream
from backend.services.routing import AccountRoute
from protocol.phone import DeviceChanged
from protocol.vocabulary import AccountId, EmployeeId, StreamName

_Device = Literal["phone", "browser"]


class DeviceTeller:
    """Publishes what changed since it last looked; everything, after a flush of the bus."""

    def __init__(self, bus: Bus, clock: Clock) -> None:
        self._bus = bus
        self._clock = clock
        self._told: dict[AccountId, dict[EmployeeId, _Device]] = {}
        self._stamp = 0

    async def tell(self, account: AccountRoute) -> None:
        """Those on telephones, too: they may have talked in the browser before this process
        began."""
        now: dict[EmployeeId, _Device] = {
            employee.employee_id: (
                "browser" if any(d.kind == "browser" for d in employee.devices) else "phone"
            )
            for employee in account.employees.values()
        }
        known = self._told.get(account.account_id, {})
        changed = {who: device for who, device in now.items() if known.get(who) != device}
        await self._publish(account.account_id, changed)
        self._told[account.account_id] = now

    def forget(self, account_id: AccountId) -> None:
        """The account is gone, or on another switch: it is told anew when it comes back."""
        self._told.pop(account_id, None)

    async def republish(self) -> None:
        for account_id, devices in self._told.items():
            await self._publish(account_id, devices)

    async def _publish(self, account_id: AccountId, devices: dict[EmployeeId, _Device]) -> None:
        out = [
            Publication(
                me_stream(account_id, employee_id),
                DeviceChanged(
                    stream=StreamName.ME, entity="device", version=self._next(), device=device
                ),
            )
            for employee_id, device in devices.items()
        ]
        if out:
            await self._bus.publish(out)

    def _next(self) -> int:
        """Grows across processes: microseconds of the clock."""
        self._stamp = max(self._stamp + 1, int(self._clock.now().timestamp() * 1_000_000))
        return self._stamp
