"""An account's people as a synchronisation needs them, and who was seen today."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.domain.account_settings import PeopleSettings
from backend.domain.people import Known, Plan
from backend.services.employee_sync import Applied, SyncReport, SyncState
from backend.store.account_settings import AccountSettingsStore
from backend.store.accounts import AccountStore
from backend.store.crm_people import CrmPeopleStore
from backend.store.database import Database
from backend.store.employees import EmployeeStore
from backend.store.sessions import SessionStore
from backend.store.tables import crm_connections, crm_installs, employee_numbers, employees
from backend.store.teams import Team, TeamStore
from protocol.vocabulary import AccountId, CrmKind, EmployeeId

_READ = (SyncState.DONE, SyncState.HELD, SyncState.REFUSED)
"""Readings after which another will not soon know more people."""


class SqlPeople:
    """`services.employee_sync.PeopleBook`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def report(self, account_id: AccountId, report: SyncReport) -> None:
        async with self._database.begin(account_id) as tx:
            await CrmPeopleStore(tx).save_report(account_id, report)

    async def reports(self, account_id: AccountId, *, limit: int = 20) -> list[SyncReport]:
        async with self._database.begin(account_id) as tx:
            return await CrmPeopleStore(tx).reports(account_id, limit=limit)

    async def unread(self, account_id: AccountId, kind: CrmKind, *, since: datetime) -> bool:
        """Whether the CRM was connected after `since` and not read to the end after that."""
        connected = select(func.max(crm_installs.c.at)).where(
            crm_installs.c.account_id == account_id,
            crm_installs.c.kind == kind.value,
            crm_installs.c.what.in_(("connected", "connected_again")),
            crm_installs.c.at > since,
        )
        async with self._database.begin(account_id) as tx:
            at = (await tx.execute(connected)).scalar_one_or_none()
            if at is None:
                return False
            reports = await CrmPeopleStore(tx).reports(account_id, limit=5)
        return not any(
            report.kind is kind and report.state in _READ and report.started_at >= at
            for report in reports
        )

    async def apply(
        self,
        account_id: AccountId,
        kind: CrmKind,
        decide: Callable[[Known, PeopleSettings], Plan],
        *,
        at: datetime,
    ) -> Applied:
        async with self._database.begin(account_id) as tx:
            settings = AccountSettingsStore(tx)
            await settings.lock(account_id)
            store = CrmPeopleStore(tx)
            plan = decide(
                await store.known(account_id, kind),
                await settings.get(account_id, PeopleSettings),
            )
            sessions = SessionStore(tx)
            signed_out = [
                (employee_id, session_id)
                for employee_id in plan.leave
                for session_id in await sessions.revoke_employee(employee_id, at=at)
            ]
            await EmployeeStore(tx).deactivate(account_id, plan.leave)
            await store.save_employees(account_id, plan.save)
            if kind is CrmKind.AMOCRM:
                await _give_web_phones(tx, account_id, plan.joined)
            await store.save_people(account_id, kind, plan.people, at=at)
            await _save_teams(tx, account_id, plan)
        return Applied(plan=plan, signed_out=tuple(signed_out))


class SqlSeenToday:
    """`services.seen_today.SeenStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def note(
        self, account_id: AccountId, kind: CrmKind, crm_user_id: str, at: datetime
    ) -> None:
        async with self._database.begin(account_id) as tx:
            day = await _day(tx, account_id, at)
            await CrmPeopleStore(tx).seen(account_id, kind, crm_user_id, day, at=at)

    async def note_employee(
        self, account_id: AccountId, employee_id: EmployeeId, at: datetime
    ) -> None:
        async with self._database.begin(account_id) as tx:
            found = await tx.execute(
                select(crm_connections.c.kind, employees.c.crm_user_id)
                .join(employees, employees.c.account_id == crm_connections.c.account_id)
                .where(
                    crm_connections.c.account_id == account_id,
                    employees.c.id == employee_id,
                    employees.c.crm_user_id.is_not(None),
                )
                .limit(1)
            )
            user = found.one_or_none()
            if user is not None:
                kind, crm_user_id = CrmKind(user.kind), str(user.crm_user_id)
                day = await _day(tx, account_id, at)
                await CrmPeopleStore(tx).seen(account_id, kind, crm_user_id, day, at=at)

    async def was(self, account_id: AccountId, crm_user_id: str, at: datetime) -> bool:
        async with self._database.begin(account_id) as tx:
            day = await _day(tx, account_id, at)
            return await CrmPeopleStore(tx).was_seen(account_id, crm_user_id, day)


async def _day(tx: AsyncConnection, account_id: AccountId, at: datetime) -> str:
    """The date in the account's zone."""
    account = await AccountStore(tx).find(account_id)
    zone = ZoneInfo(account.timezone if account else "UTC")
    return at.astimezone(zone).date().isoformat()


async def _give_web_phones(
    tx: AsyncConnection, account_id: AccountId, joined: Sequence[EmployeeId]
) -> None:
    """Whose first number is a SIP line talks in the tab from the moment amoCRM's user turns out
    to be them by e-mail (L1215). Once: what they choose afterwards is theirs."""
    numbers = employee_numbers.c
    first = (
        select(numbers.kind)
        .where(
            numbers.account_id == employees.c.account_id,
            numbers.employee_id == employees.c.id,
            numbers.active,
        )
        .order_by(numbers.priority)
        .limit(1)
        .scalar_subquery()
    )
    await tx.execute(
        update(employees)
        .where(employees.c.account_id == account_id, employees.c.id.in_(joined), first == "sip")
        .values(device="browser")
    )


async def _save_teams(tx: AsyncConnection, account_id: AccountId, plan: Plan) -> None:
    store = TeamStore(tx)
    for team in plan.teams:
        await store.save(
            account_id,
            Team(
                id=team.team_id,
                name=team.name,
                crm_id=team.crm_id,
                members=team.members,
                heads=team.heads,
            ),
        )
    for team_id in plan.dissolve:
        await store.remove(account_id, team_id)
