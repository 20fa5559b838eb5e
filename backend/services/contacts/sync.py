"""Keeping the phone index in step with the CRM: read whole now and then, never wiped by trouble.

reading ─► more than half of what is known ─► taken
   │  └──► less ─► doubted ─► as many again, `CONFIRM_AFTER_S` or more later ─► taken
   └─ failed, or brought nothing for `STALLED_S` ─► what is known stays
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

import structlog

from backend.errors import CrmError, CrmUnavailable
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
taken away, a half-restored portal, paging that broke off. Not for ever: people do clear out."""
CONFIRM_AFTER_S = 3600.0
"""How long such a reading has to hold, as for people who seem to have left."""
CONFIRM_EMPTY_AFTER_S = 86_400.0
"""No number at all: rights taken away look just so, and an administrator needs a day to notice."""
SAME_SHARE = 0.1
"""How far the readings that confirm one another may be apart: an answer that crumbles is doubted
anew each time."""
STALLED_S = 300.0
"""A reading that brings no row for so long, looked at as often, ends: the CRM blocks us, or is
down. Longer than any pause between two pages, and than thousands of records without a number."""
AT_ONCE = 4
"""Readings at a time: each holds an account's numbers in memory."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """A reading far below what is known."""

    since: datetime
    """When so few were read first."""
    rows: int

    def confirmed_by(self, rows: int, now: datetime) -> bool:
        wait_s = CONFIRM_AFTER_S if rows else CONFIRM_EMPTY_AFTER_S
        return self.like(rows) and (now - self.since).total_seconds() >= wait_s

    def like(self, rows: int) -> bool:
        return abs(rows - self.rows) <= self.rows * SAME_SHARE


class PhoneIndexStore(Protocol):
    """The index on disk; each method is a transaction."""

    def walk(self, account_id: AccountId, kind: CrmKind) -> AsyncIterator[IndexedPhone]:
        """What the last good reading brought."""

    async def count(self, account_id: AccountId, kind: CrmKind) -> int: ...

    async def replace(
        self, account_id: AccountId, kind: CrmKind, phones: Sequence[IndexedPhone]
    ) -> None:
        """All or nothing; what was doubted is settled."""

    async def doubt(self, account_id: AccountId, kind: CrmKind) -> Doubt | None:
        """The reading that waits to be confirmed."""

    async def save_doubt(self, account_id: AccountId, kind: CrmKind, doubt: Doubt) -> None: ...


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
        self._doubted: set[AccountId] = set()
        """Accounts whose last reading is doubted. The doubt itself is on disk: a worker restarted
        more often than a doubt lasts would never believe that people did clear out."""

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
            rows = await self._gathered(source)
        except CrmError as error:
            self._failed(account_id, error=str(error))
            return False
        before = await self._store.count(account_id, kind)
        few = len(rows) < before * LEAST_SHARE
        if few and not await self._confirmed(account_id, kind, len(rows)):
            self._doubted.add(account_id)
            self._failed(account_id, rows=len(rows), before=before)
            return False
        self._doubted.discard(account_id)
        await self._store.replace(account_id, kind, rows)
        numbers = self._index.replace(account_id, rows)
        if account_id in self._failing:
            self._failing.discard(account_id)
            log.info("phone_index.recovered", account=account_id)
        log.info("phone_index.synchronised", account=account_id, rows=len(rows), numbers=numbers)
        return True

    async def _gathered(self, source: ContactSource) -> list[IndexedPhone]:
        """All rows. Raises CrmError, CrmUnavailable too when no row came for `STALLED_S`."""
        rows: list[IndexedPhone] = []

        async def read() -> None:
            async for row in source.walk_phones():
                rows.append(row)  # noqa: PERF401 - counted meanwhile

        reading = asyncio.create_task(read())
        try:
            while True:
                before = len(rows)
                await self._wait(reading, STALLED_S)
                if reading.done():
                    reading.result()
                    return rows
                if len(rows) == before:
                    raise CrmUnavailable(f"no row for {STALLED_S:.0f} s")
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)

    async def _wait(self, work: asyncio.Task[None], at_most_s: float) -> None:
        late = asyncio.create_task(self._clock.sleep(at_most_s))
        try:
            await asyncio.wait((work, late), return_when=asyncio.FIRST_COMPLETED)
        finally:
            late.cancel()
            await asyncio.gather(late, return_exceptions=True)

    async def _confirmed(self, account_id: AccountId, kind: CrmKind, rows: int) -> bool:
        """Whether so few were read before, long enough ago."""
        now = self._clock.now()
        doubt = await self._store.doubt(account_id, kind)
        if doubt is None or not doubt.like(rows):
            await self._store.save_doubt(account_id, kind, Doubt(now, rows))
            return False
        if not doubt.confirmed_by(rows, now):
            return False
        log.warning("phone_index.shrank", account=account_id, rows=rows)
        return True

    async def run(self) -> None:
        """Load everything, then synchronise what is due, for ever. Cancel it to stop."""
        for account_id in list(self._accounts()):
            await self._guarded(account_id, loading=True)
        slots = asyncio.Semaphore(AT_ONCE)
        readings: dict[AccountId, asyncio.Task[None]] = {}
        try:
            while True:
                for account_id in list(self._accounts()):
                    under_way = readings.get(account_id)
                    if under_way is not None and not under_way.done():
                        continue
                    if self._clock.monotonic() >= self._due.get(account_id, 0.0):
                        readings[account_id] = asyncio.create_task(self._read(account_id, slots))
                await self._clock.sleep(min(RETRY_AFTER_S, self._every_s) / 2)
        finally:
            for reading in readings.values():
                reading.cancel()
            await asyncio.gather(*readings.values(), return_exceptions=True)

    async def _read(self, account_id: AccountId, slots: asyncio.Semaphore) -> None:
        """Beside the others' readings: one whose CRM lets us wait costs only itself."""
        async with slots:
            done = await self._guarded(account_id)
        # A doubted reading cost as much as a good one: it is repeated in its time.
        regular = done or account_id in self._doubted
        pause_s = self._every_s if regular else min(RETRY_AFTER_S, self._every_s)
        self._due[account_id] = self._clock.monotonic() + pause_s

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
