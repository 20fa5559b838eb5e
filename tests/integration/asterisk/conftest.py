"""One running world per test."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.integration.asterisk.world import World
from tests.integration.asterisk.world import world as running


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with running() as made:
        yield made
