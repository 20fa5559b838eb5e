"""Sessions of our own: the hash of a token, never the token."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import RowMapping, delete, insert, select, update

from backend.services.sessions import Identity, StoredSession
from backend.store.database import Database
from backend.store.tables import sessions
from protocol.vocabulary import AccountId, CrmKind, EmployeeId, SessionId


class SqlSessions:
    """The port `SessionStore`. Each call is a transaction of its own."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, session: StoredSession) -> None:
        who = session.identity
        async with self._database.begin(who.account_id) as tx:
            await tx.execute(
                insert(sessions).values(
                    id=session.session_id,
                    account_id=who.account_id,
                    employee_id=who.employee_id,
                    crm_kind=None if who.crm is None else who.crm.value,
                    # As proven when the session was opened: reconnecting asks nobody again.
                    details={
                        "name": who.name,
                        "extension": who.extension,
                        "is_supervisor": who.is_supervisor,
                        "origins": list(who.origins),
                    },
                    token_hash=session.token_hash,
                    created_at=session.opened_at,
                    expires_at=session.expires_at,
                    revoked_at=session.revoked_at,
                )
            )

    async def find(self, token_hash: bytes) -> StoredSession | None:
        """Expired and revoked ones too; the reader decides."""
        query = select(sessions).where(sessions.c.token_hash == token_hash)
        async with self._database.begin_resolving() as tx:
            row = (await tx.execute(query)).mappings().one_or_none()
        return None if row is None else _session(row)

    async def find_by_id(
        self, account_id: AccountId, session_id: SessionId
    ) -> StoredSession | None:
        query = select(sessions).where(
            sessions.c.account_id == account_id, sessions.c.id == session_id
        )
        async with self._database.begin(account_id) as tx:
            row = (await tx.execute(query)).mappings().one_or_none()
        return None if row is None else _session(row)

    async def replace_token(
        self,
        account_id: AccountId,
        session_id: SessionId,
        token_hash: bytes,
        expires_at: datetime,
    ) -> None:
        """A revoked session keeps its old token and stays revoked."""
        async with self._database.begin(account_id) as tx:
            await tx.execute(
                update(sessions)
                .where(
                    sessions.c.account_id == account_id,
                    sessions.c.id == session_id,
                    sessions.c.revoked_at.is_(None),
                )
                .values(token_hash=token_hash, expires_at=expires_at)
            )

    async def revoke(self, account_id: AccountId, session_id: SessionId, at: datetime) -> None:
        async with self._database.begin(account_id) as tx:
            await tx.execute(
                update(sessions)
                .where(
                    sessions.c.account_id == account_id,
                    sessions.c.id == session_id,
                    sessions.c.revoked_at.is_(None),
                )
                .values(revoked_at=at)
            )

    async def revoke_employee(
        self, account_id: AccountId, employee_id: EmployeeId, at: datetime
    ) -> Sequence[SessionId]:
        """All of an employee's sessions; the ids of those that were live."""
        async with self._database.begin(account_id) as tx:
            done = await tx.execute(
                update(sessions)
                .where(
                    sessions.c.account_id == account_id,
                    sessions.c.employee_id == employee_id,
                    sessions.c.revoked_at.is_(None),
                    sessions.c.expires_at > at,
                )
                .values(revoked_at=at)
                .returning(sessions.c.id)
            )
            return [SessionId(row) for row in done.scalars()]

    async def revoked_since(self, at: datetime) -> Sequence[SessionId]:
        query = select(sessions.c.id).where(sessions.c.revoked_at >= at)
        async with self._database.begin_resolving() as tx:
            return [SessionId(row) for row in (await tx.execute(query)).scalars()]

    async def prune(self, account_id: AccountId, *, before: datetime) -> None:
        """Forget what expired before."""
        async with self._database.begin(account_id) as tx:
            await tx.execute(
                delete(sessions).where(
                    sessions.c.account_id == account_id, sessions.c.expires_at < before
                )
            )


def _session(row: RowMapping) -> StoredSession:
    details = row["details"]
    return StoredSession(
        session_id=SessionId(row["id"]),
        token_hash=bytes(row["token_hash"]),
        identity=Identity(
            account_id=AccountId(row["account_id"]),
            employee_id=EmployeeId(row["employee_id"]),
            name=details["name"],
            extension=details["extension"],
            is_supervisor=details["is_supervisor"],
            origins=tuple(details["origins"]),
            crm=None if row["crm_kind"] is None else CrmKind(row["crm_kind"]),
        ),
        opened_at=row["created_at"],
        expires_at=row["expires_at"],
        revoked_at=row["revoked_at"],
    )
