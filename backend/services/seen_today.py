"""Who was in the CRM today (A11): no vendor tells it, so our own widget notes it when it signs on.

It says nothing of the widget's status: somebody on a break was there, too. "Today" is the day in
the account's time zone.
"""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

import structlog

from backend.kit.clock import Clock
from protocol.vocabulary import AccountId, CrmKind

log = structlog.get_logger(__name__)


class SeenStore(Protocol):
    """Days on disk; each method is a transaction and finds out the account's day by itself."""

    async def note(
        self, account_id: AccountId, kind: CrmKind, crm_user_id: str, at: datetime
    ) -> None: ...

    async def was(self, account_id: AccountId, crm_user_id: str, at: datetime) -> bool: ...


class SeenToday:
    def __init__(self, store: SeenStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def note(self, account_id: AccountId, kind: CrmKind, crm_user_id: str) -> None:
        """The CRM just vouched for this user. Never fails: signing on does not depend on it."""
        try:
            await self._store.note(account_id, kind, crm_user_id, self._clock.now())
        except Exception as error:
            log.warning("seen_today.not_noted", account=account_id, error=str(error))

    async def was(self, account_id: AccountId, crm_user_id: str) -> bool:
        return await self._store.was(account_id, crm_user_id, self._clock.now())
