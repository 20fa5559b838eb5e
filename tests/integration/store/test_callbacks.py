"""Tasks to call back in PostgreSQL: begun with a call, ended by a talk or somebody's word."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.kit.secrets_box import SecretsBox
from backend.services.ports import CallbackWanted, FinishedCall, FinishedLeg
from backend.store.callbacks import CallbackStore
from backend.store.calls import CallStore
from backend.store.database import Database
from backend.store.gateways.callbacks import SqlCallbacks, SqlLastTalks
from protocol.vocabulary import AccountId, CallbackReason, CallId, EmployeeId
from tests.integration.conftest import ALPHA, BETA
from tests.integration.store.test_call_journal import AT, finished

ANNA, BORIS = EmployeeId("e1"), EmployeeId("e2")
pytestmark = pytest.mark.feature("T")


def wanted(call: str, account: AccountId = ALPHA) -> FinishedCall:
    return replace(
        finished(call, account),
        outcome="lost",
        answered_by=None,
        legs=(),
        wanted=CallbackWanted(reason=CallbackReason.ASKED),
        wanted_by=(ANNA, BORIS),
    )


async def keep(database: Database, call: FinishedCall) -> None:
    async with database.begin(call.account_id) as tx:
        await CallStore(tx).finish(call)
        assert await CallbackStore(tx).want(call)
        assert not await CallbackStore(tx).want(call)


def rows(database: Database, told: list[tuple[EmployeeId, ...]]) -> SqlCallbacks:
    async def changed(
        tx: AsyncConnection, account_id: AccountId, employees: Sequence[EmployeeId]
    ) -> None:
        told.append(tuple(employees))

    return SqlCallbacks(database, SecretsBox({"k1": bytes(32)}), "http://x.test", changed)


async def test_a_talk_with_the_number_ends_what_waited_for_it(database: Database) -> None:
    await keep(database, wanted("c1"))
    await keep(database, wanted("c2"))
    await keep(database, replace(wanted("c3"), number="+79990000000"))
    await keep(database, wanted("other", BETA))
    async with database.begin(ALPHA) as tx:
        known = await CallbackStore(tx).reached(
            ALPHA, "+79991234567", ANNA, at=AT + timedelta(hours=1)
        )
        assert sorted(known) == [ANNA, BORIS]
        assert [task.call_id for task in await CallbackStore(tx).open(ALPHA)] == ["c3"]
        ids = [CallId(c) for c in ("c1", "c3", "none")]
        assert await CallbackStore(tx).states(ALPHA, ids) == {"c1": "done", "c3": "open"}
    async with database.begin(BETA) as tx:
        assert len(await CallbackStore(tx).open(BETA)) == 1


async def test_only_who_was_told_ends_it_and_everybody_told_hears(database: Database) -> None:
    await keep(database, wanted("c1"))
    told: list[tuple[EmployeeId, ...]] = []
    gateway = rows(database, told)
    assert await gateway.done(ALPHA, CallId("c1"), EmployeeId("e9")) is None
    assert await gateway.done(BETA, CallId("c1"), ANNA) is None
    assert [task.number for task in await gateway.open(ALPHA)] == ["+79991234567"]
    assert await gateway.done(ALPHA, CallId("c1"), BORIS) == (ANNA, BORIS)
    assert told == [(ANNA, BORIS)]
    assert await gateway.open(ALPHA) == []


async def test_a_call_that_rang_nobody_is_in_the_history_of_who_is_to_call_back(
    database: Database,
) -> None:
    await keep(database, wanted("c1"))
    async with database.begin(ALPHA) as tx:
        mine, _ = await CallStore(tx).history(ALPHA, BORIS)
        others, _ = await CallStore(tx).history(ALPHA, EmployeeId("e9"))
    assert ([row.call.call_id for row in mine], others) == (["c1"], [])


def _now(leg: FinishedLeg) -> FinishedLeg:
    now = datetime.now(UTC)
    return replace(leg, started_at=now, answered_at=now, ended_at=now)


async def test_last_talks_are_those_of_the_account(database: Database) -> None:
    recent = replace(finished("c1"), legs=tuple(_now(leg) for leg in finished("c1").legs))
    async with database.begin(ALPHA) as tx:
        await CallStore(tx).finish(recent)
    assert await SqlLastTalks(database).read(ALPHA) == {ANNA: recent.legs[0].ended_at}
    assert await SqlLastTalks(database).read(BETA) == {}
