"""An empty database, upgraded, is exactly what the tables say."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any

import psycopg
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text
from sqlalchemy.dialects import postgresql

from backend.store.database import Database, engine_for
from backend.store.embedded import DATABASE
from backend.store.employees import EmployeeStore
from backend.store.migrations import current_revision, head_revision, migrate, run
from backend.store.policies import policy_ddl
from backend.store.tables import metadata
from protocol.vocabulary import AccountId
from tests.postgres import PostgresForTests


def _differences(connection: Connection) -> list[Any]:
    def ours(name: str | None, kind: str, _parents: object) -> bool:
        return not (name or "").startswith(("procrastinate", "idx_procrastinate"))

    context = MigrationContext.configure(
        connection,
        opts={"compare_type": True, "compare_server_default": True, "include_name": ours},
    )
    return list(compare_metadata(context, metadata))


async def test_upgrading_from_empty_gives_the_tables_as_written(database_url: str) -> None:
    engine = engine_for(database_url, pool_size=1, role=False)
    async with engine.connect() as connection:
        assert await connection.run_sync(_differences) == []
    await engine.dispose()
    assert await current_revision(database_url) == head_revision()


async def test_constraints_have_the_names_the_tables_give_them(database_url: str) -> None:
    """Comparing leaves checks out and never looks at names, by which later scripts drop them."""
    preparer = postgresql.dialect().identifier_preparer  # type: ignore[no-untyped-call]
    written = {
        (table.name, (preparer.format_constraint(constraint) or "").strip('"'))
        for table in metadata.tables.values()
        for constraint in table.constraints
    }
    async with await psycopg.AsyncConnection.connect(database_url) as connection:
        found = await connection.execute(
            "select conrelid::regclass::text, conname from pg_constraint"
            " where contype in ('c', 'f', 'p', 'u') and conrelid <> 0"
            " and connamespace = 'public'::regnamespace"
            " and conrelid::regclass::text not like 'procrastinate%'"
            " and conrelid::regclass::text <> 'alembic_version'"
        )
        migrated = set(await found.fetchall())
    assert migrated == written


async def test_the_migrated_policies_are_those_the_code_means(database_url: str) -> None:
    async def policies() -> set[tuple[object, ...]]:
        async with await psycopg.AsyncConnection.connect(database_url) as connection:
            found = await connection.execute(
                "select tablename, policyname, cmd, qual, with_check from pg_policies"
            )
            return set(await found.fetchall())

    migrated = await policies()
    async with await psycopg.AsyncConnection.connect(database_url) as connection:
        for table, name, *_ in migrated:
            await connection.execute(f"drop policy {name} on {table}")
        for table in metadata.tables:
            for statement in policy_ddl(table):
                await connection.execute(statement)
    assert await policies() == migrated


async def test_several_releases_starting_at_once_migrate_once(postgres: PostgresForTests) -> None:
    aside = postgres.url.replace(f"/{DATABASE}?", "/postgres?")
    async with await psycopg.AsyncConnection.connect(aside, autocommit=True) as admin:
        await admin.execute("create database racing template template0")
    url = postgres.url.replace(f"/{DATABASE}?", "/racing?")
    try:
        assert set(await asyncio.gather(*(migrate(url) for _ in range(4)))) == {head_revision()}
    finally:
        async with await psycopg.AsyncConnection.connect(aside, autocommit=True) as admin:
            await admin.execute("drop database racing with (force)")


async def test_an_upgrade_keeps_who_was_a_supervisor(postgres: PostgresForTests) -> None:
    aside = postgres.url.replace(f"/{DATABASE}?", "/postgres?")
    async with await psycopg.AsyncConnection.connect(aside, autocommit=True) as admin:
        await admin.execute("create database earlier template template0")
    url = postgres.url.replace(f"/{DATABASE}?", "/earlier?")

    def upgrade(connection: Connection) -> None:
        config = run._config()
        config.attributes["connection"] = connection
        command.upgrade(config, "0004")

    try:
        engine = engine_for(url, pool_size=1, role=False)
        async with engine.begin() as owner:
            await owner.run_sync(upgrade)
            await owner.execute(text("select set_config('dozvon.account', 'a', true)"))
            await owner.execute(
                text("insert into accounts (id, slug, name) values ('a', 'a', 'A')")
            )
            await owner.execute(
                text(
                    "insert into employees (account_id, id, name, is_supervisor)"
                    " values ('a', 'anna', 'Anna', true), ('a', 'boris', 'Boris', false)"
                )
            )
        await engine.dispose()
        await migrate(url)
        async with Database(url, pool_size=1) as database, database.begin(AccountId("a")) as tx:
            people = await EmployeeStore(tx).all(AccountId("a"))
        assert {e.id: (e.role, e.is_supervisor) for e in people} == {
            "anna": ("supervisor", True),
            "boris": ("operator", False),
        }
    finally:
        async with await psycopg.AsyncConnection.connect(aside, autocommit=True) as admin:
            await admin.execute("drop database earlier with (force)")


async def test_an_old_database_gets_its_checks_named_as_a_new_one_has_them(
    postgres: PostgresForTests,
) -> None:
    """Before 0001 and 0005 gave finished names, the convention doubled them."""
    doubled = {
        "accounts": ("id_plain", "slug_plain"),
        "employees": ("role",),
        "employee_numbers": ("kind",),
    }
    aside = postgres.url.replace(f"/{DATABASE}?", "/postgres?")
    async with await psycopg.AsyncConnection.connect(aside, autocommit=True) as admin:
        await admin.execute("create database misnamed template template0")
    url = postgres.url.replace(f"/{DATABASE}?", "/misnamed?")

    def upgrade(connection: Connection) -> None:
        config = run._config()
        config.attributes["connection"] = connection
        command.upgrade(config, "0011")

    async def checks() -> set[str]:
        async with await psycopg.AsyncConnection.connect(url) as connection:
            found = await connection.execute(
                "select conname from pg_constraint where contype = 'c' and conrelid <> 0"
                " and conname like 'ck%'"
            )
            return {name for (name,) in await found.fetchall()}

    try:
        engine = engine_for(url, pool_size=1, role=False)
        async with engine.begin() as owner:
            await owner.run_sync(upgrade)
        named = await checks()
        async with engine.begin() as owner:
            for table, names in doubled.items():
                for name in names:
                    new, old = f"ck_{table}_{name}", f"ck_{table}_ck_{table}_{name}"
                    await owner.execute(
                        text(f"alter table {table} rename constraint {new} to {old}")
                    )
        await engine.dispose()
        assert len(await checks() - named) == 4
        await migrate(url)
        assert named <= await checks()
        assert not any(name.count("ck_") > 1 for name in await checks())
    finally:
        async with await psycopg.AsyncConnection.connect(aside, autocommit=True) as admin:
            await admin.execute("drop database misnamed with (force)")


def test_every_script_says_whether_it_runs_before_or_after_the_release() -> None:
    folder = Path(migrate.__code__.co_filename).parent / "versions"
    names = sorted(path.stem for path in folder.glob("[0-9]*.py"))
    assert [name[:4] for name in names] == [f"{n:04}" for n in range(1, len(names) + 1)]
    assert all(re.fullmatch(r"\d{4}_(pre|post)_[a-z_]+", name) for name in names)
