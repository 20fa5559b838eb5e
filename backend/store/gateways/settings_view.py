"""What the settings pages show beside the settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select

from backend.services.employee_sync import SyncReport
from backend.services.settings_view import BindingView, ConnectionView, LogView
from backend.store.account_settings import AccountSettingsStore
from backend.store.crm_people import CrmPeopleStore
from backend.store.database import Database
from backend.store.tables import (
    crm_bindings,
    crm_connections,
    crm_installs,
    employees,
    status_log,
)
from protocol.vocabulary import AccountId, CrmKind, EmployeeId, StatusSource


class SqlSettingsViews:
    """`services.settings_view.SettingsViews`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def connection(self, account_id: AccountId) -> ConnectionView | None:
        # Secrets are not even read: nothing here could show them.
        c = crm_connections.c
        query = select(c.kind, c.base_url, c.state, c.grant_user_id, c.updated_at).where(
            c.account_id == account_id
        )
        async with self._database.begin(account_id) as tx:
            row = (await tx.execute(query.order_by(c.kind).limit(1))).one_or_none()
            if row is None:
                return None
            connected = (await tx.execute(_connected(account_id, row.kind))).one_or_none()
            users = {row.grant_user_id}
            if connected is not None:
                users.add(connected.crm_user_id)
            people = select(employees.c.crm_user_id, employees.c.name).where(
                employees.c.account_id == account_id, employees.c.crm_user_id.in_(users)
            )
            names = {user: name for user, name in await tx.execute(people) if user}
        user = row.grant_user_id
        acting = names.get(user) or user or None
        if connected is None:
            by, acting = acting, None
        else:
            by = names.get(connected.crm_user_id) or connected.name or connected.crm_user_id or None
            acting = None if user == connected.crm_user_id else acting
        return ConnectionView(
            kind=CrmKind(row.kind),
            address=row.base_url,
            state=row.state,
            connected_by=by,
            connected_at=None if connected is None else connected.at,
            acting=acting,
            renewed_at=row.updated_at,
        )

    async def bindings(self, account_id: AccountId) -> Sequence[BindingView]:
        query = select(crm_bindings).where(crm_bindings.c.account_id == account_id)
        async with self._database.begin(account_id) as tx:
            rows = (await tx.execute(query.order_by(crm_bindings.c.name))).mappings().all()
        return [
            BindingView(
                name=row["name"],
                state=row["state"],
                detail=row["detail"],
                lost=row["lost"],
                checked_at=row["checked_at"],
                since=row["since"],
            )
            for row in rows
        ]

    async def statuses_from_both(
        self, account_id: AccountId, *, since: datetime
    ) -> Mapping[EmployeeId, str]:
        sources = [StatusSource.PERSON.value, StatusSource.CRM.value]
        changes = (
            select(status_log.c.employee_id)
            .where(
                status_log.c.account_id == account_id,
                status_log.c.since >= since,
                status_log.c.source.in_(sources),
            )
            .group_by(status_log.c.employee_id)
            .having(func.count(status_log.c.source.distinct()) == len(sources))
        )
        query = (
            select(employees.c.id, employees.c.name)
            .where(
                employees.c.account_id == account_id,
                employees.c.active,
                employees.c.workday_import,
                employees.c.id.in_(changes),
            )
            .order_by(employees.c.name)
        )
        async with self._database.begin(account_id) as tx:
            return {EmployeeId(who): name for who, name in await tx.execute(query)}

    async def last_sync(self, account_id: AccountId) -> SyncReport | None:
        async with self._database.begin(account_id) as tx:
            found = await CrmPeopleStore(tx).reports(account_id, limit=1)
        return found[0] if found else None

    async def log(self, account_id: AccountId, *, limit: int) -> Sequence[LogView]:
        async with self._database.begin(account_id) as tx:
            found = await AccountSettingsStore(tx).changes(account_id, limit=limit)
        return [
            LogView(at=e.at, who=e.who, subject=e.subject, before=e.before, after=e.after)
            for e in found
        ]


def _connected(account_id: AccountId, kind: str) -> Select[Any]:
    """The last time somebody let us in."""
    log = crm_installs.c
    return (
        select(log.crm_user_id, log.name, log.at)
        .where(
            log.account_id == account_id,
            log.kind == kind,
            log.what.in_(("connected", "connected_again")),
        )
        .order_by(log.seq.desc())
        .limit(1)
    )
