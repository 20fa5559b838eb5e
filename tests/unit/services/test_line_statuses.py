"""Statuses in step with an engine's: whoever changed is followed."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from backend.bus.memory import MemoryBus
from backend.errors import SwitchUnavailable
from backend.kit.clock import ManualClock
from backend.services.line_statuses import ROUND_S, Agreed, LineStatuses, OnLine
from backend.services.statuses import KeptStatus, StatusService
from protocol.vocabulary import AccountId, AgentStatus, EmployeeId, StatusSource
from tests.fakes import idle

ACC, ANNA = AccountId("acc"), EmployeeId("anna")
AVAILABLE, BREAK, AWAY = AgentStatus.AVAILABLE, AgentStatus.BREAK, AgentStatus.AWAY


class Store:
    def __init__(self) -> None:
        self.kept: KeptStatus | None = None

    async def load(self, account_id: AccountId, employee_id: EmployeeId) -> KeptStatus | None:
        return self.kept

    async def save(self, account_id: AccountId, status: KeptStatus) -> bool:
        self.kept = status
        return True


class Engine:
    def __init__(self) -> None:
        self.now: dict[int, AgentStatus] = {11: AVAILABLE}
        self.told: list[AgentStatus] = []
        self.away = False

    async def statuses(self) -> dict[int, AgentStatus]:
        if self.away:
            raise SwitchUnavailable("away")
        return dict(self.now)

    async def set_status(self, vendor: int, status: AgentStatus) -> None:
        self.now[vendor] = status
        self.told.append(status)


class Book:
    def __init__(self) -> None:
        self.kept: dict[int, Agreed] = {}

    async def load(self) -> dict[int, Agreed]:
        return dict(self.kept)

    async def keep(self, vendor: int, agreed: Agreed) -> None:
        self.kept[vendor] = agreed


class Rig:
    def __init__(self) -> None:
        self.clock = ManualClock()
        self.store, self.engine, self.book = Store(), Engine(), Book()
        self.statuses = StatusService(self.store, MemoryBus(self.clock), self.clock)
        self.step = LineStatuses(
            engine=self.engine,
            book=self.book,
            store=self.store,
            statuses=self.statuses,
            people=lambda: [OnLine(account_id=ACC, employee_id=ANNA, vendor=11)],
            clock=self.clock,
        )

    @property
    def ours(self) -> Any:
        return None if self.store.kept is None else self.store.kept.status

    async def chooses(self, status: AgentStatus) -> None:
        await self.clock.advance(1)
        await self.statuses.choose(ACC, ANNA, status, None)
        await self.clock.advance(1)


@pytest.mark.feature("W7")
async def test_what_is_chosen_here_is_told_over_there_once() -> None:
    rig = Rig()
    await rig.step.round()
    await rig.chooses(BREAK)
    for _ in range(3):
        await rig.step.round()
    assert (rig.engine.now[11], rig.engine.told) == (BREAK, [BREAK])


@pytest.mark.feature("W7")
async def test_what_changed_over_there_is_taken_over() -> None:
    rig = Rig()
    await rig.step.round()
    rig.engine.now[11] = AWAY
    await rig.step.round()
    assert rig.ours is AWAY
    assert rig.store.kept is not None
    assert rig.store.kept.source is StatusSource.SYSTEM
    rig.engine.now[11] = AVAILABLE
    await rig.step.round()
    assert (rig.ours, rig.engine.told) == (AVAILABLE, [])


async def test_when_both_changed_the_choice_made_here_wins() -> None:
    rig = Rig()
    await rig.step.round()
    await rig.chooses(BREAK)
    rig.engine.now[11] = AWAY
    await rig.step.round()
    assert (rig.ours, rig.engine.now[11]) == (BREAK, BREAK)


async def test_at_first_sight_a_choice_made_here_counts_and_a_default_does_not() -> None:
    rig = Rig()
    rig.engine.now[11] = AWAY
    await rig.step.round()
    assert rig.ours is AWAY
    rig = Rig()
    await rig.chooses(BREAK)
    for _ in range(2):
        await rig.step.round()
    assert (rig.ours, rig.engine.now[11]) == (BREAK, BREAK)


async def test_a_status_without_a_word_of_ours_changes_nothing_until_somebody_chooses() -> None:
    rig = Rig()
    await rig.step.round()
    del rig.engine.now[11]
    await rig.step.round()
    assert rig.ours is None
    await rig.chooses(AWAY)
    await rig.step.round()
    assert rig.engine.now[11] is AWAY


async def test_an_engine_that_is_away_is_told_when_it_is_back() -> None:
    rig = Rig()
    await rig.step.round()
    rig.engine.away = True
    await rig.chooses(BREAK)
    with pytest.raises(SwitchUnavailable):
        await rig.step.round()
    rig.engine.away = False
    running = asyncio.create_task(rig.step.run())
    await idle()
    assert rig.engine.told == [BREAK]
    await rig.clock.advance(ROUND_S)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
