"""amoCRM's connections as its doors and its keeper need them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.kit.secrets_box import SecretsBox
from backend.services.amocrm_accounts import Link
from backend.services.sign_on import Connection
from backend.store.crm_connections import CrmConnection, CrmConnectionStore
from backend.store.crm_grants import CrmGrantStore
from backend.store.database import Database
from backend.store.installs import InstallFact, InstallLog
from backend.store.tables import employees, sessions
from protocol.vocabulary import AccountId, CrmKind

KIND = CrmKind.AMOCRM
Queue = Callable[[AsyncConnection, AccountId], Awaitable[None]]


class SqlAmoCrmLinks:
    """`services.amocrm_accounts.Links` and `services.amocrm_keeper.KeeperLinks`."""

    def __init__(self, database: Database, secrets: SecretsBox, queue: Queue) -> None:
        """`queue` queues the account's keeping in the transaction it is given."""
        self._database = database
        self._secrets = secrets
        self._queue = queue

    async def of_account(self, account_id: AccountId) -> Link | None:
        try:
            async with self._database.begin(account_id) as tx:
                found = await CrmConnectionStore(tx, self._secrets).find(account_id, KIND)
        except ValueError:
            # Not an account's id at all: an address somebody made up.
            return None
        return None if found is None else _link(found)

    async def of_crm(self, external_id: str) -> Link | None:
        async with self._database.begin_resolving() as tx:
            found = await CrmConnectionStore(tx, self._secrets).by_external_id(KIND, external_id)
        return None if found is None else _link(found)

    async def disconnected(self, account_id: AccountId, at: datetime) -> None:
        async with self._database.begin(account_id) as tx:
            store = CrmConnectionStore(tx, self._secrets)
            found = await store.lock(account_id, KIND)
            if found is None or found.state == "uninstalled":
                return
            reserves = CrmGrantStore(tx, self._secrets)
            for reserve in await reserves.newest_first(account_id, KIND):
                await reserves.remove(account_id, KIND, reserve.crm_user_id)
            await store.save(
                replace(
                    found,
                    access_token=None,
                    refresh_token=None,
                    application_token=None,
                    expires_at=None,
                    state="uninstalled",
                )
            )
            # Their sockets close when the revocations are looked through next, within seconds.
            await tx.execute(
                update(sessions)
                .where(
                    sessions.c.account_id == account_id,
                    sessions.c.crm_kind == KIND.value,
                    sessions.c.revoked_at.is_(None),
                )
                .values(revoked_at=at)
            )
            await InstallLog(tx).add(account_id, InstallFact(kind=KIND, what="disconnected", at=at))

    async def taken_over(self, account_id: AccountId, crm_user_id: str, at: datetime) -> None:
        async with self._database.begin(account_id) as tx:
            store = CrmConnectionStore(tx, self._secrets)
            found = await store.lock(account_id, KIND)
            if found is None or not found.settings.get("admin_gone"):
                # Somebody else came first.
                return
            query = select(employees.c.name, employees.c.email).where(
                employees.c.account_id == account_id, employees.c.crm_user_id == crm_user_id
            )
            row = (await tx.execute(query)).one_or_none()
            name, email = (row.name, row.email or "") if row is not None else ("", "")
            gone = found.settings.get("admin_gone")
            settings = {
                **{key: value for key, value in found.settings.items() if key != "admin_gone"},
                "connected_by": {
                    "user_id": crm_user_id,
                    "name": name,
                    "email": email,
                    "at": at.isoformat(),
                },
            }
            if settings.get("default_responsible") in (None, "", gone):
                settings["default_responsible"] = crm_user_id
            await store.save(replace(found, settings=settings))
            await InstallLog(tx).add(
                account_id,
                InstallFact(
                    kind=KIND,
                    what="taken_over",
                    at=at,
                    crm_user_id=crm_user_id,
                    name=name,
                    email=email,
                    detail=f"instead of {gone}",
                ),
            )

    async def admin_is_gone(self, account_id: AccountId, crm_user_id: str) -> None:
        async with self._database.begin(account_id) as tx:
            store = CrmConnectionStore(tx, self._secrets)
            found = await store.lock(account_id, KIND)
            if found is None or _connected_by(found) != crm_user_id:
                return
            await store.save(replace(found, settings={**found.settings, "admin_gone": crm_user_id}))

    async def look_after(self, account_id: AccountId) -> None:
        async with self._database.begin(account_id) as tx:
            await self._queue(tx, account_id)


def _link(found: CrmConnection) -> Link:
    settings = found.settings
    return Link(
        connection=Connection(
            account_id=found.account_id,
            kind=found.kind,
            external_id=found.external_id,
            base_url=found.base_url,
            auth_url=str(settings.get("auth_url") or ""),
            client_id=found.client_id,
            client_secret=found.client_secret or "",
            redirect_uri=str(settings.get("redirect_uri") or ""),
        ),
        state=found.state,
        host=found.host,
        webhook_secret=found.application_token or "",
        connected_by=_connected_by(found),
        default_responsible=str(settings.get("default_responsible") or ""),
        external=settings.get("via") == "external",
        admin_gone=bool(settings.get("admin_gone")),
    )


def _connected_by(found: CrmConnection) -> str:
    by = found.settings.get("connected_by")
    return str(by.get("user_id") or "") if isinstance(by, dict) else ""
