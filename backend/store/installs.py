"""Installations on their way, integrations of single accounts, and who connected when."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import RowMapping, delete, func, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.kit.secrets_box import SecretsBox
from backend.store.tables import crm_clients, crm_installs, pending_installs
from protocol.vocabulary import AccountId, CrmKind


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingInstall:
    id: str
    kind: CrmKind
    host: str
    state: str
    """`code`: to be exchanged; `tokens`: waits for its account; `failed`: see `problem`."""
    secret: str = field(repr=False)
    """Codes, tokens and credentials, in the words of whoever keeps them."""
    created_at: datetime
    external_id: str = ""
    wanted_account: AccountId | None = None
    problem: str = ""
    crm_user_id: str = ""
    email: str = ""


class PendingInstallStore:
    """Wants a resolving transaction: these rows are of no account yet."""

    def __init__(self, tx: AsyncConnection, secrets: SecretsBox) -> None:
        self._tx = tx
        self._secrets = secrets

    async def save(self, pending: PendingInstall) -> None:
        """Insert or change."""
        values = {
            "kind": pending.kind.value,
            "external_id": pending.external_id,
            "host": pending.host,
            "wanted_account": pending.wanted_account,
            "state": pending.state,
            "problem": pending.problem,
            "crm_user_id": pending.crm_user_id,
            "email": pending.email,
            "sealed": self._secrets.seal(
                pending.secret, account_id=pending.id, column="pending_installs.sealed"
            ),
            "created_at": pending.created_at,
        }
        await self._tx.execute(
            upsert(pending_installs)
            .values(id=pending.id, **values)
            .on_conflict_do_update(index_elements=["id"], set_=values)
        )

    async def lock(self, pending_id: str) -> PendingInstall | None:
        """The row, nobody else's until this transaction ends. Raises SecretUnreadable."""
        query = (
            select(pending_installs).where(pending_installs.c.id == pending_id).with_for_update()
        )
        row = (await self._tx.execute(query)).mappings().one_or_none()
        return None if row is None else self._pending(row)

    async def drop(self, kind: CrmKind, *, pending_id: str, external_id: str) -> None:
        """This one and what else waits for the same CRM account: it is joined."""
        await self._tx.execute(
            delete(pending_installs).where(
                (pending_installs.c.id == pending_id)
                | (
                    (pending_installs.c.kind == kind.value)
                    & (pending_installs.c.external_id == external_id)
                    & (pending_installs.c.external_id != "")
                )
            )
        )

    async def strangers(self, kind: CrmKind, *, since: datetime) -> int:
        """How many came without an account since then and are not known to be good."""
        query = (
            select(func.count())
            .select_from(pending_installs)
            .where(
                pending_installs.c.kind == kind.value,
                pending_installs.c.wanted_account.is_(None),
                pending_installs.c.state != "tokens",
                pending_installs.c.created_at > since,
            )
        )
        return int((await self._tx.execute(query)).scalar_one())

    async def all(self) -> list[PendingInstall]:
        """Oldest first."""
        query = select(pending_installs).order_by(pending_installs.c.created_at)
        return [self._pending(row) for row in (await self._tx.execute(query)).mappings()]

    async def prune(self, *, before: datetime) -> None:
        """Forget codes nobody could exchange; tokens stay until they cannot be used any more."""
        await self._tx.execute(
            delete(pending_installs).where(
                pending_installs.c.created_at < before, pending_installs.c.state != "tokens"
            )
        )

    def _pending(self, row: RowMapping) -> PendingInstall:
        wanted = row["wanted_account"]
        return PendingInstall(
            id=row["id"],
            kind=CrmKind(row["kind"]),
            host=row["host"],
            state=row["state"],
            secret=self._secrets.open(
                row["sealed"], account_id=row["id"], column="pending_installs.sealed"
            ),
            created_at=row["created_at"],
            external_id=row["external_id"],
            wanted_account=None if wanted is None else AccountId(wanted),
            problem=row["problem"],
            crm_user_id=row["crm_user_id"],
            email=row["email"],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CrmClient:
    """An integration that belongs to one account."""

    client_id: str
    client_secret: str = field(repr=False)
    via: str
    """`private`: made by hand in the CRM; `external`: made by the CRM for one authorisation."""
    created_at: datetime


class CrmClientStore:
    def __init__(self, tx: AsyncConnection, secrets: SecretsBox) -> None:
        self._tx = tx
        self._secrets = secrets

    async def save(self, account_id: AccountId, kind: CrmKind, client: CrmClient) -> None:
        values = {
            "client_secret": self._secrets.seal(
                client.client_secret, account_id=account_id, column="crm_clients.client_secret"
            ),
            "via": client.via,
            "created_at": client.created_at,
        }
        await self._tx.execute(
            upsert(crm_clients)
            .values(account_id=account_id, kind=kind.value, client_id=client.client_id, **values)
            .on_conflict_do_update(index_elements=["account_id", "kind", "client_id"], set_=values)
        )

    async def newest_first(self, account_id: AccountId, kind: CrmKind) -> list[CrmClient]:
        """Raises SecretUnreadable."""
        query = (
            select(crm_clients)
            .where(crm_clients.c.account_id == account_id, crm_clients.c.kind == kind.value)
            .order_by(crm_clients.c.created_at.desc())
        )
        return [
            CrmClient(
                client_id=row["client_id"],
                client_secret=self._secrets.open(
                    row["client_secret"],
                    account_id=account_id,
                    column="crm_clients.client_secret",
                ),
                via=row["via"],
                created_at=row["created_at"],
            )
            for row in (await self._tx.execute(query)).mappings()
        ]


async def is_known(tx: AsyncConnection, kind: CrmKind, client_id: str) -> bool:
    """Whether one of the accounts the transaction may see has this integration."""
    query = (
        select(crm_clients.c.client_id)
        .where(crm_clients.c.kind == kind.value, crm_clients.c.client_id == client_id)
        .limit(1)
    )
    return (await tx.execute(query)).first() is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallFact:
    """Something that happened to a connection, for whoever asks later who did it."""

    kind: CrmKind
    what: str
    """`connected`, `connected_again`, `taken_over`, `moved`, `disconnected`, `forgotten`."""
    at: datetime
    crm_user_id: str = ""
    name: str = ""
    email: str = ""
    detail: str = ""


class InstallLog:
    def __init__(self, tx: AsyncConnection) -> None:
        self._tx = tx

    async def add(self, account_id: AccountId, fact: InstallFact) -> None:
        await self._tx.execute(
            insert(crm_installs).values(
                account_id=account_id,
                kind=fact.kind.value,
                what=fact.what,
                at=fact.at,
                crm_user_id=fact.crm_user_id,
                name=fact.name,
                email=fact.email,
                detail=fact.detail,
            )
        )

    async def newest_first(self, account_id: AccountId, *, limit: int = 20) -> list[InstallFact]:
        query = (
            select(crm_installs)
            .where(crm_installs.c.account_id == account_id)
            .order_by(crm_installs.c.seq.desc())
            .limit(limit)
        )
        return [
            InstallFact(
                kind=CrmKind(row["kind"]),
                what=row["what"],
                at=row["at"],
                crm_user_id=row["crm_user_id"],
                name=row["name"],
                email=row["email"],
                detail=row["detail"],
            )
            for row in (await self._tx.execute(query)).mappings()
        ]
