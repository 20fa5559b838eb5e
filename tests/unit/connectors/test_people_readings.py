"""Readings of people against answers no sandbox gives: many pages, short ones, odd fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from backend.connectors.crm.amocrm.people import AmoCrmPeople
from backend.connectors.crm.bitrix24.client import Answers
from backend.connectors.crm.bitrix24.people import Bitrix24People
from backend.connectors.crm.bitrix24.timeman import Bitrix24Workdays
from backend.domain.people import PersonKind
from backend.domain.workday import DayState
from backend.errors import CrmError, CrmRejected, CrmUnavailable

Row = dict[str, Any]


class Portal:
    """Pages of fifty, as `user.get` and `department.get` answer."""

    def __init__(self, users: list[Row], *, total: int | None = None) -> None:
        self.users = users
        self.total = len(users) if total is None else total
        self.departments: list[Row] | CrmError = [{"ID": "7", "NAME": "Продажи", "UF_HEAD": "0"}]
        self.about: Row = {"portal": {"LICENSE": "ru_ent250"}, "me": {"ID": "1", "ADMIN": True}}
        self.days: dict[str, Row | CrmError] = {}
        self.batches = 0

    async def call(self, method: str, params: Mapping[str, Any], *, priority: object) -> Row:
        if method == "department.get":
            if isinstance(self.departments, CrmError):
                raise self.departments
            return {"result": self.departments, "total": len(self.departments)}
        start = int(params["start"])
        page = self.users[start : start + 50]
        more = {"next": start + 50} if start + 50 < len(self.users) else {}
        return {"result": page, "total": self.total, **more}

    async def batch(
        self, commands: Mapping[str, tuple[str, Mapping[str, Any]]], *, priority: object
    ) -> Answers:
        self.batches += 1
        answers = Answers()
        for key in commands:
            answer = self.about.get(key) or self.days.get(key.removeprefix("u"))
            if isinstance(answer, CrmError):
                answers.failed[key] = answer
            elif answer is not None:
                answers.found[key] = answer
        return answers


def people(portal: Portal) -> Bitrix24People:
    return Bitrix24People(portal, "https://p.test")  # type: ignore[arg-type]


def user(number: int, **more: Any) -> Row:
    return {"ID": str(number), "NAME": "Анна", "LAST_NAME": "Ким", "ACTIVE": True, **more}


async def test_all_pages_are_read_and_every_row_counts_once() -> None:
    portal = Portal([user(n) for n in range(1, 1002)])
    reading = await people(portal).read_people()
    assert reading.complete
    assert len(reading.people) == 1001
    portal.users[60] = portal.users[10]
    assert not (await people(portal).read_people()).complete, "one came twice, another not at all"


async def test_fewer_rows_than_the_portal_says_it_has_are_not_complete() -> None:
    reading = await people(Portal([user(1), user(2)], total=9)).read_people()
    assert not reading.complete


async def test_kinds_empty_fields_and_odd_types_are_read_as_meant() -> None:
    portal = Portal(
        [
            user(1, USER_TYPE="employee", UF_DEPARTMENT=[7, 8], TIMESTAMP_X={}, EMAIL=" a@b.c "),
            user(2, USER_TYPE="extranet", UF_DEPARTMENT=False, EMAIL=None),
            user(3, USER_TYPE="email"),
            user(4, ACTIVE=False, UF_PHONE_INNER="104", WORK_PHONE="8 916 1", PERSONAL_MOBILE=""),
            {"ID": "5", "ACTIVE": "Y"},
        ]
    )
    by_id = {p.user_id: p for p in (await people(portal).read_people()).people}
    assert by_id["1"].department_ids == ("7", "8")
    assert by_id["1"].email == "a@b.c"
    assert by_id["1"].is_admin, "the portal says so of whoever granted access"
    assert (by_id["2"].kind, by_id["2"].department_ids) == (PersonKind.EXTERNAL, ())
    assert by_id["3"].kind is PersonKind.MACHINE
    assert (by_id["4"].active, by_id["4"].extension, by_id["4"].phones) == (
        False,
        "104",
        ("8 916 1",),
    )
    assert (by_id["5"].active, by_id["5"].name, by_id["5"].is_admin) == (True, "", None)


async def test_an_on_premise_portal_wants_departments_and_may_not_tell_them() -> None:
    portal = Portal([user(1)])
    portal.about["portal"] = {"LICENSE": "ru_selfhosted"}
    portal.departments = CrmRejected("403 insufficient_scope")
    reading = await people(portal).read_people()
    assert reading.needs_department
    assert reading.departments is None


@pytest.mark.feature("B12")
async def test_working_days_of_many_cost_a_request_for_fifty() -> None:
    portal = Portal([])
    asked = [str(n) for n in range(1, 121)]
    portal.days = {number: {"STATUS": "OPENED"} for number in asked}
    portal.days["7"] = CrmRejected("User not found")
    portal.days["8"] = {"STATUS": "EXPIRED"}
    days = await Bitrix24Workdays(portal).days(asked)  # type: ignore[arg-type]
    assert portal.batches == 3
    assert "7" not in days
    assert days["8"] is DayState.EXPIRED
    assert len(days) == 119
    portal.days["9"] = CrmUnavailable("out of operating time")
    with pytest.raises(CrmUnavailable):
        await Bitrix24Workdays(portal).days(asked)  # type: ignore[arg-type]


class Account:
    """`/users` of an amoCRM account, three to a page."""

    def __init__(self, users: list[Row], *, total: int | None = None) -> None:
        self.users = users
        self.total = total

    async def get(self, path: str, query: Sequence[tuple[str, object]], *, priority: object) -> Row:
        if path == "/account":
            return {"_embedded": {"users_groups": [{"id": 0, "name": "Отдел продаж"}]}}
        number = int(str(dict(query)["page"]))
        page = self.users[3 * (number - 1) : 3 * number]
        links = {"next": {"href": "…"}} if 3 * number < len(self.users) else {}
        body: Row = {"_links": links, "_embedded": {"users": page}}
        return body if self.total is None else {**body, "_total_items": self.total}


@pytest.mark.feature("A2")
async def test_users_of_amocrm_come_with_rights_and_groups() -> None:
    users: list[Row] = [
        {"id": n, "name": "Иванова Анна", "email": f"u{n}@f.test", "rights": {"group_id": None}}
        for n in range(1, 8)
    ]
    users[1]["rights"] = {"is_admin": True, "is_free": False, "is_active": False, "group_id": 5}
    users[1]["_embedded"] = {"groups": [{"id": 5, "name": "Сервис"}]}
    users[2] |= {"name": "Анна", "rights": {"is_free": True}, "phone_number": "+7 916"}
    account = AmoCrmPeople(Account(users), "https://f.amocrm.ru/")  # type: ignore[arg-type]
    reading = await account.read_people()
    assert reading.complete
    by_id = {p.user_id: p for p in reading.people}
    assert len(by_id) == 7
    assert (by_id["1"].name, by_id["1"].department_ids, by_id["1"].active) == (
        "Иванова Анна",
        ("0",),
        True,
    )
    assert (by_id["2"].is_admin, by_id["2"].active, by_id["2"].sees_cards) == (True, False, True)
    assert (by_id["3"].last_name, by_id["3"].sees_cards) == ("Анна", False)
    assert by_id["3"].phones == ("+7 916",)
    assert {d.department_id: d.name for d in reading.departments or ()} == {
        "0": "Отдел продаж",
        "5": "Сервис",
    }
    short = AmoCrmPeople(Account(users, total=40), "https://f.amocrm.ru")  # type: ignore[arg-type]
    assert not (await short.read_people()).complete
