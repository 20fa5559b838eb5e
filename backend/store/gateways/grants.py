"""One account's grant to its CRM, refreshed by one process at a time (X5, P17)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import structlog

from backend.errors import CrmAuthExpired
from backend.kit.secrets_box import SecretsBox
from backend.services.ports import Grant
from backend.store.crm_connections import CrmConnection, CrmConnectionStore
from backend.store.database import Database
from protocol.vocabulary import AccountId, CrmKind

log = structlog.get_logger(__name__)


class SqlGrants:
    """`services.ports.Grants` over the connection's row: its lock is the single flight.

    The row stays locked while the CRM is asked, at most the client's time-out: a second refresh
    would cost the account its grant, a waiting one costs seconds.
    """

    def __init__(
        self, database: Database, secrets: SecretsBox, account_id: AccountId, kind: CrmKind
    ) -> None:
        self._database = database
        self._secrets = secrets
        self._account_id = account_id
        self._kind = kind
        self._cached: Grant | None = None
        self._local = asyncio.Lock()

    async def current(self) -> Grant:
        if self._cached is None:
            async with self._database.begin(self._account_id) as tx:
                found = await CrmConnectionStore(tx, self._secrets).find(
                    self._account_id, self._kind
                )
            self._cached = self._usable(found)
        return self._cached

    async def refreshed(self, stale: Grant, exchange: Callable[[Grant], Awaitable[Grant]]) -> Grant:
        async with self._local:
            cached = self._cached
            if cached is not None and cached.access_token != stale.access_token:
                return cached
            # Forgotten first: when the grant turns out dead, the row is read anew each time, so
            # that connecting again in another process is noticed here.
            self._cached = None
            self._cached = fresh = await self._exchange(stale, exchange)
            return fresh

    async def _exchange(self, stale: Grant, exchange: Callable[[Grant], Awaitable[Grant]]) -> Grant:
        refused: CrmAuthExpired | None = None
        async with self._database.begin(self._account_id) as tx:
            store = CrmConnectionStore(tx, self._secrets)
            found = await store.lock(self._account_id, self._kind)
            newest = self._usable(found)
            if found is None or newest.access_token != stale.access_token:
                return newest
            try:
                fresh = await exchange(newest)
            except CrmAuthExpired as error:
                # Committed on purpose: the account has to say so loudly.
                await store.set_state(self._account_id, self._kind, "auth_expired")
                refused = error
            else:
                await self._save(store, found, newest, fresh)
        if refused is not None:
            log.error("crm.grant_lost", account=self._account_id, crm=self._kind.value)
            raise refused
        return fresh

    async def _save(
        self, store: CrmConnectionStore, found: CrmConnection, before: Grant, fresh: Grant
    ) -> None:
        await store.save_tokens(
            found,
            access=fresh.access_token,
            refresh=fresh.refresh_token,
            expires_at=fresh.expires_at,
        )
        if (fresh.base_url, fresh.auth_url) != (before.base_url, before.auth_url):
            # The CRM moved the account to another address and says so with new tokens.
            await store.save(
                replace(
                    found,
                    access_token=fresh.access_token,
                    refresh_token=fresh.refresh_token,
                    expires_at=fresh.expires_at,
                    state="ok",
                    settings={
                        **found.settings,
                        "api_url": fresh.base_url,
                        "auth_url": fresh.auth_url,
                    },
                )
            )

    def forget(self) -> None:
        """Read the row again: somebody connected anew."""
        self._cached = None

    def _usable(self, found: CrmConnection | None) -> Grant:
        if found is None or not found.access_token or found.expires_at is None:
            raise CrmAuthExpired(f"{self._kind.value} of {self._account_id} is not connected")
        if found.state == "auth_expired":
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
