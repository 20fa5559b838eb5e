"""How what we bound in a CRM stands, as of the last look."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.services.portal_bindings import KeptBinding, Standing
from backend.store.tables import crm_bindings
from protocol.vocabulary import AccountId, CrmKind


class CrmBindingStore:
    def __init__(self, tx: AsyncConnection) -> None:
        self._tx = tx

    async def all(self, account_id: AccountId, kind: CrmKind) -> list[KeptBinding]:
        query = (
            select(crm_bindings)
            .where(crm_bindings.c.account_id == account_id, crm_bindings.c.kind == kind.value)
            .order_by(crm_bindings.c.name)
        )
        return [
            KeptBinding(
                name=row["name"],
                state=row["state"],
                detail=row["detail"],
                lost=row["lost"],
                checked_at=row["checked_at"],
                since=row["since"],
            )
            for row in (await self._tx.execute(query)).mappings()
        ]

    async def record(
        self, account_id: AccountId, kind: CrmKind, standings: Sequence[Standing], at: datetime
    ) -> list[str]:
        """The names of those that were there at the last look and were gone now."""
        before = {row.name: row for row in await self.all(account_id, kind)}
        lost = []
        for standing in standings:
            if standing.state == "removed":
                await self._forget(account_id, kind, standing.name)
                continue
            state = "ok" if standing.state == "bound" else standing.state
            known = before.get(standing.name)
            was_there = known is not None and known.state == "ok"
            gone = was_there and standing.state != "ok"
            if gone:
                lost.append(standing.name)
            values = {
                "state": state,
                "detail": standing.detail[:500],
                "lost": (known.lost if known else 0) + int(gone),
                "checked_at": at,
                "since": known.since if known is not None and known.state == state else at,
            }
            await self._tx.execute(
                insert(crm_bindings)
                .values(account_id=account_id, kind=kind.value, name=standing.name, **values)
                .on_conflict_do_update(index_elements=["account_id", "kind", "name"], set_=values)
            )
        return lost

    async def clear(self, account_id: AccountId, kind: CrmKind) -> None:
        """Nothing of it is there any more, and that is no loss: uninstalled, or updated."""
        await self._tx.execute(
            delete(crm_bindings).where(
                crm_bindings.c.account_id == account_id, crm_bindings.c.kind == kind.value
            )
        )

    async def _forget(self, account_id: AccountId, kind: CrmKind, name: str) -> None:
        await self._tx.execute(
            delete(crm_bindings).where(
                crm_bindings.c.account_id == account_id,
                crm_bindings.c.kind == kind.value,
                crm_bindings.c.name == name,
            )
        )
