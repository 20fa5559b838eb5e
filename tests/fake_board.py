"""The board's storage without a disk: past calls are those a fake journal finished."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from backend.domain.board.figures import EndedCall, LegPart, Sum
from backend.domain.board.scope import TeamPeople
from backend.services.ports import FinishedCall
from backend.services.ports.board import Deed, LogRow
from protocol.vocabulary import AccountId, Direction, EmployeeId, Outcome
from tests.fakes import FakeJournal


def ended(call: FinishedCall) -> EndedCall:
    """As `store.board` reads it back."""
    return EndedCall(
        call_id=call.call_id,
        direction=Direction(call.direction),
        outcome=Outcome(call.outcome),
        started_at=call.started_at,
        answered_at=call.answered_at,
        ended_at=call.ended_at,
        talk_s=call.talk_s,
        callback=call.callback,
        legs=tuple(
            LegPart(
                leg_id=leg.leg_id,
                employee_id=leg.employee_id,
                started_at=leg.started_at,
                joined_at=leg.joined_at,
                left_at=leg.left_at,
            )
            for leg in call.legs
            if leg.employee_id is not None
        ),
    )


class FakeBoardRows:
    def __init__(self, journal: FakeJournal, teams: Sequence[TeamPeople] = ()) -> None:
        self.journal = journal
        self.now_teams = tuple(teams)
        self.log: list[LogRow] = []
        self.noted: list[Deed] = []
        self.away = False

    async def teams(self, account_id: AccountId) -> tuple[TeamPeople, ...]:
        return self.now_teams

    async def names(self, account_id: AccountId) -> Mapping[EmployeeId, str]:
        return {EmployeeId(name): name.title() for name in ("anna", "boris", "vera")}

    async def ended(
        self, account_id: AccountId, since: datetime, until: datetime
    ) -> Sequence[EndedCall]:
        found = [ended(call) for call in self.journal.finished.values()]
        return [call for call in found if since <= call.started_at < until]

    async def sum(self, account_id: AccountId, since: datetime, ended_before: datetime) -> Sum:
        found = await self.ended(account_id, since, ended_before)
        kept = [call for call in found if call.ended_at < ended_before]
        return Sum(
            len(kept),
            sum(call.outcome is Outcome.ANSWERED for call in kept),
            sum(call.talk_s for call in kept),
        )

    async def append(self, account_id: AccountId, rows: Sequence[LogRow]) -> None:
        if self.away:
            raise OSError("no database")
        self.log += rows

    async def past(
        self, account_id: AccountId, since: datetime, until: datetime
    ) -> Sequence[LogRow]:
        wholes = [
            index
            for index, row in enumerate(self.log)
            if row.kind == "whole" and row.began_at <= since
        ]
        found = self.log[wholes[-1] if wholes else 0 :]
        return [row for row in found if row.began_at <= until]

    async def note(self, account_id: AccountId, deed: Deed) -> None:
        self.noted.append(deed)

    async def deeds(self, account_id: AccountId, *, limit: int) -> Sequence[Deed]:
        return self.noted[::-1][:limit]
