"""Working days of the CRM: whose are followed, whose may be written, what they were last."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, exists, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.domain.account_settings import CrmSettings, WorkdaySettings
from backend.domain.workday import WRITTEN, DayState
from backend.services.statuses import KeptStatus
from backend.services.workday import Followed, KeptDay
from backend.store.account_settings import AccountSettingsStore
from backend.store.database import Database
from backend.store.gateways.statuses import SqlStatuses
from backend.store.tables import employee_numbers, employees, sessions, workdays
from protocol.vocabulary import AccountId, EmployeeId, StatusSource


class SqlWorkdays:
    """`services.workday.WorkdayBook`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._statuses = SqlStatuses(database)

    async def followed(self, account_id: AccountId) -> Sequence[Followed]:
        async with self._database.begin(account_id) as tx:
            people = await _followed(tx, account_id) if await _on(tx, account_id) else {}
            await tx.execute(
                delete(workdays).where(
                    workdays.c.account_id == account_id, workdays.c.employee_id.not_in(people)
                )
            )
            days = await tx.execute(select(workdays).where(workdays.c.account_id == account_id))
            known = {
                row["employee_id"]: KeptDay(
                    state=DayState(row["state"]),
                    since=row["since"],
                    written_at=row["written_at"],
                )
                for row in days.mappings()
            }
        return [
            Followed(employee_id=employee_id, user_id=user_id, day=known.get(employee_id))
            for employee_id, user_id in people.items()
        ]

    async def keep(
        self,
        account_id: AccountId,
        employee_id: EmployeeId,
        day: KeptDay,
        *,
        before: KeptDay | None,
    ) -> None:
        values = _values(day)
        statement = insert(workdays).values(
            account_id=account_id, employee_id=employee_id, **values
        )
        key = ["account_id", "employee_id"]
        if before is None:
            statement = statement.on_conflict_do_nothing(index_elements=key)
        else:
            statement = statement.on_conflict_do_update(
                index_elements=key,
                set_=values,
                where=(workdays.c.state == before.state.value)
                & workdays.c.written_at.is_not_distinct_from(before.written_at),
            )
        async with self._database.begin(account_id) as tx:
            await tx.execute(statement)

    async def written(self, account_id: AccountId, employee_id: EmployeeId, day: KeptDay) -> None:
        values = _values(day)
        async with self._database.begin(account_id) as tx:
            await tx.execute(
                insert(workdays)
                .values(account_id=account_id, employee_id=employee_id, **values)
                .on_conflict_do_update(index_elements=["account_id", "employee_id"], set_=values)
            )

    async def writable(self, account_id: AccountId, employee_id: EmployeeId) -> str | None:
        async with self._database.begin(account_id) as tx:
            return await _writable(tx, account_id, employee_id)

    async def status(self, account_id: AccountId, employee_id: EmployeeId) -> KeptStatus | None:
        return await self._statuses.load(account_id, employee_id)


async def must_be_written(tx: AsyncConnection, account_id: AccountId, status: KeptStatus) -> bool:
    """Whether the CRM's working day may have to hear of this choice; asked in its transaction."""
    if status.source is not StatusSource.PERSON or status.status not in WRITTEN:
        return False
    return await _writable(tx, account_id, status.employee_id) is not None


async def _on(tx: AsyncConnection, account_id: AccountId) -> bool:
    settings = AccountSettingsStore(tx)
    if not (await settings.get(account_id, WorkdaySettings)).import_on:
        return False
    return (await settings.get(account_id, CrmSettings)).on


async def _followed(tx: AsyncConnection, account_id: AccountId) -> dict[EmployeeId, str]:
    """CRM users by employee."""
    signed_on = exists().where(
        sessions.c.account_id == employees.c.account_id,
        sessions.c.employee_id == employees.c.id,
        sessions.c.revoked_at.is_(None),
        sessions.c.expires_at > func.now(),
    )
    can_ring = exists().where(
        employee_numbers.c.account_id == employees.c.account_id,
        employee_numbers.c.employee_id == employees.c.id,
        employee_numbers.c.active,
    )
    rows = await tx.execute(
        select(employees.c.id, employees.c.crm_user_id)
        .where(
            employees.c.account_id == account_id,
            employees.c.active,
            employees.c.workday_import,
            employees.c.crm_user_id.is_not(None),
            or_(signed_on, can_ring),
        )
        .order_by(employees.c.id)
    )
    return {EmployeeId(row.id): str(row.crm_user_id) for row in rows}


async def _writable(
    tx: AsyncConnection, account_id: AccountId, employee_id: EmployeeId
) -> str | None:
    settings = AccountSettingsStore(tx)
    if not (await settings.get(account_id, WorkdaySettings)).write_on:
        return None
    if not (await settings.get(account_id, CrmSettings)).on:
        return None
    found = await tx.execute(
        select(employees.c.crm_user_id).where(
            employees.c.account_id == account_id,
            employees.c.id == employee_id,
            employees.c.active,
            employees.c.workday_write,
        )
    )
    user_id = found.scalar_one_or_none()
    return None if user_id is None else str(user_id)


def _values(day: KeptDay) -> dict[str, object]:
    return {"state": day.state.value, "since": day.since, "written_at": day.written_at}
