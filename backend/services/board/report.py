"""Figures of a past period: the day's sums, made from the history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from backend.domain.board.figures import Day, Tally, Totals
from backend.domain.board.scope import Scope
from backend.services.ports.board import BoardRows, PersonFigures
from protocol.vocabulary import AccountId, EmployeeId

LONGEST_DAYS = 92
"""A quarter; the days are read one after another."""


@dataclass(frozen=True, slots=True)
class Report:
    totals: Totals
    days: tuple[tuple[date, Totals], ...]
    people: tuple[PersonFigures, ...]
    """By name; only people of the scope."""


async def report(
    rows: BoardRows,
    account_id: AccountId,
    scope: Scope,
    first: date,
    last: date,
    *,
    timezone: str,
    answer_s: int,
) -> Report:
    """Of the account's days `first` to `last`, both included, by when calls began."""
    zone = ZoneInfo(timezone)
    totals, days, people = Totals(), [], dict[EmployeeId, Tally]()
    current = first
    while current <= last:
        day = Day(current, timezone, (scope,), answer_s=answer_s)
        began = datetime.combine(current, time(), zone)
        after = datetime.combine(current + timedelta(days=1), time(), zone)
        for call in await rows.ended(account_id, began, after):
            day.take(call)
        of_day = day.totals[scope.key]
        days.append((current, of_day))
        totals.join(of_day)
        for employee_id, tally in day.tallies.items():
            if scope.shows(employee_id):
                people.setdefault(employee_id, Tally()).join(tally)
        current += timedelta(days=1)
    names = await rows.names(account_id)
    figures: Sequence[PersonFigures] = [
        PersonFigures(
            employee_id=employee_id,
            name=names.get(employee_id, employee_id),
            answered=tally.answered,
            missed=tally.missed,
            placed=tally.placed,
            reached=tally.reached,
            talk_s=tally.talk_s,
        )
        for employee_id, tally in people.items()
    ]
    ordered = tuple(sorted(figures, key=lambda one: (one.name, one.employee_id)))
    return Report(totals, tuple(days), ordered)
