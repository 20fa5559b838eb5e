"""What a portal's launches tell us beside who looks: administrators' leave, and new addresses.

The pages themselves are answered from memory; this happens after them, or where their portal is
not known by that address.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from hashlib import sha256

import structlog
from starlette.requests import Request
from starlette.responses import Response

from backend.api.bitrix24 import launch_of
from backend.api.doors import Doors
from backend.errors import AppError, BadProof
from backend.kit.clock import Clock
from backend.kit.tasks import Tasks
from backend.services.portal_install import Launch, PortalInstall

log = structlog.get_logger(__name__)

AT_ONCE = 2
"""Proofs under way: each asks the authorization server and the portal."""
REMEMBERED = 2000
EVERY_S = 10.0
"""How often one portal's launches are looked at: its budget is for calls."""
_SETTINGS = "DEFAULT"
"""The application's own page: administrators open it, and seldom, so each of its launches counts.
Among those of the phone, which everybody opens, theirs could be passed over for days."""
_OF_A_CALL = frozenset({"CALL_CARD", "PAGE_BACKGROUND_WORKER"})


class PortalLaunches:
    def __init__(self, install: PortalInstall, doors: Doors, clock: Clock) -> None:
        self._install = install
        self._doors = doors
        self._clock = clock
        self._tasks: Tasks[None] = Tasks()
        self._known: OrderedDict[bytes, None] = OrderedDict()
        """Launches looked at, by the hash of their token."""
        self._due: OrderedDict[str, float] = OrderedDict()
        """Portal → when the next of its launches is looked at."""

    def seen(self, request: Request, form: Mapping[str, str]) -> None:
        """Look at a launch afterwards: an administrator's tokens are worth keeping."""
        launch = launch_of(request, form, self._clock)
        placement = form.get("PLACEMENT")
        if launch is None or placement in _OF_A_CALL or len(self._tasks) >= AT_ONCE:
            return
        key, now = sha256(launch.access_token.encode()).digest(), self._clock.monotonic()
        is_due = placement == _SETTINGS or now >= self._due.get(launch.member_id, 0.0)
        if key in self._known or not is_due:
            return
        self._known[key] = None
        self._due[launch.member_id] = now + EVERY_S
        for remembered in (self._known, self._due):
            if len(remembered) > REMEMBERED:
                remembered.popitem(last=False)
        self._tasks.spawn(self._look(launch))

    async def address(self, request: Request, form: Mapping[str, str]) -> str | None:
        """The origin of a connected portal that launches us from an address we do not know: it
        was renamed, or connected this moment. None for strangers."""
        launch = launch_of(request, form, self._clock)
        if launch is None:
            return None
        found: list[str] = []

        async def ask(_request: Request) -> Response:
            page_url = await self._install.opened(launch)
            if page_url is None:
                raise BadProof("the portal is not connected")
            found.append(page_url)
            return Response()

        try:
            await self._doors.guarded(ask)(request)
        except AppError as error:
            log.info("bitrix24.launch_refused", error=str(error))
        return found[0] if found else None

    async def settled(self) -> None:
        """Everything seen so far was looked at."""
        await self._tasks.settled()

    async def aclose(self) -> None:
        await self._tasks.stop()

    async def _look(self, launch: Launch) -> None:
        try:
            await self._install.opened(launch)
        except AppError as error:
            log.info("bitrix24.launch_not_looked_at", error=str(error))
        except Exception:
            log.exception("bitrix24.launch_broke")
