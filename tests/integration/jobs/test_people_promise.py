"""P14 for both CRMs: an answer that is empty, short or none leaves everybody where they are."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest

from backend.bus.memory import MemoryBus
from backend.connectors.crm.amocrm import AmoCrmPeople
from backend.connectors.crm.bitrix24.people import Bitrix24People
from backend.sandbox.amocrm import Fault
from backend.services.employee_sync import EmployeeSync, SyncReport, SyncState
from backend.services.ports import PeopleSource
from backend.store.database import Database
from backend.store.employees import EmployeeStore
from backend.store.gateways.people import SqlPeople
from protocol.vocabulary import AccountId
from tests.connectors.rigs import AMO, PORTAL, RIGS, AmoRig, PortalRig
from tests.contract.test_contact_source import _patiently
from tests.integration.conftest import ALPHA

Rig = PortalRig | AmoRig


@pytest.fixture(params=sorted(RIGS))
async def rig(request: pytest.FixtureRequest) -> AsyncIterator[Rig]:
    async with RIGS[request.param]() as made:
        yield made


def nobody(rig: Rig) -> None:
    if isinstance(rig, AmoRig):
        rig.amo.faults.add(Fault("empty", path="/api/v4/users"))
    else:
        rig.portal.faults.empty_lists.add("user.get")


def half(rig: Rig) -> None:
    if isinstance(rig, AmoRig):
        rig.amo.faults.add(Fault("partial", path="/api/v4/users"))
    else:
        rig.portal.faults.short_lists.add("user.get")


def silence(rig: Rig) -> None:
    rig.down()


def healed(rig: Rig) -> None:
    if isinstance(rig, AmoRig):
        rig.amo.faults.clear()
    else:
        rig.portal.faults.clear()


TOLD: dict[Callable[[Rig], None], set[SyncState]] = {
    nobody: {SyncState.EMPTY},
    half: {SyncState.PARTIAL, SyncState.HELD},
    silence: {SyncState.FAILED},
}


@pytest.mark.feature("B3")
@pytest.mark.feature("A2")
@pytest.mark.parametrize("trouble", [nobody, half, silence], ids=lambda one: one.__name__)
async def test_a_poor_answer_takes_nobody_away_and_is_told(
    rig: Rig, database: Database, trouble: Callable[[Rig], None]
) -> None:
    async def source(_account: AccountId) -> PeopleSource:
        if isinstance(rig, AmoRig):
            return AmoCrmPeople(rig.source.client, AMO)
        return Bitrix24People(rig.source.client, PORTAL)

    book = SqlPeople(database)
    sync = EmployeeSync(sources=source, book=book, bus=MemoryBus(rig.clock), clock=rig.clock)

    async def run() -> SyncReport:
        return await _patiently(rig, sync.run(ALPHA, asked_by="schedule"))

    async def working() -> dict[str, str | None]:
        async with database.begin(ALPHA) as tx:
            return {e.id: e.crm_user_id for e in await EmployeeStore(tx).all(ALPHA)}

    assert (await run()).state is SyncState.DONE
    before = await working()
    assert len(before) > 4
    for _ in range(3):
        trouble(rig)
        report = await run()
        assert report.state in TOLD[trouble]
        assert await working() == before
    told = await sync.last(ALPHA)
    assert told is not None
    assert told.state is not SyncState.DONE, "the settings show it"
    healed(rig)
    assert (await run()).state is SyncState.DONE
    assert await working() == before
