"""Pages that went in the middle of a talk without a word: a crash, a sleeping machine, a lost
network (P01, P19).

A page that is closed says goodbye on its line; these do not, and the switch notices only when it
misses their sound. Their sockets tell sooner:

    both sockets gone for some seconds      nobody is there
    a page is back and no voice is on it    it was opened anew, the old one's leg is dead
    a page is back with a voice on it       only the sockets broke, the talk never did
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from backend.domain.call import Leg
from backend.domain.scenario import Device
from backend.domain.tab_phone import holder
from backend.errors import SwitchError
from backend.services.calls.browser import device_of
from backend.services.calls.core import Core
from backend.services.calls.live import Live
from backend.services.ports import Bus
from protocol.vocabulary import CallState, LegId

LOOK_S: Final = 1.0
GONE_S: Final = 4.0
"""A proxy that restarts cuts both sockets and no voice; tabs are back sooner than this."""
REGISTERED_S: Final = 1.0


class Vanish:
    def __init__(self, core: Core, bus: Bus, lost: Callable[[Live, LegId], None]) -> None:
        """`lost` is told of a leg nobody is on any more."""
        self._core = core
        self._bus = bus
        self._lost = lost

    def watch(self, live: Live) -> None:
        """Look after every leg of the talk that is on a tab's line, until it leaves."""
        for leg in live.call.talkers:
            device = device_of(self._core, live, leg)
            if device is None or device.kind != "browser" or leg.leg_id in live.watched:
                continue
            live.watched.add(leg.leg_id)
            self._core.spawn(self._follow(live, leg, device))

    async def _follow(self, live: Live, leg: Leg, device: Device) -> None:
        core, since = self._core, None
        while True:
            await core.clock.sleep(LOOK_S)
            if live.call.state is CallState.ENDED or not self._talks(live, leg.leg_id):
                return
            account_id, employee_id = live.call.account_id, leg.employee_id
            if employee_id is None:
                return
            ready = core.browser_ready(account_id, employee_id)
            if since is None:
                since = None if ready else core.clock.monotonic()
                continue
            best = holder(await self._bus.present(account_id, employee_id))
            phone = None if best is None else best.phone
            if phone is not None and phone.talking:
                since = None
            elif (phone is not None and phone.registered) or (
                core.clock.monotonic() - since >= GONE_S and await self._is_off(device)
            ):
                break
        if self._talks(live, leg.leg_id):
            self._lost(live, leg.leg_id)

    async def _is_off(self, device: Device) -> bool:
        """The switch has no such line any more; not knowing is no."""
        try:
            async with asyncio.timeout(REGISTERED_S):
                found = await self._core.switch.registered([device.endpoint])
        except (SwitchError, TimeoutError):
            return False
        return not found.get(device.endpoint, True)

    def _talks(self, live: Live, leg_id: LegId) -> bool:
        return any(leg.leg_id == leg_id for leg in live.call.talkers)
