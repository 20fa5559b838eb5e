"""What became of a call's transfers is kept with it, and told to whoever took part."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from backend.services.ports import FinishedHandover
from backend.store.calls import CallStore
from backend.store.database import Database
from backend.store.employees import Employee, EmployeeStore
from backend.store.gateways import SqlHistory
from protocol.vocabulary import EmployeeId, LegId, TransferTrouble
from tests.integration.conftest import ALPHA
from tests.integration.store.test_call_journal import AT, finished

E1, E2 = EmployeeId("e1"), EmployeeId("e2")


@pytest.mark.feature("W6")
async def test_transfers_are_kept_and_shown_to_the_first_and_to_the_last(
    database: Database,
) -> None:
    passed_at = AT + timedelta(seconds=30)
    refused = FinishedHandover(
        kind="attended", by=E1, target="Support", to=E1, began_at=passed_at, at=passed_at,
        reason="no_answer", note=None,
    )  # fmt: skip
    reached = replace(refused, target="Boris", to=E2, reason=None, note="Asks for a discount")
    call = finished("c1")
    (first,) = call.legs
    call = replace(
        call,
        last_talked_by=E2,
        handovers=(refused, reached),
        legs=(
            replace(first, joined_at=first.answered_at, left_at=passed_at),
            replace(
                first, leg_id=LegId("agent-e2-1"), employee_id=E2, joined_at=passed_at,
                left_at=first.ended_at,
            ),
        ),
    )  # fmt: skip
    async with database.begin(ALPHA) as tx:
        people = [Employee(id=E1, name="Anna"), Employee(id=E2, name="Boris")]
        await EmployeeStore(tx).save(ALPHA, people)
        assert await CallStore(tx).finish(call)
        assert await CallStore(tx).find(ALPHA, call.call_id) == call
    for who in (E1, E2):
        (entry,) = (await SqlHistory(database).page(ALPHA, who, before=None, limit=5)).entries
        assert entry.mine
        assert [(t.by, t.target, t.reason, t.note) for t in entry.transfers] == [
            ("Anna", "Support", TransferTrouble.NO_ANSWER, None),
            ("Anna", "Boris", None, "Asks for a discount"),
        ]
