"""A connected pair for whoever asks."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from backend.store.database import Database
from tests.integration.amocrm.rig import Rig, rig


@pytest.fixture
async def amo(database_url: str, database: Database) -> AsyncIterator[Rig]:
    async with rig(database_url, database) as made:
        yield made
