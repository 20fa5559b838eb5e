"""Recordings. The secret of a link is sealed for who makes links and hashed for who checks them."""

from __future__ import annotations

import hashlib
import hmac
import secrets as random
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import structlog
from sqlalchemy import RowMapping, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.kit.ids import new_id
from backend.kit.secrets_box import SecretsBox, SecretUnreadable
from backend.services.ports import RecordingRow
from backend.store.tables import recordings
from protocol.vocabulary import AccountId, CallId

log = structlog.get_logger(__name__)

_COLUMN: Final = "recordings.secret"
_AT_ONCE: Final = 200
_HEARD: Final = recordings.c.state != "failed"
"""A message in which nothing was said does not hide the talk before it."""


class RecordingStore:
    def __init__(self, tx: AsyncConnection, secrets: SecretsBox) -> None:
        self._tx = tx
        self._secrets = secrets

    async def expect(
        self, account_id: AccountId, call_id: CallId, *, connection_id: str, name: str
    ) -> str | None:
        """A recording that was begun: its new id, or None when it was known already."""
        secret = random.token_urlsafe(24)
        added = await self._tx.execute(
            insert(recordings)
            .values(
                account_id=account_id,
                id=new_id(),
                call_id=call_id,
                connection_id=connection_id,
                name=name,
                state="expected",
                secret=self._secrets.seal(secret, account_id=account_id, column=_COLUMN),
                secret_hash=_hash(secret),
            )
            .on_conflict_do_nothing()
            .returning(recordings.c.id)
        )
        row = added.one_or_none()
        return None if row is None else str(row.id)

    async def find(self, account_id: AccountId, recording_id: str) -> RecordingRow | None:
        row = await self._one(account_id, recordings.c.id == recording_id)
        return None if row is None else _row(row)

    async def of_call(self, account_id: AccountId, call_id: CallId) -> RecordingRow | None:
        """The newest of the call that did not fail, else the newest, with its secret.

        Raises SecretUnreadable.
        """
        row = await self._one(account_id, recordings.c.call_id == call_id)
        return None if row is None else _row(row, self._opened(row))

    async def of_calls(
        self, account_id: AccountId, call_ids: Sequence[CallId]
    ) -> dict[CallId, RecordingRow]:
        """The same of each call that has any, with its secret where its key is in the ring."""
        rows = await self._tx.execute(
            select(recordings)
            .where(recordings.c.account_id == account_id, recordings.c.call_id.in_(call_ids))
            .order_by(_HEARD, recordings.c.began_at, recordings.c.id)
        )
        found = {CallId(row["call_id"]): row for row in rows.mappings()}
        return {call_id: _row(row, self._if_opened(row)) for call_id, row in found.items()}

    async def with_secret(
        self, account_id: AccountId, recording_id: str, secret: str
    ) -> RecordingRow | None:
        row = await self._one(account_id, recordings.c.id == recording_id)
        if row is None or not hmac.compare_digest(row["secret_hash"], _hash(secret)):
            return None
        return _row(row)

    async def link_secret(self, account_id: AccountId, recording_id: str) -> str | None:
        """Raises SecretUnreadable."""
        row = await self._one(account_id, recordings.c.id == recording_id)
        return None if row is None else self._opened(row)

    async def change(self, row: RecordingRow, **values: Any) -> bool:
        """False: it is no longer in the state `row` says, and stays as it is."""
        changed = await self._tx.execute(
            update(recordings)
            .where(
                recordings.c.account_id == row.account_id,
                recordings.c.id == row.id,
                recordings.c.state == row.state,
            )
            .values(**values)
            .returning(recordings.c.id)
        )
        return changed.one_or_none() is not None

    async def outlived(self, account_id: AccountId, before: datetime) -> list[RecordingRow]:
        rows = await self._tx.execute(
            select(recordings)
            .where(
                recordings.c.account_id == account_id,
                recordings.c.state == "stored",
                recordings.c.began_at < before,
            )
            .order_by(recordings.c.began_at)
            .limit(_AT_ONCE)
        )
        return [_row(row) for row in rows.mappings()]

    async def _one(self, account_id: AccountId, which: Any) -> RowMapping | None:
        query = (
            select(recordings)
            .where(recordings.c.account_id == account_id, which)
            .order_by(_HEARD.desc(), recordings.c.began_at.desc(), recordings.c.id.desc())
            .limit(1)
        )
        return (await self._tx.execute(query)).mappings().one_or_none()

    def _if_opened(self, row: RowMapping) -> str:
        try:
            return self._opened(row)
        except SecretUnreadable as error:
            log.warning("recording.link_unreadable", recording=row["id"], error=str(error))
            return ""

    def _opened(self, row: RowMapping) -> str:
        return self._secrets.open(
            bytes(row["secret"]), account_id=row["account_id"], column=_COLUMN
        )


def now() -> Any:
    """The database's own clock, for columns set by `change`."""
    return func.now()


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _row(row: RowMapping, secret: str = "") -> RecordingRow:
    return RecordingRow(
        account_id=AccountId(row["account_id"]),
        id=row["id"],
        call_id=CallId(row["call_id"]),
        connection_id=row["connection_id"],
        name=row["name"],
        state=row["state"],
        began_at=row["began_at"],
        key=row["key"] or "",
        content_type=row["content_type"],
        size=row["size"],
        etag=row["etag"],
        reason=row["reason"],
        secret=secret,
    )
