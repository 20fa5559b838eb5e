"""The CRM's working day and our status: the latest act of the person wins, nothing flaps."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.bus.memory import MemoryBus
from backend.domain.workday import STATUS_OF, DayState, DayWrite, write_for
from backend.errors import CrmUnavailable
from backend.kit.clock import ManualClock
from backend.services.statuses import KeptStatus, StatusService
from backend.services.workday import (
    POLL_S,
    SLOWEST_S,
    Followed,
    KeptDay,
    WorkdayImport,
    WorkdayWriter,
)
from protocol.vocabulary import AccountId, AgentStatus, EmployeeId, StatusSource
from tests.unit.services.stage import ACC, ANNA, START

USER = "7"


class Statuses:
    """Keeps one version."""

    def __init__(self) -> None:
        self.kept: KeptStatus | None = None
        self.log: list[AgentStatus] = []

    async def load(self, account_id: AccountId, employee_id: EmployeeId) -> KeptStatus | None:
        return self.kept

    async def save(self, account_id: AccountId, status: KeptStatus) -> bool:
        self.kept = status
        self.log.append(status.status)
        return True


class Portal:
    """The day of one user, as the portal treats it: pausing a closed day resumes it."""

    def __init__(self) -> None:
        self.day: DayState | None = DayState.OPENED
        self.writes: list[str] = []
        self.down = False
        self.while_asked: asyncio.Event | None = None

    async def days(self, user_ids: Sequence[str]) -> Mapping[str, DayState]:
        if self.down:
            raise CrmUnavailable("503")
        found = {} if self.day is None else {USER: self.day}
        if self.while_asked is not None:
            await self.while_asked.wait()
        return found

    async def pause(self, user_id: str) -> None:
        self.writes.append("pause")
        opens = self.day in (DayState.CLOSED, DayState.EXPIRED)
        self.day = DayState.OPENED if opens else DayState.PAUSED

    async def resume(self, user_id: str) -> None:
        self.writes.append("resume")
        self.day = DayState.OPENED


@dataclass
class Book:
    statuses: Statuses
    day: KeptDay | None = None
    importing: bool = True
    writing: bool = True
    people: int = 1

    async def followed(self, account_id: AccountId) -> Sequence[Followed]:
        if not self.importing:
            self.day = None
            return []
        anna = Followed(employee_id=ANNA, user_id=USER, day=self.day)
        crowd = [
            Followed(employee_id=EmployeeId(f"e{n}"), user_id=f"x{n}", day=None)
            for n in range(self.people - 1)
        ]
        return [anna, *crowd]

    async def keep(
        self,
        account_id: AccountId,
        employee_id: EmployeeId,
        day: KeptDay,
        *,
        before: KeptDay | None,
    ) -> None:
        if self.day == before:
            self.day = day

    async def written(self, account_id: AccountId, employee_id: EmployeeId, day: KeptDay) -> None:
        self.day = day

    async def writable(self, account_id: AccountId, employee_id: EmployeeId) -> str | None:
        return USER if self.writing else None

    async def status(self, account_id: AccountId, employee_id: EmployeeId) -> KeptStatus | None:
        return self.statuses.kept


class Stage:
    def __init__(self) -> None:
        self.clock = ManualClock(START)
        self.stored = Statuses()
        self.portal = Portal()
        self.book = Book(self.stored)
        self.statuses = StatusService(self.stored, MemoryBus(self.clock), self.clock)
        self.reading = WorkdayImport(
            sources=lambda _: self.portal,
            book=self.book,
            statuses=self.statuses,
            clock=self.clock,
        )
        self.writer = WorkdayWriter(sources=lambda _: self.portal, book=self.book, clock=self.clock)

    @property
    def status(self) -> AgentStatus:
        return self.stored.kept.status if self.stored.kept else AgentStatus.AVAILABLE

    async def poll(self, day: DayState | None = None) -> AgentStatus:
        if day is not None:
            self.portal.day = day
        await self.clock.advance(1)
        await self.reading.poll(ACC)
        return self.status

    async def choose(self, status: AgentStatus) -> None:
        await self.clock.advance(1)
        await self.statuses.choose(ACC, ANNA, status, None)


@pytest.mark.feature("B12")
async def test_the_working_day_becomes_the_status() -> None:
    stage = Stage()
    assert await stage.poll(DayState.OPENED) is AgentStatus.AVAILABLE
    assert await stage.poll(DayState.PAUSED) is AgentStatus.BREAK
    assert await stage.poll(DayState.OPENED) is AgentStatus.AVAILABLE
    assert await stage.poll(DayState.CLOSED) is AgentStatus.OFF_WORK
    assert await stage.poll(DayState.OPENED) is AgentStatus.AVAILABLE
    assert await stage.poll(DayState.EXPIRED) is AgentStatus.OFF_WORK
    assert stage.stored.kept is not None
    assert stage.stored.kept.source is StatusSource.CRM


@pytest.mark.feature("B12")
async def test_a_choice_here_stands_until_the_day_itself_changes() -> None:
    stage = Stage()
    await stage.poll(DayState.OPENED)
    await stage.choose(AgentStatus.DO_NOT_DISTURB)
    for _ in range(5):
        assert await stage.poll() is AgentStatus.DO_NOT_DISTURB
    assert await stage.poll(DayState.PAUSED) is AgentStatus.BREAK
    await stage.choose(AgentStatus.AVAILABLE)
    for _ in range(5):
        assert await stage.poll() is AgentStatus.AVAILABLE
    assert await stage.poll(DayState.OPENED) is AgentStatus.AVAILABLE
    await stage.choose(AgentStatus.BREAK)
    await stage.poll(DayState.PAUSED)
    assert await stage.poll(DayState.OPENED) is AgentStatus.AVAILABLE, "resumed over there"


async def test_the_first_state_counts_only_for_who_never_chose() -> None:
    stage = Stage()
    await stage.choose(AgentStatus.AVAILABLE)
    assert await stage.poll(DayState.CLOSED) is AgentStatus.AVAILABLE
    assert await stage.poll(DayState.OPENED) is AgentStatus.AVAILABLE
    assert await stage.poll(DayState.PAUSED) is AgentStatus.BREAK
    fresh = Stage()
    assert await fresh.poll(DayState.PAUSED) is AgentStatus.BREAK


async def test_a_choice_made_while_the_crm_answers_is_the_later_act() -> None:
    stage = Stage()
    await stage.poll(DayState.OPENED)
    stage.portal.day, stage.portal.while_asked = DayState.PAUSED, asyncio.Event()
    polling = asyncio.create_task(stage.reading.poll(ACC))
    await stage.choose(AgentStatus.AWAY)
    stage.portal.while_asked.set()
    await polling
    assert stage.status is AgentStatus.AWAY
    stage.portal.while_asked = None
    assert await stage.poll() is AgentStatus.AWAY


async def test_no_other_machine_lifts_what_the_working_day_set() -> None:
    stage = Stage()
    await stage.poll(DayState.OPENED)
    await stage.poll(DayState.PAUSED)
    kept = await stage.statuses.set(ACC, ANNA, AgentStatus.AVAILABLE, StatusSource.SYSTEM)
    assert kept.status is AgentStatus.BREAK


@pytest.mark.feature("B12")
@given(
    st.lists(
        st.one_of(st.sampled_from(AgentStatus), st.sampled_from(DayState), st.none()), max_size=30
    )
)
def test_whoever_acted_last_is_heard_and_repeating_changes_nothing(
    acts: list[AgentStatus | DayState | None],
) -> None:
    async def play() -> None:
        stage = Stage()
        await stage.poll(DayState.OPENED)
        day = DayState.OPENED
        for act in acts:
            before, changes = stage.status, len(stage.stored.log)
            if isinstance(act, AgentStatus):
                await stage.choose(act)
                assert stage.status is act
            elif isinstance(act, DayState):
                changed, day = act is not day, act
                assert await stage.poll(act) is (STATUS_OF[act] if changed else before)
            else:
                await stage.poll()
                assert (stage.status, len(stage.stored.log)) == (before, changes)

    asyncio.run(play())


async def test_a_portal_in_trouble_or_without_the_module_changes_nothing() -> None:
    stage = Stage()
    await stage.poll(DayState.OPENED)
    stage.portal.down = True
    assert await stage.poll(DayState.PAUSED) is AgentStatus.AVAILABLE
    stage.portal.down, stage.portal.day = False, None
    assert await stage.poll() is AgentStatus.AVAILABLE
    assert await stage.poll(DayState.PAUSED) is AgentStatus.BREAK


async def test_many_people_are_asked_less_often_but_within_the_minute() -> None:
    stage = Stage()
    assert await stage.reading.poll(ACC) == POLL_S
    stage.book.people = 150
    assert await stage.reading.poll(ACC) == 30
    stage.book.people = 5000
    assert await stage.reading.poll(ACC) == SLOWEST_S < 60


@pytest.mark.feature("B12")
async def test_a_break_is_told_and_its_end_and_both_come_back_as_no_news() -> None:
    stage = Stage()
    await stage.poll(DayState.OPENED)
    await stage.choose(AgentStatus.BREAK)
    assert await stage.writer.write(ACC, ANNA) is DayWrite.PAUSE
    changes = len(stage.stored.log)
    await stage.poll()
    assert (stage.status, len(stage.stored.log)) == (AgentStatus.BREAK, changes)
    await stage.choose(AgentStatus.AVAILABLE)
    assert await stage.writer.write(ACC, ANNA) is DayWrite.RESUME
    changes = len(stage.stored.log)
    await stage.poll()
    assert (stage.status, len(stage.stored.log)) == (AgentStatus.AVAILABLE, changes)
    assert stage.portal.writes == ["pause", "resume"]


@pytest.mark.feature("B12")
@pytest.mark.parametrize("day", DayState)
@pytest.mark.parametrize("status", AgentStatus)
async def test_nothing_we_write_opens_or_closes_a_day(day: DayState, status: AgentStatus) -> None:
    stage = Stage()
    stage.book.importing = False
    await stage.choose(status)
    stage.portal.day = day
    await stage.writer.write(ACC, ANNA)
    opened = {DayState.OPENED, DayState.PAUSED}
    assert (stage.portal.day in opened) is (day in opened)
    assert bool(stage.portal.writes) is (write_for(status, day) is not None)
    assert await stage.writer.write(ACC, ANNA) is None, "a second run has nothing to do"


async def test_what_the_crm_itself_said_is_not_told_back_and_switches_are_obeyed() -> None:
    stage = Stage()
    await stage.poll(DayState.OPENED)
    await stage.poll(DayState.PAUSED)
    stage.portal.day = DayState.OPENED
    assert await stage.writer.write(ACC, ANNA) is None
    await stage.choose(AgentStatus.BREAK)
    stage.book.writing = False
    assert await stage.writer.write(ACC, ANNA) is None
    stage.book.writing = True
    stage.portal.down = True
    with pytest.raises(CrmUnavailable):
        await stage.writer.write(ACC, ANNA)
