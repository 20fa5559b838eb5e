"""Pairing codes and states: issued, used once, forgotten."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.store.tables import pairings
from protocol.vocabulary import AccountId, CrmKind


class PairingRows:
    """`find` wants a resolving transaction, the rest one of the account."""

    def __init__(self, tx: AsyncConnection) -> None:
        self._tx = tx

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
        await self._tx.execute(
            insert(pairings).values(
                account_id=account_id,
                hash=digest,
                kind=kind.value,
                purpose=purpose,
                issued_at=issued_at,
                expires_at=expires_at,
            )
        )

    async def find(
        self, digest: bytes, *, kind: CrmKind, purpose: str, now: datetime
    ) -> AccountId | None:
        query = select(pairings.c.account_id).where(
            pairings.c.hash == digest,
            pairings.c.kind == kind.value,
            pairings.c.purpose == purpose,
            pairings.c.used_at.is_(None),
            pairings.c.expires_at > now,
        )
        found = (await self._tx.execute(query)).scalar_one_or_none()
        return None if found is None else AccountId(found)

    async def use(self, account_id: AccountId, digest: bytes, *, now: datetime) -> bool:
        done = await self._tx.execute(
            update(pairings)
            .where(
                pairings.c.account_id == account_id,
                pairings.c.hash == digest,
                pairings.c.used_at.is_(None),
                pairings.c.expires_at > now,
            )
            .values(used_at=now)
            .returning(pairings.c.hash)
        )
        return done.one_or_none() is not None

    async def prune(self, account_id: AccountId, *, before: datetime) -> None:
        """Forget what ended before."""
        await self._tx.execute(
            delete(pairings).where(
                pairings.c.account_id == account_id, pairings.c.expires_at < before
            )
        )
