"""amoCRM's installations over transactions."""

from __future__ import annotations

import secrets as random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Final, Literal
from urllib.parse import urlsplit

import msgspec
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.errors import NotFound, TooMany, WrongState
from backend.kit.secrets_box import SecretsBox
from backend.services.amocrm_install import Client, Installer, Pending
from backend.services.ports import Grant
from backend.store.accounts import AccountStore
from backend.store.crm_connections import CrmConnection, CrmConnectionStore
from backend.store.crm_grants import CrmGrantStore, ReserveGrant
from backend.store.database import Database
from backend.store.forgetting import forget_crm
from backend.store.installs import InstallFact, InstallLog, PendingInstall, PendingInstallStore
from backend.store.tables import accounts, employees
from protocol.vocabulary import AccountId, CrmKind

KIND = CrmKind.AMOCRM
UNINSTALLED = "uninstalled"
MAX_STRANGERS = 60
STRANGERS_FOR = timedelta(minutes=20)
"""Codes without our state, as many in that time: anybody may make some up, and asking amoCRM about
each would get our address blocked (reference §5, 403). Links and codes of ours still work."""
_STATES: Final[dict[str, Literal["code", "tokens", "failed"]]] = {
    "code": "code",
    "tokens": "tokens",
    "failed": "failed",
}
Queue = Callable[[AsyncConnection, str], Awaitable[None]]
"""Queues the finish of a pending installation in the transaction that stores it."""
Follow = Callable[[AsyncConnection, AccountId], Awaitable[None]]
"""Queues what a connected account needs next, in the transaction that connects it."""


class _Secret(msgspec.Struct, frozen=True, kw_only=True):
    client: Client
    code: str = ""
    grant: Grant | None = None
    installer: Installer | None = None


class _Locked:
    def __init__(self, store: PendingInstallStore, pending: Pending | None) -> None:
        self._store = store
        self.pending = pending

    async def update(self, pending: Pending) -> None:
        await self._store.save(_row(pending))


class SqlAmoCrmInstalls:
    """`services.amocrm_install.InstallStore`."""

    def __init__(
        self, database: Database, secrets: SecretsBox, queue: Queue, follow: Follow
    ) -> None:
        self._database = database
        self._secrets = secrets
        self._queue = queue
        self._follow = follow

    async def keep(self, pending: Pending) -> None:
        async with self._database.begin_resolving() as tx:
            store = PendingInstallStore(tx, self._secrets)
            since = pending.created_at - STRANGERS_FOR
            if pending.wanted_account is None and (
                await store.strangers(KIND, since=since) >= MAX_STRANGERS
            ):
                raise TooMany(
                    "too many codes nobody asked for", retry_after_s=STRANGERS_FOR.total_seconds()
                )
            await store.save(_row(pending))
            await self._queue(tx, pending.id)

    @asynccontextmanager
    async def locked(self, pending_id: str) -> AsyncIterator[_Locked]:
        async with self._database.begin_resolving() as tx:
            store = PendingInstallStore(tx, self._secrets)
            row = await store.lock(pending_id)
            yield _Locked(store, None if row is None else _pending(row))

    async def account_of(self, external_id: str) -> AccountId | None:
        async with self._database.begin_resolving() as tx:
            found = await CrmConnectionStore(tx, self._secrets).by_external_id(KIND, external_id)
        return None if found is None else found.account_id

    async def suggestion(self, email: str) -> str:
        if "@" not in email:
            return ""
        async with self._database.begin_resolving() as tx:
            known = [account.id for account in await AccountStore(tx).all()]
        if not known:
            return ""
        async with self._database.begin_many(known) as tx:
            query = (
                select(accounts.c.name)
                .join(employees, employees.c.account_id == accounts.c.id)
                .where(func.lower(employees.c.email) == email.lower(), employees.c.active)
                .distinct()
                .limit(2)
            )
            names = list((await tx.execute(query)).scalars())
        return names[0] if len(names) == 1 else ""

    async def join(self, pending: Pending, account_id: AccountId, at: datetime) -> str:
        grant, installer = pending.grant, pending.installer
        if grant is None or installer is None:
            raise WrongState("the installation is not that far")
        async with self._database.begin_resolving() as tx:
            owner = await CrmConnectionStore(tx, self._secrets).by_external_id(
                KIND, installer.external_id
            )
        others = [] if owner is None or owner.account_id == account_id else [owner.account_id]
        if others and owner is not None and owner.state != UNINSTALLED:
            raise WrongState("this amoCRM account is another account's", problem="taken")
        async with self._database.begin_many([account_id, *others], resolving=True) as tx:
            account = await AccountStore(tx).find(account_id)
            if account is None:
                raise NotFound(f"account {account_id}")
            store = CrmConnectionStore(tx, self._secrets)
            for other in others:
                # Uninstalled there; locked, for it may be connected again this very moment.
                left = await store.lock(other, KIND)
                if left is not None and left.state != UNINSTALLED:
                    raise WrongState("this amoCRM account is another account's", problem="taken")
                await forget_crm(tx, self._secrets, other, KIND)
            before = await store.lock(account_id, KIND)
            if before is not None and before.external_id != installer.external_id:
                if before.state != UNINSTALLED:
                    raise WrongState(
                        "the account has another amoCRM account",
                        problem="other_connected",
                        detail=before.host,
                    )
                await forget_crm(tx, self._secrets, account_id, KIND)
                before = None
            if before is not None:
                await self._keep_reserve(tx, before, pending, installer, at)
            await store.save(_connection(pending, grant, installer, account_id, before, at))
            await InstallLog(tx).add(
                account_id,
                InstallFact(
                    kind=KIND,
                    what="connected" if before is None else "connected_again",
                    at=at,
                    crm_user_id=installer.user_id,
                    name=installer.user_name,
                    email=installer.email,
                    detail=urlsplit(grant.base_url).netloc,
                ),
            )
            await PendingInstallStore(tx, self._secrets).drop(
                KIND, pending_id=pending.id, external_id=installer.external_id
            )
            await self._follow(tx, account_id)
        return account.name

    async def _keep_reserve(
        self,
        tx: AsyncConnection,
        before: CrmConnection,
        pending: Pending,
        installer: Installer,
        at: datetime,
    ) -> None:
        """The pair that acted until now stays good over there: one per administrator may live."""
        if (
            before.state != "ok"
            or before.client_id != pending.client.client_id
            or before.grant_user_id in ("", installer.user_id)
            or not (before.access_token and before.refresh_token and before.expires_at)
        ):
            return
        await CrmGrantStore(tx, self._secrets).save(
            ReserveGrant(
                account_id=before.account_id,
                kind=KIND,
                crm_user_id=before.grant_user_id,
                access_token=before.access_token,
                refresh_token=before.refresh_token,
                expires_at=before.expires_at,
                seen_at=at,
            )
        )


