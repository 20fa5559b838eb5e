"""Employees, their numbers, and groups."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Literal

from sqlalchemy import RowMapping, delete, exists, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.domain.account_settings import OutgoingSettings
from backend.store.account_settings import AccountSettingsStore
from backend.store.tables import (
    crm_connections,
    employee_numbers,
    employees,
    group_members,
    groups,
    sessions,
)
from protocol.vocabulary import AccountId, CrmKind, EmployeeId

NumberKind = Literal["desk", "mobile", "sip"]
Device = Literal["phone", "browser"]
Role = Literal["operator", "supervisor", "administrator"]
"""Supervisors see everything of the account, administrators change it, too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Employee:
    id: EmployeeId
    name: str
    email: str | None = None
    position: str | None = None
    department: str | None = None
    extension: str | None = None
    crm_user_id: str | None = None
    active: bool = True
    role: Role = "operator"
    role_by_hand: bool = False
    """Somebody chose the role: what the CRM says of administrators no longer changes it."""
    calls_enabled: bool = True
    """Off: not rung, and not offered the widget."""
    caller_id: str | None = None
    """The number called parties see, one of the account's."""
    caller_id_choice: bool = False
    """May choose among the account's numbers for each call."""
    workday_import: bool = True
    workday_write: bool = False
    device: Device = "phone"
    """Where calls are taken: telephone or softphone until the employee chooses the browser."""

    @property
    def is_supervisor(self) -> bool:
        return self.role != "operator"


@dataclass(frozen=True, slots=True, kw_only=True)
class EmployeeNumber:
    """One thing of an employee's that can ring; the lowest priority is tried first."""

    employee_id: EmployeeId
    priority: int
    kind: NumberKind
    endpoint: str
    """In the switch's own words, `PJSIP/101`."""
    label: str
    """As a person would call it."""
    auto_answer: bool = False
    active: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    id: str
    name: str
    extension: str | None = None
    members: tuple[EmployeeId, ...] = ()
    """In ringing order."""


