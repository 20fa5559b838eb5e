"""The switch contract on a running Asterisk, where the environment names one (`asterisk.place`)."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.contract.asterisk.place import place
from tests.contract.asterisk.stage import RealStage, real_stage
from tests.contract.switch_suite import (
    Confers,
    HeardEarly,
    Messages,
    Mutes,
    Records,
    SwitchContract,
)

PLACE = place()

if PLACE is not None:

    @pytest.fixture
    async def stage() -> AsyncIterator[RealStage]:
        assert PLACE is not None
        async with real_stage(PLACE) as made:
            yield made

    class TestRealAsterisk(Mutes, Confers, Records, Messages, HeardEarly, SwitchContract):
        """Every rule of the contract."""
