"""Calls a CRM asked for: each once, with what became of it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import RowMapping, delete, select, update
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.services.ports.asked import AskedCall
from backend.store.tables import asked_calls as asked
from protocol.vocabulary import AccountId, CallId, CrmKind, EmployeeId


class AskedCallStore:
    def __init__(self, tx: AsyncConnection) -> None:
        self._tx = tx

    async def put(self, call: AskedCall) -> AskedCall:
        """Keep it; the row as it stands now, another delivery's if that came first."""
        await self._tx.execute(
            postgresql.insert(asked).values(**_values(call)).on_conflict_do_nothing()
        )
        found = await self.find(call.account_id, call.crm, call.external_id, lock=True)
        if found is None:
            raise LookupError(f"no row of {call.external_id} after it was written")
        return found

    async def find(
        self, account_id: AccountId, crm: CrmKind, external_id: str, *, lock: bool = False
    ) -> AskedCall | None:
        query = select(asked).where(
            asked.c.account_id == account_id,
            asked.c.crm_kind == crm.value,
            asked.c.external_id == external_id,
        )
        if lock:
            query = query.with_for_update()
        row = (await self._tx.execute(query)).mappings().one_or_none()
        return None if row is None else _asked(row)

    async def of_call(self, account_id: AccountId, call_id: CallId) -> AskedCall | None:
        query = select(asked).where(asked.c.account_id == account_id, asked.c.call_id == call_id)
        row = (await self._tx.execute(query)).mappings().first()
        return None if row is None else _asked(row)

    async def settle(
        self,
        account_id: AccountId,
        crm: CrmKind,
        external_id: str,
        *,
        state: str,
        reason: str | None = None,
    ) -> bool:
        """What became of it. False when that was known before: the first word counts."""
        done = await self._tx.execute(
            update(asked)
            .where(
                asked.c.account_id == account_id,
                asked.c.crm_kind == crm.value,
                asked.c.external_id == external_id,
                asked.c.state == "asked",
            )
            .values(state=state, reason=reason)
            .returning(asked.c.external_id)
        )
        return done.one_or_none() is not None

    async def prune(self, account_id: AccountId, *, before: datetime) -> None:
        await self._tx.execute(
            delete(asked).where(asked.c.account_id == account_id, asked.c.asked_at < before)
        )


def _values(call: AskedCall) -> dict[str, object]:
    return {
        "account_id": call.account_id,
        "crm_kind": call.crm.value,
        "external_id": call.external_id,
        "kind": call.kind,
        "call_id": call.call_id,
        "crm_call_id": call.crm_call_id,
        "crm_user_id": call.crm_user_id,
        "employee_id": call.employee_id,
        "number": call.number,
        "line": call.line,
        "record_kind": call.record_kind,
        "record_id": call.record_id,
        "asked_at": call.asked_at,
        "extension": call.extension,
        "call_list_id": call.call_list_id,
        "message": call.message,
    }


def _asked(row: RowMapping) -> AskedCall:
    return AskedCall(
        account_id=AccountId(row["account_id"]),
        crm=CrmKind(row["crm_kind"]),
        external_id=row["external_id"],
        kind=row["kind"],
        call_id=CallId(row["call_id"]),
        crm_call_id=row["crm_call_id"],
        crm_user_id=row["crm_user_id"],
        employee_id=None if row["employee_id"] is None else EmployeeId(row["employee_id"]),
        number=row["number"],
        line=row["line"],
        record_kind=row["record_kind"],
        record_id=row["record_id"],
        state=row["state"],
        reason=row["reason"],
        asked_at=row["asked_at"],
        extension=row["extension"],
        call_list_id=row["call_list_id"],
        message=row["message"],
    )
