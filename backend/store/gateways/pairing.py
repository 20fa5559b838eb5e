"""Pairing codes and states over transactions."""

from __future__ import annotations

from datetime import datetime

from backend.store.database import Database
from backend.store.pairings import PairingRows
from protocol.vocabulary import AccountId, CrmKind


class SqlPairings:
    """`services.pairing.PairingStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(
        self,
        account_id: AccountId,
        digest: bytes,
        *,
        kind: CrmKind,
        purpose: str,
        issued_at: datetime,
        expires_at: datetime,
    ) -> None:
        async with self._database.begin(account_id) as tx:
            await PairingRows(tx).add(
                account_id,
                digest,
                kind=kind,
                purpose=purpose,
                issued_at=issued_at,
                expires_at=expires_at,
            )

    async def find(
        self, digest: bytes, *, kind: CrmKind, purpose: str, now: datetime
    ) -> AccountId | None:
        async with self._database.begin_resolving() as tx:
            return await PairingRows(tx).find(digest, kind=kind, purpose=purpose, now=now)

    async def use(self, account_id: AccountId, digest: bytes, *, now: datetime) -> bool:
        async with self._database.begin(account_id) as tx:
            return await PairingRows(tx).use(account_id, digest, now=now)
