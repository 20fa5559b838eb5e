"""One suite over every CRM: who is responsible for a number."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from backend.connectors.crm.amocrm.managers import AmoCrmManagers
from backend.connectors.crm.bitrix24.managers import Bitrix24Managers
from backend.domain.phone_number import PhoneNumber
from backend.errors import CrmAuthExpired, CrmUnavailable
from tests.connectors.rigs import RIGS, UNKNOWN, AmoRig, PortalRig

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from backend.services.personal_manager import Responsible

MOROZOVA = PhoneNumber("+79161234501")
COMPANY_ONLY = PhoneNumber("+74951234504")


@pytest.fixture(params=sorted(RIGS))
async def rig(request: pytest.FixtureRequest) -> AsyncIterator[PortalRig | AmoRig]:
    async with RIGS[request.param]() as made:
        yield made


async def _ask(
    rig: PortalRig | AmoRig, number: PhoneNumber, source: Any = "contact"
) -> Responsible | None:
    managers: AmoCrmManagers | Bitrix24Managers
    managers = (
        AmoCrmManagers(rig.source)
        if isinstance(rig, AmoRig)
        else Bitrix24Managers(rig.source.client)
    )
    task = asyncio.create_task(managers.responsible(number, source))
    for _ in range(600):
        if task.done():
            break
        await rig.clock.advance(0.5)
    return await task


@pytest.mark.feature("B13")
@pytest.mark.feature("A11")
async def test_a_contact_s_responsible_user_takes_one_request(rig: PortalRig | AmoRig) -> None:
    found = await _ask(rig, MOROZOVA)
    assert found is not None
    assert found.crm_user_id.isdigit()
    (record,) = found.records
    assert record.startswith("contact:")
    assert rig.requests() == 1


async def test_the_company_answers_where_no_contact_has_the_number(
    rig: PortalRig | AmoRig,
) -> None:
    found = await _ask(rig, COMPANY_ONLY)
    assert found is not None
    assert found.records[0].startswith("company:")


async def test_nobody_is_responsible_for_a_stranger(rig: PortalRig | AmoRig) -> None:
    assert await _ask(rig, PhoneNumber(UNKNOWN)) is None


async def test_trouble_is_told_as_such(rig: PortalRig | AmoRig) -> None:
    rig.html()
    with pytest.raises(CrmUnavailable):
        await _ask(rig, MOROZOVA)


async def test_a_revoked_grant_is_named(rig: PortalRig | AmoRig) -> None:
    rig.revoke()
    with pytest.raises(CrmAuthExpired):
        await _ask(rig, MOROZOVA)


@pytest.mark.feature("A11")
async def test_the_active_deal_s_user_where_that_is_wanted() -> None:
    async with RIGS["amocrm"]() as rig:
        contact = await _ask(rig, MOROZOVA)
        deal = await _ask(rig, MOROZOVA, "deal")
        assert contact is not None
        assert deal is not None
        assert deal.records[0].startswith("deal:")
        assert deal.records[1:] == contact.records
        closed_only = await _ask(rig, PhoneNumber("+79161234502"), "deal")
        assert closed_only is not None
        assert closed_only.records[0].startswith("contact:")
