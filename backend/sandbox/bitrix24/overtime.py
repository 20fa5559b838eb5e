"""Widgets that load too slowly lose their place (reference 4.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backend.sandbox.bitrix24 import brackets
from backend.sandbox.bitrix24.records import PORTAL_ZONE

if TYPE_CHECKING:
    from datetime import date

    from backend.sandbox.bitrix24.portal import Placement, Portal

WORKER = "PAGE_BACKGROUND_WORKER"
SLOW_MS = 5000
MAX_PER_DAY = 10
ERROR = "ERROR_PLACEMENT_LOADING_OVERTIME"


class Overtime:
    """Counts slow loads of the background worker by handler and day of the portal."""

    def __init__(self, portal: Portal) -> None:
        self._portal = portal
        self._slow: dict[tuple[str, date], int] = {}

    def loaded(self, code: str, handler: str, took_ms: float) -> bool:
        """Note how long a frame took; True when that cost the widget its place."""
        if code != WORKER or took_ms <= SLOW_MS:
            return False
        key = (handler, self._portal.clock.now().astimezone(PORTAL_ZONE).date())
        self._slow[key] = self._slow.get(key, 0) + 1
        if self._slow[key] <= MAX_PER_DAY:
            return False
        del self._slow[key]
        gone = [
            item for item in self._portal.placements if (item.code, item.handler) == (code, handler)
        ]
        for item in gone:
            self._unregister(item)
        return bool(gone)

    def _unregister(self, item: Placement) -> None:
        self._portal.placements.remove(item)
        address = str(item.options.get("errorHandlerUrl") or "")
        if address:
            # Without tokens; beyond code and text the fields are not documented.
            body = brackets.encode(
                {"error": ERROR, "error_description": "Placement loading time exceeded"}
            )
            self._portal.events.post(ERROR, address, body)
