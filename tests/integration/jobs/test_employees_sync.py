"""The job `employees.sync` over the amoCRM sandbox: the first time, newcomers, who was deleted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from backend.bootstrap.visitors import FIRST_READING
from backend.bus.memory import MemoryBus
from backend.connectors.crm.amocrm import AmoCrmPeople
from backend.domain.people import Reason
from backend.errors import CrmUnavailable, NotAllowed
from backend.jobs import employees_sync
from backend.jobs.queue import JobQueue
from backend.kit.secrets_box import SecretsBox, new_key, parse_key_ring
from backend.services.employee_sync import EmployeeSync, SyncReport
from backend.services.ports import PeopleSource
from backend.services.seen_today import SeenToday
from backend.services.sessions import Sessions
from backend.services.sign_on import Connection, Proven, SignOn
from backend.services.visitors import Visitors
from backend.store.crm_connections import CrmConnection, CrmConnectionStore
from backend.store.database import Database
from backend.store.employees import Employee, EmployeeNumber, EmployeeStore
from backend.store.gateways import SqlDirectory, SqlSessions
from backend.store.gateways.people import SqlPeople, SqlSeenToday
from backend.store.installs import InstallFact, InstallLog
from protocol.vocabulary import AccountId, CrmKind, EmployeeId
from tests.connectors.rigs import AMO, AmoRig, amo_rig
from tests.integration.conftest import ALPHA

ORIGIN = "https://app.test"


class Page:
    """A page whose proof is good: it is the user's number."""

    kind = CrmKind.AMOCRM

    def claimed(self, proof: str, hint: str) -> str:
        return "31415926"

    async def prove(self, proof: str, connection: Connection) -> Proven:
        return Proven(external_id="31415926", crm_user_id=proof)


class Rig:
    """Jobs run when asked for, as a worker beside the page would run them."""

    def __init__(self, database: Database, amo: AmoRig) -> None:
        self.database = database
        self.amo = amo
        self.bus = MemoryBus(amo.clock)
        self.book = SqlPeople(database)
        self.queue = JobQueue(database.url)
        self.sync = EmployeeSync(
            sources=self._source, book=self.book, bus=self.bus, clock=amo.clock
        )
        employees_sync.register(self.queue, self.sync)
        self.runs = 0
        self.is_busy = False
        """No worker gets round to what a page asks for."""
        seen = SeenToday(SqlSeenToday(database), amo.clock)
        secrets = SecretsBox(parse_key_ring(f"k1:{new_key()}"))
        self.secrets = secrets
        self.sign_on = SignOn(
            SqlDirectory(database, secrets, amo.clock),
            Sessions(SqlSessions(database, ORIGIN), self.bus, amo.clock),
            [Page()],
            ORIGIN,
            Visitors(seen=seen, ask=self._ask, unread=self._unread, bus=self.bus),
        )

    async def _source(self, _account: AccountId) -> PeopleSource:
        return AmoCrmPeople(self.amo.source.client, AMO)

    async def _ask(self, account_id: AccountId) -> bool:
        if self.is_busy:
            return False
        await employees_sync.ask(self.queue, account_id, "page")
        await self.work()
        return True

    async def _unread(self, account_id: AccountId, kind: CrmKind) -> bool:
        since = self.amo.clock.now() - FIRST_READING
        return await self.book.unread(account_id, kind, since=since)

    async def work(self) -> None:
        self.runs += 1
        working = asyncio.create_task(
            self.queue.app.run_worker_async(wait=False, install_signal_handlers=False)
        )
        async with asyncio.timeout(20):
            while not working.done():
                # The budget of the account waits on this clock.
                await self.amo.clock.advance(0.2)
                await asyncio.sleep(0.01)
        await working

    async def synchronised(self, why: str = "schedule") -> SyncReport:
        await employees_sync.ask(self.queue, ALPHA, why)
        await self.work()
        (report,) = await self.book.reports(ALPHA, limit=1)
        return report

    async def employees(self) -> dict[str, Employee]:
        async with self.database.begin(ALPHA) as tx:
            found = await EmployeeStore(tx).all(ALPHA)
        return {employee.crm_user_id or "": employee for employee in found}

    async def opens_a_page(self, user: int) -> str:
        """The employee's id."""
        _, identity = await self.sign_on.open(CrmKind.AMOCRM, str(user), origin=AMO)
        return identity.employee_id


@pytest.fixture
async def rig(database: Database) -> AsyncIterator[Rig]:
    async with amo_rig() as amo:
        made = Rig(database, amo)
        async with database.begin(ALPHA) as tx:
            await CrmConnectionStore(tx, made.secrets).save(
                CrmConnection(
                    account_id=ALPHA,
                    kind=CrmKind.AMOCRM,
                    external_id="31415926",
                    base_url=AMO,
                    host="demo.amo.test",
                )
            )
        async with made.queue.opened():
            yield made


