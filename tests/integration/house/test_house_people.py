"""People of the portal in a running house: who is dismissed, who is new, whose day changes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from backend.demo.cast import SEVER
from backend.domain.account_settings import WorkdaySettings
from backend.jobs import employees_sync
from backend.services.crm_events import CrmEvent
from backend.services.employee_sync import SyncReport
from backend.store.account_settings import AccountSettingsStore
from backend.store.employees import Employee, EmployeeNumber, EmployeeStore
from backend.store.gateways.people import SqlPeople, SqlSeenToday
from protocol.close_codes import CloseCode
from protocol.vocabulary import EmployeeId
from tests.integration.house.single import Single, single
from tests.integration.house.tab import Tab
from tests.integration.house.town import ORIGIN, eventually

ACCOUNT = SEVER.account_id
ILYA, MARIA = 2, 3
"""In the portal; here, `sever-101` and `sever-102`."""


@pytest.fixture
async def house(database_url: str, tmp_path: Path) -> AsyncIterator[Single]:
    async with single(database_url, tmp_path) as made:
        yield made


async def until(asked: Callable[[], Awaitable[object]], *, within_s: float = 10.0) -> None:
    async with asyncio.timeout(within_s):
        while not await asked():  # noqa: ASYNC110 (the database tells nobody)
            await asyncio.sleep(0.05)


async def synchronised(house: Single, why: str) -> SyncReport:
    """By hand: the report of the run that was asked for."""
    await employees_sync.ask(house.web.jobs, ACCOUNT, why)
    book = SqlPeople(house.base.database)
    found: list[SyncReport] = []

    async def done() -> bool:
        found[:] = [
            report
            for report in await book.reports(ACCOUNT)
            if report.asked_by == why and report.finished_at
        ]
        return bool(found)

    await until(done)
    return found[0]


async def scheduled(house: Single) -> None:
    """The schedule's first run is over, so that the next is ours."""
    book = SqlPeople(house.base.database)

    async def done() -> bool:
        return any(report.finished_at for report in await book.reports(ACCOUNT))

    await until(done, within_s=20)


def status(tab: Tab) -> str:
    return str(tab.state["me"]["status"]["status"])


async def sign_on(house: Single, user: int) -> httpx.Response:
    """As the portal's page does it."""
    async with httpx.AsyncClient(base_url=house.http) as http:
        return await http.post(
            "/api/bitrix24/session",
            headers={"Origin": ORIGIN},
            json={
                "auth_id": house.portal.tokens.issue(user).access_token,
                "member_id": house.portal.config.member_id,
            },
        )


@pytest.mark.feature("B3")
async def test_who_is_dismissed_over_there_is_out_within_five_seconds(house: Single) -> None:
    await scheduled(house)
    async with await house.tab("sever-101") as leaver, await house.tab("sever-102") as stayer:
        house.portal.users[ILYA] = replace(house.portal.users[ILYA], active=False)
        report = await synchronised(house, "by-hand")
        assert report.counts["left"] == 1
        await eventually(lambda: leaver.close_code is not None, within_s=5)
        assert leaver.close_code == CloseCode.SESSION_ENDED
        gone = "employee:sever-101"
        await eventually(lambda: gone not in stayer.state["account"], within_s=5)
        refused = await sign_on(house, ILYA)
        assert refused.status_code >= 400
        house.portal.users[ILYA] = replace(house.portal.users[ILYA], active=True)
        assert (await synchronised(house, "again-by-hand")).counts["revived"] == 1
        await eventually(lambda: gone in stayer.state["account"], within_s=5)
        assert (await sign_on(house, ILYA)).status_code == 200


@pytest.mark.feature("B3")
async def test_a_dismissal_nobody_tells_of_is_noticed_within_a_minute(house: Single) -> None:
    await scheduled(house)
    async with await house.tab("sever-101") as leaver:
        work = house.worker.people
        await eventually(lambda: ACCOUNT in work.rolls)
        house.portal.users[ILYA] = replace(house.portal.users[ILYA], active=False)
        # The minute is over; putting the clock forward would be silence to the socket as well.
        work.roll_due = 0.0
        await eventually(lambda: leaver.close_code is not None, within_s=15)
        assert leaver.close_code == CloseCode.SESSION_ENDED


