"""What each agent chose, and the log of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import RowMapping, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.store.tables import status_log, statuses
from protocol.vocabulary import AccountId, AgentStatus, EmployeeId, StatusSource


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredStatus:
    employee_id: EmployeeId
    status: AgentStatus
    source: StatusSource
    reason: str | None
    since: datetime
    version: int
    """One more with every change, from 1."""
    chosen: AgentStatus | None = None
    """What a human chose last. None in rows of earlier releases."""


class StatusStore:
    def __init__(self, tx: AsyncConnection) -> None:
        self._tx = tx

    async def find(self, account_id: AccountId, employee_id: EmployeeId) -> StoredStatus | None:
        query = select(statuses).where(
            statuses.c.account_id == account_id, statuses.c.employee_id == employee_id
        )
        row = (await self._tx.execute(query)).mappings().one_or_none()
        return None if row is None else _status(row)

    async def all(self, account_id: AccountId) -> dict[EmployeeId, StoredStatus]:
        rows = await self._tx.execute(select(statuses).where(statuses.c.account_id == account_id))
        found = [_status(row) for row in rows.mappings()]
        return {status.employee_id: status for status in found}

    async def save(self, account_id: AccountId, status: StoredStatus) -> bool:
        """Write it and log it. False: somebody wrote this version first; load and decide anew."""
        values = {
            "status": status.status.value,
            "source": status.source.value,
            "reason": status.reason,
            "since": status.since,
        }
        row = {
            **values,
            "version": status.version,
            "chosen": None if status.chosen is None else status.chosen.value,
        }
        statement = insert(statuses).values(
            account_id=account_id, employee_id=status.employee_id, **row
        )
        done = await self._tx.execute(
            statement.on_conflict_do_update(
                index_elements=["account_id", "employee_id"],
                set_=row,
                where=statuses.c.version == status.version - 1,
            ).returning(statuses.c.version)
        )
        if done.one_or_none() is None:
            return False
        await self._tx.execute(
            insert(status_log).values(
                account_id=account_id, employee_id=status.employee_id, **values
            )
        )
        return True


def _status(row: RowMapping) -> StoredStatus:
    return StoredStatus(
        employee_id=EmployeeId(row["employee_id"]),
        status=AgentStatus(row["status"]),
        source=StatusSource(row["source"]),
        reason=row["reason"],
        since=row["since"],
        version=row["version"],
        chosen=None if row["chosen"] is None else AgentStatus(row["chosen"]),
    )
