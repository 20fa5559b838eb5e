"""Servers of these tests' own: they are stopped, flushed and restarted here."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests import valkey
from tests.integration.house.town import Town, town
from tests.postgres import PostgresForTests, postgres_for_tests


@pytest.fixture(scope="package")
def postgres() -> Iterator[PostgresForTests]:
    with postgres_for_tests() as server:
        yield server


@pytest.fixture(scope="package")
def redis_url() -> Iterator[str]:
    with valkey.running() as url:
        yield url


@pytest.fixture
def database_url(postgres: PostgresForTests) -> Iterator[str]:
    with postgres.database() as url:
        yield url


@pytest.fixture
async def empty_town(database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Town]:
    async with town(database_url, redis_url, tmp_path) as made:
        await made.redis("FLUSHALL")
        yield made
