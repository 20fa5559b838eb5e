"""Accounts: made once, found by slug."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from sqlalchemy import RowMapping, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.store.tables import accounts
from protocol.vocabulary import AccountId


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    id: AccountId
    slug: str
    """Names on the switch carry it."""
    name: str
    region: str = "RU"
    """Whose national numbers are meant (ISO 3166)."""
    timezone: str = "Europe/Moscow"
    """What "today" is (IANA name)."""


class AccountStore:
    """`save` wants a transaction of that account; the searches want a resolving one."""

    def __init__(self, tx: AsyncConnection) -> None:
        self._tx = tx

    async def save(self, account: Account) -> None:
        values = asdict(account)
        changed = {name: value for name, value in values.items() if name != "id"}
        await self._tx.execute(
            insert(accounts)
            .values(values)
            .on_conflict_do_update(index_elements=["id"], set_=changed)
        )

    async def find(self, account_id: AccountId) -> Account | None:
        query = select(accounts).where(accounts.c.id == account_id)
        row = (await self._tx.execute(query)).mappings().one_or_none()
        return None if row is None else _account(row)

    async def by_slug(self, slug: str) -> Account | None:
        query = select(accounts).where(accounts.c.slug == slug)
        row = (await self._tx.execute(query)).mappings().one_or_none()
        return None if row is None else _account(row)

    async def all(self) -> list[Account]:
        """Every account this server knows, oldest first."""
        rows = await self._tx.execute(select(accounts).order_by(accounts.c.created_at))
        return [_account(row) for row in rows.mappings()]


def _account(row: RowMapping) -> Account:
    return Account(
        id=AccountId(row["id"]),
        slug=row["slug"],
        name=row["name"],
        region=row["region"],
        timezone=row["timezone"],
    )
