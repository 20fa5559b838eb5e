"""Whom a supervisor sees: the people of the teams he leads; an administrator sees everybody.

Supervisors with the same teams share a board, so that what is told is told once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from protocol.vocabulary import EmployeeId

ALL = "all"
"""The board of the whole account."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamPeople:
    team_id: str
    name: str
    members: tuple[EmployeeId, ...]
    heads: tuple[EmployeeId, ...]

    @property
    def people(self) -> tuple[EmployeeId, ...]:
        return tuple(dict.fromkeys((*self.members, *self.heads)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """One board. `people` is None for everybody."""

    key: str
    teams: tuple[TeamPeople, ...]
    people: frozenset[EmployeeId] | None

    def shows(self, employee_id: EmployeeId) -> bool:
        return self.people is None or employee_id in self.people

    def concerns(self, people: Iterable[EmployeeId]) -> bool:
        """Whether something about `people` is told here."""
        return self.people is None or not self.people.isdisjoint(people)

    def sees(self, push: Mapping[str, Any]) -> bool:
        """The same of a push as it is on the wire; one about nobody in particular is told."""
        if self.people is None:
            return True
        if "people" in push:
            return self.concerns(push["people"])
        return "employee_id" not in push or push["employee_id"] in self.people


def scope_for(
    employee_id: EmployeeId, teams: Iterable[TeamPeople], *, administrator: bool
) -> Scope | None:
    """The board of one who may have one. None: a supervisor who leads no team, in an account that
    has teams. Without any team there is nothing to part people by."""
    teams = tuple(teams)
    if administrator or not teams:
        return whole(teams)
    led = tuple(team for team in teams if employee_id in team.heads)
    return _of(led) if led else None


def whole(teams: Iterable[TeamPeople]) -> Scope:
    return Scope(key=ALL, teams=tuple(teams), people=None)


def scopes(teams: Iterable[TeamPeople]) -> dict[str, Scope]:
    """Every board of the account, by its key."""
    teams = tuple(teams)
    found = {ALL: whole(teams)}
    for head in sorted({head for team in teams for head in team.heads}):
        scope = _of(tuple(team for team in teams if head in team.heads))
        found[scope.key] = scope
    return found


def _of(teams: tuple[TeamPeople, ...]) -> Scope:
    named = "\n".join(sorted(team.team_id for team in teams))
    return Scope(
        key=hashlib.sha256(named.encode()).hexdigest()[:16],
        teams=teams,
        people=frozenset(person for team in teams for person in team.people),
    )
