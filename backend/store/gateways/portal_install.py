"""Portals' installations over transactions."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime
from urllib.parse import urlsplit

import structlog
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.errors import NotFound, WrongState
from backend.kit.secrets_box import SecretsBox
from backend.services.portal_install import AppClient, Known, Launch, Pending, PortalUser
from backend.store.accounts import AccountStore
from backend.store.crm_bindings import CrmBindingStore
from backend.store.crm_connections import CrmConnection, CrmConnectionStore
from backend.store.crm_grants import CrmGrantStore, ReserveGrant
from backend.store.database import Database
from backend.store.forgetting import forget_crm
from backend.store.gateways.portal_bindings import new_door
from backend.store.gateways.portal_pending import Resume, SqlPendingPortals
from backend.store.installs import InstallFact, InstallLog, PendingInstallStore
from backend.store.sessions import SessionStore
from protocol.vocabulary import AccountId, CrmKind

log = structlog.get_logger(__name__)

KIND = CrmKind.BITRIX24
_CONNECTED = ("ok", "auth_expired")
Follow = Callable[[AsyncConnection, AccountId], Awaitable[None]]
"""Queues what a connected account needs next, in the transaction that connects it."""


class SqlPortalInstalls(SqlPendingPortals):
    """`services.portal_install.PortalInstallStore`."""

    def __init__(
        self, database: Database, secrets: SecretsBox, follow: Follow, resume: Resume
    ) -> None:
        super().__init__(database, secrets, resume)
        self._follow = follow

    # ── who it is ──

    async def by_member(self, member_id: str) -> Known | None:
        if not member_id:
            return None
        async with self._database.begin_resolving() as tx:
            found = await CrmConnectionStore(tx, self._secrets).by_external_id(KIND, member_id)
        return None if found is None else _known(found)

    async def by_client(self, client_id: str) -> Known | None:
        async with self._database.begin_resolving() as tx:
            found = await CrmConnectionStore(tx, self._secrets).by_client(KIND, client_id)
        return None if found is None else _known(found)

    async def of_account(self, account_id: AccountId) -> Known | None:
        async with self._database.begin(account_id) as tx:
            found = await CrmConnectionStore(tx, self._secrets).find(account_id, KIND)
        return None if found is None else _known(found)

    # ── what is connected ──

    async def join(self, pending: Pending, account_id: AccountId, at: datetime) -> str:
        owner = await self.by_member(pending.user.member_id)
        others = [] if owner is None or owner.account_id == account_id else [owner.account_id]
        if others and owner is not None and owner.state in _CONNECTED:
            raise WrongState("this portal is another account's", problem="taken")
        try:
            async with self._database.begin_many([account_id, *others], resolving=True) as tx:
                for other in others:
                    # It was uninstalled there.
                    await forget_crm(tx, self._secrets, other, KIND)
                return await self._connect(tx, pending, account_id, at)
        except IntegrityError:
            # Joined to another account this very moment.
            raise WrongState("this portal is another account's", problem="taken") from None

    async def _connect(
        self, tx: AsyncConnection, pending: Pending, account_id: AccountId, at: datetime
    ) -> str:
        account = await AccountStore(tx).find(account_id)
        if account is None:
            raise NotFound(f"account {account_id}")
        store, user = CrmConnectionStore(tx, self._secrets), pending.user
        before = await store.lock(account_id, KIND)
        same = before is not None and before.external_id == user.member_id
        if before is not None and not same:
            if before.state in _CONNECTED:
                raise WrongState(
                    "the account has another portal", problem="other_connected", detail=before.host
                )
            # Another portal's people and numbers are no ground to compare a reading with.
            await forget_crm(tx, self._secrets, account_id, KIND)
            before = None
        if before is not None:
            await self._keep_reserve(tx, before, pending, at)
        fresh = _connection(account_id, pending, before if same else None, at)
        await store.save(fresh)
        await CrmGrantStore(tx, self._secrets).remove(account_id, KIND, user.user_id)
        await CrmBindingStore(tx).clear(account_id, KIND)
        await self._log(tx, account_id, "connected_again" if same else "connected", user, at)
        await PendingInstallStore(tx, self._secrets).drop(
            KIND, pending_id=pending.id, external_id=user.member_id
        )
        await self._follow(tx, account_id)
        return account.name

    async def _keep_reserve(
        self, tx: AsyncConnection, before: CrmConnection, pending: Pending, at: datetime
    ) -> None:
        """The pair that acted until now stays good over there."""
        if (
            before.state != "ok"
            or before.external_id != pending.user.member_id
            or before.client_id != pending.user.client_id
            or before.grant_user_id in ("", pending.user.user_id)
            or not (before.access_token and before.refresh_token and before.expires_at)
        ):
            # Of another application or portal: none of the reserves is worth anything now.
            if before.client_id != pending.user.client_id:
                await CrmGrantStore(tx, self._secrets).clear(before.account_id, KIND)
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

    async def administrator(
        self, account_id: AccountId, launch: Launch, user: PortalUser, at: datetime
    ) -> bool:
        async with self._database.begin(account_id) as tx:
            store = CrmConnectionStore(tx, self._secrets)
            found = await store.lock(account_id, KIND)
            if found is None or found.state not in _CONNECTED:
                return False
            grants = CrmGrantStore(tx, self._secrets)
            if found.state == "ok" and found.access_token:
                await grants.save(
                    ReserveGrant(
                        account_id=account_id,
                        kind=KIND,
                        crm_user_id=user.user_id,
                        access_token=launch.access_token,
                        refresh_token=launch.refresh_token,
                        expires_at=launch.expires_at,
                        seen_at=at,
                    )
                )
                return False
            await store.save(_acting(found, launch, user))
            await grants.remove(account_id, KIND, user.user_id)
            await self._log(tx, account_id, "taken_over", user, at)
            await self._follow(tx, account_id)
        return True

    async def renewed(
        self, account_id: AccountId, launch: Launch, user: PortalUser, at: datetime
    ) -> None:
        async with self._database.begin(account_id) as tx:
            store = CrmConnectionStore(tx, self._secrets)
            found = await store.lock(account_id, KIND)
            if found is None:
                return
            token = launch.application_token or found.application_token
            await store.save(replace(found, application_token=token))
            # The portal dropped the handlers itself: no loss to be alarmed about.
            await CrmBindingStore(tx).clear(account_id, KIND)
            await self._log(tx, account_id, "updated", user, at)
            await self._follow(tx, account_id)

    async def follow(self, account_id: AccountId, page_url: str, api_url: str) -> None:
        async with self._database.begin(account_id) as tx:
            store = CrmConnectionStore(tx, self._secrets)
            found = await store.lock(account_id, KIND)
            if found is None:
                return
            await store.save(
                replace(
                    found,
                    base_url=page_url,
                    host=urlsplit(page_url).netloc,
                    settings={**found.settings, "api_url": api_url},
                )
            )
            log.warning("crm.moved", account=account_id, crm=KIND.value, to=page_url)

    async def prepare(
        self, account_id: AccountId, *, page_url: str, client_id: str, client_secret: str
    ) -> None:
        async with self._database.begin(account_id) as tx:
            store = CrmConnectionStore(tx, self._secrets)
            found = await store.lock(account_id, KIND)
            if found is not None and found.state in _CONNECTED:
                if found.base_url != page_url:
                    raise WrongState(
                        f"the account has another portal, {found.host}: delete the application "
                        "there first",
                        problem="other_connected",
                        detail=found.host,
                    )
                if found.client_id != client_id:
                    # Tokens of one application are no tokens of another.
                    await CrmGrantStore(tx, self._secrets).clear(account_id, KIND)
            if found is None or found.client_id != client_id:
                found = CrmConnection(
                    account_id=account_id,
                    kind=KIND,
                    # Nobody knows the portal's own id before it comes.
                    external_id=f"waiting:{account_id}",
                    base_url=page_url,
                    host="",
                    client_id=client_id,
                    state="waiting",
                )
            await store.save(
                replace(
                    found,
                    client_secret=client_secret,
                    base_url=page_url,
                    host=urlsplit(page_url).netloc,
                )
            )

    async def uninstalled(self, account_id: AccountId, *, clean: bool, at: datetime) -> None:
        async with self._database.begin(account_id) as tx:
            store = CrmConnectionStore(tx, self._secrets)
            found = await store.lock(account_id, KIND)
            connected_at = "" if found is None else str(found.settings.get("connected_at") or "")
            if found is None or connected_at > at.isoformat():
                # Reported late: it was installed again meanwhile.
                return
            await InstallLog(tx).add(
                account_id,
                InstallFact(kind=KIND, what="disconnected", at=at, detail=found.host),
            )
            if clean:
                await forget_crm(tx, self._secrets, account_id, KIND)
                return
            await CrmGrantStore(tx, self._secrets).clear(account_id, KIND)
            await CrmBindingStore(tx).clear(account_id, KIND)
            await SessionStore(tx).revoke_crm(account_id, KIND)
            await store.save(
                replace(
                    found,
                    access_token=None,
                    refresh_token=None,
                    application_token=None,
                    expires_at=None,
                    grant_user_id="",
                    state="uninstalled",
                )
            )

    async def _log(
        self, tx: AsyncConnection, account_id: AccountId, what: str, user: PortalUser, at: datetime
    ) -> None:
        await InstallLog(tx).add(
            account_id,
            InstallFact(
                kind=KIND,
                what=what,
                at=at,
                crm_user_id=user.user_id,
                name=user.name,
                detail=urlsplit(user.page_url).netloc,
            ),
        )


def _known(found: CrmConnection) -> Known:
    return Known(
        account_id=found.account_id,
        member_id=found.external_id,
        page_url=found.base_url,
        client=AppClient(client_id=found.client_id, client_secret=found.client_secret or ""),
        state=found.state,
        auth_url=str(found.settings.get("auth_url") or ""),
        application_token=found.application_token or "",
    )


def _connection(
    account_id: AccountId, pending: Pending, before: CrmConnection | None, at: datetime
) -> CrmConnection:
    user, launch = pending.user, pending.launch
    settings = {} if before is None else before.settings
    return CrmConnection(
        account_id=account_id,
        kind=KIND,
        external_id=user.member_id,
        base_url=user.page_url,
        host=urlsplit(user.page_url).netloc,
        client_id=user.client_id,
        client_secret=pending.client_secret,
        access_token=launch.access_token,
        refresh_token=launch.refresh_token,
        application_token=launch.application_token
        or (before.application_token if before is not None else None),
        expires_at=launch.expires_at,
        grant_user_id=user.user_id,
        settings={
            **settings,
            "api_url": user.api_url,
            "auth_url": user.auth_url,
            "scope": user.scope,
            "door": settings.get("door") or new_door(),
            "connected_by": {"user_id": user.user_id, "name": user.name},
            "connected_at": at.isoformat(),
        },
    )


def _acting(found: CrmConnection, launch: Launch, user: PortalUser) -> CrmConnection:
    return replace(
        found,
        access_token=launch.access_token,
        refresh_token=launch.refresh_token,
        expires_at=launch.expires_at,
        grant_user_id=user.user_id,
        state="ok",
    )
