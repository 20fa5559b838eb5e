"""Recordings, each step a transaction that also queues what follows from it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from backend.errors import NotFound
from backend.kit.secrets_box import SecretsBox
from backend.services.ports import RecordingRow
from backend.store.database import Database
from backend.store.recordings import RecordingStore, now
from protocol.vocabulary import AccountId, CallId

Settled = Callable[[AsyncConnection, RecordingRow], Awaitable[None]]
"""Called in the transaction that says there is audio, or that there will be none."""


async def _nothing(_tx: AsyncConnection, _row: RecordingRow) -> None:
    return None


class SqlRecordings:
    """`services.ports.RecordingRows`."""

    def __init__(
        self, database: Database, secrets: SecretsBox, settled: Settled = _nothing
    ) -> None:
        self._database = database
        self._secrets = secrets
        self._settled = settled

    async def find(self, account_id: AccountId, recording_id: str) -> RecordingRow | None:
        async with self._database.begin(account_id) as tx:
            return await RecordingStore(tx, self._secrets).find(account_id, recording_id)

    async def of_call(self, account_id: AccountId, call_id: CallId) -> RecordingRow | None:
        async with self._database.begin(account_id) as tx:
            return await RecordingStore(tx, self._secrets).of_call(account_id, call_id)

    async def with_secret(
        self, account_id: AccountId, recording_id: str, secret: str
    ) -> RecordingRow | None:
        async with self._database.begin(account_id) as tx:
            store = RecordingStore(tx, self._secrets)
            return await store.with_secret(account_id, recording_id, secret)

    async def link_secret(self, account_id: AccountId, recording_id: str) -> str:
        async with self._database.begin(account_id) as tx:
            found = await RecordingStore(tx, self._secrets).link_secret(account_id, recording_id)
        if found is None:
            raise NotFound(f"no recording {recording_id}")
        return found

    async def stored(
        self, row: RecordingRow, *, key: str, content_type: str, size: int, etag: str
    ) -> None:
        await self._settle(
            row,
            state="stored",
            key=key,
            content_type=content_type,
            size=size,
            etag=etag,
            reason=None,
            stored_at=now(),
        )

    async def failed(self, row: RecordingRow, reason: str) -> None:
        await self._settle(row, state="failed", reason=reason[:300])

    async def waits(self, row: RecordingRow, reason: str) -> None:
        async with self._database.begin(row.account_id) as tx:
            await RecordingStore(tx, self._secrets).change(row, reason=reason[:300])

    async def outlived(self, account_id: AccountId, before: datetime) -> list[RecordingRow]:
        async with self._database.begin(account_id) as tx:
            return await RecordingStore(tx, self._secrets).outlived(account_id, before)

    async def deleted(self, row: RecordingRow) -> None:
        async with self._database.begin(row.account_id) as tx:
            await RecordingStore(tx, self._secrets).change(row, state="deleted", key=None)

    async def _settle(self, row: RecordingRow, **values: object) -> None:
        async with self._database.begin(row.account_id) as tx:
            store = RecordingStore(tx, self._secrets)
            if await store.change(row, **values):
                after = await store.find(row.account_id, row.id)
                if after is not None:
                    await self._settled(tx, after)
