"""Keeping the phone index in step with the CRM: read whole now and then, never wiped by trouble."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol

import structlog

from backend.errors import CrmError
from protocol.vocabulary import CrmKind

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Sequence

    from backend.kit.clock import Clock
    from backend.services.contacts.index import PhoneIndex
    from backend.services.ports import ContactSource, IndexedPhone
    from protocol.vocabulary import AccountId

log = structlog.get_logger(__name__)

SYNC_EVERY_S = 1800.0
"""Look-ups correct single numbers meanwhile; a full reading costs minutes of a portal's budget."""
RETRY_AFTER_S = 120.0
"""After a reading that failed."""
LEAST_SHARE = 0.5
"""A reading with fewer than this share of the known rows is taken for trouble over there: rights
taken away, a half-restored portal, paging that broke off."""


class PhoneIndexStore(Protocol):
    """The index on disk; each method is a transaction."""

    def walk(self, account_id: AccountId, kind: CrmKind) -> AsyncIterator[IndexedPhone]:
        """What the last good reading brought."""

    async def count(self, account_id: AccountId, kind: CrmKind) -> int: ...

    async def replace(
        self, account_id: AccountId, kind: CrmKind, phones: Sequence[IndexedPhone]
    ) -> None:
        """All or nothing."""


class PhoneIndexSync:
    """Loads the index at start and reads every connected CRM in turn.

    One process does this for an account at a time (the lease is the caller's business); the
    others `load` what it wrote.
    """

    def __init__(
        self,
        *,
        index: PhoneIndex,
        store: PhoneIndexStore,
        sources: Callable[[AccountId], ContactSource | None],
        accounts: Callable[[], Iterable[AccountId]],
        clock: Clock,
        every_s: float = SYNC_EVERY_S,
    ) -> None:
        self._index = index
        self._store = store
        self._sources = sources
        self._accounts = accounts
        self._clock = clock
        self._every_s = every_s
        self._due: dict[AccountId, float] = {}
        self._failing: set[AccountId] = set()

    async def load(self, account_id: AccountId) -> int:
        """Take the last good reading from disk; returns how many numbers are known.

        Nothing on disk leaves what memory has.
        """
        source = self._sources(account_id)
        if source is None:
            return 0
        rows = [row async for row in self._store.walk(account_id, _kind(source))]
        return self._index.replace(account_id, rows) if rows else 0

    async def synchronise(self, account_id: AccountId) -> bool:
        """Read the whole CRM. False: the reading was refused or failed and nothing changed."""
        source = self._sources(account_id)
        if source is None:
            return False
        kind = _kind(source)
        try:
            # Gathered first: a reading that breaks off half-way must leave no trace.
            rows = [row async for row in source.walk_phones()]
        except CrmError as error:
            self._failed(account_id, error=str(error))
            return False
        before = await self._store.count(account_id, kind)
        if len(rows) < before * LEAST_SHARE:
            self._failed(account_id, rows=len(rows), before=before)
            return False
        await self._store.replace(account_id, kind, rows)
        numbers = self._index.replace(account_id, rows)
        if account_id in self._failing:
            self._failing.discard(account_id)
            log.info("phone_index.recovered", account=account_id)
        log.info("phone_index.synchronised", account=account_id, rows=len(rows), numbers=numbers)
        return True

    async def run(self) -> None:
        """Load everything, then synchronise what is due, for ever. Cancel it to stop."""
        for account_id in list(self._accounts()):
            await self._guarded(account_id, loading=True)
        while True:
            for account_id in list(self._accounts()):
                if self._clock.monotonic() >= self._due.get(account_id, 0.0):
                    done = await self._guarded(account_id)
                    pause_s = self._every_s if done else min(RETRY_AFTER_S, self._every_s)
                    self._due[account_id] = self._clock.monotonic() + pause_s
            await self._clock.sleep(min(RETRY_AFTER_S, self._every_s) / 2)

    async def _guarded(self, account_id: AccountId, *, loading: bool = False) -> bool:
        """One account's trouble must not keep the others from theirs."""
        try:
            if loading:
                await self.load(account_id)
                return True
            return await self.synchronise(account_id)
        except asyncio.CancelledError:
            raise
        except Exception:
            log.exception("phone_index.broke", account=account_id, loading=loading)
            return False

    def _failed(self, account_id: AccountId, **why: object) -> None:
        """The first failure is worth a line; the last good index goes on serving."""
        if account_id not in self._failing:
            self._failing.add(account_id)
            log.warning("phone_index.kept", account=account_id, **why)


def _kind(source: ContactSource) -> CrmKind:
    return CrmKind(source.kind)
