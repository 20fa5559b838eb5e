"""Keys visits are sent with: a server's is kept as a hash, a site's stands on its pages anyway."""

from __future__ import annotations

from sqlalchemy import RowMapping, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.services.visit_keys import KeyOwner, VisitKey
from backend.store.tables import visit_keys
from protocol.vocabulary import AccountId


class VisitKeyStore:
    """`owner` wants a resolving transaction, the rest one of the account."""

    def __init__(self, tx: AsyncConnection) -> None:
        self._tx = tx

    async def owner(self, digest: bytes) -> KeyOwner | None:
        query = select(visit_keys.c.account_id, visit_keys.c.id, visit_keys.c.kind).where(
            visit_keys.c.hash == digest
        )
        row = (await self._tx.execute(query)).one_or_none()
        if row is None:
            return None
        return KeyOwner(account_id=AccountId(row.account_id), key_id=row.id, kind=row.kind)

    async def all(self, account_id: AccountId) -> list[VisitKey]:
        """Oldest first."""
        query = select(visit_keys).where(visit_keys.c.account_id == account_id)
        rows = await self._tx.execute(query.order_by(visit_keys.c.created_at, visit_keys.c.id))
        return [_key(row) for row in rows.mappings()]

    async def add(self, account_id: AccountId, key: VisitKey, digest: bytes) -> None:
        await self._tx.execute(
            insert(visit_keys).values(
                account_id=account_id,
                id=key.id,
                kind=key.kind,
                name=key.name,
                hash=digest,
                shown=key.shown,
                created_at=key.created_at,
                created_by=key.created_by,
            )
        )

    async def remove(self, account_id: AccountId, key_id: str) -> VisitKey | None:
        """The key as it was; None when there was none."""
        gone = await self._tx.execute(
            delete(visit_keys)
            .where(visit_keys.c.account_id == account_id, visit_keys.c.id == key_id)
            .returning(*visit_keys.c)
        )
        row = gone.mappings().one_or_none()
        return None if row is None else _key(row)


def _key(row: RowMapping) -> VisitKey:
    return VisitKey(
        id=row["id"],
        kind=row["kind"],
        name=row["name"],
        shown=row["shown"],
        created_at=row["created_at"],
        created_by=row["created_by"],
    )
