"""Applying the schema changes: no ini file, no command line.

Scripts are named `NNNN_pre_what.py` when they may run while the previous release still serves
(new tables, nullable columns), `NNNN_post_what.py` when only after it is gone.
"""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from backend.store.database import engine_for

_LOCK = 0x646F7A766F6E
"""`dozvon` in ASCII: the advisory lock several releases starting at once queue at."""


async def migrate(url: str) -> str:
    """Bring the database at `url` to the newest revision; returns it. Several may race.

    The user of `url` owns the tables and may create the application's role (or it exists).
    """
    engine = engine_for(url, pool_size=1, role=False)
    try:
        async with engine.begin() as connection:
            await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
            await connection.run_sync(_upgrade)
    finally:
        await engine.dispose()
    return head_revision()


async def current_revision(url: str) -> str | None:
    """Where the database is; None before the first migration."""
    engine = engine_for(url, pool_size=1, role=False)
    try:
        async with engine.connect() as connection:
            return await connection.run_sync(
                lambda sync: MigrationContext.configure(sync).get_current_revision()
            )
    finally:
        await engine.dispose()


def head_revision() -> str:
    head = ScriptDirectory.from_config(_config()).get_current_head()
    if head is None:
        raise RuntimeError("no migrations are packed")
    return head


def _config() -> Config:
    config = Config()
    here = Path(__file__).parent
    config.set_main_option("script_location", str(here))
    config.set_main_option("version_locations", str(here / "versions"))
    config.set_main_option("path_separator", "newline")
    return config


def _upgrade(connection: Connection) -> None:
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
