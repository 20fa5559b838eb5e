"""Switch connections: rows of nobody, written and read while resolving."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import RowMapping, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.kit.secrets_box import SecretsBox
from backend.store.tables import switch_accounts, switch_connections
from protocol.vocabulary import AccountId

_COLUMN = "switch_connections.credentials"
SIP_WS_URL: Final = "sip_ws_url"
"""Key of a connection's settings: where browsers reach it, when that is not its own `/ws`."""

OWNER: Final = "owner"
"""Another: the id of the account whose administrators may change the connection."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchConnection:
    id: str
    kind: str
    url: str
    app: str
    credentials: str = field(repr=False)
    """In the kind's own form, `user:password` for Asterisk."""
    settings: dict[str, Any] = field(default_factory=dict)


class SwitchStore:
    """Wants a resolving transaction."""

    def __init__(self, tx: AsyncConnection, secrets: SecretsBox) -> None:
        self._tx = tx
        self._secrets = secrets

    async def save(self, connection: SwitchConnection) -> None:
        # No account owns the row: its own id takes that part in the encryption.
        changed = {
            "kind": connection.kind,
            "url": connection.url,
            "app": connection.app,
            "credentials": self._secrets.seal(
                connection.credentials, account_id=connection.id, column=_COLUMN
            ),
            "settings": connection.settings,
        }
        statement = insert(switch_connections).values(id=connection.id, **changed)
        await self._tx.execute(statement.on_conflict_do_update(index_elements=["id"], set_=changed))

    async def all(self) -> list[SwitchConnection]:
        """Raises SecretUnreadable when a key is missing from the ring."""
        rows = await self._tx.execute(select(switch_connections).order_by(switch_connections.c.id))
        return [self._read(row) for row in rows.mappings()]

    async def owned_by(self, account_id: AccountId) -> str:
        """The id of the connection that is this account's own, '' without one."""
        c = switch_connections.c
        found = await self._tx.execute(
            select(c.id).where(c.settings[OWNER].astext == account_id).order_by(c.id).limit(1)
        )
        return str(found.scalar_one_or_none() or "")

    async def of_account(self, account_id: AccountId) -> SwitchConnection | None:
        """The connection of an account; of several the last by id, as the worker takes them.

        Raises SecretUnreadable when a key is missing from the ring.
        """
        c = switch_connections.c
        rows = await self._tx.execute(
            select(switch_connections)
            .join(switch_accounts, switch_accounts.c.connection_id == c.id)
            .where(switch_accounts.c.account_id == account_id)
            .order_by(c.id.desc())
            .limit(1)
        )
        row = rows.mappings().one_or_none()
        return None if row is None else self._read(row)

    def _read(self, row: RowMapping) -> SwitchConnection:
        sealed = row["credentials"]
        return SwitchConnection(
            id=row["id"],
            kind=row["kind"],
            url=row["url"],
            app=row["app"],
            credentials=""
            if sealed is None
            else self._secrets.open(sealed, account_id=row["id"], column=_COLUMN),
            settings=row["settings"],
        )

    async def accounts_of(self, connection_id: str) -> list[AccountId]:
        """The accounts a switch serves."""
        rows = await self._tx.execute(
            select(switch_accounts.c.account_id)
            .where(switch_accounts.c.connection_id == connection_id)
            .order_by(switch_accounts.c.account_id)
        )
        return [AccountId(row) for row in rows.scalars()]

    async def served(self) -> list[tuple[str, AccountId]]:
        """Every switch with every account it serves."""
        c = switch_accounts.c
        rows = await self._tx.execute(
            select(c.connection_id, c.account_id).order_by(c.connection_id, c.account_id)
        )
        return [(str(connection), AccountId(account)) for connection, account in rows]
