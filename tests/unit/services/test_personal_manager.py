"""Whose customer it is: what is waited for, kept, shared, dropped, and left alone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.connectors.crm.bitrix24.managers import named
from backend.domain.account_settings import AllSettings, CrmSettings, PersonalManagerSettings
from backend.domain.phone_number import PhoneNumber
from backend.domain.scenario import ManagerSource, ManagerStep
from backend.errors import CrmRejected, CrmUnavailable
from backend.kit.clock import ManualClock
from backend.services.calls.hooks import Manager
from backend.services.crm_events import CrmEvent, CrmEvents
from backend.services.personal_manager import PersonalManagers, Responsible
from backend.services.routing import RoutingTable
from protocol.vocabulary import AccountId, EmployeeId, StepReason
from tests.fakes import idle
from tests.unit.services.stage import ACC, ANNA, NUMBER, START, account

STEP = ManagerStep()


@dataclass
class Crm:
    """Answers with `user`, raises `error`, hangs while `gate` is shut."""

    user: str | None = "7"
    error: Exception | None = None
    gate: asyncio.Event | None = None
    asked: list[tuple[str, str]] = field(default_factory=list)

    async def responsible(self, number: PhoneNumber, source: ManagerSource) -> Responsible | None:
        self.asked.append((number.e164, source))
        if self.gate is not None:
            await self.gate.wait()
        if self.error is not None:
            raise self.error
        return None if self.user is None else Responsible(crm_user_id=self.user, records=("c:1",))


@dataclass
class Answers:
    """As the table keeps them; `broken` is a database that does not answer."""

    kept: dict[tuple[str, str], tuple[Responsible, datetime]] = field(default_factory=dict)
    marks: dict[tuple[str, str], str] = field(default_factory=dict)
    forgotten: list[tuple[list[str], list[str]]] = field(default_factory=list)
    broken: bool = False

    async def known(
        self, account_id: AccountId, e164: str, source: ManagerSource, *, since: datetime
    ) -> str | None:
        if self.broken:
            raise OSError("away")
        found = self.kept.get((e164, source))
        return found[0].crm_user_id if found is not None and found[1] > since else None

    async def asking(
        self, account_id: AccountId, e164: str, source: ManagerSource, at: datetime
    ) -> str:
        if self.broken:
            raise OSError("away")
        self.marks[e164, source] = mark = f"mark {len(self.marks)} {at}"
        return mark

    async def keep(
        self,
        account_id: AccountId,
        e164: str,
        source: ManagerSource,
        answer: Responsible,
        at: datetime,
        *,
        mark: str,
    ) -> None:
        if self.broken:
            raise OSError("away")
        if self.marks.pop((e164, source), None) == mark:
            self.kept[e164, source] = (answer, at)

    async def forget(
        self, account_id: AccountId, records: Sequence[str], sources: Sequence[ManagerSource]
    ) -> None:
        self.forgotten.append((list(records), list(sources)))
        self.kept.clear()
        self.marks.clear()


@dataclass
class Seen:
    today: bool = True

    async def was(self, account_id: AccountId, crm_user_id: str) -> bool:
        return self.today


class World:
    def __init__(self, **settings: Any) -> None:
        self.clock = ManualClock(START)
        self.crm: Crm | None = Crm()
        self.answers = Answers()
        self.seen = Seen()
        self.employees = {"7": ANNA}
        routing = RoutingTable()
        routing.replace(replace(account(), settings=AllSettings(**settings)))
        self.managers = PersonalManagers(
            sources=lambda _: self.crm,
            employee=lambda _, user: self.employees.get(user),
            routing=routing,
            answers=self.answers,
            seen=self.seen,
            clock=self.clock,
        )
        self.events = CrmEvents()
        self.managers.listen(self.events)

    async def find(self, step: ManagerStep = STEP, number: str = NUMBER) -> Manager:
        return await self.managers.find(ACC, number, step)

    async def told(self, source: str, event: str, body: dict[str, Any]) -> None:
        await self.events.handle(
            CrmEvent(
                account_id=ACC,
                source=source,
                event=event,
                external_id="x",
                received_at=START,
                body=body,
            )
        )


@asynccontextmanager
async def world(**settings: Any) -> AsyncIterator[World]:
    made = World(**settings)
    try:
        yield made
    finally:
        await made.managers.aclose()


@pytest.mark.feature("A11")
async def test_an_answer_counts_six_hours_and_no_longer() -> None:
    async with world() as w:
        assert w.crm is not None
        for _ in range(3):
            assert await w.find() == Manager(employee_id=ANNA)
        assert w.crm.asked == [(NUMBER, "contact")]
        await w.clock.advance(6 * 3600 - 1)
        await w.find()
        assert len(w.crm.asked) == 1
        await w.clock.advance(2)
        await w.find()
        assert len(w.crm.asked) == 2


async def test_an_empty_answer_is_asked_for_again() -> None:
    async with world() as w:
        assert w.crm is not None
        w.crm.user = None
        assert await w.find() == Manager(reason=StepReason.NO_MANAGER)
        w.crm.user = "7"
        assert await w.find() == Manager(employee_id=ANNA)


@pytest.mark.feature("B13")
async def test_a_late_answer_is_not_waited_for_and_serves_the_next_call() -> None:
    async with world() as w:
        assert w.crm is not None
        w.crm.gate = asyncio.Event()
        first = asyncio.create_task(w.find(ManagerStep(wait_s=3)))
        await idle()
        await w.clock.advance(2.9)
        assert not first.done()
        await w.clock.advance(0.2)
        assert await first == Manager(reason=StepReason.LATE)
        w.crm.gate.set()
        await idle()
        assert await w.find() == Manager(employee_id=ANNA)
        assert len(w.crm.asked) == 1


async def test_the_account_s_waiting_time_holds_where_a_step_has_none() -> None:
    async with world(personal_manager=PersonalManagerSettings(wait_s=5)) as w:
        assert w.crm is not None
        w.crm.gate = asyncio.Event()
        asked = asyncio.create_task(w.find())
        await idle()
        await w.clock.advance(4.9)
        assert not asked.done()
        await w.clock.advance(0.2)
        assert (await asked).reason is StepReason.LATE


async def test_calls_of_one_number_share_one_request() -> None:
    async with world() as w:
        assert w.crm is not None
        w.crm.gate = asyncio.Event()
        tasks = [asyncio.create_task(w.find()) for _ in range(20)]
        await idle()
        w.crm.gate.set()
        assert {(await task).employee_id for task in tasks} == {ANNA}
        assert len(w.crm.asked) == 1


@pytest.mark.feature("B13")
async def test_without_a_crm_or_with_it_switched_off_nothing_is_asked() -> None:
    async with world(crm=CrmSettings(on=False)) as w:
        assert w.crm is not None
        assert await w.find() == Manager(reason=StepReason.NO_INTEGRATION)
        assert w.crm.asked == []
    async with world() as w:
        w.crm = None
        assert await w.find() == Manager(reason=StepReason.NO_INTEGRATION)
        assert await w.managers.find(AccountId("gone"), NUMBER, STEP) == Manager(
            reason=StepReason.NO_INTEGRATION
        )


async def test_a_withheld_number_is_nobody_s_customer() -> None:
    async with world() as w:
        assert w.crm is not None
        assert await w.find(number="") == Manager(reason=StepReason.NO_MANAGER)
        assert w.crm.asked == []


async def test_a_crm_that_keeps_failing_costs_callers_no_more_time() -> None:
    for error in (CrmUnavailable("down"), CrmRejected("no")):
        async with world() as w:
            assert w.crm is not None
            w.crm.error = error
            for _ in range(6):
                assert (await w.find()).reason is StepReason.CRM_FAILED
            assert len(w.crm.asked) == (3 if isinstance(error, CrmUnavailable) else 6)
            w.crm.error = None
            await w.clock.advance(6)
            assert await w.find() == Manager(employee_id=ANNA)


async def test_a_user_who_is_nobody_here() -> None:
    async with world() as w:
        w.employees = {}
        assert await w.find() == Manager(reason=StepReason.NOT_AN_EMPLOYEE)


@pytest.mark.feature("A11")
@pytest.mark.parametrize("by_account", [False, True])
async def test_only_who_is_in_the_crm_today_where_that_counts(by_account: bool) -> None:
    chosen = PersonalManagerSettings(check_seen_today=by_account)
    step = ManagerStep(check_status=None if by_account else True)
    async with world(personal_manager=chosen) as w:
        assert await w.find(step) == Manager(employee_id=ANNA)
        w.seen.today = False
        assert await w.find(step) == Manager(employee_id=ANNA, reason=StepReason.NOT_IN_TODAY)
        assert await w.find(ManagerStep(check_status=False)) == Manager(employee_id=ANNA)


async def test_contact_and_deal_are_two_questions() -> None:
    async with world(personal_manager=PersonalManagerSettings(source="deal")) as w:
        assert w.crm is not None
        await w.find()
        await w.find(ManagerStep(source="contact"))
        assert [source for _, source in w.crm.asked] == ["deal", "contact"]


async def test_a_memory_that_does_not_answer_costs_a_request_not_the_manager() -> None:
    async with world() as w:
        w.answers.broken = True
        assert await w.find() == Manager(employee_id=ANNA)


@pytest.mark.feature("A11")
@pytest.mark.parametrize(
    "source, event, body, records, sources",
    [
        (
            "bitrix24",
            "ONCRMCONTACTUPDATE",
            {"data": {"FIELDS": {"ID": "12"}}},
            ["contact:12", "company:*", "lead:*"],
            [],
        ),
        ("bitrix24", "ONCRMLEADDELETE", {"data": {"FIELDS": {"ID": 5}}}, ["lead:5"], []),
        ("amocrm", "contacts.responsible", {"id": "31"}, ["contact:31"], []),
        ("amocrm", "leads.status", {"id": "88"}, ["deal:88"], ["deal"]),
        ("amocrm", "leads.update", {"id": "88"}, ["deal:88"], []),
        ("amocrm", "contacts.delete", {"id": "31"}, ["contact:31", "company:31"], []),
        ("amocrm", "companies.update", {"id": "4"}, ["company:4"], []),
    ],
)
async def test_a_change_in_the_crm_ends_an_answer_at_once(
    source: str, event: str, body: dict[str, Any], records: list[str], sources: list[str]
) -> None:
    async with world() as w:
        assert w.crm is not None
        await w.find()
        w.crm.user, w.employees = "8", {"8": EmployeeId("new")}
        await w.told(source, event, body)
        assert w.answers.forgotten == [(records, sources)]
        assert (await w.find()).employee_id == "new"


async def test_an_answer_asked_for_before_a_change_is_not_kept() -> None:
    async with world() as w:
        assert w.crm is not None
        w.crm.gate = asyncio.Event()
        asked = asyncio.create_task(w.find())
        await idle()
        await w.told("bitrix24", "ONCRMCONTACTUPDATE", {"data": {"FIELDS": {"ID": "1"}}})
        w.crm.gate.set()
        assert await asked == Manager(employee_id=ANNA)
        assert w.answers.kept == {}


RANKED = ("CONTACT", "COMPANY", "LEAD", "DEAL")


@pytest.mark.feature("B13")
@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "CRM_ENTITY_TYPE": st.sampled_from(RANKED),
                "CRM_ENTITY_ID": st.integers(1, 99),
                "ASSIGNED_BY_ID": st.sampled_from([0, 1, 2, "0", "3", None, ""]),
            }
        )
    )
)
def test_the_contact_s_manager_then_the_company_s_then_the_lead_s(rows: list[Any]) -> None:
    found = named(rows)
    kinds = {row["CRM_ENTITY_TYPE"] for row in rows}
    best = next((kind for kind in RANKED[:3] if kind in kinds), None)
    able = [
        row
        for row in rows
        if row["CRM_ENTITY_TYPE"] == best and str(row["ASSIGNED_BY_ID"] or "0") != "0"
    ]
    if not able:
        assert found is None
        return
    assert found is not None
    assert best is not None
    assert found.crm_user_id == str(able[0]["ASSIGNED_BY_ID"])
    assert found.records == (f"{best.lower()}:{able[0]['CRM_ENTITY_ID']}",)
