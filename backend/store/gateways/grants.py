"""One account's grant to its CRM, refreshed by one process at a time (X5, P17).

expired ──► row locked ──► exchanged ──► saved
                              │ refused
                              ├──► the newest reserve is exchanged ──► it acts from now on
                              └──► nobody's is good: state auth_expired, for everybody to see

From the lock to the saving it is a task of its own: whoever asked may be cancelled (a worker that
stops, a lease that was lost, a page that waited long enough), but a token that was shown is spent,
and forgetting what came for it would cost the account its grant. For the same reason a database
that goes away in between is tried again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from urllib.parse import urlsplit

import structlog
from prometheus_client import Counter
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.errors import CrmAuthExpired
from backend.kit.backoff import Backoff
from backend.kit.clock import Clock, SystemClock
from backend.kit.secrets_box import SecretsBox
from backend.services.ports import Grant
from backend.store.crm_connections import CrmConnection, CrmConnectionStore
from backend.store.crm_grants import CrmGrantStore
from backend.store.database import Database
from protocol.vocabulary import AccountId, CrmKind

log = structlog.get_logger(__name__)

TAKEN_OVER = Counter(
    "dozvon_crm_grants_taken_over_total",
    "Administrators' grants that took the place of one the CRM refused",
)
CLOSE_WITHIN_S = 60.0
"""How long closing waits for an answer: more than the HTTP client does, reserves included."""
SAVE_TRIES = 6
"""With a `Backoff` in between, some 15 s: a database that starts anew is back by then."""
Exchange = Callable[[Grant], Awaitable[Grant]]
Restored = Callable[[AsyncConnection, AccountId], Awaitable[object]]


class SqlGrants:
    """`services.ports.Grants` over the connection's row: its lock is the single flight.

    The row stays locked while the CRM is asked, at most the client's time-out: a second refresh
    would cost the account its grant, a waiting one costs seconds.
    """

    def __init__(
        self,
        database: Database,
        secrets: SecretsBox,
        account_id: AccountId,
        kind: CrmKind,
        clock: Clock | None = None,
        *,
        restored: Restored | None = None,
    ) -> None:
        """`restored` is told, in that transaction, that another administrator's leave acts now."""
        self._clock = clock or SystemClock()
        self._database = database
        self._secrets = secrets
        self._account_id = account_id
        self._kind = kind
        self._restored = restored
        self._cached: Grant | None = None
        self._flight: asyncio.Task[Grant] | None = None
        """The exchange under way in this process; it outlives whoever asked for it."""

    async def current(self) -> Grant:
        if self._cached is None:
            async with self._database.begin(self._account_id) as tx:
                found = await CrmConnectionStore(tx, self._secrets).find(
                    self._account_id, self._kind
                )
            self._cached = self._usable(found)
        return self._cached

    async def refreshed(self, stale: Grant, exchange: Exchange) -> Grant:
        return await self._after(stale, exchange, try_own=True, certain=True)

    async def replaced(self, dead: Grant, exchange: Exchange, *, certain: bool) -> Grant:
        return await self._after(dead, exchange, try_own=False, certain=certain)

    async def moved(self, base_url: str) -> None:
        async with self._database.begin(self._account_id) as tx:
            store = CrmConnectionStore(tx, self._secrets)
            found = await store.lock(self._account_id, self._kind)
            if found is not None:
                await store.save(followed(found, base_url))
        self._cached = None

    async def _after(
        self, old: Grant, exchange: Exchange, *, try_own: bool, certain: bool
    ) -> Grant:
        while (flight := self._flight) is not None:
            await asyncio.wait({flight})  # unlike awaiting it: ours to give up, not to cancel
        cached = self._cached
        if cached is not None and cached.access_token != old.access_token:
            return cached
        # Forgotten first: when the grant turns out dead, the row is read anew each time, so that
        # connecting again in another process is noticed here.
        self._cached = None
        self._flight = flight = asyncio.create_task(
            self._exchanged(old, exchange, try_own=try_own, certain=certain)
        )
        flight.add_done_callback(self._landed)
        return await asyncio.shield(flight)

    async def _exchanged(
        self, old: Grant, exchange: Exchange, *, try_own: bool, certain: bool
    ) -> Grant:
        brought: list[tuple[str, Grant]] = []

        async def noting(grant: Grant) -> Grant:
            fresh = await exchange(grant)
            brought.append((grant.refresh_token, fresh))
            return fresh

        try:
            fresh = await self._exchange(old, noting, try_own=try_own, certain=certain)
        except (SQLAlchemyError, OSError) as error:
            if not brought:
                raise
            log.error("crm.grant_not_saved", account=self._account_id, error=type(error).__name__)
            fresh = await self._saved_anew(*brought[-1])
        self._cached = fresh
        return fresh

    async def _saved_anew(self, spent: str, fresh: Grant) -> Grant:
        """Store what came for `spent`, whose transaction the database lost."""
        backoff = Backoff()
        for left in reversed(range(SAVE_TRIES)):
            try:
                async with self._database.begin(self._account_id) as tx:
                    return await self._put(tx, spent, fresh)
            except (SQLAlchemyError, OSError):
                if not left:
                    raise
            await self._clock.sleep(backoff.next_s())
        raise AssertionError("unreachable")

    async def _put(self, tx: AsyncConnection, spent: str, fresh: Grant) -> Grant:
        """In place of the pair that was spent for it, the acting one or a reserve; a connection
        made anew meanwhile has neither, and is left as it is."""
        store, reserves = CrmConnectionStore(tx, self._secrets), CrmGrantStore(tx, self._secrets)
        found = await store.lock(self._account_id, self._kind)
        if found is None:
            return self._usable(found)
        if found.refresh_token in (spent, fresh.refresh_token):
            await store.save(_with(found, fresh))
            if found.state != "ok" and self._restored is not None:
                # Another process showed the spent token meanwhile, and took it for a dead one.
                await self._restored(tx, self._account_id)
            return fresh
        for reserve in await reserves.newest_first(self._account_id, self._kind):
            if reserve.refresh_token == spent:
                await reserves.remove(self._account_id, self._kind, reserve.crm_user_id)
                taken = replace(_with(found, fresh), grant_user_id=reserve.crm_user_id)
                await store.save(taken)
                if self._restored is not None:
                    await self._restored(tx, self._account_id)
                return fresh
        return self._usable(found)

    def _landed(self, flight: asyncio.Task[Grant]) -> None:
        self._flight = None
        if not flight.cancelled():
            flight.exception()  # whoever asked may be gone

    async def aclose(self) -> None:
        """Wait until what was asked for is stored. Before the database closes."""
        if (flight := self._flight) is not None:
            _, late = await asyncio.wait({flight}, timeout=CLOSE_WITHIN_S)
            if late:
                log.error("crm.grant_left", account=self._account_id, crm=self._kind.value)

    async def _exchange(
        self, old: Grant, exchange: Exchange, *, try_own: bool, certain: bool
    ) -> Grant:
        async with self._database.begin(self._account_id) as tx:
            store = CrmConnectionStore(tx, self._secrets)
            found = await store.lock(self._account_id, self._kind)
            newest = self._usable(found)
            theirs = newest.access_token != old.access_token
            if found is None or (theirs and newest.expires_at > self._clock.now()):
                # Another process was faster; what it brought hours ago is out of date like ours.
                return newest
            refused = CrmAuthExpired(f"{self._kind.value} of {self._account_id} refuses its grant")
            if try_own or theirs:
                try:
                    fresh = await exchange(newest)
                except CrmAuthExpired as error:
                    refused = error
                else:
                    await store.save(_with(found, fresh))
                    return fresh
            other = await self._take_over(tx, found, newest, exchange)
            if other is not None:
                return other
            if certain:
                # Committed on purpose: the account has to say so loudly.
                await store.set_state(self._account_id, self._kind, "auth_expired")
        if certain:
            log.error("crm.grant_lost", account=self._account_id, crm=self._kind.value)
        raise refused

    async def _take_over(
        self, tx: AsyncConnection, found: CrmConnection, newest: Grant, exchange: Exchange
    ) -> Grant | None:
        """The first reserve the CRM still takes; those it refuses are dropped."""
        reserves = CrmGrantStore(tx, self._secrets)
        for reserve in await reserves.newest_first(self._account_id, self._kind):
            await reserves.remove(self._account_id, self._kind, reserve.crm_user_id)
            if reserve.crm_user_id == found.grant_user_id:
                continue
            pair = replace(
                newest,
                access_token=reserve.access_token,
                refresh_token=reserve.refresh_token,
                expires_at=reserve.expires_at,
            )
            try:
                fresh = await exchange(pair)
            except CrmAuthExpired:
                continue
            await CrmConnectionStore(tx, self._secrets).save(
                replace(_with(found, fresh), grant_user_id=reserve.crm_user_id)
            )
            if self._restored is not None:
                await self._restored(tx, self._account_id)
            TAKEN_OVER.inc()
            log.warning(
                "crm.grant_taken_over",
                account=self._account_id,
                crm=self._kind.value,
                crm_user=reserve.crm_user_id,
                instead_of=found.grant_user_id,
            )
            return fresh
        return None

    def forget(self) -> None:
        """Read the row again: somebody connected anew."""
        self._cached = None

    def _usable(self, found: CrmConnection | None) -> Grant:
        if found is None or not found.access_token or found.expires_at is None:
            raise CrmAuthExpired(f"{self._kind.value} of {self._account_id} is not connected")
        if found.state != "ok":
            # Known to be dead: asking the CRM each time would get our address blocked.
            raise CrmAuthExpired(f"{self._kind.value} of {self._account_id} lost its grant")
        settings = found.settings
        return Grant(
            access_token=found.access_token,
            refresh_token=found.refresh_token or "",
            expires_at=found.expires_at,
            base_url=str(settings.get("api_url") or found.base_url),
            auth_url=str(settings.get("auth_url") or found.base_url),
        )


def followed(found: CrmConnection, api_url: str) -> CrmConnection:
    """The connection after its API moved to `api_url`.

    Its pages moved along where both had one origin; where a server reaches the API by another
    name than browsers do, the pages stay.
    """
    old = str(found.settings.get("api_url") or found.base_url)
    if api_url.rstrip("/") == old.rstrip("/"):
        return found
    log.warning(
        "crm.moved", account=found.account_id, crm=found.kind.value, to=urlsplit(api_url).netloc
    )
    moved = replace(found, settings={**found.settings, "api_url": api_url})
    if _origin(old) != _origin(found.base_url):
        return moved
    return replace(moved, base_url=_origin(api_url), host=urlsplit(api_url).netloc)


def _with(found: CrmConnection, fresh: Grant) -> CrmConnection:
    """The connection with a new pair, at the address that came with it."""
    after = followed(found, fresh.base_url)
    return replace(
        after,
        access_token=fresh.access_token,
        refresh_token=fresh.refresh_token,
        expires_at=fresh.expires_at,
        state="ok",
        settings={**after.settings, "auth_url": fresh.auth_url},
    )


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
