"""Teams: who leads whom. Those with a `crm_id` were imported as departments."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.store.tables import team_members, teams
from protocol.vocabulary import AccountId, EmployeeId


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    id: str
    name: str
    crm_id: str | None = None
    """The department it comes from, by the CRM's id."""
    members: tuple[EmployeeId, ...] = ()
    heads: tuple[EmployeeId, ...] = ()
    """Some of `members`, or people who only lead."""


class TeamStore:
    def __init__(self, tx: AsyncConnection) -> None:
        self._tx = tx

    async def all(self, account_id: AccountId) -> list[Team]:
        """By name."""
        members: dict[str, list[EmployeeId]] = {}
        heads: dict[str, list[EmployeeId]] = {}
        query = (
            select(team_members)
            .where(team_members.c.account_id == account_id)
            .order_by(team_members.c.team_id, team_members.c.employee_id)
        )
        for row in (await self._tx.execute(query)).mappings():
            people = heads if row["is_head"] else members
            people.setdefault(row["team_id"], []).append(EmployeeId(row["employee_id"]))
        rows = await self._tx.execute(
            select(teams).where(teams.c.account_id == account_id).order_by(teams.c.name, teams.c.id)
        )
        return [
            Team(
                id=row["id"],
                name=row["name"],
                crm_id=row["crm_id"],
                members=tuple(members.get(row["id"], ())),
                heads=tuple(heads.get(row["id"], ())),
            )
            for row in rows.mappings()
        ]

    async def save(self, account_id: AccountId, team: Team) -> None:
        """Insert or change, its people replaced. Who leads is kept as a head only."""
        values = {"name": team.name, "crm_id": team.crm_id}
        await self._tx.execute(
            insert(teams)
            .values(account_id=account_id, id=team.id, **values)
            .on_conflict_do_update(index_elements=["account_id", "id"], set_=values)
        )
        await self._tx.execute(
            delete(team_members).where(
                team_members.c.account_id == account_id, team_members.c.team_id == team.id
            )
        )
        leads = dict.fromkeys(team.heads, True)
        people = {**dict.fromkeys(team.members, False), **leads}
        rows = [
            {"account_id": account_id, "team_id": team.id, "employee_id": e, "is_head": head}
            for e, head in people.items()
        ]
        if rows:
            await self._tx.execute(insert(team_members), rows)

    async def remove(self, account_id: AccountId, team_id: str) -> None:
        await self._tx.execute(
            delete(teams).where(teams.c.account_id == account_id, teams.c.id == team_id)
        )
