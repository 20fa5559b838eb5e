"""A page that went while a call rang in it did not decline: the call rings again where the person's
line is next.

Reloaded, or closed with another tab open, it is a phone again within moments. The person's other
devices are not kept waiting for it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from backend.domain.scenario import Device
from backend.services.calls.browser import comes_back
from backend.services.calls.core import Core
from backend.services.calls.live import Live, Offer
from protocol.vocabulary import HangupCause, LegId

_LEFT_S: Final = 1.0
"""With less of the device's time left, the switch ended the ringing as it was told to."""


class PageReturn:
    def __init__(
        self,
        core: Core,
        ring: Callable[[Live, Offer, Device, float], None],
        next_device: Callable[[Live, Offer], None],
        settled: Callable[[Live], None],
    ) -> None:
        self._core = core
        self._ring = ring
        self._next_device = next_device
        self._settled = settled

    def went(
        self, live: Live, offer: Offer, leg_id: LegId, device: Device, cause: HangupCause
    ) -> None:
        """This leg ended unanswered. If its page went, wait for the line to be back: a line that
        never rang had no page."""
        leg = live.call.leg(leg_id)
        rang = leg is not None and leg.ringing_at is not None
        if device.kind != "browser" or not rang or offer.answering or cause is HangupCause.BUSY:
            return
        if offer.turn_ends - self._core.clock.monotonic() <= _LEFT_S:
            return
        offer.returning = True
        self._core.spawn(self._follow(live, offer, device))

    async def _follow(self, live: Live, offer: Offer, device: Device) -> None:
        employee_id = offer.route.employee_id

        def awaited() -> bool:
            return live.offers.get(employee_id) is offer and not offer.answering

        back = await comes_back(self._core, live, employee_id, device, awaited)
        offer.returning = False
        if not awaited():
            return
        left = offer.turn_ends - self._core.clock.monotonic()
        if back and left > _LEFT_S:
            self._ring(live, offer, device, left)
        elif not offer.ringing:
            self._next_device(live, offer)
        self._settled(live)
