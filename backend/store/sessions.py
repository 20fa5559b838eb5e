"""Sessions of our own: the hash of a token, never the token."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import RowMapping, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.store.tables import sessions
from protocol.vocabulary import AccountId, CrmKind, EmployeeId, SessionId


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredSession:
    id: SessionId
    account_id: AccountId
    employee_id: EmployeeId
    crm_kind: CrmKind
    token_hash: bytes
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None
    user_agent: str = ""

    def valid(self, now: datetime) -> bool:
        return self.revoked_at is None and now < self.expires_at


class SessionStore:
    """`by_token` and `by_id` want a resolving transaction; the rest one of the account."""

    def __init__(self, tx: AsyncConnection) -> None:
        self._tx = tx

    async def add(self, session: StoredSession) -> None:
        await self._tx.execute(
            insert(sessions).values(
                id=session.id,
                account_id=session.account_id,
                employee_id=session.employee_id,
                crm_kind=session.crm_kind.value,
                token_hash=session.token_hash,
                created_at=session.created_at,
                expires_at=session.expires_at,
                user_agent=session.user_agent[:200],
            )
        )

    async def by_token(self, token_hash: bytes) -> StoredSession | None:
        """Expired and revoked ones too: the caller says why it refuses."""
        query = select(sessions).where(sessions.c.token_hash == token_hash)
        row = (await self._tx.execute(query)).mappings().one_or_none()
        return None if row is None else _session(row)

    async def by_id(self, session_id: SessionId) -> StoredSession | None:
        query = select(sessions).where(sessions.c.id == session_id)
        row = (await self._tx.execute(query)).mappings().one_or_none()
        return None if row is None else _session(row)

    async def renew(
        self, session_id: SessionId, *, token_hash: bytes, expires_at: datetime
    ) -> bool:
        """A new token in place of the old. False: the session is gone or revoked."""
        done = await self._tx.execute(
            update(sessions)
            .where(sessions.c.id == session_id, sessions.c.revoked_at.is_(None))
            .values(token_hash=token_hash, expires_at=expires_at)
            .returning(sessions.c.id)
        )
        return done.one_or_none() is not None

    async def revoke(self, session_id: SessionId, *, at: datetime) -> None:
        await self._tx.execute(
            update(sessions)
            .where(sessions.c.id == session_id, sessions.c.revoked_at.is_(None))
            .values(revoked_at=at)
        )

    async def revoke_employee(self, employee_id: EmployeeId, *, at: datetime) -> list[SessionId]:
        """All sessions of one person; returns those that were alive."""
        done = await self._tx.execute(
            update(sessions)
            .where(sessions.c.employee_id == employee_id, sessions.c.revoked_at.is_(None))
            .values(revoked_at=at)
            .returning(sessions.c.id)
        )
        return [SessionId(row) for row in done.scalars()]

    async def revoke_crm(self, account_id: AccountId, kind: CrmKind) -> None:
        """Everybody's who came from that CRM: it is not connected any more."""
        await self._tx.execute(
            update(sessions)
            .where(
                sessions.c.account_id == account_id,
                sessions.c.crm_kind == kind.value,
                sessions.c.revoked_at.is_(None),
            )
            .values(revoked_at=func.now())
        )

    async def prune(self, *, before: datetime) -> None:
        """Forget what expired before."""
        await self._tx.execute(delete(sessions).where(sessions.c.expires_at < before))


def _session(row: RowMapping) -> StoredSession:
    return StoredSession(
        id=SessionId(row["id"]),
        account_id=AccountId(row["account_id"]),
        employee_id=EmployeeId(row["employee_id"]),
        crm_kind=CrmKind(row["crm_kind"]),
        token_hash=bytes(row["token_hash"]),
        created_at=row["created_at"],
        expires_at=row["expires_at"],
        revoked_at=row["revoked_at"],
        user_agent=row["user_agent"],
    )