def _connection(
    pending: Pending,
    grant: Grant,
    installer: Installer,
    account_id: AccountId,
    before: CrmConnection | None,
    at: datetime,
) -> CrmConnection:
    settings = {} if before is None else dict(before.settings)
    gone = settings.pop("admin_gone", None)
    if before is not None and before.state != "ok":
        # The grant died with whoever had given it (A2).
        gone = gone or before.grant_user_id
    responsible = settings.get("default_responsible")
    return CrmConnection(
        account_id=account_id,
        kind=KIND,
        external_id=installer.external_id,
        base_url=grant.base_url,
        host=urlsplit(grant.base_url).netloc,
        client_id=pending.client.client_id,
        client_secret=pending.client.client_secret,
        access_token=grant.access_token,
        refresh_token=grant.refresh_token,
        # The webhooks' address keeps its secret: a subscription stays as it is.
        application_token=(before and before.application_token) or random.token_urlsafe(32),
        expires_at=grant.expires_at,
        grant_user_id=installer.user_id,
        settings={
            **settings,
            "api_url": grant.base_url,
            "auth_url": grant.auth_url,
            "redirect_uri": pending.client.redirect_uri,
            "via": pending.client.via,
            "connected_by": {
                "user_id": installer.user_id,
                "name": installer.user_name,
                "email": installer.email,
                "at": at.isoformat(),
            },
            # Whom records fall to when nobody else is named (A2).
            "default_responsible": (
                installer.user_id if responsible in (None, "", gone) else responsible
            ),
        },
    )


def _row(pending: Pending) -> PendingInstall:
    installer = pending.installer
    return PendingInstall(
        id=pending.id,
        kind=KIND,
        host=pending.account_url,
        state=pending.state,
        secret=msgspec.json.encode(
            _Secret(
                client=pending.client,
                code=pending.code,
                grant=pending.grant,
                installer=installer,
            )
        ).decode(),
        created_at=pending.created_at,
        external_id=installer.external_id if installer else "",
        wanted_account=pending.wanted_account,
        problem=pending.problem,
        crm_user_id=installer.user_id if installer else "",
        email=installer.email if installer else "",
    )


def _pending(row: PendingInstall) -> Pending:
    kept = msgspec.json.decode(row.secret, type=_Secret)
    return Pending(
        id=row.id,
        account_url=row.host,
        client=kept.client,
        code=kept.code,
        grant=kept.grant,
        installer=kept.installer,
        wanted_account=row.wanted_account,
        state=_STATES[row.state],
        problem=row.problem,
        created_at=row.created_at,
    )
