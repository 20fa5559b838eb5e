"""Statuses: humans decide, machines stay below, everyone hears."""

from __future__ import annotations

import asyncio
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.bus.memory import MemoryBus
from backend.domain.status import allowed, availability, is_choice
from backend.errors import TooMany
from backend.kit.clock import ManualClock
from backend.services.ports import colleagues_stream, me_stream
from backend.services.statuses import KeptStatus, StatusService
from protocol.vocabulary import AccountId, AgentStatus, EmployeeId, StatusSource
from tests.unit.services.stage import ACC, ANNA, START, Stage, account


class Store:
    """Keeps one version; `rivals` writers come first that often."""

    def __init__(self, rivals: int = 0) -> None:
        self.kept: KeptStatus | None = None
        self.log: list[KeptStatus] = []
        self.rivals = rivals

    async def load(self, account_id: AccountId, employee_id: EmployeeId) -> KeptStatus | None:
        kept = self.kept
        await asyncio.sleep(0)
        return kept

    async def save(self, account_id: AccountId, status: KeptStatus) -> bool:
        if self.rivals > 0:
            self.rivals -= 1
            return False
        if status.version != (1 if self.kept is None else self.kept.version + 1):
            return False
        self.kept = status
        self.log.append(status)
        return True


def service(store: Store) -> tuple[StatusService, MemoryBus]:
    clock = ManualClock(START)
    bus = MemoryBus(clock)
    return StatusService(store, bus, clock), bus


wishes = st.lists(st.tuples(st.sampled_from(AgentStatus), st.sampled_from(StatusSource)))


@pytest.mark.feature("W7")
@given(wishes)
def test_no_machine_raises_availability_above_the_choice(
    wished: list[tuple[AgentStatus, StatusSource]],
) -> None:
    chosen = status = AgentStatus.AVAILABLE
    for wanted, source in wished:
        status = allowed(wanted, source, chosen)
        if is_choice(source):
            assert status is wanted
            chosen = status
        assert availability(status) <= availability(chosen)
        assert availability(status) <= availability(wanted) or status is chosen


@given(wishes, st.integers(0, 3))
def test_writers_in_any_order_keep_the_rule_and_count_up(
    wished: list[tuple[AgentStatus, StatusSource]], rivals: int
) -> None:
    async def play() -> None:
        store = Store(rivals)
        statuses, _ = service(store)
        await asyncio.gather(
            *(statuses.set(ACC, ANNA, wanted, source) for wanted, source in wished[:5])
        )
        assert [kept.version for kept in store.log] == list(range(1, len(store.log) + 1))
        for kept in store.log:
            assert availability(kept.status) <= availability(kept.chosen)

    asyncio.run(play())


async def test_a_break_survives_the_working_day_of_the_crm() -> None:
    store = Store()
    statuses, _ = service(store)
    await statuses.choose(ACC, ANNA, AgentStatus.BREAK, "lunch")
    kept = await statuses.set(ACC, ANNA, AgentStatus.AVAILABLE, StatusSource.CRM)
    assert (kept.status, kept.source, kept.reason) == ("break", "person", "lunch")
    await statuses.choose(ACC, ANNA, AgentStatus.AVAILABLE, None)
    await statuses.set(ACC, ANNA, AgentStatus.OFF_WORK, StatusSource.CRM)
    kept = await statuses.set(ACC, ANNA, AgentStatus.AVAILABLE, StatusSource.CRM)
    assert kept.status is AgentStatus.AVAILABLE


async def test_a_change_is_told_to_the_person_to_colleagues_and_to_routing() -> None:
    stage = Stage(account())
    store = Store()
    woken: list[bytes] = []
    statuses = StatusService(store, stage.bus, stage.clock, routing=stage.routing)
    async with stage.bus.on_wake("routing", woken.append):
        await statuses.choose(ACC, ANNA, AgentStatus.AWAY, "road")
    (own,) = (await stage.bus.read(me_stream(ACC, ANNA), None)).deliveries
    (seen,) = (await stage.bus.read(colleagues_stream(ACC), None)).deliveries
    told = json.loads(own.frame)
    assert (told["type"], told["status"], told["reason"], told["version"]) == (
        "status.changed",
        "away",
        "road",
        1,
    )
    assert json.loads(seen.frame)["entity"] == "status:anna"
    employee = stage.routing.employee(ACC, ANNA)
    assert employee is not None
    assert employee.status is AgentStatus.AWAY
    assert woken == [b"acc"]


async def test_saying_the_same_again_changes_nothing() -> None:
    store = Store()
    statuses, _ = service(store)
    for _ in range(3):
        await statuses.choose(ACC, ANNA, AgentStatus.BREAK, "tea")
        await statuses.set(ACC, ANNA, AgentStatus.BREAK, StatusSource.CRM)
    assert store.kept is not None
    assert store.kept.version == 1


async def test_the_default_is_told_too() -> None:
    statuses, bus = service(Store())
    await statuses.tell(ACC, [ANNA])
    (own,) = (await bus.read(me_stream(ACC, ANNA), None)).deliveries
    assert json.loads(own.frame)["status"] == "available"


async def test_endless_collisions_end() -> None:
    statuses, _ = service(Store(rivals=100))
    with pytest.raises(TooMany):
        await statuses.choose(ACC, ANNA, AgentStatus.BREAK, None)
