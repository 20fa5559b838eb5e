"""What a good reading of a CRM changes in an account. Pure.

Who may be switched off (P14):

- an answer that failed, is empty or is shorter than the CRM says it is changes nothing at all; that
  is decided before this comparison;
- somebody the CRM itself calls dismissed leaves at once;
- where the CRM goes on listing the dismissed nobody is missing but by trouble: they stay until a
  complete reading `CONFIRM_AFTER` or more after the first that missed them misses them, too, and
  none in between had them;
- elsewhere somebody who is simply missing leaves at once while at most a quarter of the linked
  people is missing (those who left so within `CONFIRM_AFTER` count: an answer that crumbles is no
  better); more than that stay for as long;
- nobody leaves when not one linked employee would remain.

What somebody set here by hand stays: an extension or a role is changed only while it is the one the
last synchronisation set. Name, e-mail, position and department are the CRM's. Nobody is ever
deleted, numbers are never touched.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from backend.domain.account_settings import PeopleSettings
from backend.domain.people import (
    CrmPerson,
    KeptPerson,
    Known,
    KnownEmployee,
    KnownPerson,
    PeopleReading,
    PersonKind,
    Plan,
    Reason,
    Remark,
)
from backend.domain.people_match import Match, give_extensions, remark_on
from backend.domain.people_teams import Departments
from protocol.vocabulary import EmployeeId

CONFIRM_AFTER = timedelta(hours=1)
"""Longer than most troubles of a CRM; whoever must be out sooner is dismissed or switched off."""
AT_ONCE = 4
"""One in so many may be missing without a second reading."""
_RANK = {"operator": 0, "supervisor": 1, "administrator": 2}


def at_once(linked: int) -> int:
    """How many of so many linked people may be missing without a second reading."""
    return -(-linked // AT_ONCE)


def plan(
    known: Known,
    reading: PeopleReading,
    settings: PeopleSettings,
    *,
    now: datetime,
    make_id: Callable[[], str],
) -> Plan:
    """`reading` is complete and has somebody in it."""
    comparison = _Comparison(known, reading, settings, now, make_id)
    comparison.match()
    comparison.let_go()
    comparison.number()
    return comparison.plan()


class _Comparison:
    def __init__(
        self,
        known: Known,
        reading: PeopleReading,
        settings: PeopleSettings,
        now: datetime,
        make_id: Callable[[], str],
    ) -> None:
        self._known = known
        self._reading = reading
        self._settings = settings
        self._now = now
        self._make_id = make_id
        self._departments = Departments(reading.departments)
        self._notes = {note.user_id: note for note in known.people}
        self._employees = {e.crm_user_id: e for e in known.employees if e.crm_user_id}
        self._strangers: dict[str, list[KnownEmployee]] = {}
        """Employees without a CRM user, by e-mail."""
        for employee in known.employees:
            if employee.active and employee.email and not employee.crm_user_id:
                self._strangers.setdefault(employee.email.casefold(), []).append(employee)
        self._emails: dict[str, CrmPerson] = {}
        self._matches: list[Match] = []
        self._leaving: dict[EmployeeId, KnownEmployee] = {}
        self._kept: list[KeptPerson] = []
        self._remarks: list[Remark] = []
        self._counts: Counter[str] = Counter()
        self._held: list[KnownPerson] = []
        self._joined: list[EmployeeId] = []

    # ── who takes part ──

    def match(self) -> None:
        """Linked people first: of two with one e-mail, the one who already works here stays."""
        people = [p for p in self._reading.people if p.kind is not PersonKind.MACHINE and p.active]
        for person in sorted(people, key=self._order):
            self._counts["seen"] += 1
            employee = self._employees.get(person.user_id)
            note = self._note(person, employee)
            reason, other = self._unfit(person)
            if person.email:
                self._emails.setdefault(person.email.casefold(), person)
            if employee is not None and employee.active:
                if reason is not None:
                    # Who works here is not sent home because a field over there was emptied.
                    self._remark(person, reason, other=other, left_out=False)
                self._matches.append(Match(person, note, employee, employee))
            elif reason is not None:
                self._remark(person, reason, other=other)
            elif employee is not None:
                self._return(person, note, employee)
            else:
                self._welcome(person, note)

    def _order(self, person: CrmPerson) -> tuple[bool, int, str]:
        linked = person.user_id in self._employees
        number = int(person.user_id) if person.user_id.isdecimal() else 0
        return (not linked, number, person.user_id)

    def _note(self, person: CrmPerson, employee: KnownEmployee | None) -> KnownPerson:
        """What we noted of this person, unless that was about another employee."""
        note = self._notes.get(person.user_id)
        if note is None or employee is None or note.employee_id != employee.employee_id:
            return KnownPerson(user_id=person.user_id, employee_id=None)
        return note

    def _unfit(self, person: CrmPerson) -> tuple[Reason | None, str | None]:
        left_out = self._settings.skip_departments
        if person.kind is PersonKind.EXTERNAL and self._settings.skip_external:
            return Reason.EXTERNAL, None
        if person.department_ids and set(person.department_ids) <= set(left_out):
            return Reason.DEPARTMENT_LEFT_OUT, None
        if not person.sees_cards:
            return Reason.NO_CARDS, None
        if not person.last_name:
            return Reason.NO_LAST_NAME, None
        if not person.email:
            return Reason.NO_EMAIL, None
        if self._reading.needs_department and not person.department_ids:
            return Reason.NO_DEPARTMENT, None
        twin = self._emails.get(person.email.casefold())
        return (Reason.SAME_EMAIL, twin.name) if twin is not None else (None, None)

    def _return(self, person: CrmPerson, note: KnownPerson, employee: KnownEmployee) -> None:
        """Who left over there comes back with their numbers; who was switched off here does not."""
        if note.left_at is None:
            self._remark(person, Reason.SWITCHED_OFF_HERE)
            return
        self._counts["revived"] += 1
        back = replace(employee, active=True)
        self._matches.append(Match(person, note, employee, back, returning=True))

    def _welcome(self, person: CrmPerson, note: KnownPerson) -> None:
        here = self._strangers.pop((person.email or "").casefold(), [])
        if len(here) > 1:
            self._remark(person, Reason.SEVERAL_HERE)
        elif here:
            self._counts["linked"] += 1
            linked = replace(here[0], crm_user_id=person.user_id)
            self._joined.append(here[0].employee_id)
            self._matches.append(Match(person, note, here[0], linked))
        else:
            self._counts["added"] += 1
            fresh = KnownEmployee(
                employee_id=EmployeeId(self._make_id()),
                name=person.name,
                crm_user_id=person.user_id,
            )
            self._matches.append(Match(person, note, None, fresh))

    # ── who leaves ──

    def let_go(self) -> None:
        rows = {person.user_id: person for person in self._reading.people}
        linked = [e for e in self._employees.values() if e.active]
        dismissed: list[KnownPerson] = []
        missing: list[KnownPerson] = []
        for employee in linked:
            user_id = employee.crm_user_id or ""
            note = self._notes.get(user_id) or KnownPerson(
                user_id=user_id, employee_id=employee.employee_id, name=employee.name
            )
            row = rows.get(user_id)
            if row is not None and not row.active:
                dismissed.append(note)
            elif row is None and user_id in self._notes:
                # Never seen over there means linked by hand, rightly or wrongly: not ours to undo.
                missing.append(note)
        fresh = [note for note in missing if not self._confirmed(note)]
        lately = sum(self._left_lately(note) for note in self._known.people)
        lost = self._reading.names_dismissed
        if lost or len(fresh) + lately > at_once(len(linked) + lately):
            self._held = fresh
        leaving = [*dismissed, *(note for note in missing if note not in self._held)]
        if len(leaving) > 1 and not self._matches:
            self._held, leaving = [*dismissed, *missing], []
        for note in leaving:
            self._leave(note)
        for note in self._held:
            self._hold(note)

    def _confirmed(self, note: KnownPerson) -> bool:
        return note.missing_since is not None and self._now - note.missing_since >= CONFIRM_AFTER

    def _left_lately(self, note: KnownPerson) -> bool:
        return note.left_at is not None and self._now - note.left_at < CONFIRM_AFTER

    def _leave(self, note: KnownPerson) -> None:
        employee = self._employees[note.user_id]
        self._leaving[employee.employee_id] = employee
        self._counts["left"] += 1
        self._keep(
            replace(
                note,
                employee_id=employee.employee_id,
                left_at=self._now,
                extension_kept=employee.extension,
            ),
            active=False,
        )

    def _hold(self, note: KnownPerson) -> None:
        employee = self._employees[note.user_id]
        self._keep(
            replace(
                note,
                employee_id=employee.employee_id,
                missing_since=note.missing_since or self._now,
            )
        )
        self._remarks.append(
            Remark(
                reason=Reason.GONE_UNCONFIRMED,
                user_id=note.user_id,
                name=employee.name,
                url="",
                left_out=False,
            )
        )

    # ── the outcome ──

    def number(self) -> None:
        given = give_extensions(self._matches, self._known, self._leaving)
        self._remarks += given

    def plan(self) -> Plan:
        saved = []
        for match in self._matches:
            after = self._described(match)
            if match.before is None or after != match.before:
                saved.append(after)
                if match.before is not None and not match.returning:
                    self._counts["updated"] += 1
            self._keep(self._noted(match, after), match.person)
            match.after = after
        places = {note.employee_id: note.department_ids for note in self._kept if note.active}
        users = {note.user_id: note.employee_id for note in self._kept if note.active}
        teams, dissolved = self._departments.teams(self._known.teams, places, users)
        self._counts["left_out"] = sum(remark.left_out for remark in self._remarks)
        self._counts["teams"] = len(teams) + len(dissolved)
        return Plan(
            save=tuple(saved),
            leave=tuple(self._leaving),
            joined=tuple(self._joined),
            people=tuple(self._kept),
            teams=teams,
            dissolve=dissolved,
            remarks=tuple(self._remarks),
            counts={name: n for name, n in self._counts.items() if n},
            held=len(self._held),
        )

    def _described(self, match: Match) -> KnownEmployee:
        person, after = match.person, match.after
        department = self._departments.name(person.department_ids)
        return replace(
            after,
            name=person.name or after.name,
            email=person.email or after.email,
            position=person.position or after.position,
            department=after.department if self._reading.departments is None else department,
            role=self._role(match),
        )

    def _role(self, match: Match) -> str:
        now, given = match.after.role, match.note.role_given
        wanted = "operator"
        if self._settings.admins_rule and match.person.is_admin:
            wanted = "administrator"
        elif match.person.user_id in self._departments.heads:
            wanted = "supervisor"
        if match.after.role_by_hand:
            return now
        if _RANK[wanted] > _RANK[now]:
            return wanted
        blind = self._reading.departments is None and now == "supervisor"
        if self._settings.admins_rule and match.person.is_admin is None:
            blind = blind or now == "administrator"
        return wanted if given == now and not blind else now

    def _noted(self, match: Match, after: KnownEmployee) -> KnownPerson:
        before, note = match.before, match.note
        extension, role = note.extension_given, note.role_given
        if match.returning and after.extension == note.extension_kept != note.extension_given:
            # It was somebody's choice when they left, and still is.
            extension = None
        elif before is None or match.returning or after.extension != before.extension:
            extension = after.extension
        if before is None or after.role != before.role:
            role = after.role
        return KnownPerson(
            user_id=match.person.user_id,
            employee_id=after.employee_id,
            name=match.person.name,
            department_ids=match.person.department_ids,
            extension_given=extension,
            role_given=None if after.role_by_hand else role,
        )

    def _keep(
        self, note: KnownPerson, person: CrmPerson | None = None, *, active: bool = True
    ) -> None:
        self._kept.append(
            KeptPerson(
                user_id=note.user_id,
                employee_id=note.employee_id,
                name=note.name,
                department_ids=note.department_ids,
                extension_given=note.extension_given,
                role_given=note.role_given,
                left_at=note.left_at,
                extension_kept=note.extension_kept,
                missing_since=note.missing_since,
                email=person.email if person else None,
                phones=person.phones if person else (),
                active=active,
            )
        )

    def _remark(
        self,
        person: CrmPerson,
        reason: Reason,
        *,
        other: str | None = None,
        left_out: bool = True,
    ) -> None:
        self._remarks.append(remark_on(person, reason, other=other, left_out=left_out))
