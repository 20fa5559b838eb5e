"""A database with the demo's accounts, and its administrator."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from backend.store.database import Database
from tests.integration.settings.house import DEMO, House


@pytest.fixture
def house(database: Database) -> House:
    return House(database)


@pytest.fixture
async def seeded(house: House) -> House:
    await house.done(DEMO)
    house.woken.clear()
    return house


@pytest.fixture
async def anna(seeded: House) -> AsyncIterator[httpx.AsyncClient]:
    """The administrator's browser."""
    async with seeded.client(await seeded.token()) as client:
        yield client
