"""The CRM's own notice of a call (A3): for who is rung and has no panel of ours open.

With the panel open its card rings; without one, in a browser that blocks frames or on a mobile
alone, the CRM page's pop-up is all there is: it finds the contact, or offers to make one. Nothing
waits for it and nothing is repeated: a notice that comes after the ringing tells nobody anything.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Protocol

import structlog

from backend.domain.call import Call
from backend.errors import CrmError
from backend.kit.tasks import Tasks
from backend.services.ports import Bus
from protocol.vocabulary import AccountId, CallId, CallState, Direction, EmployeeId

log = structlog.get_logger(__name__)

WITHIN_S = 5.0
"""Who answers does so within a few rings."""


class Host(Protocol):
    """One CRM that shows notices of its own. Raises CrmError."""

    async def announce(self, number: str, user_ids: Sequence[str]) -> None: ...


class HostNotices:
    """Announces each call once to each employee it rings."""

    def __init__(
        self,
        *,
        hosts: Callable[[AccountId], Host | None],
        crm_user: Callable[[AccountId, EmployeeId], str | None],
        bus: Bus,
    ) -> None:
        self._hosts = hosts
        self._crm_user = crm_user
        self._bus = bus
        self._announced: dict[CallId, set[EmployeeId]] = {}
        self._tasks: Tasks[None] = Tasks()

    def call_changed(self, call: Call) -> None:
        """Take note; returns at once."""
        if call.state is not CallState.RINGING:
            self._announced.pop(call.call_id, None)
            return
        if call.direction is not Direction.INBOUND or not call.number:
            return
        host = self._hosts(call.account_id)
        if host is None:
            return
        known = self._announced.setdefault(call.call_id, set())
        new = call.concerned() - known
        if new:
            known |= new
            self._tasks.spawn(self._announce(host, call, sorted(new)))

    async def _announce(self, host: Host, call: Call, employees: Sequence[EmployeeId]) -> None:
        try:
            async with asyncio.timeout(WITHIN_S):
                users = [
                    user
                    for who in employees
                    if (user := self._crm_user(call.account_id, who)) is not None
                    and not await self._bus.present(call.account_id, who)
                ]
                if users:
                    await host.announce(call.number, users)
        except (CrmError, OSError, TimeoutError) as error:
            log.info("host.not_announced", call=call.call_id, error=repr(error)[:200])

    async def aclose(self) -> None:
        await self._tasks.stop()
