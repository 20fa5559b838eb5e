"""Calls that are nobody's fall to the administrator who connected, or took over (A2)."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from backend.services.call_records import CallRecords
from backend.services.ports import FinishedCall
from backend.services.recordings import RecordingLinks
from backend.store.calls import CallStore
from backend.store.gateways import SqlCrmCalls, SqlRecordings
from backend.store.tables import crm_connections, crm_people
from protocol.vocabulary import CallId, HangupCause
from tests.integration.amocrm.rig import ADMIN, APP, EMPLOYEE, Rig
from tests.integration.conftest import ALPHA

SECOND_ADMIN = 7
KNOWN, STRANGER = "+79161234501", "+79160000001"


@pytest.fixture
async def joined(amo: Rig) -> Rig:
    await amo.consent(await amo.state(ALPHA))
    await amo.work()
    await amo.sources.refresh()
    return amo


def ended(
    joined: Rig, call: str, *, number: str = KNOWN, direction: str = "inbound", talked: bool = False
) -> FinishedCall:
    now = joined.clock.now().replace(microsecond=0)
    return FinishedCall(
        account_id=ALPHA,
        call_id=CallId(call),
        direction=direction,
        number=number,
        name=None,
        virtual_number=None,
        scenario=None,
        started_at=now - timedelta(seconds=30),
        answered_at=now - timedelta(seconds=20) if talked else None,
        ended_at=now,
        talk_s=20 if talked else 0,
        outcome="answered" if talked else "lost",
        cause=HangupCause.NORMAL,
        answered_by=None,
        legs=(),
        recording=None,
    )


async def written(joined: Rig, call: FinishedCall) -> None:
    """The history keeps it and the job behind its end tells amoCRM."""
    async with joined.database.begin(ALPHA) as tx:
        assert await CallStore(tx).finish(call)
    records = CallRecords(
        rows=SqlCrmCalls(joined.database, joined.base.secrets),
        writers=joined.sources.call_writer,
        links=RecordingLinks(SqlRecordings(joined.database, joined.base.secrets), APP),
        crm_user=lambda _account, _employee: None,
    )
    await joined.passing(asyncio.create_task(records.write(ALPHA, call.call_id)))


def note(joined: Rig, call: str) -> dict[str, Any]:
    notes = joined.amo.world.notes.values()
    (found,) = [note for note in notes if note["params"].get("uniq") == call]
    return found


def owner(joined: Rig, call: str) -> tuple[int, int, int]:
    """Who it is put down to, in each of the three places analytics looks (§6.6)."""
    found = note(joined, call)
    by = found["params"]["call_responsible"]
    return by, found["created_by"], found["responsible_user_id"]


async def settings(joined: Rig, **changed: Any) -> None:
    known = (await joined.connected(ALPHA)).settings
    async with joined.database.begin(ALPHA) as tx:
        await tx.execute(update(crm_connections).values(settings={**known, **changed}))


@pytest.mark.feature("A2")
async def test_a_lost_call_falls_to_who_connected_and_then_to_who_took_over(joined: Rig) -> None:
    await written(joined, ended(joined, "first"))
    assert owner(joined, "first") == (ADMIN, ADMIN, ADMIN)

    world = joined.amo.world
    world.users[SECOND_ADMIN]["rights"]["is_admin"] = True
    world.users[ADMIN]["rights"]["is_admin"] = False
    await joined.keep(ALPHA)
    await written(joined, ended(joined, "between"))
    assert not note(joined, "between")["params"].get("call_responsible"), "nobody yet"

    assert (await joined.status(SECOND_ADMIN)).json()["state"] == "ok"
    await written(joined, ended(joined, "after"))
    assert owner(joined, "after") == (SECOND_ADMIN, SECOND_ADMIN, SECOND_ADMIN)


@pytest.mark.feature("A2")
async def test_without_a_default_it_is_who_connected(joined: Rig) -> None:
    await settings(joined, default_responsible=str(EMPLOYEE))
    await written(joined, ended(joined, "named"))
    assert owner(joined, "named") == (EMPLOYEE, EMPLOYEE, EMPLOYEE)
    await settings(joined, default_responsible=None)
    await written(joined, ended(joined, "unnamed"))
    assert owner(joined, "unnamed") == (ADMIN, ADMIN, ADMIN)


@pytest.mark.feature("A2")
async def test_nobody_who_left_amocrm_is_named(joined: Rig) -> None:
    await settings(joined, default_responsible=str(EMPLOYEE))
    async with joined.database.begin(ALPHA) as tx:
        await tx.execute(
            crm_people.insert().values(
                account_id=ALPHA,
                crm_kind="amocrm",
                crm_user_id=str(EMPLOYEE),
                name="Gone",
                active=False,
            )
        )
    await written(joined, ended(joined, "left"))
    assert owner(joined, "left") == (ADMIN, ADMIN, ADMIN)


@pytest.mark.feature("A2")
async def test_a_stranger_answered_by_somebody_amocrm_does_not_know_has_a_responsible(
    joined: Rig,
) -> None:
    await written(joined, ended(joined, "stranger", number=STRANGER, talked=True))
    (request,) = joined.amo.world.unsorted.values()
    assert request["metadata"]["call_responsible"] == ADMIN


async def test_talks_of_others_are_not_put_down_to_the_administrator(joined: Rig) -> None:
    await written(joined, ended(joined, "talk", talked=True))
    await written(joined, ended(joined, "out", direction="outbound"))
    for call in ("talk", "out"):
        assert not note(joined, call)["params"].get("call_responsible")
