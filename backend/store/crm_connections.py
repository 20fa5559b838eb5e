"""CRM connections. Secrets are sealed on the way in and opened on the way out."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import RowMapping, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.kit.secrets_box import SecretsBox
from backend.store.tables import crm_connections, crm_people
from protocol.vocabulary import AccountId, CrmKind

SECRET_COLUMNS: Final = ("client_secret", "access_token", "refresh_token", "application_token")


@dataclass(frozen=True, slots=True, kw_only=True)
class CrmConnection:
    account_id: AccountId
    kind: CrmKind
    external_id: str
    """Bitrix24's member_id, amoCRM's account id."""
    base_url: str
    host: str
    """The host of the CRM's pages: the origin our frames may stand in."""
    client_id: str = ""
    client_secret: str | None = field(default=None, repr=False)
    access_token: str | None = field(default=None, repr=False)
    refresh_token: str | None = field(default=None, repr=False)
    application_token: str | None = field(default=None, repr=False)
    expires_at: datetime | None = None
    """When the access token ends."""
    state: str = "ok"
    """`ok`; `auth_expired`: an administrator has to connect again; `waiting`: prepared by us and
    not installed over there yet; `uninstalled`."""
    grant_user_id: str = ""
    """The CRM user whose leave the tokens are; '' where a CRM gives it to no person."""
    version: int = 1
    """Grows with every new pair of tokens."""
    settings: dict[str, Any] = field(default_factory=dict)


