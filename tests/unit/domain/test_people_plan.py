"""What a reading of a CRM may change: who comes, who stays as somebody set them, who leaves."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.domain.account_settings import PeopleSettings
from backend.domain.people import (
    CrmDepartment,
    CrmPerson,
    Known,
    KnownEmployee,
    KnownPerson,
    KnownTeam,
    PeopleReading,
    PersonKind,
    Plan,
    Reason,
)
from backend.domain.people_plan import CONFIRM_AFTER, at_once, plan
from protocol.vocabulary import EmployeeId

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def person(number: int, **more: Any) -> CrmPerson:
    given: dict[str, Any] = {
        "user_id": str(number),
        "first_name": "Анна",
        "last_name": f"Фамилия-{number}",
        "email": f"p{number}@firm.test",
        "department_ids": ("7",),
        "url": f"https://crm.test/{number}",
    }
    return CrmPerson(**{**given, **more})


def reading(*people: CrmPerson, **more: Any) -> PeopleReading:
    given: dict[str, Any] = {
        "departments": (CrmDepartment(department_id="7", name="Продажи", head_ids=()),),
        "complete": True,
    }
    return PeopleReading(people=people, **{**given, **more})


class House:
    """An account that carries out its plans."""

    def __init__(self, *employees: KnownEmployee, **more: Any) -> None:
        self.known = Known(employees=employees, **more)
        self.now = NOW
        self._ids = itertools.count(1)

    def sync(self, answer: PeopleReading, **settings: Any) -> Plan:
        made = plan(
            self.known,
            answer,
            PeopleSettings(**settings),
            now=self.now,
            make_id=lambda: f"new-{next(self._ids)}",
        )
        employees = {e.employee_id: e for e in self.known.employees}
        employees |= {e.employee_id: e for e in made.save}
        for gone in made.leave:
            employees[gone] = replace(employees[gone], active=False, extension=None)
        notes = {note.user_id: note for note in self.known.people}
        for kept in made.people:
            fields = KnownPerson.__dataclass_fields__
            notes[kept.user_id] = KnownPerson(**{name: getattr(kept, name) for name in fields})
        teams = {team.team_id: team for team in self.known.teams}
        teams |= {team.team_id: team for team in made.teams}
        for dissolved in made.dissolve:
            del teams[dissolved]
        self.known = replace(
            self.known,
            employees=tuple(employees.values()),
            people=tuple(notes.values()),
            teams=tuple(teams.values()),
        )
        taken = [e.extension for e in employees.values() if e.extension]
        assert len(taken) == len(set(taken)), "an extension given twice"
        return made

    def of(self, user: int) -> KnownEmployee:
        (found,) = [e for e in self.known.employees if e.crm_user_id == str(user)]
        return found

    def change(self, user: int, **values: Any) -> None:
        """Somebody changes an employee by hand."""
        self.known = replace(
            self.known,
            employees=tuple(
                replace(e, **values) if e.crm_user_id == str(user) else e
                for e in self.known.employees
            ),
        )


def reasons(made: Plan) -> dict[str, Reason]:
    return {remark.user_id: remark.reason for remark in made.remarks}


def test_everybody_comes_first_and_then_only_who_is_new() -> None:
    house = House()
    first = house.sync(reading(*(person(n) for n in range(1, 6))))
    assert first.counts["added"] == 5
    again = house.sync(reading(*(person(n) for n in range(1, 7))))
    assert (again.counts["added"], len(again.save)) == (1, 1)
    assert house.of(6).department == "Продажи"
    same = house.sync(reading(*(person(n) for n in range(1, 7))))
    assert (same.save, same.teams, same.leave) == ((), (), ())


@pytest.mark.parametrize(
    ("wrong", "answer", "why"),
    [
        ({"last_name": ""}, {}, Reason.NO_LAST_NAME),
        ({"email": None}, {}, Reason.NO_EMAIL),
        ({"department_ids": ()}, {"needs_department": True}, Reason.NO_DEPARTMENT),
        ({"kind": PersonKind.EXTERNAL}, {}, Reason.EXTERNAL),
        ({"sees_cards": False}, {}, Reason.NO_CARDS),
        ({"email": "P1@firm.test"}, {}, Reason.SAME_EMAIL),
    ],
)
def test_who_is_left_out_is_named_with_the_reason_and_a_link(
    wrong: dict[str, Any], answer: dict[str, Any], why: Reason
) -> None:
    house = House()
    made = house.sync(reading(person(1), person(2, **wrong), **answer))
    (remark,) = made.remarks
    assert (remark.reason, remark.user_id, remark.left_out) == (why, "2", True)
    assert remark.name.startswith("Анна")
    assert remark.url == "https://crm.test/2"
    assert made.counts["left_out"] == 1
    assert [e.crm_user_id for e in house.known.employees] == ["1"]


def test_a_cloud_portal_wants_no_department_and_machines_are_nobody() -> None:
    house = House()
    made = house.sync(
        reading(person(1, department_ids=()), person(2, kind=PersonKind.MACHINE, last_name=""))
    )
    assert made.remarks == ()
    assert [e.crm_user_id for e in house.known.employees] == ["1"]


def test_rules_of_the_account_leave_departments_out_and_let_partners_in() -> None:
    house = House()
    made = house.sync(
        reading(person(1, department_ids=("9",)), person(2, kind=PersonKind.EXTERNAL)),
        skip_departments=("9",),
        skip_external=False,
    )
    assert reasons(made) == {"1": Reason.DEPARTMENT_LEFT_OUT}
    assert house.of(2).active


def test_who_works_here_is_kept_when_a_field_is_emptied_over_there() -> None:
    house = House()
    house.sync(reading(person(1), person(2)))
    made = house.sync(reading(person(1, email=None), person(2)))
    (remark,) = made.remarks
    assert (remark.reason, remark.left_out) == (Reason.NO_EMAIL, False)
    assert house.of(1).active
    assert house.of(1).email == "p1@firm.test"


def test_an_employee_made_by_hand_is_linked_by_the_e_mail_and_keeps_what_was_set() -> None:
    mine = KnownEmployee(
        employee_id=EmployeeId("mine"), name="Аня", email="P1@Firm.Test", extension="150"
    )
    house = House(mine)
    made = house.sync(reading(person(1, extension="101", is_admin=True)))
    assert made.counts["linked"] == 1
    linked = house.of(1)
    assert (linked.employee_id, linked.extension, linked.role) == ("mine", "150", "administrator")
    assert linked.name == "Анна Фамилия-1"


def test_two_of_ours_with_one_e_mail_are_not_guessed_between() -> None:
    ours = [
        KnownEmployee(employee_id=EmployeeId(f"m{n}"), name="Аня", email="p1@firm.test")
        for n in (1, 2)
    ]
    made = House(*ours).sync(reading(person(1), person(2)))
    assert reasons(made) == {"1": Reason.SEVERAL_HERE}


def test_a_renamed_person_is_renamed_here() -> None:
    house = House()
    house.sync(reading(person(1), person(2)))
    house.sync(reading(person(1, last_name="Новая", position="старшая"), person(2)))
    assert (house.of(1).name, house.of(1).position) == ("Анна Новая", "старшая")


def test_extensions_come_when_free_swap_and_are_left_to_whoever_set_them_by_hand() -> None:
    house = House(extensions_of_groups=frozenset({"600"}))
    made = house.sync(
        reading(
            person(1, extension="101"),
            person(2, extension="102"),
            person(3, extension="101"),
            person(4, extension="600"),
            person(5, extension="12a"),
        )
    )
    assert [house.of(n).extension for n in range(1, 6)] == ["101", "102", None, None, None]
    assert reasons(made) == {
        "3": Reason.EXTENSION_TAKEN,
        "4": Reason.EXTENSION_TAKEN,
        "5": Reason.BAD_EXTENSION,
    }
    assert next(r.other for r in made.remarks if r.user_id == "3") == "Анна Фамилия-1"
    swapped = [person(1, extension="102"), person(2, extension="101")]
    others = [person(n) for n in (3, 4, 5)]
    house.sync(reading(*swapped, *others))
    assert (house.of(1).extension, house.of(2).extension) == ("102", "101")
    house.change(1, extension="777")
    house.sync(reading(person(1, extension="103"), swapped[1], *others))
    assert house.of(1).extension == "777"
    house.change(2, extension=None)
    house.sync(reading(person(1), person(2, extension="104"), *others))
    assert house.of(2).extension is None, "somebody took it away by hand"


def test_administrators_and_heads_get_their_roles_unless_somebody_chose() -> None:
    house = House()
    departments = (
        CrmDepartment(department_id="1", name="Фирма", head_ids=("1",)),
        CrmDepartment(department_id="7", name="Продажи", parent_id="1", head_ids=("2",)),
        CrmDepartment(department_id="8", name="Склад", parent_id="1"),
    )
    people = [
        person(1, department_ids=("1",), is_admin=True),
        person(2),
        person(3),
        person(4, department_ids=("8",)),
    ]
    house.sync(reading(*people, departments=departments))
    assert [house.of(n).role for n in (1, 2, 3, 4)] == [
        "administrator",
        "supervisor",
        "operator",
        "operator",
    ]
    ids = {n: house.of(n).employee_id for n in (1, 2, 3, 4)}
    teams = {team.crm_id: team for team in house.known.teams}
    assert teams["7"] == KnownTeam(
        team_id="crm-7", crm_id="7", name="Продажи", members=(ids[3],), heads=(ids[2],)
    )
    assert teams["8"].heads == (ids[1],), "nobody of its own: the department above leads"
    house.change(3, role="supervisor", role_by_hand=True)
    no_heads = tuple(replace(row, head_ids=()) for row in departments[:2])
    made = house.sync(reading(*people, departments=no_heads))
    assert [house.of(n).role for n in (2, 3)] == ["operator", "supervisor"]
    assert made.dissolve == ("crm-8",)


def test_without_the_right_to_departments_teams_and_roles_stay() -> None:
    house = House()
    heads = (CrmDepartment(department_id="7", name="Продажи", head_ids=("1",)),)
    house.sync(reading(person(1), person(2), departments=heads))
    made = house.sync(reading(person(1), person(2), departments=None))
    assert (made.save, made.teams, made.dissolve) == ((), (), ())
    assert house.of(1).role == "supervisor"


def test_the_dismissed_leave_at_once_and_come_back_with_what_they_had() -> None:
    house = House()
    house.sync(reading(*(person(n, extension=f"10{n}") for n in range(1, 6))))
    house.change(1, extension="150")
    gone = [person(n, extension=f"10{n}", active=n > 3) for n in range(1, 6)]
    made = house.sync(reading(*gone))
    assert made.counts["left"] == 3
    assert not house.of(1).active
    back = [person(n, extension=f"10{n}") for n in range(1, 6)]
    made = house.sync(reading(*back))
    assert made.counts["revived"] == 3
    assert [house.of(n).extension for n in (1, 2)] == ["150", "102"]
    house.sync(reading(*back))
    assert house.of(1).extension == "150", "still somebody's choice"


def test_who_was_switched_off_here_is_not_brought_back() -> None:
    house = House()
    house.sync(reading(person(1), person(2)))
    house.change(1, active=False)
    made = house.sync(reading(person(1), person(2)))
    assert reasons(made) == {"1": Reason.SWITCHED_OFF_HERE}
    assert not house.of(1).active


@pytest.mark.feature("B3")
def test_too_many_missing_at_once_stay_until_a_second_reading_misses_them_too() -> None:
    house = House()
    everybody = [person(n) for n in range(1, 11)]
    house.sync(reading(*everybody))
    made = house.sync(reading(*everybody[:5]))
    assert (made.leave, made.held) == ((), 5)
    assert set(reasons(made).values()) == {Reason.GONE_UNCONFIRMED}
    house.now += CONFIRM_AFTER - timedelta(seconds=1)
    assert house.sync(reading(*everybody[:5])).leave == ()
    house.now += timedelta(seconds=1)
    assert len(house.sync(reading(*everybody[:5])).leave) == 5


@pytest.mark.feature("B3")
def test_where_the_dismissed_stay_listed_even_one_missing_waits_for_a_second_reading() -> None:
    """P14: an answer half as long takes nobody away, however few there are."""
    house = House()
    everybody = [person(n) for n in range(1, 11)]
    house.sync(replace(reading(*everybody), names_dismissed=True))
    short = replace(reading(*everybody[:9]), names_dismissed=True)
    made = house.sync(short)
    assert (made.leave, made.held) == ((), 1)
    fired = [*everybody[:9], person(10, active=False)]
    assert len(house.sync(replace(reading(*fired), names_dismissed=True)).leave) == 1
    house.sync(replace(reading(*everybody), names_dismissed=True))
    assert house.sync(short).leave == ()
    house.now += CONFIRM_AFTER
    assert len(house.sync(short).leave) == 1


def test_who_is_seen_in_between_is_not_missing_any_more() -> None:
    house = House()
    everybody = [person(n) for n in range(1, 11)]
    house.sync(reading(*everybody))
    house.sync(reading(*everybody[:5]))
    house.now += timedelta(hours=1)
    house.sync(reading(*everybody))
    assert house.sync(reading(*everybody[:5])).leave == ()


def test_nobody_leaves_when_nobody_would_remain() -> None:
    house = House()
    house.sync(reading(person(1), person(2), person(3)))
    strangers = [person(n, active=False) for n in (1, 2, 3)] + [person(9, last_name="")]
    made = house.sync(reading(*strangers))
    assert made.leave == ()
    assert made.held == 3


def test_somebody_linked_by_hand_whom_the_crm_never_had_is_left_alone() -> None:
    house = House(KnownEmployee(employee_id=EmployeeId("typo"), name="Опечатка", crm_user_id="999"))
    made = house.sync(reading(person(1)))
    assert made.leave == ()
    assert house.of(999).active


@pytest.mark.feature("B3")
@given(
    st.integers(2, 30),
    st.lists(st.sets(st.integers(1, 30)), min_size=1, max_size=6),
    st.lists(st.integers(0, 240), min_size=6, max_size=6),
)
def test_whatever_a_source_leaves_out_no_reading_alone_wipes_the_map(
    size: int, missing: list[set[int]], pauses_s: list[int]
) -> None:
    house = House()
    everybody = [person(n) for n in range(1, size + 1)]
    house.sync(reading(*everybody))
    for gone, pause_s in zip(missing, pauses_s, strict=False):
        house.now += timedelta(seconds=pause_s)
        here = [p for p in everybody if int(p.user_id) not in gone]
        if not here:
            continue
        house.sync(reading(*here))
        assert sum(e.active for e in house.known.employees) >= 1
        # Six readings within twenty-four minutes never confirm each other, nor do they crumble.
        assert sum(not e.active for e in house.known.employees) <= at_once(size)
