"""Which lines in browsers have a password, each in a transaction of its own."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert

from backend.services.ports import IssuedLine
from backend.store.database import Database
from backend.store.tables import issued_lines as lines
from protocol.vocabulary import AccountId, EmployeeId


class SqlIssuedLines:
    """`services.ports.IssuedLines`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def issued(
        self, account_id: AccountId, employee_id: EmployeeId, extension: str | None
    ) -> None:
        values = {"extension": extension, "issued_at": func.now(), "unheld_since": None}
        async with self._database.begin(account_id) as tx:
            await tx.execute(
                insert(lines)
                .values(account_id=account_id, employee_id=employee_id, **values)
                .on_conflict_do_update(index_elements=["account_id", "employee_id"], set_=values)
            )

    async def withdrawn(self, account_id: AccountId, employee_id: EmployeeId) -> None:
        async with self._database.begin(account_id) as tx:
            await tx.execute(delete(lines).where(*_this(account_id, employee_id)))

    async def of_account(self, account_id: AccountId) -> list[IssuedLine]:
        query = select(lines).where(lines.c.account_id == account_id).order_by(lines.c.issued_at)
        async with self._database.begin(account_id) as tx:
            rows = (await tx.execute(query)).mappings().all()
        return [
            IssuedLine(
                employee_id=EmployeeId(row["employee_id"]),
                extension=row["extension"],
                unheld_since=row["unheld_since"],
            )
            for row in rows
        ]

    async def unheld(
        self, account_id: AccountId, employee_id: EmployeeId, since: datetime | None
    ) -> None:
        async with self._database.begin(account_id) as tx:
            await tx.execute(
                update(lines).where(*_this(account_id, employee_id)).values(unheld_since=since)
            )


def _this(account_id: AccountId, employee_id: EmployeeId) -> tuple[ColumnElement[bool], ...]:
    return lines.c.account_id == account_id, lines.c.employee_id == employee_id
