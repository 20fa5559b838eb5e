"""Lines with a password outlive the process that issued them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from backend.bus.memory import MemoryBus
from backend.kit.clock import ManualClock
from backend.services.left_lines import COMES_BACK_S, LeftLines
from backend.store.database import Database
from backend.store.gateways.issued_lines import SqlIssuedLines
from protocol.vocabulary import EmployeeId
from tests.fake_lines import FakeLines, phones_of
from tests.integration.conftest import ALPHA, BETA

ANNA, BORIS = EmployeeId("anna"), EmployeeId("boris")


@pytest.mark.feature("W1")
async def test_another_process_takes_back_what_a_killed_one_issued(database: Database) -> None:
    clock, lines = ManualClock(datetime(2026, 3, 2, 9, tzinfo=UTC)), FakeLines()
    bus = MemoryBus(clock)
    killed = phones_of(bus, clock, lines, issued=SqlIssuedLines(database))
    await killed.issue(ALPHA, ANNA)
    await killed.issue(ALPHA, ANNA)
    await killed.issue(BETA, BORIS)
    del killed

    rows = SqlIssuedLines(database)
    another = phones_of(bus, clock, lines, issued=rows)
    left = LeftLines(rows, bus, another, clock)
    await left.look(ALPHA)
    (line,) = await rows.of_account(ALPHA)
    assert (line.employee_id, line.unheld_since) == (ANNA, clock.now())
    await clock.advance(COMES_BACK_S)
    await left.look(ALPHA)
    assert len(lines.withdrawn) == 1
    assert await rows.of_account(ALPHA) == []
    assert len(await rows.of_account(BETA)) == 1, "each account by itself"