class EmployeeStore:
    def __init__(self, tx: AsyncConnection) -> None:
        self._tx = tx

    async def save(self, account_id: AccountId, people: Iterable[Employee]) -> None:
        """Insert or change. An extension somebody else has raises IntegrityError.

        Who is no longer active is signed out.
        """
        people = tuple(people)
        rows = [
            {"account_id": account_id, **asdict(person), "is_supervisor": person.is_supervisor}
            for person in people
        ]
        if not rows:
            return
        statement = insert(employees)
        changed = {
            column.name: statement.excluded[column.name]
            for column in employees.c
            if column.name not in ("account_id", "id")
        }
        await self._tx.execute(
            statement.on_conflict_do_update(index_elements=["account_id", "id"], set_=changed),
            rows,
        )
        await self.sign_out(account_id, [person.id for person in people if not person.active])

    async def deactivate(self, account_id: AccountId, ids: Sequence[EmployeeId]) -> None:
        """They no longer take part and are signed out; their calls stay."""
        await self._tx.execute(
            update(employees)
            .where(employees.c.account_id == account_id, employees.c.id.in_(ids))
            .values(active=False, extension=None)
        )
        await self.sign_out(account_id, ids)

    async def sign_out(self, account_id: AccountId, ids: Sequence[EmployeeId]) -> None:
        """In the same transaction: a tab left open would see calls for as long as its session
        lasts. Open sockets follow when their process next looks for revoked sessions (X10)."""
        if ids:
            await self._tx.execute(
                update(sessions)
                .where(
                    sessions.c.account_id == account_id,
                    sessions.c.employee_id.in_(ids),
                    sessions.c.revoked_at.is_(None),
                )
                .values(revoked_at=func.clock_timestamp())
            )

    async def all(self, account_id: AccountId, *, inactive: bool = False) -> list[Employee]:
        query = select(employees).where(employees.c.account_id == account_id)
        if not inactive:
            query = query.where(employees.c.active)
        rows = await self._tx.execute(query.order_by(employees.c.name, employees.c.id))
        return [_employee(row) for row in rows.mappings()]

    async def find(self, account_id: AccountId, employee_id: EmployeeId) -> Employee | None:
        query = select(employees).where(
            employees.c.account_id == account_id, employees.c.id == employee_id
        )
        row = (await self._tx.execute(query)).mappings().one_or_none()
        return None if row is None else _employee(row)

    async def by_crm_user(self, account_id: AccountId, crm_user_id: str) -> Employee | None:
        """The active employee who is that user over there."""
        query = select(employees).where(
            employees.c.account_id == account_id,
            employees.c.crm_user_id == crm_user_id,
            employees.c.active,
        )
        row = (await self._tx.execute(query)).mappings().one_or_none()
        return None if row is None else _employee(row)

    async def replace_numbers(
        self, account_id: AccountId, employee_id: EmployeeId, numbers: Iterable[EmployeeNumber]
    ) -> None:
        await self._tx.execute(
            delete(employee_numbers).where(
                employee_numbers.c.account_id == account_id,
                employee_numbers.c.employee_id == employee_id,
            )
        )
        rows = [
            {"account_id": account_id, **asdict(number), "employee_id": employee_id}
            for number in numbers
        ]
        if rows:
            await self._tx.execute(insert(employee_numbers), rows)

    async def numbers(
        self, account_id: AccountId, *, inactive: bool = False
    ) -> dict[EmployeeId, tuple[EmployeeNumber, ...]]:
        """Active numbers of everyone, first choice first; `inactive` adds those switched off."""
        query = (
            select(employee_numbers)
            .where(employee_numbers.c.account_id == account_id)
            .order_by(employee_numbers.c.employee_id, employee_numbers.c.priority)
        )
        if not inactive:
            query = query.where(employee_numbers.c.active)
        found: dict[EmployeeId, list[EmployeeNumber]] = {}
        for row in (await self._tx.execute(query)).mappings():
            number = _number(row)
            found.setdefault(number.employee_id, []).append(number)
        return {employee_id: tuple(numbers) for employee_id, numbers in found.items()}

    async def has_line(self, account_id: AccountId, employee_id: EmployeeId) -> bool:
        """Whether something of theirs takes calls beside the tab (W16). In amoCRM a mobile is
        enough while calls in two stages are on: it is what such a call rings first (L1951)."""
        kinds = ("desk", "sip", "mobile") if await self._two_stages(account_id) else ("desk", "sip")
        query = select(
            exists().where(
                employee_numbers.c.account_id == account_id,
                employee_numbers.c.employee_id == employee_id,
                employee_numbers.c.active,
                employee_numbers.c.kind.in_(kinds),
            )
        )
        return bool(await self._tx.scalar(query))

    async def _two_stages(self, account_id: AccountId) -> bool:
        query = select(
            exists().where(
                crm_connections.c.account_id == account_id,
                crm_connections.c.kind == CrmKind.AMOCRM.value,
            )
        )
        if not await self._tx.scalar(query):
            return False
        return (await AccountSettingsStore(self._tx).get(account_id, OutgoingSettings)).two_stage

    async def save_group(self, account_id: AccountId, group: Group) -> None:
        """Insert or change, its members replaced."""
        statement = insert(groups).values(
            account_id=account_id, id=group.id, name=group.name, extension=group.extension
        )
        await self._tx.execute(
            statement.on_conflict_do_update(
                index_elements=["account_id", "id"],
                set_={"name": group.name, "extension": group.extension},
            )
        )
        await self._tx.execute(
            delete(group_members).where(
                group_members.c.account_id == account_id, group_members.c.group_id == group.id
            )
        )
        rows = [
            {"account_id": account_id, "group_id": group.id, "employee_id": e, "position": n}
            for n, e in enumerate(group.members)
        ]
        if rows:
            await self._tx.execute(insert(group_members), rows)

    async def groups(self, account_id: AccountId) -> list[Group]:
        members: dict[str, list[EmployeeId]] = {}
        query = (
            select(group_members)
            .where(group_members.c.account_id == account_id)
            .order_by(group_members.c.group_id, group_members.c.position)
        )
        for row in (await self._tx.execute(query)).mappings():
            members.setdefault(row["group_id"], []).append(EmployeeId(row["employee_id"]))
        rows = await self._tx.execute(
            select(groups).where(groups.c.account_id == account_id).order_by(groups.c.name)
        )
        return [
            Group(
                id=row["id"],
                name=row["name"],
                extension=row["extension"],
                members=tuple(members.get(row["id"], ())),
            )
            for row in rows.mappings()
        ]


def _employee(row: RowMapping) -> Employee:
    return Employee(
        id=EmployeeId(row["id"]),
        name=row["name"],
        email=row["email"],
        position=row["position"],
        department=row["department"],
        extension=row["extension"],
        crm_user_id=row["crm_user_id"],
        active=row["active"],
        role=row["role"],
        role_by_hand=row["role_by_hand"],
        calls_enabled=row["calls_enabled"],
        caller_id=row["caller_id"],
        caller_id_choice=row["caller_id_choice"],
        workday_import=row["workday_import"],
        workday_write=row["workday_write"],
        device=row["device"],
    )


def _number(row: RowMapping) -> EmployeeNumber:
    return EmployeeNumber(
        employee_id=EmployeeId(row["employee_id"]),
        priority=row["priority"],
        kind=row["kind"],
        endpoint=row["endpoint"],
        label=row["label"],
        auto_answer=row["auto_answer"],
        active=row["active"],
    )