class CrmConnectionStore:
    def __init__(self, tx: AsyncConnection, secrets: SecretsBox) -> None:
        self._tx = tx
        self._secrets = secrets

    async def save(self, connection: CrmConnection) -> None:
        """Connect, or connect again. Raises IntegrityError when another account has this CRM."""
        values: dict[str, Any] = {
            "external_id": connection.external_id,
            "base_url": connection.base_url,
            "host": connection.host,
            "client_id": connection.client_id,
            "expires_at": connection.expires_at,
            "state": connection.state,
            "grant_user_id": connection.grant_user_id,
            "settings": connection.settings,
            **{
                name: self._sealed(connection.account_id, name, getattr(connection, name))
                for name in SECRET_COLUMNS
            },
        }
        statement = insert(crm_connections).values(
            account_id=connection.account_id, kind=connection.kind.value, **values
        )
        await self._tx.execute(
            statement.on_conflict_do_update(
                index_elements=["account_id", "kind"],
                set_={
                    **values,
                    "version": crm_connections.c.version + 1,
                    "updated_at": func.now(),
                },
            )
        )

    async def find(self, account_id: AccountId, kind: CrmKind) -> CrmConnection | None:
        """Raises SecretUnreadable."""
        query = select(crm_connections).where(
            crm_connections.c.account_id == account_id, crm_connections.c.kind == kind.value
        )
        row = (await self._tx.execute(query)).mappings().one_or_none()
        return None if row is None else self._connection(row)

    async def by_external_id(self, kind: CrmKind, external_id: str) -> CrmConnection | None:
        """Whose portal or account it is. Wants a resolving transaction."""
        query = select(crm_connections).where(
            crm_connections.c.kind == kind.value, crm_connections.c.external_id == external_id
        )
        row = (await self._tx.execute(query)).mappings().one_or_none()
        return None if row is None else self._connection(row)

    async def by_client(self, kind: CrmKind, client_id: str) -> CrmConnection | None:
        """Whose application it is: for those that belong to one portal. Wants a resolving
        transaction; the newest where several accounts claim it."""
        query = (
            select(crm_connections)
            .where(crm_connections.c.kind == kind.value, crm_connections.c.client_id == client_id)
            .order_by(crm_connections.c.updated_at.desc())
            .limit(1)
        )
        row = (await self._tx.execute(query)).mappings().one_or_none()
        return None if row is None else self._connection(row)

    async def by_host(self, kind: CrmKind, host: str) -> CrmConnection | None:
        """The newest connection of that host. Wants a resolving transaction."""
        query = (
            select(crm_connections)
            .where(crm_connections.c.kind == kind.value, crm_connections.c.host == host)
            .order_by(crm_connections.c.updated_at.desc())
            .limit(1)
        )
        row = (await self._tx.execute(query)).mappings().one_or_none()
        return None if row is None else self._connection(row)

    async def all(self) -> list[CrmConnection]:
        """Those the transaction may see: an account's, or everybody's while resolving."""
        rows = await self._tx.execute(select(crm_connections))
        return [self._connection(row) for row in rows.mappings()]

    async def lock(self, account_id: AccountId, kind: CrmKind) -> CrmConnection | None:
        """Like `find`, and nobody else refreshes the tokens until this transaction ends."""
        query = (
            select(crm_connections)
            .where(crm_connections.c.account_id == account_id, crm_connections.c.kind == kind.value)
            .with_for_update()
        )
        row = (await self._tx.execute(query)).mappings().one_or_none()
        return None if row is None else self._connection(row)

    async def save_tokens(
        self, connection: CrmConnection, *, access: str, refresh: str, expires_at: datetime
    ) -> bool:
        """The pair that replaces `connection`'s. False: somebody else was faster; read theirs."""
        account_id = connection.account_id
        done = await self._tx.execute(
            update(crm_connections)
            .where(
                crm_connections.c.account_id == account_id,
                crm_connections.c.kind == connection.kind.value,
                crm_connections.c.version == connection.version,
            )
            .values(
                access_token=self._sealed(account_id, "access_token", access),
                refresh_token=self._sealed(account_id, "refresh_token", refresh),
                expires_at=expires_at,
                state="ok",
                version=crm_connections.c.version + 1,
                updated_at=func.now(),
            )
            .returning(crm_connections.c.version)
        )
        return done.one_or_none() is not None

    async def set_state(self, account_id: AccountId, kind: CrmKind, state: str) -> None:
        await self._tx.execute(
            update(crm_connections)
            .where(crm_connections.c.account_id == account_id, crm_connections.c.kind == kind.value)
            .values(state=state, updated_at=func.now())
        )

    async def remove(self, account_id: AccountId, kind: CrmKind) -> None:
        """Forget the connection, its grants and what was bound."""
        await self._tx.execute(
            delete(crm_connections).where(
                crm_connections.c.account_id == account_id, crm_connections.c.kind == kind.value
            )
        )

    def _sealed(self, account_id: str, name: str, plain: str | None) -> bytes | None:
        if plain is None:
            return None
        return self._secrets.seal(plain, account_id=account_id, column=f"crm_connections.{name}")

    def _opened(self, account_id: str, name: str, value: bytes | None) -> str | None:
        if value is None:
            return None
        return self._secrets.open(value, account_id=account_id, column=f"crm_connections.{name}")

    def _connection(self, row: RowMapping) -> CrmConnection:
        account_id = AccountId(row["account_id"])
        return CrmConnection(
            account_id=account_id,
            kind=CrmKind(row["kind"]),
            external_id=row["external_id"],
            base_url=row["base_url"],
            host=row["host"],
            client_id=row["client_id"],
            expires_at=row["expires_at"],
            state=row["state"],
            grant_user_id=row["grant_user_id"],
            version=row["version"],
            settings=row["settings"],
            **{name: self._opened(account_id, name, row[name]) for name in SECRET_COLUMNS},
        )


async def default_responsible(
    tx: AsyncConnection, account_id: AccountId, kind: CrmKind
) -> str | None:
    """The CRM user to whom falls what is nobody's (A2): the one named, else who connected.

    Not somebody who is known to have left the CRM: it refuses calls in such a name.
    """
    query = select(crm_connections.c.settings).where(
        crm_connections.c.account_id == account_id, crm_connections.c.kind == kind.value
    )
    settings = (await tx.execute(query)).scalar_one_or_none() or {}
    by = settings.get("connected_by")
    named = [settings.get("default_responsible"), by.get("user_id") if by else None]
    users = [str(user) for user in named if user and user != settings.get("admin_gone")]
    left = select(crm_people.c.crm_user_id).where(
        crm_people.c.account_id == account_id,
        crm_people.c.crm_kind == kind.value,
        crm_people.c.crm_user_id.in_(users),
        crm_people.c.active.is_(False) | crm_people.c.missing_since.is_not(None),
    )
    gone = set((await tx.execute(left)).scalars())
    return next((user for user in users if user not in gone), None)
