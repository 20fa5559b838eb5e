"""What one process does for all portals, again and again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection

import structlog

from backend.kit.clock import Clock
from backend.services.crm_events import CrmEvent, CrmEvents
from backend.services.portal_events import SOURCE
from backend.services.portal_install import PortalInstallStore
from protocol.vocabulary import AccountId

log = structlog.get_logger(__name__)

BIND_EVERY_S = 600.0
"""A background page the portal dropped leaves tabs deaf for this long at most."""
CHANGES_EVERY_S = 60.0
"""The offline queue is looked into without any hint this often: one request."""
FIRST_AFTER_S = 3.0
"""A worker that just started has calls to take over first."""
Queue = Callable[[AccountId], Awaitable[None]]


class PortalCare:
    """Queues the looks; the jobs do them."""

    def __init__(
        self,
        *,
        portals: Callable[[], Collection[AccountId]],
        bind: Queue,
        changes: Queue,
        store: PortalInstallStore,
        clock: Clock,
    ) -> None:
        self._portals = portals
        self._bind = bind
        self._changes = changes
        self._store = store
        self._clock = clock
        self._bind_at: dict[AccountId, float] = {}

    def listen(self, events: CrmEvents) -> None:
        events.on(SOURCE, "ONAPPUNINSTALL", self.uninstalled)

    async def uninstalled(self, event: CrmEvent) -> None:
        """ONAPPUNINSTALL: `CLEAN` asks us to forget what came from there."""
        data = event.body.get("data")
        clean = isinstance(data, dict) and str(data.get("CLEAN")) == "1"
        await self._store.uninstalled(event.account_id, clean=clean, at=event.received_at)
        log.warning("bitrix24.uninstalled", account=event.account_id, clean=clean)

    async def changed(self, account_id: AccountId) -> None:
        """Somebody changed the account's settings: its lines may have to follow."""
        if account_id in self._portals():
            await self._bind(account_id)

    async def run(self) -> None:
        """For ever; cancel it to stop."""
        await self._clock.sleep(FIRST_AFTER_S)
        while True:
            for account_id in tuple(self._portals()):
                try:
                    await self._changes(account_id)
                    if self._clock.monotonic() >= self._bind_at.get(account_id, 0.0):
                        await self._bind(account_id)
                        self._bind_at[account_id] = self._clock.monotonic() + BIND_EVERY_S
                except Exception as error:
                    log.warning("portals.not_queued", account=account_id, error=str(error))
            await self._clock.sleep(CHANGES_EVERY_S)
