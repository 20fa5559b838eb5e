"""One suite over every CRM: a deal of a dialer's list goes to the stage of what was said."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from backend.connectors.crm.amocrm.stages import AmoCrmStages
from backend.connectors.crm.bitrix24.stages import Bitrix24Stages
from backend.domain.dialer.item import Item
from backend.domain.dialer.rules import Disposition
from backend.domain.phone_number import PhoneNumber
from backend.errors import CrmRejected, CrmUnavailable
from backend.services.dialer.stages import StageMover, Stages
from backend.services.ports.dialer import Attempt, WorkList
from protocol.dialer_words import ItemId, ListId, ListMode, ListPurpose
from protocol.vocabulary import AccountId, CallId, EmployeeId
from tests.connectors.rigs import RIGS, AmoRig, PortalRig
from tests.dialer_book import MemoryBook

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

MOROZOVA = PhoneNumber("+79161234501")
ACCOUNT, CALL = AccountId("acc"), CallId("c1")
AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.fixture(params=sorted(RIGS))
async def rig(request: pytest.FixtureRequest) -> AsyncIterator[PortalRig | AmoRig]:
    async with RIGS[request.param]() as made:
        yield made


async def _in_time(rig: PortalRig | AmoRig, work: Any) -> Any:
    task = asyncio.create_task(work)
    for _ in range(600):
        if task.done():
            break
        await rig.clock.advance(0.5)
    return await task


def _mover(rig: PortalRig | AmoRig) -> StageMover:
    if isinstance(rig, AmoRig):
        return AmoCrmStages(rig.source)
    return Bitrix24Stages(rig.source.client)


async def _deal(rig: PortalRig | AmoRig) -> tuple[str, str]:
    """An open deal and the name of its stage."""
    (match, *_) = await _in_time(rig, rig.source.find_by_phone(MOROZOVA))
    return match.deals[0].id, match.deals[0].stage


async def _stages(rig: PortalRig | AmoRig) -> list[str]:
    """Open stages of the first funnel, by the CRM's own ids."""
    if isinstance(rig, AmoRig):
        from backend.kit.budget import Priority

        (first, *_) = await _in_time(rig, rig.source.client.pipelines(priority=Priority.CALL))
        rows = first["_embedded"]["statuses"]
        return [f"{first['id']}:{row['id']}" for row in rows if row["id"] not in (142, 143)][1:]
    return ["PREPARATION", "EXECUTING"]


async def _book(deal: str, stage: str | None) -> MemoryBook:
    """A list whose one person was spoken to."""
    book = MemoryBook({})
    work = WorkList(
        id=ListId("l"), name="l", purpose=ListPurpose.SERVICE, mode=ListMode.PREVIEW,
        created_at=AT, created_by="tests",
    )  # fmt: skip
    one = Item(id=ItemId("i"), position=1, record_kind="deal", record_id=deal)
    said = Attempt(
        call_id=CALL, list_id=work.id, item_id=one.id, employee_id=EmployeeId("anna"),
        number=MOROZOVA.e164, person="", n=1, shown_at=AT, at=AT, disposition="agreed",
    )  # fmt: skip
    async with book.begin(ACCOUNT) as tx:
        await tx.put_list(work)
        await tx.add_items(work.id, [one])
        await tx.add_attempt(said)
        await tx.put_dispositions([Disposition(id="agreed", name="Agreed", stage=stage)])
    return book


async def test_the_deal_moves_and_twice_is_once(rig: PortalRig | AmoRig) -> None:
    deal, before = await _deal(rig)
    found = set()
    for stage in await _stages(rig):
        stages = Stages(await _book(deal, stage), lambda _account: _mover(rig))
        for _ in range(2):
            await _in_time(rig, stages.follow(ACCOUNT, CALL))
        found.add((await _deal(rig))[1])
    assert found - {before}


async def test_what_moves_nothing_asks_nobody(rig: PortalRig | AmoRig) -> None:
    rig.reset()
    silent = Stages(await _book("1", None), lambda _account: _mover(rig))
    await _in_time(rig, silent.follow(ACCOUNT, CALL))
    await _in_time(rig, silent.follow(ACCOUNT, CallId("another")))
    assert rig.requests() == 0


async def test_trouble_is_told_as_such(rig: PortalRig | AmoRig) -> None:
    rig.html()
    stages = Stages(await _book("1", "7:8"), lambda _account: _mover(rig))
    with pytest.raises(CrmUnavailable):
        await _in_time(rig, stages.follow(ACCOUNT, CALL))


async def test_a_stage_amocrm_cannot_have_is_given_up() -> None:
    async with RIGS["amocrm"]() as rig:
        stages = Stages(await _book("1", "C1:WON"), lambda _account: _mover(rig))
        with pytest.raises(CrmRejected):
            await stages.follow(ACCOUNT, CALL)
