"""Synchronising an account's employees, on a real database: what is written, and who is told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from backend.bootstrap.visitors import tell_workday
from backend.bus.memory import MemoryBus
from backend.domain.account_settings import PeopleSettings, WorkdaySettings
from backend.domain.people import (
    CrmDepartment,
    CrmPerson,
    Known,
    PeopleReading,
    Plan,
    Reason,
)
from backend.domain.workday import DayState
from backend.errors import CrmAuthExpired, CrmRejected, CrmUnavailable, NotFound
from backend.jobs import workday_write
from backend.jobs.queue import JobQueue
from backend.kit.clock import ManualClock
from backend.services.employee_sync import (
    Applied,
    EmployeeSync,
    SyncReport,
    SyncState,
    due_in_s,
)
from backend.services.ports import PeopleSource
from backend.services.seen_today import SeenToday
from backend.services.sessions import REVOKED, Identity, Sessions
from backend.services.statuses import StatusService
from backend.services.workday import KeptDay
from backend.store.account_settings import AccountSettingsStore
from backend.store.accounts import Account, AccountStore
from backend.store.crm_people import CrmPeopleStore
from backend.store.database import Database
from backend.store.employees import Employee, EmployeeNumber, EmployeeStore, Group
from backend.store.gateways import SqlRouting, SqlSessions, SqlStatuses
from backend.store.gateways.people import SqlPeople, SqlSeenToday
from backend.store.gateways.workdays import SqlWorkdays
from backend.store.teams import TeamStore
from protocol.vocabulary import AccountId, AgentStatus, CrmKind, EmployeeId, StatusSource
from tests.integration.conftest import ALPHA, BETA

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


class Crm:
    """A CRM that has these people, or this trouble."""

    def __init__(self, *people: CrmPerson) -> None:
        self.crm = CrmKind.BITRIX24
        self.people = list(people)
        self.departments = (CrmDepartment(department_id="7", name="Продажи", head_ids=("2",)),)
        self.complete = True
        self.trouble: Exception | None = None

    async def roll(self) -> str:
        return str(len(self.people))

    async def read_people(self) -> PeopleReading:
        if self.trouble is not None:
            raise self.trouble
        return PeopleReading(
            people=tuple(self.people), departments=self.departments, complete=self.complete
        )


def person(number: int, **more: object) -> CrmPerson:
    given: dict[str, object] = {
        "user_id": str(number),
        "first_name": "Анна",
        "last_name": f"Ким-{number}",
        "email": f"p{number}@firm.test",
        "department_ids": ("7",),
        "extension": f"{100 + number}",
    }
    return CrmPerson(**{**given, **more})  # type: ignore[arg-type]


class Rig:
    def __init__(self, database: Database, crm: Crm) -> None:
        self.database = database
        self.crm = crm
        self.clock = ManualClock(AT)
        self.bus = MemoryBus(self.clock)
        self.states: list[SyncState] = []
        self.book = SqlPeople(database)
        self.sessions = Sessions(SqlSessions(database, "https://app.test"), self.bus, self.clock)
        self.sync = EmployeeSync(
            sources=self._source,
            book=self.book,
            bus=self.bus,
            clock=self.clock,
            observe=self.states.append,
        )

    async def _source(self, account_id: AccountId) -> PeopleSource | None:
        return self.crm if account_id == ALPHA else None

    async def run(self, why: str = "schedule") -> SyncReport:
        return await self.sync.run(ALPHA, asked_by=why)

    async def employees(self) -> dict[str, Employee]:
        """By CRM user."""
        async with self.database.begin(ALPHA) as tx:
            found = await EmployeeStore(tx).all(ALPHA, inactive=True)
        return {e.crm_user_id: e for e in found if e.crm_user_id}

    async def sign_on(self, user: str) -> str:
        employee = (await self.employees())[user]
        issued = await self.sessions.open(
            Identity(
                account_id=ALPHA,
                employee_id=employee.id,
                name=employee.name,
                extension=None,
                crm=CrmKind.BITRIX24,
            )
        )
        return issued.session_id


@pytest.fixture
def rig(database: Database) -> Rig:
    return Rig(database, Crm(*(person(n) for n in range(1, 6))))


@pytest.mark.feature("B3")
@pytest.mark.feature("A2")
async def test_people_come_with_teams_roles_and_telephones_of_their_own_choice(rig: Rig) -> None:
    rig.crm.people.append(person(9, last_name="", url="https://crm.test/9"))
    report = await rig.run()
    assert (report.state, report.counts["added"], report.counts["left_out"]) == ("done", 5, 1)
    (remark,) = report.remarks
    assert (remark.reason, remark.url) == (Reason.NO_LAST_NAME, "https://crm.test/9")
    people = await rig.employees()
    assert people["2"].role == "supervisor"
    assert people["2"].is_supervisor
    assert (people["1"].extension, people["1"].department, people["1"].device) == (
        "101",
        "Продажи",
        "phone",
    )
    async with rig.database.begin(ALPHA) as tx:
        (team,) = await TeamStore(tx).all(ALPHA)
        assert await EmployeeStore(tx).numbers(ALPHA) == {}
    assert (team.name, team.heads, len(team.members)) == ("Продажи", (people["2"].id,), 4)
    async with rig.database.begin(BETA) as tx:
        assert await EmployeeStore(tx).all(BETA) == []
    kept = await rig.sync.last(ALPHA)
    assert kept == report
    assert kept.finished_at is not None


async def test_a_second_synchronisation_changes_nothing_and_wakes_nobody(rig: Rig) -> None:
    await rig.run()
    before, woken = await rig.employees(), list[bytes]()
    async with rig.bus.on_wake("routing", woken.append):
        report = await rig.run()
    assert await rig.employees() == before
    assert woken == []
    assert report.counts == {"seen": 5}


async def test_what_was_set_by_hand_survives(rig: Rig) -> None:
    await rig.run()
    anna = (await rig.employees())["1"]
    number = EmployeeNumber(
        employee_id=anna.id, priority=1, kind="sip", endpoint="PJSIP/a", label="SIP"
    )
    async with rig.database.begin(ALPHA) as tx:
        store = EmployeeStore(tx)
        changed = replace(
            anna, extension="150", role="supervisor", role_by_hand=True, caller_id="+7495"
        )
        await store.save(ALPHA, [changed])
        await store.replace_numbers(ALPHA, anna.id, [number])
        await store.save(ALPHA, [Employee(id=EmployeeId("own"), name="Свой", email="x@y.z")])
    rig.crm.people[0] = person(1, last_name="Новая", extension="199")
    await rig.run()
    after = (await rig.employees())["1"]
    assert after == replace(changed, name="Анна Новая")
    async with rig.database.begin(ALPHA) as tx:
        assert (await EmployeeStore(tx).numbers(ALPHA))[anna.id] == (number,)
        own = await EmployeeStore(tx).find(ALPHA, EmployeeId("own"))
    assert own == Employee(id=EmployeeId("own"), name="Свой", email="x@y.z")


@pytest.mark.feature("A2")
async def test_an_equal_e_mail_links_an_employee_with_their_line(rig: Rig) -> None:
    own = Employee(id=EmployeeId("own"), name="Аня", email="P1@firm.test", extension="150")
    async with rig.database.begin(ALPHA) as tx:
        await EmployeeStore(tx).save(ALPHA, [own])
    report = await rig.run()
    assert report.counts["linked"] == 1
    assert (await rig.employees())["1"].id == "own"


@pytest.mark.parametrize(
    ("trouble", "state"),
    [
        (CrmUnavailable("503"), SyncState.FAILED),
        (CrmAuthExpired("revoked"), SyncState.RECONNECT),
        (CrmRejected("403 not an administrator"), SyncState.REFUSED),
    ],
)
async def test_a_crm_in_trouble_changes_nobody_and_is_reported(
    rig: Rig, trouble: Exception, state: SyncState
) -> None:
    await rig.run()
    before = await rig.employees()
    rig.crm.trouble = trouble
    report = await rig.run()
    assert (report.state, report.error) == (state, str(trouble))
    assert await rig.employees() == before
    assert rig.states == [SyncState.DONE, state]


@pytest.mark.feature("B3")
async def test_an_empty_or_short_answer_changes_nobody(rig: Rig) -> None:
    await rig.run()
    before = await rig.employees()
    everybody = rig.crm.people
    for people, complete, state in (
        ([], True, SyncState.EMPTY),
        ([], False, SyncState.EMPTY),
        ([replace(p, active=False) for p in everybody], True, SyncState.EMPTY),
        (everybody[:4], False, SyncState.PARTIAL),
    ):
        rig.crm.people, rig.crm.complete = people, complete
        assert (await rig.run()).state is state
        assert await rig.employees() == before


async def test_too_many_missing_are_held_and_asked_for_again_soon(rig: Rig) -> None:
    await rig.run()
    everybody = rig.crm.people
    rig.crm.people = everybody[:2]
    report = await rig.run()
    assert report.state is SyncState.HELD
    assert {remark.reason for remark in report.remarks} == {Reason.GONE_UNCONFIRMED}
    assert all(e.active for e in (await rig.employees()).values())
    for _ in range(3):
        wait_s = due_in_s(report, rig.clock.now())
        assert wait_s == 900
        await rig.clock.advance(wait_s)
        report = await rig.run()
        assert report.state is SyncState.HELD
    await rig.clock.advance(900)
    report = await rig.run()
    assert (report.state, report.counts["left"]) == (SyncState.DONE, 3)
    rig.crm.people = everybody
    assert (await rig.run()).counts["revived"] == 3
    assert (await rig.employees())["5"].extension == "105"


@pytest.mark.feature("B3")
async def test_who_is_dismissed_is_signed_out_and_rung_no_more(rig: Rig) -> None:
    await rig.run()
    people = await rig.employees()
    ring = tuple(people[user].id for user in ("1", "2"))
    async with rig.database.begin(ALPHA) as tx:
        await EmployeeStore(tx).save_group(ALPHA, Group(id="g", name="G", extension="600",
                                                        members=ring))  # fmt: skip
    leaver, stayer = await rig.sign_on("1"), await rig.sign_on("2")
    rig.crm.people[0] = person(1, active=False)
    revoked, woken = list[bytes](), list[bytes]()
    async with (
        rig.bus.on_wake(REVOKED, revoked.append),
        rig.bus.on_wake("routing", woken.append),
    ):
        report = await rig.run()
        for _ in range(5):
            await asyncio.sleep(0)
    assert report.counts["left"] == 1
    assert revoked == [leaver.encode()]
    assert woken == [ALPHA.encode()]
    since = rig.clock.now() - timedelta(seconds=5)
    assert list(await rig.sessions.revoked_since(since)) == [leaver]
    assert stayer
    loaded = await SqlRouting(rig.database).load(ALPHA, "switch")
    assert loaded is not None
    assert people["1"].id not in loaded.route.employees
    assert people["2"].id in loaded.route.employees


async def test_an_account_without_a_crm_has_nothing_to_synchronise(rig: Rig) -> None:
    with pytest.raises(NotFound):
        await rig.sync.run(BETA, asked_by="schedule")


async def test_a_run_that_breaks_is_reported_and_tried_again_soon(rig: Rig) -> None:
    class Broken(SqlPeople):
        async def apply(
            self,
            account_id: AccountId,
            kind: CrmKind,
            decide: Callable[[Known, PeopleSettings], Plan],
            *,
            at: datetime,
        ) -> Applied:
            raise OSError("disk")

    async def source(_account: AccountId) -> PeopleSource:
        return rig.crm

    broken = EmployeeSync(sources=source, book=Broken(rig.database), bus=rig.bus, clock=rig.clock)
    with pytest.raises(OSError, match="disk"):
        await broken.run(ALPHA, asked_by="schedule")
    last = await rig.sync.last(ALPHA)
    assert last is not None
    assert (last.state, last.error) == (SyncState.FAILED, "OSError")
    assert due_in_s(last, rig.clock.now()) <= 120


async def test_the_schedule_is_half_an_hour_and_sooner_after_trouble() -> None:
    done = SyncReport(
        id="1", kind=CrmKind.AMOCRM, asked_by="schedule", started_at=AT, state=SyncState.DONE
    )
    assert due_in_s(None, AT) == 0
    assert due_in_s(done, AT) == 1800
    assert due_in_s(done, AT + timedelta(minutes=30)) == 0
    assert due_in_s(replace(done, state=SyncState.FAILED), AT) == 120
    assert due_in_s(replace(done, state=SyncState.RUNNING), AT + timedelta(minutes=5)) == 0


async def test_rules_of_the_account_are_heard(rig: Rig) -> None:
    async with rig.database.begin(ALPHA) as tx:
        await AccountSettingsStore(tx).save(
            ALPHA, PeopleSettings(skip_departments=("7",)), by="test"
        )
    report = await rig.run()
    assert report.counts == {"seen": 5, "left_out": 5}


@pytest.mark.feature("A11")
async def test_today_is_the_day_of_the_account(rig: Rig) -> None:
    async with rig.database.begin(ALPHA) as tx:
        await AccountStore(tx).save(
            Account(id=ALPHA, slug="alpha", name="A", timezone="Asia/Vladivostok")
        )
    clock = ManualClock(datetime(2026, 3, 2, 13, 30, tzinfo=UTC))  # 23:30 there
    seen = SeenToday(SqlSeenToday(rig.database), clock)
    await seen.note(ALPHA, CrmKind.AMOCRM, "7")
    await seen.note(ALPHA, CrmKind.AMOCRM, "7")
    assert await seen.was(ALPHA, "7")
    assert not await seen.was(ALPHA, "8")
    assert not await seen.was(BETA, "7")
    await clock.advance(3600)
    assert not await seen.was(ALPHA, "7"), "it is tomorrow there, and still today in Greenwich"


@pytest.mark.feature("B12")
async def test_a_working_day_counts_as_a_choice_after_a_restart_too(rig: Rig) -> None:
    await rig.run()
    anna = (await rig.employees())["1"].id
    statuses = StatusService(SqlStatuses(rig.database), rig.bus, rig.clock)
    await statuses.choose(ALPHA, anna, AgentStatus.BREAK, None)
    await rig.clock.advance(1)
    await statuses.follow(ALPHA, anna, AgentStatus.AVAILABLE, read_at=rig.clock.now())
    restarted = StatusService(SqlStatuses(rig.database), rig.bus, rig.clock)
    await restarted.set(ALPHA, anna, AgentStatus.AWAY, StatusSource.SYSTEM)
    kept = await restarted.set(ALPHA, anna, AgentStatus.AVAILABLE, StatusSource.SYSTEM)
    assert kept.status is AgentStatus.AVAILABLE, "the break ended over there"


@pytest.mark.feature("B12")
async def test_a_break_queues_its_write_only_where_both_switches_are_on(rig: Rig) -> None:
    await rig.run()
    queue = JobQueue(rig.database.url)
    workday_write.announce(queue)
    statuses = StatusService(SqlStatuses(rig.database, tell_workday(queue)), rig.bus, rig.clock)
    anna = (await rig.employees())["1"]

    async def switch(account: bool, employee: bool) -> None:
        async with rig.database.begin(ALPHA) as tx:
            await AccountSettingsStore(tx).save(ALPHA, WorkdaySettings(write_on=account), by="t")
            await EmployeeStore(tx).save(ALPHA, [replace(anna, workday_write=employee)])

    async def after(status: AgentStatus, source: StatusSource = StatusSource.PERSON) -> int:
        await statuses.set(ALPHA, anna.id, status, source)
        return await queue.waiting()

    async with queue.opened():
        for account, employee in ((False, False), (True, False), (False, True)):
            await switch(account, employee)
            assert await after(AgentStatus.BREAK) == 0
            await after(AgentStatus.AVAILABLE)
        await switch(account=True, employee=True)
        assert await after(AgentStatus.OFF_WORK) == 0
        assert await after(AgentStatus.BREAK, StatusSource.SUPERVISOR) == 0
        assert await after(AgentStatus.AVAILABLE) == 1
        assert await after(AgentStatus.BREAK) == 1, "one that waits serves the later choice"


async def test_days_of_who_is_not_followed_are_forgotten(rig: Rig) -> None:
    await rig.run()
    people = await rig.employees()
    book = SqlWorkdays(rig.database)
    assert await book.followed(ALPHA) == [], "off until somebody switches it on"
    async with rig.database.begin(ALPHA) as tx:
        await AccountSettingsStore(tx).save(ALPHA, WorkdaySettings(import_on=True), by="t")
    assert await book.followed(ALPHA) == [], "nobody can be rung, nobody is signed on"
    number = EmployeeNumber(
        employee_id=people["1"].id, priority=1, kind="desk", endpoint="PJSIP/a", label="101"
    )
    async with rig.database.begin(ALPHA) as tx:
        await EmployeeStore(tx).replace_numbers(ALPHA, people["1"].id, [number])
    (anna,) = await book.followed(ALPHA)
    assert (anna.employee_id, anna.user_id, anna.day) == (people["1"].id, "1", None)
    day = KeptDay(state=DayState.PAUSED, since=AT)
    await book.keep(ALPHA, anna.employee_id, day, before=None)
    assert (await book.followed(ALPHA))[0].day == day
    written = KeptDay(state=DayState.OPENED, since=AT, written_at=AT)
    await book.written(ALPHA, anna.employee_id, written)
    await book.keep(ALPHA, anna.employee_id, KeptDay(state=DayState.CLOSED, since=AT), before=day)
    assert (await book.followed(ALPHA))[0].day == written, "written while it was read"
    async with rig.database.begin(ALPHA) as tx:
        await EmployeeStore(tx).save(ALPHA, [replace(people["1"], workday_import=False)])
    assert await book.followed(ALPHA) == []
    async with rig.database.begin(ALPHA) as tx:
        await EmployeeStore(tx).save(ALPHA, [people["1"]])
    assert (await book.followed(ALPHA))[0].day is None


async def test_users_of_another_crm_are_other_people_whatever_their_numbers(rig: Rig) -> None:
    await rig.run()
    first = await rig.employees()
    rig.crm.crm = CrmKind.AMOCRM
    rig.crm.people = [
        person(1, first_name="Пётр", last_name="Чужой", email="petr@firm.test"),
        person(2, email="p1@firm.test"),
    ]
    report = await rig.run()
    assert (report.counts["linked"], report.counts["added"]) == (1, 1)
    second = await rig.employees()
    assert second["2"].id == first["1"].id, "the same e-mail"
    assert second["1"].id not in {employee.id for employee in first.values()}
    assert second["1"].name == "Пётр Чужой"


async def test_another_portal_in_the_place_of_the_first_links_by_e_mail(rig: Rig) -> None:
    await rig.run()
    first = await rig.employees()
    async with rig.database.begin(ALPHA) as tx:
        preset = Employee(id=EmployeeId("preset"), name="П", crm_user_id="77")
        await EmployeeStore(tx).save(ALPHA, [preset])
        await CrmPeopleStore(tx).forget(ALPHA, CrmKind.BITRIX24)
    rig.crm.people = [person(1, last_name="Чужая", email="new@firm.test"),
                      person(9, email="p1@firm.test")]  # fmt: skip
    report = await rig.run()
    assert (report.state, report.counts["linked"], report.counts["added"]) == ("done", 1, 1)
    second = await rig.employees()
    assert second["9"].id == first["1"].id
    assert second["1"].id not in {employee.id for employee in first.values()}
    assert second["77"].id == "preset", "never read, so not of the portal that left"
