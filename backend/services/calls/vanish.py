"""Pages that went in the middle of a talk without a word: a crash, a sleeping machine, a lost
network (P01, P19).

A page that is closed says goodbye on its line; these do not, and the switch notices only when it
misses their sound. Their sockets tell sooner:

    both sockets gone for some seconds      nobody is there
    a page is back and no voice is on it    it was opened anew, the old one's leg is dead
    a page is back with a voice on it       only the sockets broke, the talk never did

Which page is meant is remembered: other tabs of the person are often back sooner, or were never
away, and say nothing of the talk.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import structlog

from backend.domain.call import Leg
from backend.domain.scenario import Device
from backend.domain.tab_phone import holder
from backend.services.calls.browser import device_of, is_registered
from backend.services.calls.core import Core
from backend.services.calls.live import Live
from backend.services.ports import Bus, TabPresence
from protocol.vocabulary import AccountId, CallState, EmployeeId, LegId

log = structlog.get_logger(__name__)

LOOK_S: Final = 1.0
GONE_S: Final = 4.0
"""A proxy that restarts cuts both sockets and no voice; tabs are back sooner than this."""
KNOWN_S: Final = 5.0
"""How often the person's tabs are looked at while all is well: one opened since counts as new."""


@dataclass(slots=True)
class _Pages:
    """The person's pages as they were before the loss. A page opened anew has another id."""

    voice: str | None = None
    """The tab the talk is in, once it said so."""
    seen: set[str] = field(default_factory=set)

    def look(self, tabs: list[TabPresence]) -> None:
        self.seen.update(tab.tab for tab in tabs)
        best = holder(tabs)
        if self.voice is None and best is not None and best.phone is not None:
            self.voice = best.tab if best.phone.talking else None

    def talks(self, tabs: list[TabPresence]) -> bool:
        """The voice is there."""
        return any(
            tab.phone is not None and tab.phone.talking
            for tab in tabs
            if self.voice is None or tab.tab == self.voice
        )

    def lost(self, tabs: list[TabPresence]) -> bool:
        """The page of the talk is there again, or the only one there is, and has no voice."""
        alone = len(tabs) == 1 and tabs[0].tab not in self.seen
        return any(
            tab.phone is not None and tab.phone.registered and not tab.phone.talking
            for tab in tabs
            if alone or tab.tab == self.voice
        )


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
        core, account_id, employee_id = self._core, live.call.account_id, leg.employee_id
        if employee_id is None:
            return
        pages, looked, since = _Pages(), float("-inf"), None
        while True:
            await core.clock.sleep(LOOK_S)
            if live.call.state is CallState.ENDED or not self._talks(live, leg.leg_id):
                return
            now = core.clock.monotonic()
            if since is None and core.browser_ready(account_id, employee_id):
                if pages.voice is None or now - looked >= KNOWN_S:
                    looked = now
                    pages.look(await self._tabs(account_id, employee_id))
                continue
            if since is None:
                since = now
                continue
            tabs = await self._tabs(account_id, employee_id)
            if pages.talks(tabs):
                since = None
            elif pages.lost(tabs) or (
                now - since >= GONE_S and not await is_registered(core, device, unknown=True)
            ):
                break
        if self._talks(live, leg.leg_id):
            self._lost(live, leg.leg_id)

    async def _tabs(self, account_id: AccountId, employee_id: EmployeeId) -> list[TabPresence]:
        """Nobody's, while the bus cannot say: then the switch is asked."""
        try:
            return await self._bus.present(account_id, employee_id)
        except Exception as error:
            # Whatever it is, it must not end the watch for the rest of the talk.
            log.info("tabs unknown", employee=employee_id, error=repr(error))
            return []

    def _talks(self, live: Live, leg_id: LegId) -> bool:
        return any(leg.leg_id == leg_id for leg in live.call.talkers)
