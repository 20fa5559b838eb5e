"""After the account's days nothing of a visitor is left, on kept calls neither."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import Table, func, select

from backend.bootstrap.tracking import ForgetVisits
from backend.domain.visits import Source, Way
from backend.services.ports import FinishedCall
from backend.store.calls import CallStore
from backend.store.tables import number_leases, visit_events, visits
from protocol.vocabulary import CallId
from tests.integration.settings.house import SEVER
from tests.integration.tracking.conftest import ONE, Tracked, page

WAY = Way(exact=True, site="svet.example", source=Source(source="yandex"))


def ended(tracked: Tracked, call_id: str) -> FinishedCall:
    now = tracked.clock.now()
    return FinishedCall(
        account_id=SEVER,
        call_id=CallId(call_id),
        direction="inbound",
        number="+79160000001",
        name=None,
        virtual_number=ONE,
        scenario=None,
        started_at=now,
        answered_at=None,
        ended_at=now,
        talk_s=0,
        outcome="lost",
        cause=None,
        answered_by=None,
        legs=(),
        visit=WAY,
    )


async def test_after_keep_days_the_visitor_is_forgotten(tracked: Tracked) -> None:
    database, forget = tracked.house.database, ForgetVisits(tracked.clock)

    async def count(table: Table) -> int:
        async with database.begin(SEVER) as tx:
            return int(await tx.scalar(select(func.count()).select_from(table)) or 0)

    async def way(call_id: str) -> Way | None:
        async with database.begin(SEVER) as tx:
            found = await CallStore(tx).find(SEVER, CallId(call_id))
        assert found is not None, "the call itself stays"
        return found.visit

    async def tidied() -> None:
        async with database.begin(SEVER) as tx:
            await forget(tx, SEVER, before=tracked.clock.now())

    async with await tracked.browser() as browser:
        await browser.post("/visits/number", json=page("anna"))
        async with database.begin(SEVER) as tx:
            await CallStore(tx).finish(ended(tracked, "old"))
        await tracked.clock.advance(timedelta(days=30).total_seconds())
        await browser.post("/visits/number", json=page("boris"))
    async with database.begin(SEVER) as tx:
        await CallStore(tx).finish(ended(tracked, "new"))
    await tidied()
    assert [await count(t) for t in (visits, number_leases, visit_events)] == [2, 2, 1]
    await tracked.clock.advance(timedelta(days=30, hours=1).total_seconds())
    await tidied()
    assert [await count(t) for t in (visits, number_leases)] == [1, 1]
    assert (await way("old"), await way("new")) == (None, WAY)


async def test_a_later_word_on_a_call_does_not_take_its_way_away(tracked: Tracked) -> None:
    first = ended(tracked, "c")
    stronger = replace(first, outcome="answered", visit=None)
    async with tracked.house.database.begin(SEVER) as tx:
        await CallStore(tx).finish(first)
        assert await CallStore(tx).finish(stronger)
        kept = await CallStore(tx).find(SEVER, first.call_id)
    assert kept is not None
    assert (kept.outcome, kept.visit) == ("answered", WAY)
