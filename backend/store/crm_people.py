"""What was kept of a CRM's people, the reports of reading them, and who was seen when."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import RowMapping, case, delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.domain.people import (
    KeptPerson,
    Known,
    KnownEmployee,
    KnownPerson,
    KnownTeam,
    Remark,
)
from backend.services.employee_sync import SyncReport, SyncState
from backend.store.tables import (
    crm_people,
    crm_seen,
    employee_syncs,
    employees,
    groups,
)
from backend.store.teams import TeamStore
from protocol.vocabulary import AccountId, CrmKind, EmployeeId

KEPT_REPORTS = 50
"""Reports per account: a day of them at every half hour."""


class CrmPeopleStore:
    def __init__(self, tx: AsyncConnection) -> None:
        self._tx = tx

    async def known(self, account_id: AccountId, kind: CrmKind) -> Known:
        """An account's side of the comparison with a reading."""
        found = await self._tx.execute(
            select(crm_people).where(crm_people.c.account_id == account_id)
        )
        rows = found.mappings().all()
        notes = [_note(row) for row in rows if row["crm_kind"] == kind.value]
        here = {note.employee_id for note in notes}
        # Numbers of another CRM's users mean nothing in this one.
        foreign = {
            (row["employee_id"], row["crm_user_id"])
            for row in rows
            if row["crm_kind"] != kind.value and row["employee_id"] not in here
        }
        people = await self._tx.execute(
            select(employees).where(employees.c.account_id == account_id).order_by(employees.c.id)
        )
        taken = await self._tx.execute(
            select(groups.c.extension).where(
                groups.c.account_id == account_id, groups.c.extension.is_not(None)
            )
        )
        return Known(
            people=tuple(notes),
            employees=tuple(
                replace(person, crm_user_id=None)
                if (person.employee_id, person.crm_user_id) in foreign
                else person
                for person in map(_employee, people.mappings())
            ),
            teams=tuple(
                KnownTeam(
                    team_id=team.id,
                    crm_id=team.crm_id,
                    name=team.name,
                    members=team.members,
                    heads=team.heads,
                )
                for team in await TeamStore(self._tx).all(account_id)
                if team.crm_id is not None
            ),
            extensions_of_groups=frozenset(str(extension) for extension in taken.scalars()),
        )

    async def save_employees(self, account_id: AccountId, people: Iterable[KnownEmployee]) -> None:
        """Insert or change; what a synchronisation knows nothing of keeps its value."""
        people = tuple(people)
        # Two may swap extensions: both let go of theirs first.
        await self._tx.execute(
            update(employees)
            .where(
                employees.c.account_id == account_id,
                employees.c.id.in_([person.employee_id for person in people]),
            )
            .values(extension=None)
        )
        # Whoever has one of these users still is a user of another CRM.
        await self._tx.execute(
            update(employees)
            .where(
                employees.c.account_id == account_id,
                employees.c.crm_user_id.in_([p.crm_user_id for p in people if p.crm_user_id]),
            )
            .values(crm_user_id=None)
        )
        for person in people:
            values = {
                "name": person.name,
                "email": person.email,
                "position": person.position,
                "department": person.department,
                "extension": person.extension,
                "crm_user_id": person.crm_user_id,
                "active": person.active,
                "role": person.role,
                "is_supervisor": person.role != "operator",
            }
            await self._tx.execute(
                insert(employees)
                .values(account_id=account_id, id=person.employee_id, **values)
                .on_conflict_do_update(index_elements=["account_id", "id"], set_=values)
            )

    async def save_people(
        self, account_id: AccountId, kind: CrmKind, people: Sequence[KeptPerson], *, at: datetime
    ) -> None:
        if not people:
            return
        rows = [
            {
                **{name: value for name, value in asdict(person).items() if name != "user_id"},
                "account_id": account_id,
                "crm_kind": kind.value,
                "crm_user_id": person.user_id,
                "department_ids": list(person.department_ids),
                "phones": list(person.phones),
                "seen_at": at,
            }
            for person in people
        ]
        statement = insert(crm_people)
        key = ("account_id", "crm_kind", "crm_user_id")
        fresh = statement.excluded
        changed: dict[str, Any] = {c.name: fresh[c.name] for c in crm_people.c if c.name not in key}
        # Who was not in the reading keeps what was known of them.
        here = fresh.missing_since.is_(None) & fresh.left_at.is_(None)
        for name in ("email", "phones", "seen_at"):
            changed[name] = case((here, fresh[name]), else_=crm_people.c[name])
        await self._tx.execute(
            statement.on_conflict_do_update(index_elements=list(key), set_=changed), rows
        )

    async def forget(self, account_id: AccountId, kind: CrmKind) -> None:
        """Another installation of that kind takes the place of the one that was read: its users
        have the same numbers and are other people. Employees stay; the next reading links those
        whose e-mail it has."""
        read = select(crm_people.c.employee_id).where(
            crm_people.c.account_id == account_id,
            crm_people.c.crm_kind == kind.value,
            crm_people.c.employee_id.is_not(None),
        )
        await self._tx.execute(
            update(employees)
            .where(employees.c.account_id == account_id, employees.c.id.in_(read))
            .values(crm_user_id=None)
        )
        await self._tx.execute(
            delete(crm_people).where(
                crm_people.c.account_id == account_id, crm_people.c.crm_kind == kind.value
            )
        )

    async def save_report(self, account_id: AccountId, report: SyncReport) -> None:
        values: dict[str, Any] = {
            "crm_kind": report.kind.value,
            "asked_by": report.asked_by,
            "started_at": report.started_at,
            "finished_at": report.finished_at,
            "state": report.state.value,
            "counts": dict(report.counts),
            "remarks": msgspec.to_builtins(report.remarks),
            "error": report.error,
        }
        await self._tx.execute(
            insert(employee_syncs)
            .values(account_id=account_id, id=report.id, **values)
            .on_conflict_do_update(index_elements=["account_id", "id"], set_=values)
        )
        newest = (
            select(employee_syncs.c.id)
            .where(employee_syncs.c.account_id == account_id)
            .order_by(employee_syncs.c.started_at.desc())
            .limit(KEPT_REPORTS)
        )
        await self._tx.execute(
            delete(employee_syncs).where(
                employee_syncs.c.account_id == account_id, employee_syncs.c.id.not_in(newest)
            )
        )

    async def reports(self, account_id: AccountId, *, limit: int) -> list[SyncReport]:
        """Newest first."""
        rows = await self._tx.execute(
            select(employee_syncs)
            .where(employee_syncs.c.account_id == account_id)
            .order_by(employee_syncs.c.started_at.desc(), employee_syncs.c.id.desc())
            .limit(limit)
        )
        return [_report(row) for row in rows.mappings()]

    async def seen(
        self, account_id: AccountId, kind: CrmKind, user_id: str, day: str, *, at: datetime
    ) -> None:
        await self._tx.execute(
            insert(crm_seen)
            .values(account_id=account_id, crm_kind=kind.value, crm_user_id=user_id, day=day, at=at)
            .on_conflict_do_nothing()
        )

    async def was_seen(self, account_id: AccountId, user_id: str, day: str) -> bool:
        found = await self._tx.execute(
            select(crm_seen.c.day).where(
                crm_seen.c.account_id == account_id,
                crm_seen.c.crm_user_id == user_id,
                crm_seen.c.day == day,
            )
        )
        return found.first() is not None

    async def prune_seen(self, account_id: AccountId, *, before: datetime) -> None:
        await self._tx.execute(
            delete(crm_seen).where(crm_seen.c.account_id == account_id, crm_seen.c.at < before)
        )


