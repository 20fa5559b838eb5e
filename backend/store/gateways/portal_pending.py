"""Portals' installations that wait: for their account, or for somebody who can prove them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from urllib.parse import urlsplit

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.errors import TooMany
from backend.kit.ids import new_id
from backend.kit.secrets_box import SecretsBox
from backend.services.portal_install import Launch, Pending
from backend.store.database import Database
from backend.store.installs import PendingInstall, PendingInstallStore
from protocol.vocabulary import CrmKind

KIND = CrmKind.BITRIX24
MOST_UNPROVEN = 500
"""Anybody may post an installation while the authorization server is away."""
Resume = Callable[[AsyncConnection, str], Awaitable[None]]
"""Queues the proof of what could not be proven, in the transaction that keeps it."""


class SqlPendingPortals:
    """The part of `services.portal_install.PortalInstallStore` that is of no account yet."""

    def __init__(self, database: Database, secrets: SecretsBox, resume: Resume) -> None:
        self._database = database
        self._secrets = secrets
        self._resume = resume

    async def keep(self, pending: Pending) -> None:
        async with self._database.begin_resolving() as tx:
            await PendingInstallStore(tx, self._secrets).save(
                PendingInstall(
                    id=pending.id,
                    kind=KIND,
                    host=urlsplit(pending.user.page_url).netloc,
                    state="tokens",
                    secret=msgspec.json.encode(pending).decode(),
                    created_at=pending.created_at,
                    external_id=pending.user.member_id,
                    crm_user_id=pending.user.user_id,
                )
            )

    async def keep_unproven(self, launch: Launch, at: datetime) -> None:
        async with self._database.begin_resolving() as tx:
            pending = PendingInstallStore(tx, self._secrets)
            waiting = [row for row in await pending.all() if row.state == "code"]
            if len(waiting) >= MOST_UNPROVEN:
                raise TooMany("too many installations wait to be proven", retry_after_s=60)
            pending_id = new_id()
            await pending.save(
                PendingInstall(
                    id=pending_id,
                    kind=KIND,
                    host="",
                    state="code",
                    secret=msgspec.json.encode(launch).decode(),
                    created_at=at,
                )
            )
            await self._resume(tx, pending_id)

    async def unproven(self, pending_id: str) -> Launch | None:
        async with self._database.begin_resolving() as tx:
            row = await PendingInstallStore(tx, self._secrets).lock(pending_id)
        if row is None or row.kind is not KIND or row.state != "code":
            return None
        return msgspec.json.decode(row.secret, type=Launch)

    async def forget(self, pending_id: str) -> None:
        async with self._database.begin_resolving() as tx:
            await PendingInstallStore(tx, self._secrets).drop(
                KIND, pending_id=pending_id, external_id=""
            )

    async def pending(self, pending_id: str) -> Pending | None:
        async with self._database.begin_resolving() as tx:
            row = await PendingInstallStore(tx, self._secrets).lock(pending_id)
        if row is None or row.kind is not KIND or row.state != "tokens":
            return None
        return msgspec.json.decode(row.secret, type=Pending)

    async def waiting(self, host: str) -> list[Pending]:
        async with self._database.begin_resolving() as tx:
            rows = await PendingInstallStore(tx, self._secrets).all()
        found = [r for r in rows if r.kind is KIND and r.state == "tokens" and r.host == host]
        return [msgspec.json.decode(row.secret, type=Pending) for row in reversed(found)]