@pytest.mark.feature("A2")
async def test_the_first_page_brings_everybody_and_a_later_one_who_is_new(rig: Rig) -> None:
    with pytest.raises(NotAllowed) as caught:
        await rig.opens_a_page(2)
    assert caught.value.data["why"] == "no_line", "an employee now; the number is ours to give"
    (report,) = await rig.book.reports(ALPHA)
    assert report.asked_by == "page"
    first = await rig.employees()
    assert {"1", "2", "3", "4", "5", "6", "7"} <= set(first)
    assert first["1"].role == "administrator"
    assert {remark.user_id: remark.reason for remark in report.remarks} == {"8": Reason.NO_CARDS}
    world = rig.amo.amo.world.users
    own = Employee(id=EmployeeId("vera"), name="Вера", email="vera@demo.example")
    number = EmployeeNumber(
        employee_id=own.id, priority=1, kind="sip", endpoint="PJSIP/v", label="SIP"
    )
    async with rig.database.begin(ALPHA) as tx:
        await EmployeeStore(tx).save(ALPHA, [own])
        await EmployeeStore(tx).replace_numbers(ALPHA, own.id, [number])
    world[77] = {**world[2], "id": 77, "name": "Вера Новикова", "email": "Vera@demo.example"}
    assert await rig.opens_a_page(77) == "vera", "with the line the employee had, at once"
    runs = rig.runs
    assert await rig.opens_a_page(77) == "vera"
    assert rig.runs == runs, "who is known has nobody asked"


@pytest.mark.feature("A1")
async def test_a_page_that_comes_before_the_first_reading_is_asked_to_come_again(
    rig: Rig,
) -> None:
    rig.is_busy = True
    now = rig.amo.clock.now()
    async with rig.database.begin(ALPHA) as tx:
        await InstallLog(tx).add(ALPHA, InstallFact(kind=CrmKind.AMOCRM, what="connected", at=now))
    with pytest.raises(CrmUnavailable) as caught:
        await rig.opens_a_page(2)
    assert caught.value.retry_after_s
    # A reading of the time before says nothing of this one.
    assert await rig.book.unread(ALPHA, CrmKind.BITRIX24, since=now - FIRST_READING) is False
    await rig.synchronised("installed")
    with pytest.raises(NotAllowed):
        await rig.opens_a_page(78)


async def test_a_first_reading_that_never_comes_is_not_waited_for_any_longer(rig: Rig) -> None:
    connected = rig.amo.clock.now()
    async with rig.database.begin(ALPHA) as tx:
        await InstallLog(tx).add(
            ALPHA, InstallFact(kind=CrmKind.AMOCRM, what="connected", at=connected)
        )
    assert await rig.book.unread(ALPHA, CrmKind.AMOCRM, since=connected - FIRST_READING)
    assert not await rig.book.unread(ALPHA, CrmKind.AMOCRM, since=connected)


@pytest.mark.feature("A2")
async def test_who_is_recognised_by_e_mail_and_has_a_sip_line_first_talks_in_the_tab(
    rig: Rig,
) -> None:
    """L1215. A desk phone first, or a mobile, stays what it is; and it happens once."""
    first = {2: ("sip", "desk"), 3: ("desk", "sip"), 4: ("mobile",)}
    async with rig.database.begin(ALPHA) as tx:
        store = EmployeeStore(tx)
        for user, kinds in first.items():
            person = EmployeeId(f"known-{user}")
            email = rig.amo.amo.world.users[user]["email"]
            await store.save(ALPHA, [Employee(id=person, name="Свой", email=email)])
            numbers = [
                EmployeeNumber(employee_id=person, priority=n, kind=kind,  # type: ignore[arg-type]
                               endpoint=f"PJSIP/{user}{n}", label=kind)
                for n, kind in enumerate(kinds, start=1)
            ]  # fmt: skip
            await store.replace_numbers(ALPHA, person, numbers)
    assert (await rig.synchronised()).counts["linked"] == len(first)
    found = {user: (await rig.employees())[str(user)] for user in first}
    assert {user: one.id for user, one in found.items()} == {u: f"known-{u}" for u in first}
    assert [found[user].device for user in (2, 3, 4)] == ["browser", "phone", "phone"]
    async with rig.database.begin(ALPHA) as tx:
        await EmployeeStore(tx).save(ALPHA, [replace(found[2], device="phone")])
    await rig.synchronised()
    assert (await rig.employees())["2"].device == "phone", "their own choice"


@pytest.mark.feature("A2")
async def test_who_is_deleted_over_there_takes_part_no_more(rig: Rig) -> None:
    await rig.synchronised()
    async with rig.database.begin(ALPHA) as tx:
        people = await rig.employees()
        employee_id = people["2"].id
        await EmployeeStore(tx).replace_numbers(
            ALPHA,
            employee_id,
            [EmployeeNumber(employee_id=employee_id, priority=1, kind="sip", endpoint="PJSIP/i",
                            label="SIP")],
        )  # fmt: skip
    assert await rig.opens_a_page(2) == employee_id
    del rig.amo.amo.world.users[2]
    report = await rig.synchronised()
    assert report.counts["left"] == 1
    assert "2" not in await rig.employees()
    with pytest.raises(NotAllowed) as caught:
        await rig.opens_a_page(2)
    assert caught.value.data["why"] == "not_an_employee"


async def test_whoever_asks_while_one_waits_is_served_by_it(rig: Rig) -> None:
    for why in ("schedule", "employee-1", "event"):
        await employees_sync.ask(rig.queue, ALPHA, why)
    async with rig.database.begin(ALPHA) as tx:
        await employees_sync.defer(rig.queue, tx, ALPHA, "install")
    assert await rig.queue.waiting() == 1
    await rig.work()
    assert [report.asked_by for report in await rig.book.reports(ALPHA)] == ["schedule"]
