"""Which number a customer was in touch with last, out of the history kept."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from backend.services.ports import FinishedCall
from backend.store.calls import CallStore
from backend.store.database import Database
from backend.store.gateways.last_numbers import SqlLastNumbers
from protocol.vocabulary import CallId
from tests.integration.conftest import ALPHA, BETA

CUSTOMER, FIRST, SECOND, FREE = "+79161234567", "+74951110001", "+74951110002", "+78005553535"
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def kept(minute: int, *, came_to: str | None = None, shown: str | None = None) -> FinishedCall:
    at = NOON + timedelta(minutes=minute)
    return FinishedCall(
        account_id=ALPHA,
        call_id=CallId(f"c{minute}"),
        direction="outbound" if came_to is None else "inbound",
        number=CUSTOMER,
        name=None,
        virtual_number=came_to,
        scenario=None,
        started_at=at,
        answered_at=None,
        ended_at=at,
        talk_s=0,
        outcome="missed",
        cause=None,
        answered_by=None,
        legs=(),
        shown=shown,
    )


@pytest.mark.feature("W14")
async def test_the_newest_of_the_wanted_numbers_is_told_to_its_account_alone(
    database: Database,
) -> None:
    last = SqlLastNumbers(database)
    wanted = (FIRST, SECOND)
    assert await last.last(ALPHA, CUSTOMER, wanted) is None
    async with database.begin(ALPHA) as tx:
        store = CallStore(tx)
        await store.finish(kept(1, came_to=FIRST))
        await store.finish(kept(2, shown=SECOND))
        await store.finish(kept(3, came_to=FREE))
        await store.finish(replace(kept(4, shown=FIRST), number="+79990000000"))
        call = await store.find(ALPHA, CallId("c2"))
    assert call is not None
    assert call.shown == SECOND
    assert await last.last(ALPHA, CUSTOMER, wanted) == SECOND
    assert await last.last(ALPHA, CUSTOMER, (FIRST,)) == FIRST
    assert await last.last(ALPHA, CUSTOMER, ()) is None
    assert await last.last(BETA, CUSTOMER, wanted) is None
