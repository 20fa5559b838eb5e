"""The calls' memory on disk: appended in memory, committed in groups.

append/finish ─► queue ─► flusher ─► one transaction: entries, finished calls, their jobs
                  ▲                    │ database away: the batch stays, retry with growing delay
                  └────────────────────┘ one item refused: the batch is taken apart
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

import psycopg
import structlog
from prometheus_client import Counter, Gauge
from sqlalchemy import exists, insert, select, text
from sqlalchemy.exc import (
    DataError,
    DBAPIError,
    IntegrityError,
    ProgrammingError,
    SQLAlchemyError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.kit.clock import Clock, SystemClock
from backend.services.ports import FinishedCall, JournalEntry, Lease
from backend.store.calls import CallStore
from backend.store.database import Database
from backend.store.tables import call_events, calls
from protocol.vocabulary import AccountId, CallId, LegId

log = structlog.get_logger(__name__)

OnFinished = Callable[[AsyncConnection, FinishedCall], Awaitable[None]]
"""Queues the jobs a finished call causes, inside the transaction that keeps the call."""

WAITING = Gauge("dozvon_journal_waiting", "Journal entries and finished calls not yet on disk")
REFUSED = Counter("dozvon_journal_refused_total", "Entries the database refused for good")
DROPPED = Counter("dozvon_journal_dropped_total", "Entries dropped because memory was full")
RETRIES = Counter("dozvon_journal_retries_total", "Group commits that had to be repeated")

_MAX_DELAY_S = 5.0

# One statement: the lease's row is locked against a take-over until the intent is committed.
_INTENT = text(
    """
    WITH held AS (
        SELECT token FROM leases
        WHERE name = :name AND holder = :holder AND token = :token
          AND expires_at > clock_timestamp()
        FOR SHARE
    )
    INSERT INTO intents (account_id, call_id, leg_id, lease_name, lease_token)
    SELECT :account_id, :call_id, :leg_id, :name, token FROM held
    ON CONFLICT DO NOTHING
    RETURNING leg_id
    """
)


class _JobsRefused(Exception):
    """The callback that queues a call's jobs has a bug in its SQL."""


