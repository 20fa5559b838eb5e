"""Who works in the account, told to every tab of it: names to show, people to find (W6)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from backend.kit.clock import Clock
from backend.services.ports import Bus, Publication, account_stream
from backend.services.routing import Team
from protocol.pushes import EmployeeChanged, EmployeeRemoved
from protocol.transfers import GroupBrief, GroupsChanged
from protocol.vocabulary import AccountId, EmployeeId, StreamName


@dataclass(frozen=True, slots=True, kw_only=True)
class Colleague:
    employee_id: EmployeeId
    name: str
    extension: str | None
    position: str | None
    department: str | None


class DirectoryTeller:
    """Publishes what changed since it last looked; everything, after a flush of the bus."""

    def __init__(self, bus: Bus, clock: Clock) -> None:
        self._bus = bus
        self._clock = clock
        self._told: dict[AccountId, dict[EmployeeId, Colleague]] = {}
        self._groups: dict[AccountId, tuple[Team, ...]] = {}
        self._stamp = 0

    async def tell(self, account_id: AccountId, people: Iterable[Colleague]) -> None:
        known = self._told.get(account_id, {})
        present = {person.employee_id: person for person in people}
        changed = [person for id_, person in present.items() if known.get(id_) != person]
        out = [Publication(account_stream(account_id), self._push(p)) for p in changed]
        for gone in known.keys() - present.keys():
            push = EmployeeRemoved(
                stream=StreamName.ACCOUNT,
                entity=f"employee:{gone}",
                version=self._next(),
                employee_id=gone,
            )
            out.append(Publication(account_stream(account_id), push, removes=True))
        if out:
            await self._bus.publish(out)
        self._told[account_id] = present

    async def tell_groups(self, account_id: AccountId, teams: Iterable[Team]) -> None:
        """The groups a call can be passed to (W6)."""
        present = tuple(sorted(teams, key=lambda team: (team.name, team.group_id)))
        if self._groups.get(account_id) == present:
            return
        self._groups[account_id] = present
        await self._bus.publish([Publication(account_stream(account_id), self._of(present))])

    def _of(self, teams: Iterable[Team]) -> GroupsChanged:
        return GroupsChanged(
            stream=StreamName.ACCOUNT,
            entity="groups",
            version=self._next(),
            groups=[
                GroupBrief(group_id=team.group_id, name=team.name, extension=team.extension)
                for team in teams
            ],
        )

    async def republish(self) -> None:
        for account_id, teams in self._groups.items():
            await self._bus.publish([Publication(account_stream(account_id), self._of(teams))])
        for account_id, people in self._told.items():
            await self._bus.publish(
                [Publication(account_stream(account_id), self._push(p)) for p in people.values()]
            )

    def _push(self, person: Colleague) -> EmployeeChanged:
        return EmployeeChanged(
            stream=StreamName.ACCOUNT,
            entity=f"employee:{person.employee_id}",
            version=self._next(),
            employee_id=person.employee_id,
            name=person.name,
            extension=person.extension,
            position=person.position,
            department=person.department,
        )

    def _next(self) -> int:
        """Grows across processes: microseconds of the clock."""
        self._stamp = max(self._stamp + 1, int(self._clock.now().timestamp() * 1_000_000))
        return self._stamp