def _note(row: RowMapping) -> KnownPerson:
    return KnownPerson(
        user_id=row["crm_user_id"],
        employee_id=None if row["employee_id"] is None else EmployeeId(row["employee_id"]),
        name=row["name"],
        department_ids=tuple(row["department_ids"]),
        extension_given=row["extension_given"],
        role_given=row["role_given"],
        left_at=row["left_at"],
        extension_kept=row["extension_kept"],
        missing_since=row["missing_since"],
    )


def _employee(row: RowMapping) -> KnownEmployee:
    return KnownEmployee(
        employee_id=EmployeeId(row["id"]),
        name=row["name"],
        email=row["email"],
        position=row["position"],
        department=row["department"],
        extension=row["extension"],
        crm_user_id=row["crm_user_id"],
        active=row["active"],
        role=row["role"],
        role_by_hand=row["role_by_hand"],
    )


def _report(row: RowMapping) -> SyncReport:
    return SyncReport(
        id=row["id"],
        kind=CrmKind(row["crm_kind"]),
        asked_by=row["asked_by"],
        started_at=row["started_at"],
        finished_at=row["finished_at"],
        state=SyncState(row["state"]),
        counts=row["counts"],
        remarks=msgspec.convert(row["remarks"], tuple[Remark, ...]),
        error=row["error"],
    )
