"""Sessions with the identity they were opened for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from backend.services.sessions import Identity, StoredSession
from backend.services.sign_on import origin_of
from backend.store.database import Database
from backend.store.employees import EmployeeStore
from backend.store.sessions import SessionStore
from backend.store.sessions import StoredSession as Row
from backend.store.tables import crm_connections, sessions
from protocol.vocabulary import AccountId, CrmKind, EmployeeId, SessionId


class SqlSessions:
    """`services.sessions.SessionStore`."""

    def __init__(self, database: Database, own_origin: str) -> None:
        self._database = database
        self._own_origin = own_origin

    async def add(self, session: StoredSession) -> None:
        identity = session.identity
        async with self._database.begin(identity.account_id) as tx:
            await SessionStore(tx).add(
                Row(
                    id=session.session_id,
                    account_id=identity.account_id,
                    employee_id=identity.employee_id,
                    crm_kind=identity.crm or CrmKind.BITRIX24,
                    token_hash=session.token_hash,
                    created_at=session.opened_at,
                    expires_at=session.expires_at,
                    revoked_at=session.revoked_at,
                )
            )

    async def find(self, token_hash: bytes) -> StoredSession | None:
        async with self._database.begin_resolving() as tx:
            row = await SessionStore(tx).by_token(token_hash)
        return None if row is None else await self._identified(row)

    async def find_by_id(
        self, account_id: AccountId, session_id: SessionId
    ) -> StoredSession | None:
        async with self._database.begin(account_id) as tx:
            row = await SessionStore(tx).by_id(session_id)
        return None if row is None else await self._identified(row)

    async def _identified(self, row: Row) -> StoredSession | None:
        """None for somebody who no longer works here: their sessions end with them (X10)."""
        async with self._database.begin(row.account_id) as tx:
            people = EmployeeStore(tx)
            employee = await people.find(row.account_id, row.employee_id)
            has_line = await people.has_line(row.account_id, row.employee_id)
            bases = await tx.execute(
                select(crm_connections.c.base_url).where(
                    crm_connections.c.account_id == row.account_id
                )
            )
            origins = (self._own_origin, *(origin_of(base) for base in bases.scalars()))
        if employee is None or not employee.active:
            return None
        return StoredSession(
            session_id=row.id,
            token_hash=row.token_hash,
            identity=Identity(
                account_id=row.account_id,
                employee_id=row.employee_id,
                name=employee.name,
                extension=employee.extension,
                is_supervisor=employee.is_supervisor,
                role=employee.role,
                no_phone=""
                if has_line and employee.calls_enabled
                else "no_line"
                if employee.calls_enabled
                else "calls_off",
                origins=origins,
                crm=row.crm_kind,
            ),
            opened_at=row.created_at,
            expires_at=row.expires_at,
            revoked_at=row.revoked_at,
        )

    async def replace_token(
        self,
        account_id: AccountId,
        session_id: SessionId,
        token_hash: bytes,
        expires_at: datetime,
    ) -> None:
        async with self._database.begin(account_id) as tx:
            await SessionStore(tx).renew(session_id, token_hash=token_hash, expires_at=expires_at)

    async def revoke(self, account_id: AccountId, session_id: SessionId, at: datetime) -> None:
        async with self._database.begin(account_id) as tx:
            await SessionStore(tx).revoke(session_id, at=at)

    async def revoke_employee(
        self, account_id: AccountId, employee_id: EmployeeId, at: datetime
    ) -> Sequence[SessionId]:
        async with self._database.begin(account_id) as tx:
            return await SessionStore(tx).revoke_employee(employee_id, at=at)

    async def revoked_since(self, at: datetime) -> Sequence[SessionId]:
        async with self._database.begin_resolving() as tx:
            rows = await tx.execute(select(sessions.c.id).where(sessions.c.revoked_at >= at))
            return [SessionId(row) for row in rows.scalars()]
