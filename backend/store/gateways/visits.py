"""Call tracking over transactions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from backend.domain.account_settings import CallTrackingSettings
from backend.domain.number_leases import SKEW, Lent, lend, owner, told
from backend.domain.visits import Way, joined
from backend.services.call_tracking import Event
from backend.services.visit_keys import KeyOwner, VisitKey
from backend.store.account_settings import AccountSettingsStore
from backend.store.database import Database
from backend.store.visit_keys import VisitKeyStore
from backend.store.visits import VisitStore
from protocol.vocabulary import AccountId


class SqlVisits:
    """`services.call_tracking.VisitRows`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def settings(self, account_id: AccountId) -> CallTrackingSettings:
        async with self._database.begin(account_id) as tx:
            return await AccountSettingsStore(tx).get(account_id, CallTrackingSettings)

    async def pool(self, account_id: AccountId) -> Sequence[str]:
        async with self._database.begin(account_id) as tx:
            return await VisitStore(tx).pool(account_id)

    async def take(self, account_id: AccountId, events: Sequence[Event], now: datetime) -> int:
        async with self._database.begin(account_id) as tx:
            store = VisitStore(tx)
            await store.lock_sessions(account_id, [event.seen.session for event in events])
            new = [event for event in events if await _keep(store, account_id, event, now)]
            if any(event.span for event in new):
                await store.lock_numbers(account_id)
            for event in new:
                if event.span is not None:
                    await _fit_in(store, account_id, event.span)
            return len(new)

    async def lend(
        self, account_id: AccountId, event: Event, *, now: datetime, lasts: timedelta
    ) -> Lent | None:
        seen = event.seen
        async with self._database.begin(account_id) as tx:
            store = VisitStore(tx)
            await store.lock_sessions(account_id, [seen.session])
            await _keep(store, account_id, event, now)
            await store.lock_numbers(account_id)
            pool = await store.pool(account_id)
            spans = await store.spans(account_id, pool, since=now - SKEW)
            lent = lend(
                pool, spans, visitor=seen.visitor, session=seen.session, now=now, lasts=lasts
            )
            if lent is not None:
                await store.put(account_id, lent)
            return lent

    async def find(self, account_id: AccountId, number: str, at: datetime) -> Way | None:
        async with self._database.begin(account_id) as tx:
            store = VisitStore(tx)
            found = owner(await store.around(account_id, number, at), number, at)
            return None if found is None else await store.way(account_id, found.session)


async def _keep(store: VisitStore, account_id: AccountId, event: Event, now: datetime) -> bool:
    if not await store.is_new(account_id, event.id, now):
        return False
    visit = await store.find(account_id, event.seen.session)
    await store.save(account_id, joined(visit, event.seen))
    return True


async def _fit_in(store: VisitStore, account_id: AccountId, span: Lent) -> None:
    known = await store.spans(account_id, [span.number], since=span.since)
    left, cut = told(known, span)
    for _, shorter in cut:
        await store.put(account_id, shorter)
    if left is not None:
        await store.put(account_id, left)


class SqlVisitKeys:
    """`services.visit_keys.VisitKeyRows`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def owner(self, digest: bytes) -> KeyOwner | None:
        async with self._database.begin_resolving() as tx:
            return await VisitKeyStore(tx).owner(digest)

    async def all(self, account_id: AccountId) -> Sequence[VisitKey]:
        async with self._database.begin(account_id) as tx:
            return await VisitKeyStore(tx).all(account_id)

    async def add(self, account_id: AccountId, key: VisitKey, digest: bytes, *, most: int) -> bool:
        async with self._database.begin(account_id) as tx:
            await AccountSettingsStore(tx).lock(account_id)
            store = VisitKeyStore(tx)
            if len(await store.all(account_id)) >= most:
                return False
            await store.add(account_id, key, digest)
            await _log(tx, account_id, key, who=key.created_by, made=True)
            return True

    async def remove(self, account_id: AccountId, key_id: str, *, who: str) -> bool:
        async with self._database.begin(account_id) as tx:
            gone = await VisitKeyStore(tx).remove(account_id, key_id)
            if gone is not None:
                await _log(tx, account_id, gone, who=who, made=False)
            return gone is not None


async def _log(
    tx: AsyncConnection, account_id: AccountId, key: VisitKey, *, who: str, made: bool
) -> None:
    """Which key it was, never the key."""
    what = {"kind": key.kind, "name": key.name}
    await AccountSettingsStore(tx).log(
        account_id,
        who=who,
        subject=f"visit_key:{key.name or key.kind}",
        before=None if made else what,
        after=what if made else None,
    )
