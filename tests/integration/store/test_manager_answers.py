"""One worker asks the CRM while another hears of a change: the old answer is not kept."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from backend.domain.phone_number import PhoneNumber
from backend.domain.scenario import ManagerSource, ManagerStep
from backend.kit.clock import ManualClock
from backend.services.crm_events import CrmEvent, CrmEvents
from backend.services.personal_manager import PersonalManagers, Responsible
from backend.services.routing import AccountRoute, RoutingTable
from backend.store.database import Database
from backend.store.gateways.managers import SqlManagerAnswers
from protocol.vocabulary import AccountId, EmployeeId
from tests.integration.conftest import ALPHA, BETA

NUMBER = "+79161234567"
AT = datetime(2030, 1, 1, tzinfo=UTC)
SINCE = AT - timedelta(hours=6)


class Crm:
    """Reads its answer at once and hands it over when `gate` opens."""

    def __init__(self) -> None:
        self.user = "7"
        self.asked = asyncio.Event()
        self.gate = asyncio.Event()

    async def responsible(self, number: PhoneNumber, source: ManagerSource) -> Responsible:
        read = Responsible(crm_user_id=self.user, records=("contact:1",))
        self.asked.set()
        await self.gate.wait()
        return read


class Seen:
    async def was(self, account_id: AccountId, crm_user_id: str) -> bool:
        return True


def worker(database: Database, crm: Crm) -> tuple[PersonalManagers, CrmEvents]:
    """As each process has it: its own memory, one database."""
    routing, events = RoutingTable(), CrmEvents()
    routing.replace(AccountRoute(account_id=ALPHA, slug="alpha", connection_id="switch-1"))
    managers = PersonalManagers(
        sources=lambda _: crm,
        employee=lambda _, user: EmployeeId(f"e{user}"),
        routing=routing,
        answers=SqlManagerAnswers(database),
        seen=Seen(),
        clock=ManualClock(AT),
    )
    managers.listen(events)
    return managers, events


def changed(external_id: str) -> CrmEvent:
    return CrmEvent(
        account_id=ALPHA,
        source="bitrix24",
        event="ONCRMCONTACTUPDATE",
        external_id=external_id,
        received_at=AT,
        body={"data": {"FIELDS": {"ID": "1"}}},
    )


async def test_a_change_another_worker_heard_of_outdates_an_answer_under_way(
    database: Database,
) -> None:
    crm = Crm()
    (asking, _), (_, hearing) = worker(database, crm), worker(database, crm)
    found = asyncio.create_task(asking.find(ALPHA, NUMBER, ManagerStep()))
    await crm.asked.wait()
    crm.user = "8"
    await hearing.handle(changed("x"))
    crm.gate.set()
    assert (await found).employee_id == "e7"  # true when it was read
    assert (await asking.find(ALPHA, NUMBER, ManagerStep())).employee_id == "e8"
    await asking.aclose()


async def test_of_two_who_ask_the_later_ones_answer_is_kept(database: Database) -> None:
    answers = SqlManagerAnswers(database)
    old = Responsible(crm_user_id="7", records=("contact:1",))
    new = Responsible(crm_user_id="8", records=("contact:1",))
    first = await answers.asking(ALPHA, NUMBER, "contact", AT)
    await answers.forget(ALPHA, ["contact:1"], [])
    second = await answers.asking(ALPHA, NUMBER, "contact", AT)
    await answers.keep(ALPHA, NUMBER, "contact", new, AT, mark=second)
    await answers.keep(ALPHA, NUMBER, "contact", old, AT, mark=first)
    assert await answers.known(ALPHA, NUMBER, "contact", since=SINCE) == "8"


@pytest.mark.parametrize("records", [["contact:1"], ["deal:9"], []])
async def test_a_mark_is_no_answer_and_falls_with_any_change(
    database: Database, records: list[str]
) -> None:
    answers = SqlManagerAnswers(database)
    mark = await answers.asking(ALPHA, NUMBER, "contact", AT)
    assert await answers.known(ALPHA, NUMBER, "contact", since=SINCE) is None
    await answers.forget(BETA, records, [])
    kept = Responsible(crm_user_id="7", records=("contact:1",))
    await answers.keep(ALPHA, NUMBER, "contact", kept, AT, mark=mark)
    assert await answers.known(ALPHA, NUMBER, "contact", since=SINCE) == "7"
    mark = await answers.asking(ALPHA, NUMBER, "contact", AT)
    await answers.forget(ALPHA, records, [])
    await answers.keep(ALPHA, NUMBER, "contact", kept, AT, mark=mark)
    assert await answers.known(ALPHA, NUMBER, "contact", since=SINCE) is None
