"""`services.ports.board.BoardRows`, each call in a transaction of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from backend.domain.board.figures import EndedCall, Sum
from backend.domain.board.scope import TeamPeople
from backend.services.ports.board import Deed, LogRow
from backend.store.board import BoardStore
from backend.store.database import Database
from backend.store.employees import EmployeeStore
from backend.store.teams import TeamStore
from protocol.vocabulary import AccountId, EmployeeId


class SqlBoard:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def teams(self, account_id: AccountId) -> tuple[TeamPeople, ...]:
        async with self._database.begin(account_id) as tx:
            found = await TeamStore(tx).all(account_id)
        return tuple(
            TeamPeople(team_id=team.id, name=team.name, members=team.members, heads=team.heads)
            for team in found
        )

    async def names(self, account_id: AccountId) -> Mapping[EmployeeId, str]:
        """Everybody, people who left included."""
        async with self._database.begin(account_id) as tx:
            people = await EmployeeStore(tx).all(account_id, inactive=True)
        return {person.id: person.name for person in people}

    async def ended(
        self, account_id: AccountId, since: datetime, until: datetime
    ) -> Sequence[EndedCall]:
        async with self._database.begin(account_id) as tx:
            return await BoardStore(tx).ended(account_id, since, until)

    async def sum(self, account_id: AccountId, since: datetime, ended_before: datetime) -> Sum:
        async with self._database.begin(account_id) as tx:
            return await BoardStore(tx).sum(account_id, since, ended_before)

    async def append(self, account_id: AccountId, rows: Sequence[LogRow]) -> None:
        async with self._database.begin(account_id) as tx:
            await BoardStore(tx).append(account_id, rows)

    async def past(
        self, account_id: AccountId, since: datetime, until: datetime
    ) -> Sequence[LogRow]:
        async with self._database.begin(account_id) as tx:
            return await BoardStore(tx).past(account_id, since, until)

    async def note(self, account_id: AccountId, deed: Deed) -> None:
        async with self._database.begin(account_id) as tx:
            await BoardStore(tx).note(account_id, deed)

    async def deeds(self, account_id: AccountId, *, limit: int) -> Sequence[Deed]:
        async with self._database.begin(account_id) as tx:
            return await BoardStore(tx).deeds(account_id, limit=limit)
