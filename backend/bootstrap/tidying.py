"""Forgetting, now and then, what nobody will ask for again."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime, timedelta
from typing import Protocol

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.bootstrap.foundation import Foundation
from backend.store.account_settings import AccountSettingsStore
from backend.store.calls import CallStore
from backend.store.commands import CommandStore
from backend.store.crm_people import CrmPeopleStore
from backend.store.inbox import InboxStore
from backend.store.installs import PendingInstallStore
from backend.store.pairings import PairingRows
from backend.store.sessions import SessionStore
from protocol.vocabulary import AccountId

log = structlog.get_logger(__name__)

TIDY_S = 3600.0
KEEP = timedelta(days=7)
"""How long handled messages, old sessions and intents stay for whoever looks into a fault."""
KEEP_SETTINGS_LOG = timedelta(days=400)
"""Who changed which setting: a little over a year, for whoever compares with the last one."""


class Prune(Protocol):
    async def __call__(
        self, tx: AsyncConnection, account_id: AccountId, /, *, before: datetime
    ) -> None: ...


class Tidying:
    """Every account by itself: one that fails keeps no other from being tidied."""

    def __init__(
        self,
        base: Foundation,
        *,
        accounts: Callable[[], Iterable[AccountId]],
        also: Iterable[Prune],
        after: Callable[[AccountId], Awaitable[None]],
    ) -> None:
        """`also` prunes in the account's transaction, `after` in its own ones."""
        self._base = base
        self._accounts = accounts
        self._also = tuple(also)
        self._after = after

    async def run(self) -> None:
        while True:
            await self._base.clock.sleep(TIDY_S)
            await self.once()

    async def once(self) -> None:
        before = self._base.clock.now() - KEEP
        with contextlib.suppress(Exception):
            async with self._base.database.begin_resolving() as tx:
                await PendingInstallStore(tx, self._base.secrets).prune(before=before)
        for account_id in self._accounts():
            try:
                await self._account(account_id, before)
            except Exception as error:
                log.warning("worker.tidy_failed", account=account_id, error=str(error))

    async def _account(self, account_id: AccountId, before: datetime) -> None:
        async with self._base.database.begin(account_id) as tx:
            await SessionStore(tx).prune(before=before)
            await CallStore(tx).prune(account_id, before=before)
            await CommandStore(tx).prune(account_id, before=before)
            await InboxStore(tx).prune(account_id, before=before)
            for prune in self._also:
                await prune(tx, account_id, before=before)
            await CrmPeopleStore(tx).prune_seen(account_id, before=before)
            await PairingRows(tx).prune(account_id, before=before)
            await AccountSettingsStore(tx).prune_log(
                account_id, before=self._base.clock.now() - KEEP_SETTINGS_LOG
            )
        await self._after(account_id)