class SqlCallJournal:
    """The port `CallJournal`. `async with journal.running():` around its use; leaving flushes."""

    def __init__(
        self,
        database: Database,
        *,
        on_finished: OnFinished | None = None,
        clock: Clock | None = None,
        group_s: float = 0.02,
        group_size: int = 200,
        max_waiting: int = 100_000,
        drain_timeout_s: float = 10.0,
    ) -> None:
        """`group_s`: how long an entry waits for company. `max_waiting`: entries kept in memory
        while the database is away; beyond it the oldest entry goes (never a finished call)."""
        self._database = database
        self._on_finished = on_finished
        self._clock = clock or SystemClock()
        self._group_s = group_s
        self._group_size = group_size
        self._max_waiting = max_waiting
        self._drain_timeout_s = drain_timeout_s
        self._entries_waiting = 0
        self._queue: deque[JournalEntry | FinishedCall] = deque()
        self._came = asyncio.Event()
        self._full = asyncio.Event()
        self._taken = 0
        """How many items ever left the queue for good; with its length: how many ever came."""
        self._flushes: list[tuple[int, asyncio.Future[None]]] = []
        self._away = False
        """Set while the database does not answer: the first failure and the recovery are logged."""

    @property
    def waiting(self) -> int:
        """Items not yet on disk."""
        return len(self._queue)

    def append(self, entry: JournalEntry) -> None:
        if self._entries_waiting >= self._max_waiting:
            self._drop_oldest()
        self._entries_waiting += 1
        self._put(entry)

    def finish(self, call: FinishedCall) -> None:
        self._put(call)

    async def flush(self) -> None:
        """Returns when everything appended so far is on disk; waits while the database is away."""
        target = self._taken + len(self._queue)
        if not self._queue:
            return
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._flushes.append((target, done))
        self._full.set()
        await done

    async def record_intent(
        self, lease: Lease, account_id: AccountId, call_id: CallId, leg_id: LegId
    ) -> bool:
        """False: the lease is lost or expired, or the intent already stands; do not ring."""
        async with self._database.begin(account_id, resolving=True) as tx:
            done = await tx.execute(
                _INTENT,
                {
                    "name": lease.name,
                    "holder": lease.holder,
                    "token": lease.token,
                    "account_id": account_id,
                    "call_id": call_id,
                    "leg_id": leg_id,
                },
            )
            return done.one_or_none() is not None

    async def open_calls(
        self, account_ids: Sequence[AccountId]
    ) -> dict[CallId, list[JournalEntry]]:
        """Entries of every call without an end, in the order they were applied."""
        if not account_ids:
            return {}
        ended = exists().where(
            calls.c.account_id == call_events.c.account_id, calls.c.id == call_events.c.call_id
        )
        query = (
            select(call_events)
            .where(call_events.c.account_id.in_(account_ids), ~ended)
            .order_by(call_events.c.seq)
        )
        found: dict[CallId, list[JournalEntry]] = {}
        async with self._database.begin_many(account_ids) as tx:
            for row in (await tx.execute(query)).mappings():
                entry = JournalEntry(
                    account_id=AccountId(row["account_id"]),
                    call_id=CallId(row["call_id"]),
                    kind=row["kind"],
                    at=row["at"],
                    data=row["data"],
                )
                found.setdefault(entry.call_id, []).append(entry)
        return found

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Runs the flusher. Leaving waits for the rest, `drain_timeout_s` at most."""
        async with asyncio.TaskGroup() as group:
            flusher = group.create_task(self._run(), name="journal-flusher")
            try:
                yield
            finally:
                try:
                    async with asyncio.timeout(self._drain_timeout_s):
                        await self.flush()
                except TimeoutError:
                    log.error("journal_lost_at_stop", waiting=len(self._queue))
                flusher.cancel()

    def _put(self, item: JournalEntry | FinishedCall) -> None:
        self._queue.append(item)
        WAITING.set(len(self._queue))
        self._came.set()
        if len(self._queue) >= self._group_size:
            self._full.set()

    def _drop_oldest(self) -> None:
        for at, item in enumerate(self._queue):
            if isinstance(item, JournalEntry):
                del self._queue[at]
                self._entries_waiting -= 1
                self._taken += 1
                DROPPED.inc()
                log.error("journal_entry_dropped", call=item.call_id, kind=item.kind)
                return

    async def _run(self) -> None:
        delay_s = 0.1
        while True:
            await self._came.wait()
            await self._gather()
            batch = [self._queue[n] for n in range(min(len(self._queue), self._group_size))]
            try:
                await self._commit(batch)
            except Exception as error:
                if _may_pass(error):
                    RETRIES.inc()
                    if not self._away:
                        log.error("journal_away", waiting=len(self._queue), error=str(error))
                    self._away = True
                    await self._clock.sleep(delay_s)
                    delay_s = min(delay_s * 2, _MAX_DELAY_S)
                    continue
                log.error("journal_group_refused", size=len(batch), error=str(error))
                if not await self._commit_singly(batch):
                    continue
            else:
                self._settle(batch)
            if self._away:
                log.info("journal_back", waiting=len(self._queue))
            self._away, delay_s = False, 0.1

    async def _gather(self) -> None:
        """Give company `group_s` to come, unless a group is complete or a flush is wanted."""
        if len(self._queue) < self._group_size and not self._flushes:
            try:
                async with asyncio.timeout(self._group_s):
                    await self._full.wait()
            except TimeoutError:
                pass
        self._full.clear()

    async def _commit(self, batch: Sequence[JournalEntry | FinishedCall]) -> None:
        account_ids = sorted({item.account_id for item in batch})
        async with self._database.begin_many(account_ids) as tx:
            store = CallStore(tx)
            entries: list[JournalEntry] = []
            for item in batch:
                if isinstance(item, JournalEntry):
                    entries.append(item)
                    continue
                # What was applied before the end is written before it; finishing clears it away.
                await _insert(tx, entries)
                entries = []
                if await store.finish(item) and self._on_finished is not None:
                    await self._queue_jobs(tx, item, self._on_finished)
            await _insert(tx, entries)

    async def _queue_jobs(
        self, tx: AsyncConnection, call: FinishedCall, on_finished: OnFinished
    ) -> None:
        try:
            await on_finished(tx, call)
        except Exception as error:
            if isinstance(error, ProgrammingError | psycopg.ProgrammingError):
                # A wrong statement of the callback's would be tried again for ever.
                raise _JobsRefused(str(error)) from error
            raise

    async def _commit_singly(self, batch: Sequence[JournalEntry | FinishedCall]) -> bool:
        """One bad item must not hold up the rest for ever: it is named, counted and set aside.

        A finished call set aside keeps its journal: the next owner finds it open and ends it anew.
        False when the database went away meanwhile; what is left of the batch stays queued.
        """
        for item in batch:
            try:
                await self._commit([item])
            except Exception as error:
                if _may_pass(error):
                    return False
                REFUSED.inc()
                log.error(
                    "journal_item_refused",
                    account=item.account_id,
                    call=item.call_id,
                    kind=item.kind if isinstance(item, JournalEntry) else "finish",
                    error=str(error),
                    # The database says enough; anything else is a bug and wants its trace.
                    exc_info=not isinstance(error, SQLAlchemyError),
                )
            self._settle([item])
        return True

    def _settle(self, batch: Sequence[JournalEntry | FinishedCall]) -> None:
        for item in batch:
            # While the batch was on its way, a full memory may have dropped its first entries.
            if self._queue and self._queue[0] is item:
                self._queue.popleft()
                self._taken += 1
                self._entries_waiting -= isinstance(item, JournalEntry)
        WAITING.set(len(self._queue))
        if not self._queue:
            self._came.clear()
        for target, done in list(self._flushes):
            if self._taken >= target:
                self._flushes.remove((target, done))
                if not done.done():
                    done.set_result(None)


async def _insert(tx: AsyncConnection, entries: Sequence[JournalEntry]) -> None:
    if entries:
        await tx.execute(
            insert(call_events),
            [
                {
                    "account_id": entry.account_id,
                    "call_id": entry.call_id,
                    "kind": entry.kind,
                    "at": entry.at,
                    "data": entry.data,
                }
                for entry in entries
            ],
        )


def _may_pass(error: Exception) -> bool:
    """Whether trying again later can help: anything from the database but a refusal of the data.

    A failover's read-only phase or a full disk is over some day; a value that breaks a constraint,
    or a bug in the callback, is not.
    """
    if isinstance(error, IntegrityError | DataError | psycopg.IntegrityError | psycopg.DataError):
        return False
    return isinstance(error, DBAPIError | PoolTimeout | psycopg.Error | OSError)
