"""Whose browser line it is, read where passwords are issued."""

from __future__ import annotations

from sqlalchemy import select

from backend.services.phones import LinePerson
from backend.store.database import Database
from backend.store.tables import accounts, employees
from protocol.vocabulary import AccountId, EmployeeId


class SqlLinePeople:
    """`services.phones.LinePeople`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(
        self, account_id: AccountId, employee_id: EmployeeId, *, former: bool = False
    ) -> LinePerson | None:
        query = (
            select(accounts.c.slug, employees.c.name, employees.c.extension, employees.c.device)
            .join(accounts, accounts.c.id == employees.c.account_id)
            .where(
                employees.c.account_id == account_id,
                employees.c.id == employee_id,
                *(() if former else (employees.c.active, employees.c.calls_enabled)),
            )
        )
        async with self._database.begin(account_id) as tx:
            row = (await tx.execute(query)).mappings().one_or_none()
        return None if row is None else LinePerson(**row)
