"""A CRM's departments as teams with heads. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from backend.domain.people import CrmDepartment, KnownTeam
from protocol.vocabulary import EmployeeId


class Departments:
    """The structure one reading brought; None where the CRM does not tell it."""

    def __init__(self, rows: tuple[CrmDepartment, ...] | None) -> None:
        self._rows = None if rows is None else {row.department_id: row for row in rows}

    def name(self, department_ids: tuple[str, ...]) -> str | None:
        """What to call where somebody works: their first department."""
        rows = self._rows or {}
        return next((rows[id_].name for id_ in department_ids if id_ in rows), None)

    @property
    def heads(self) -> frozenset[str]:
        """Users who lead a department."""
        return frozenset(u for row in (self._rows or {}).values() for u in row.head_ids)

    def leaders(self, department_id: str) -> tuple[str, ...]:
        """Users who lead it: its own heads, else those of the nearest department above."""
        rows, seen = self._rows or {}, set[str]()
        row = rows.get(department_id)
        while row is not None and row.department_id not in seen:
            if row.head_ids:
                return row.head_ids
            seen.add(row.department_id)
            row = rows.get(row.parent_id or "")
        return ()

    def teams(
        self,
        known: tuple[KnownTeam, ...],
        places: Mapping[EmployeeId | None, tuple[str, ...]],
        users: Mapping[str, EmployeeId | None],
    ) -> tuple[tuple[KnownTeam, ...], tuple[str, ...]]:
        """Teams to write, and ids of those whose department is gone.

        `places`: departments by employee. `users`: employees by CRM user. A department nobody of
        the account works in becomes no team; a structure that came empty dissolves none.
        """
        if not self._rows:
            return (), ()
        before = {team.crm_id: team for team in known}
        changed = []
        for department_id, row in self._rows.items():
            members = tuple(
                sorted(e for e, ids in places.items() if e is not None and department_id in ids)
            )
            leaders = (users.get(user) for user in self.leaders(department_id))
            heads = tuple(sorted({e for e in leaders if e is not None}))
            team = before.get(department_id)
            own = any(users.get(user) for user in row.head_ids)
            if team is None and not members and not own:
                continue
            wanted = KnownTeam(
                team_id=team.team_id if team else f"crm-{department_id}",
                crm_id=department_id,
                name=row.name,
                members=tuple(e for e in members if e not in heads),
                heads=heads,
            )
            if wanted != team:
                changed.append(wanted)
        gone = tuple(team.team_id for team in known if team.crm_id not in self._rows)
        return tuple(changed), gone
