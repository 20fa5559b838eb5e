"""Grants in reserve: pairs of tokens of administrators other than the one who acts."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import RowMapping, delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.kit.secrets_box import SecretsBox
from backend.store.tables import crm_grants
from protocol.vocabulary import AccountId, CrmKind


@dataclass(frozen=True, slots=True, kw_only=True)
class ReserveGrant:
    account_id: AccountId
    kind: CrmKind
    crm_user_id: str
    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_at: datetime
    seen_at: datetime
    """When this administrator last showed the pair: the newest is asked first."""


class CrmGrantStore:
    """Changes belong under the connection's row lock (`CrmConnectionStore.lock`)."""

    def __init__(self, tx: AsyncConnection, secrets: SecretsBox) -> None:
        self._tx = tx
        self._secrets = secrets

    async def save(self, grant: ReserveGrant) -> None:
        """Keep it in place of what this administrator left before."""
        values = {
            "access_token": self._sealed(grant.account_id, "access_token", grant.access_token),
            "refresh_token": self._sealed(grant.account_id, "refresh_token", grant.refresh_token),
            "expires_at": grant.expires_at,
            "seen_at": grant.seen_at,
        }
        await self._tx.execute(
            insert(crm_grants)
            .values(
                account_id=grant.account_id,
                kind=grant.kind.value,
                crm_user_id=grant.crm_user_id,
                **values,
            )
            .on_conflict_do_update(
                index_elements=["account_id", "kind", "crm_user_id"], set_=values
            )
        )

    async def newest_first(self, account_id: AccountId, kind: CrmKind) -> list[ReserveGrant]:
        """Raises SecretUnreadable."""
        query = (
            select(crm_grants)
            .where(crm_grants.c.account_id == account_id, crm_grants.c.kind == kind.value)
            .order_by(crm_grants.c.seen_at.desc(), crm_grants.c.crm_user_id)
        )
        return [self._grant(row) for row in (await self._tx.execute(query)).mappings()]

    async def count(self, account_id: AccountId, kind: CrmKind) -> int:
        query = select(func.count()).where(
            crm_grants.c.account_id == account_id, crm_grants.c.kind == kind.value
        )
        return int((await self._tx.execute(query)).scalar_one())

    async def remove(self, account_id: AccountId, kind: CrmKind, crm_user_id: str) -> None:
        await self._tx.execute(
            delete(crm_grants).where(
                crm_grants.c.account_id == account_id,
                crm_grants.c.kind == kind.value,
                crm_grants.c.crm_user_id == crm_user_id,
            )
        )

    async def clear(self, account_id: AccountId, kind: CrmKind) -> None:
        await self._tx.execute(
            delete(crm_grants).where(
                crm_grants.c.account_id == account_id, crm_grants.c.kind == kind.value
            )
        )

    def _sealed(self, account_id: str, name: str, plain: str) -> bytes:
        return self._secrets.seal(plain, account_id=account_id, column=f"crm_grants.{name}")

    def _grant(self, row: RowMapping) -> ReserveGrant:
        account_id = AccountId(row["account_id"])
        opened = {
            name: self._secrets.open(
                bytes(row[name]), account_id=account_id, column=f"crm_grants.{name}"
            )
            for name in ("access_token", "refresh_token")
        }
        return ReserveGrant(
            account_id=account_id,
            kind=CrmKind(row["kind"]),
            crm_user_id=row["crm_user_id"],
            expires_at=row["expires_at"],
            seen_at=row["seen_at"],
            **opened,
        )