async def test_a_new_user_of_the_portal_is_here_as_soon_as_it_tells(house: Single) -> None:
    await scheduled(house)
    house.portal.users[78] = replace(
        house.portal.users[1], id=78, last_name="Новикова", email="new@demo.example",
        extension="178", is_admin=False,
    )  # fmt: skip
    event = CrmEvent(
        account_id=ACCOUNT,
        source="bitrix24",
        event="ONUSERADD",
        external_id="user-78",
        received_at=house.clock.now(),
        body={"data": {"ID": "78"}},
    )
    assert await house.web.inbox.receive(event)

    async def known() -> bool:
        async with house.base.database.begin(ACCOUNT) as tx:
            return await EmployeeStore(tx).by_crm_user(ACCOUNT, "78") is not None

    await until(known)
    reports = await SqlPeople(house.base.database).reports(ACCOUNT)
    assert "event" in {report.asked_by for report in reports}


@pytest.mark.feature("A11")
async def test_a_newcomers_page_has_the_crm_read_and_gets_the_phone_at_once(house: Single) -> None:
    await scheduled(house)
    anna = house.portal.users[1]
    house.portal.users[77] = replace(
        anna, id=77, first_name="Вера", last_name="Новикова", email="vera@demo.example",
        extension="177", is_admin=False,
    )  # fmt: skip
    async with house.base.database.begin(ACCOUNT) as tx:
        people = EmployeeStore(tx)
        own = Employee(id=EmployeeId("vera"), name="Вера", email="Vera@demo.example")
        await people.save(ACCOUNT, [own])
        await people.replace_numbers(
            ACCOUNT,
            own.id,
            [EmployeeNumber(employee_id=own.id, priority=1, kind="sip", endpoint="PJSIP/v",
                            label="SIP")],
        )  # fmt: skip
    opened = await sign_on(house, 77)
    assert opened.status_code == 200, opened.text
    assert opened.json()["employee"]["id"] == "vera"
    seen = SqlSeenToday(house.base.database)
    assert await seen.was(ACCOUNT, "77", house.clock.now())
    assert not await seen.was(ACCOUNT, "3", house.clock.now())
    async with await house.tab("sever-102") as tab:
        await tab.done("tab.report", visible=False, sound=True)
        assert not await seen.was(ACCOUNT, "3", house.clock.now())
        await tab.done("tab.report", visible=True, sound=True)
        assert await seen.was(ACCOUNT, "3", house.clock.now()), "left open, and looked at today"


@pytest.mark.feature("B12")
async def test_the_portals_working_day_is_the_status_within_a_minute_and_told_back(
    house: Single,
) -> None:
    async with house.base.database.begin(ACCOUNT) as tx:
        await AccountSettingsStore(tx).save(
            ACCOUNT, WorkdaySettings(import_on=True, write_on=True), by="test"
        )
        store = EmployeeStore(tx)
        ilya = await store.find(ACCOUNT, EmployeeId("sever-101"))
        assert ilya is not None
        await store.save(ACCOUNT, [replace(ilya, workday_write=True)])
    days = house.portal.workdays
    days.open(ILYA, None)
    house.clock.ahead_s += 60
    async with await house.tab("sever-101") as tab:
        await eventually(lambda: tab.state["me"]["status"]["source"] == "crm", within_s=20)
        assert status(tab) == "available"
    days.pause(ILYA)
    house.clock.ahead_s += 60
    # A minute at once is silence to a socket: the tab comes back, as after a computer's sleep.
    async with await house.tab("sever-101") as tab:
        await eventually(lambda: status(tab) == "break", within_s=20)
        await tab.done("status.set", status="available")
        await eventually(lambda: days.status(ILYA) == "OPENED")
        await tab.done("status.set", status="break")
        await eventually(lambda: days.status(ILYA) == "PAUSED")
        await tab.done("status.set", status="off_work")
    house.clock.ahead_s += 60
    async with await house.tab("sever-101") as tab:
        await works(house)
        assert status(tab) == "off_work"
    assert days.status(ILYA) == "PAUSED", "closing a day is not ours"


async def works(house: Single) -> None:
    """A round of the working day went by: somebody else's change of a later time was taken."""
    house.portal.workdays.open(MARIA, None)
    async with await house.tab("sever-102") as tab:
        await eventually(lambda: status(tab) == "available", within_s=20)
