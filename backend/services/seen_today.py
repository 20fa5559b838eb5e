"""Who was in the CRM today (A11): no vendor tells it, so our own widget notes it when it signs on,
and when a tab left open yesterday is in front again.

It says nothing of the widget's status: somebody on a break was there, too. "Today" is the day in
the account's time zone.
"""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

import structlog

from backend.kit.clock import Clock
from protocol.vocabulary import AccountId, CrmKind, EmployeeId

log = structlog.get_logger(__name__)

FRONT_S = 600.0
"""People change tabs all the time; a new day is noticed within this."""
FRONTS = 50_000
"""More people than a process has sockets for."""


class SeenStore(Protocol):
    """Days on disk; each method is a transaction and finds out the account's day by itself."""

    async def note(
        self, account_id: AccountId, kind: CrmKind, crm_user_id: str, at: datetime
    ) -> None: ...

    async def note_employee(
        self, account_id: AccountId, employee_id: EmployeeId, at: datetime
    ) -> None:
        """Their CRM user, if they have one."""

    async def was(self, account_id: AccountId, crm_user_id: str, at: datetime) -> bool: ...


class SeenToday:
    def __init__(self, store: SeenStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._fronts: dict[tuple[AccountId, EmployeeId], float] = {}
        """When (monotonic seconds) somebody's tab in front was noted last."""

    async def note(self, account_id: AccountId, kind: CrmKind, crm_user_id: str) -> None:
        """The CRM just vouched for this user. Never fails: signing on does not depend on it."""
        try:
            await self._store.note(account_id, kind, crm_user_id, self._clock.now())
        except Exception as error:
            log.warning("seen_today.not_noted", account=account_id, error=str(error))

    async def in_front(self, account_id: AccountId, employee_id: EmployeeId) -> None:
        """Somebody looks at a tab of the CRM. Never fails; costs a write now and then only."""
        now, key = self._clock.monotonic(), (account_id, employee_id)
        if now - self._fronts.get(key, float("-inf")) < FRONT_S:
            return
        if len(self._fronts) >= FRONTS:
            self._fronts.clear()
        self._fronts[key] = now
        try:
            await self._store.note_employee(account_id, employee_id, self._clock.now())
        except Exception as error:
            log.warning("seen_today.not_noted", account=account_id, error=str(error))

    async def was(self, account_id: AccountId, crm_user_id: str) -> bool:
        return await self._store.was(account_id, crm_user_id, self._clock.now())
