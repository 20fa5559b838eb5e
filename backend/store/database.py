"""Transactions, each bound to the account it is for."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Self
from urllib.parse import parse_qsl, quote, urlencode

from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from backend.store.policies import ACCOUNT_SETTING, APP_ROLE, RESOLVING_SETTING
from protocol.vocabulary import AccountId

_PLAIN_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_SET = text("SELECT set_config(:name, :value, true)")


def is_plain_id(account_id: str) -> bool:
    """Whether it can name an account at all."""
    return _PLAIN_ID.fullmatch(account_id) is not None


def as_app(url: str) -> str:
    """`url` with the application's role put on at login, whoever logs in; other options stay.

    A libpq URL (`postgresql://…`), as psycopg's own pools want it. Asking twice changes nothing.
    """
    place, _, query = url.partition("?")
    role = f"-c role={APP_ROLE}"
    parameters = dict(parse_qsl(query, keep_blank_values=True))
    options = parameters.get("options", "")
    if role not in options:
        parameters["options"] = f"{options} {role}".strip()
    # libpq reads %20, not +.
    return f"{place}?{urlencode(parameters, quote_via=quote, safe='/')}"


def engine_for(url: str, *, pool_size: int, role: bool) -> AsyncEngine:
    """An engine on psycopg for a `postgresql://` URL; as the application's role or as is."""
    plain = as_app(url) if role else url
    return create_async_engine(
        make_url(plain).set(drivername="postgresql+psycopg"),
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=10,
        pool_pre_ping=True,
        pool_recycle=1800,
    )


class Database:
    """The application's connections. Whoever begins a transaction ends it: stores do not commit."""

    def __init__(self, url: str, *, pool_size: int = 10) -> None:
        self.url = as_app(url)
        """Logs in as the application's role: for others' pools on the same database."""
        self._engine = engine_for(url, pool_size=pool_size, role=True)

    @asynccontextmanager
    async def begin(
        self, account_id: AccountId, *, resolving: bool = False
    ) -> AsyncIterator[AsyncConnection]:
        """A transaction that sees and writes this account's rows; committed on a clean exit.

        `resolving` adds the tables of `policies.RESOLVERS` (for leases beside an account's rows).
        """
        async with self.begin_many([account_id], resolving=resolving) as tx:
            yield tx

    @asynccontextmanager
    async def begin_many(
        self, account_ids: Sequence[AccountId], *, resolving: bool = False
    ) -> AsyncIterator[AsyncConnection]:
        """For work over several accounts at once: the journal's group commit and take-over."""
        for account_id in account_ids:
            if not is_plain_id(account_id):
                raise ValueError(f"not an account id: {account_id!r}")
        async with self._engine.begin() as tx:
            await tx.execute(_SET, {"name": ACCOUNT_SETTING, "value": ",".join(account_ids)})
            if resolving:
                await tx.execute(_SET, {"name": RESOLVING_SETTING, "value": "on"})
            yield tx

    @asynccontextmanager
    async def begin_resolving(self) -> AsyncIterator[AsyncConnection]:
        """A transaction for finding out the account: sees `policies.RESOLVERS` and no more."""
        async with self._engine.begin() as tx:
            await tx.execute(_SET, {"name": RESOLVING_SETTING, "value": "on"})
            yield tx

    @asynccontextmanager
    async def begin_unbound(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that sees no account at all: for the job queue's own tables."""
        async with self._engine.begin() as tx:
            yield tx

    async def ping(self) -> None:
        """Raises when the database does not answer."""
        async with self._engine.connect() as connection:
            await connection.execute(text("SELECT 1"))

    async def aclose(self) -> None:
        await self._engine.dispose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()
