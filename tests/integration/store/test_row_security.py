"""Nobody sees another account's rows, whatever the query says. Generated over all tables."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Table, insert, select, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.store.database import Database, engine_for
from backend.store.policies import GLOBAL, RESOLVERS
from backend.store.tables import accounts, metadata, switch_connections
from protocol.vocabulary import AccountId
from tests.integration.conftest import ALPHA, BETA

OF_ACCOUNT = [t for t in metadata.sorted_tables if "account_id" in t.c]


def _row(table: Table, account_id: str) -> dict[str, Any]:
    """A row that fits, made from the columns' types; references point at rows made like it."""
    values: dict[str, Any] = {}
    for column in table.columns:
        if column.identity is not None:
            continue
        kind = column.type.python_type if not isinstance(column.type, JSONB) else dict
        values[column.name] = {
            bool: True, int: 1, float: 1.0, bytes: f"{account_id}-x".encode(),
            datetime: datetime.now(UTC), dict: {},
        }.get(kind, f"{account_id}-1")  # fmt: skip
    values["account_id"] = account_id
    for key in table.foreign_keys:
        if key.column.table is switch_connections:
            values[key.parent.name] = "switch"
    if table.name == "employee_numbers":
        values["kind"] = "desk"
    if table.name == "board_log":
        values["kind"] = "whole"
    if table.name == "employees":
        values["role"], values["device"] = "operator", "phone"
    return values


async def _fill(database: Database, account_id: AccountId) -> None:
    async with database.begin(account_id, resolving=True) as tx:
        await tx.execute(
            text(
                "insert into switch_connections (id, kind, url) values ('switch', 'k', 'u')"
                " on conflict do nothing"
            )
        )
        for table in OF_ACCOUNT:
            await tx.execute(insert(table).values(_row(table, account_id)))


async def _seen(tx: AsyncConnection, table: Table) -> set[str]:
    column = accounts.c.id if table is accounts else table.c.account_id
    return set((await tx.execute(select(column))).scalars())


async def test_each_transaction_sees_its_account_and_no_other(database: Database) -> None:
    await _fill(database, ALPHA)
    await _fill(database, BETA)
    for table in [accounts, *OF_ACCOUNT]:
        async with database.begin(ALPHA) as tx:
            assert await _seen(tx, table) == {ALPHA}, table.name
        async with database.begin_many([ALPHA, BETA]) as tx:
            assert await _seen(tx, table) == {ALPHA, BETA}, table.name
        async with database.begin_unbound() as tx:
            assert await _seen(tx, table) == set(), table.name
        async with database.begin_resolving() as tx:
            expected = {ALPHA, BETA} if table.name in RESOLVERS else set()
            assert await _seen(tx, table) == expected, table.name


@pytest.mark.parametrize("table", OF_ACCOUNT, ids=lambda table: table.name)
async def test_a_row_of_another_account_cannot_be_written(database: Database, table: Table) -> None:
    values = _row(table, BETA)
    with pytest.raises(ProgrammingError, match="row-level security"):
        async with database.begin(ALPHA, resolving=True) as tx:
            await tx.execute(insert(table).values(values))


async def test_the_setting_ends_with_its_transaction(database: Database) -> None:
    single = Database(database.url, pool_size=1)
    async with single:
        async with single.begin(ALPHA) as tx:
            assert await _seen(tx, accounts) == {ALPHA}
        async with single.begin_unbound() as tx:
            assert await _seen(tx, accounts) == set()


async def test_the_application_owns_nothing_and_is_bound_by_every_policy(
    database: Database, database_url: str
) -> None:
    async with database.begin_unbound() as tx:
        role = (
            await tx.execute(
                text(
                    "select current_user, rolsuper or rolbypassrls"
                    " from pg_roles where rolname = current_user"
                )
            )
        ).one()
        assert tuple(role) == ("dozvon_app", False)
        owned = await tx.execute(
            text(
                "select count(*) from pg_class c join pg_roles r on r.oid = c.relowner"
                " where rolname = current_user"
            )
        )
        assert owned.scalar_one() == 0
    engine = engine_for(database_url, pool_size=1, role=False)
    async with engine.connect() as owner:
        assert await _open_tables(owner) == set()
        await owner.execute(text("create table forgotten (account_id text, id text)"))
        assert await _open_tables(owner) == {"forgotten"}
        await owner.rollback()
    await engine.dispose()


async def _open_tables(owner: AsyncConnection) -> set[str]:
    """Tables with an account, or resolvers, that lack FORCE row-level security or a policy."""
    found = await owner.execute(
        text(
            """
            select c.relname from pg_class c
            where c.relkind in ('r', 'p') and c.relnamespace = 'public'::regnamespace
              and (exists (select from pg_attribute a where a.attrelid = c.oid
                             and a.attname = 'account_id' and not a.attisdropped)
                   or c.relname = any(:resolvers))
              and not (c.relrowsecurity and c.relforcerowsecurity
                       and exists (select from pg_policy p where p.polrelid = c.oid))
            """
        ),
        {"resolvers": sorted(RESOLVERS)},
    )
    return set(found.scalars())


def test_every_table_belongs_to_an_account_or_is_named() -> None:
    unbound = {t.name for t in metadata.tables.values() if "account_id" not in t.c}
    assert unbound == GLOBAL | {"accounts"}


async def test_a_forged_account_id_is_refused_before_it_reaches_the_database(
    database: Database,
) -> None:
    with pytest.raises(ValueError, match="not an account id"):
        async with database.begin("alpha,beta"):  # type: ignore[arg-type]
            pass
