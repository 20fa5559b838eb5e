"""A task in the CRM for whoever waits to be called back: told once, closed once."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from backend.errors import CrmAuthExpired, CrmError, CrmRejected, CrmUnavailable
from backend.kit.clock import ManualClock
from backend.services.callback_tasks import CrmCallbacks
from backend.services.ports.callbacks import (
    CallbackFacts,
    CallbackReport,
    CallbackTask,
    CrmTask,
)
from backend.services.recordings import RecordingLinks
from protocol.vocabulary import AccountId, CallbackReason, CallId, EmployeeId

ACC, C1, ANNA = AccountId("acc"), CallId("c1"), EmployeeId("anna")
AT = datetime(2026, 11, 23, 9, 3, 15, tzinfo=UTC)


class Crm:
    """Keeps tasks; fails as told, before or after it did what was asked."""

    kind = "amocrm"

    def __init__(self) -> None:
        self.tasks: dict[str, CallbackReport] = {}
        self.closed: list[str] = []
        self.looks = 0
        self.error: CrmError | None = None
        self.lost = False

    async def write(self, report: CallbackReport) -> str:
        if self.error is not None:
            raise self.error
        ref = str(len(self.tasks) + 1)
        self.tasks[ref] = report
        if self.lost:
            raise CrmUnavailable("the answer got lost")
        return ref

    async def look(self, report: CallbackReport) -> str | None:
        self.looks += 1
        return next((ref for ref, task in self.tasks.items() if task.key == report.key), None)

    async def close(self, ref: str, words: str) -> None:
        if self.error is not None:
            raise self.error
        self.closed.append(ref)


class Rows:
    def __init__(self) -> None:
        task = CallbackTask(
            call_id=C1,
            number="+79161234567",
            name="Ivan",
            virtual_number="+74951230001",
            reason=CallbackReason.ASKED,
            employees=(ANNA,),
            created_at=AT,
            crm=CrmTask(state="expected"),
        )
        self.of = CallbackFacts(
            account_id=ACC,
            task=task,
            done=False,
            wanted=True,
            talked=None,
            called_at=AT,
            record=None,
            stand_in=None,
            recording=None,
            region="RU",
            timezone="Europe/Moscow",
        )

    async def facts(self, _account: AccountId, _call: CallId, _kind: str) -> CallbackFacts:
        return self.of

    async def save(self, _account: AccountId, _call: CallId, _kind: str, told: CrmTask) -> None:
        self.of = replace(self.of, task=replace(self.of.task, crm=told))

    def done(self) -> None:
        self.of = replace(self.of, done=True)

    @property
    def told(self) -> CrmTask:
        assert self.of.task.crm is not None
        return self.of.task.crm


class House:
    def __init__(self, *, connected: bool = True) -> None:
        self.crm, self.rows = Crm(), Rows()
        self.tasks = CrmCallbacks(
            rows=self.rows,
            writers=lambda _account: self.crm if connected else None,
            links=RecordingLinks(cast("Any", None), "https://ours.test"),
            crm_user=lambda _account, _who: "7",
            clock=ManualClock(AT),
        )

    async def run(self) -> None:
        await self.tasks.bring(ACC, C1)

    async def fails(self, kind: type[CrmError]) -> None:
        with pytest.raises(kind):
            await self.run()


async def test_it_says_who_when_and_why_on_the_account_s_clock() -> None:
    house = House()
    await house.run()
    report = house.crm.tasks["1"]
    assert report.title == "Перезвонить: Ivan, +79161234567, звонок 23.11.2026 12:03:15"
    assert report.details == "Клиенту обещали перезвонить.\nЗвонил на +74951230001."
    assert (report.told, report.talked) == (("7",), None)
    assert house.rows.told == CrmTask(state="written", ref="1")
    await house.run()
    assert len(house.crm.tasks) == 1


async def test_after_a_lost_answer_it_is_found_again() -> None:
    house = House()
    house.crm.lost = True
    await house.fails(CrmUnavailable)
    assert house.rows.told.state == "waiting"
    house.crm.lost = False
    await house.run()
    assert (house.rows.told.ref, len(house.crm.tasks)) == ("1", 1)


async def test_a_refusal_is_kept_in_its_words_and_may_be_tried_again() -> None:
    house = House()
    house.crm.error = CrmRejected("no rights for tasks")
    await house.fails(CrmRejected)
    told = house.rows.told
    assert (told.state, told.trouble, told.reason) == ("refused", "rejected", "no rights for tasks")
    house.crm.error = None
    await house.run()
    assert (house.rows.told.state, house.crm.looks) == ("written", 1)


async def test_one_that_cannot_be_closed_yet_stays_known() -> None:
    house = House()
    await house.run()
    house.rows.done()
    house.crm.error = CrmUnavailable("down")
    await house.fails(CrmUnavailable)
    assert (house.rows.told.state, house.rows.told.ref) == ("written", "1")
    house.crm.error = None
    await house.run()
    assert (house.rows.told.state, house.crm.closed) == ("closed", ["1"])
    await house.run()
    assert house.crm.closed == ["1"]


async def test_one_whose_answer_was_lost_is_looked_for_to_be_closed() -> None:
    house = House()
    house.crm.lost = True
    await house.fails(CrmUnavailable)
    house.rows.done()
    await house.run()
    assert house.crm.closed == ["1"]


async def test_without_a_crm_it_waits_for_one() -> None:
    house = House(connected=False)
    await house.fails(CrmAuthExpired)
    assert house.rows.told.state == "expected"
