"""Past calls as the widget shows them."""

from __future__ import annotations

from backend.store.calls import CallStore, HistoryRow
from backend.store.database import Database
from protocol.pushes import HistoryEntry, HistoryPage, RecordRef, Who
from protocol.vocabulary import AccountId, Direction, EmployeeId, Outcome, RecordKind


class SqlHistory:
    """`realtime.services.History`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(
        self,
        account_id: AccountId,
        employee_id: EmployeeId,
        *,
        before: str | None,
        limit: int,
    ) -> HistoryPage:
        async with self._database.begin(account_id) as tx:
            rows, following = await CallStore(tx).history(
                account_id, employee_id, before=before, limit=limit
            )
        return HistoryPage(entries=[_entry(row) for row in rows], next=following)


def _entry(row: HistoryRow) -> HistoryEntry:
    call = row.call
    record = (
        RecordRef(kind=RecordKind(call.record_kind), id=call.record_id)
        if call.record_kind and call.record_id
        else None
    )
    by = (
        Who(employee_id=call.answered_by, name=row.answered_by_name or "")
        if call.answered_by is not None
        else None
    )
    return HistoryEntry(
        call_id=call.call_id,
        direction=Direction(call.direction),
        number=call.number,
        name=call.name,
        started_at=call.started_at,
        answered_at=call.answered_at,
        ended_at=call.ended_at,
        talk_s=call.talk_s,
        outcome=Outcome(call.outcome),
        cause=call.cause,
        mine=row.mine,
        answered_by=by,
        virtual_number=call.virtual_number,
        record=record,
        record_url=call.record_url,
    )
