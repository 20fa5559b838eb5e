"""A database for whoever asks."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from backend.store.accounts import Account, AccountStore
from backend.store.database import Database
from protocol.vocabulary import AccountId
from tests.postgres import PostgresForTests, postgres_for_tests

ALPHA = AccountId("alpha")
BETA = AccountId("beta")


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresForTests]:
    with postgres_for_tests() as server:
        yield server


@pytest.fixture
def database_url(postgres: PostgresForTests) -> Iterator[str]:
    """The owner's URL of a fresh, migrated database."""
    with postgres.database() as url:
        yield url


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """The application's view of it, with two accounts: alpha and beta."""
    async with Database(database_url, pool_size=5) as opened:
        for account_id in (ALPHA, BETA):
            async with opened.begin(account_id) as tx:
                await AccountStore(tx).save(
                    Account(id=account_id, slug=account_id, name=account_id.title())
                )
        yield opened
