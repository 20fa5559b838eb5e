"""One suite over every CRM: who works there, and what trouble looks like."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from backend.connectors.crm.amocrm.people import AmoCrmPeople
from backend.connectors.crm.bitrix24.people import Bitrix24People
from backend.domain.people import PersonKind
from backend.errors import CrmAuthExpired, CrmUnavailable
from backend.sandbox.amocrm import Fault
from protocol.vocabulary import CrmKind
from tests.connectors.rigs import AMO, PORTAL, RIGS, AmoRig, PortalRig
from tests.contract.test_contact_source import _patiently

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from backend.domain.people import PeopleReading
    from backend.services.ports import PeopleSource


@pytest.fixture(params=sorted(RIGS))
async def rig(request: pytest.FixtureRequest) -> AsyncIterator[PortalRig | AmoRig]:
    async with RIGS[request.param]() as made:
        yield made


def people(rig: PortalRig | AmoRig) -> PeopleSource:
    if isinstance(rig, AmoRig):
        return AmoCrmPeople(rig.source.client, AMO)
    return Bitrix24People(rig.source.client, PORTAL)


async def _read(rig: PortalRig | AmoRig) -> PeopleReading:
    return await _patiently(rig, people(rig).read_people())


@pytest.mark.feature("B3")
@pytest.mark.feature("A2")
async def test_everybody_is_read_with_names_mail_and_a_place(rig: PortalRig | AmoRig) -> None:
    reading = await _read(rig)
    assert reading.complete
    assert not reading.needs_department
    assert people(rig).crm is (CrmKind.AMOCRM if isinstance(rig, AmoRig) else CrmKind.BITRIX24)
    by_id = {person.user_id: person for person in reading.people}
    assert len(by_id) == len(reading.people) > 5
    first = by_id["1"]
    assert "Крылова" in first.name
    assert first.last_name
    assert first.email
    assert "@" in first.email
    assert first.is_admin
    assert first.kind is PersonKind.EMPLOYEE
    assert first.url.startswith(AMO if isinstance(rig, AmoRig) else PORTAL)
    assert reading.departments
    names = {row.department_id: row.name for row in reading.departments}
    assert all(names[id_] for person in reading.people for id_ in person.department_ids)


async def test_the_roll_changes_when_somebody_is_dismissed(rig: PortalRig | AmoRig) -> None:
    before = await _patiently(rig, people(rig).roll())
    assert await _patiently(rig, people(rig).roll()) == before
    if isinstance(rig, AmoRig):
        rig.amo.world.users[3]["rights"]["is_active"] = False
    else:
        rig.portal.users[3] = replace(rig.portal.users[3], active=False)
    assert await _patiently(rig, people(rig).roll()) != before


async def test_a_crm_that_is_down_is_unavailable_not_empty(rig: PortalRig | AmoRig) -> None:
    rig.down()
    with pytest.raises(CrmUnavailable):
        await _read(rig)


async def test_a_revoked_grant_asks_for_an_administrator(rig: PortalRig | AmoRig) -> None:
    rig.revoke()
    with pytest.raises(CrmAuthExpired):
        await _read(rig)


async def test_who_left_is_dismissed_or_gone(rig: PortalRig | AmoRig) -> None:
    if isinstance(rig, AmoRig):
        del rig.amo.world.users[3]
    else:
        rig.portal.users[3] = replace(rig.portal.users[3], active=False)
    found = {person.user_id: person.active for person in (await _read(rig)).people}
    assert not found.get("3", False)
    assert found["2"]


async def test_half_an_answer_is_short_or_tells_nothing_of_the_rest(
    rig: PortalRig | AmoRig,
) -> None:
    everybody = len((await _read(rig)).people)
    if isinstance(rig, AmoRig):
        rig.amo.faults.add(Fault("partial", path="/api/v4/users"))
    else:
        rig.portal.faults.short_lists.add("user.get")
    reading = await _read(rig)
    assert len(reading.people) < everybody
    # amoCRM still says how many there are; a portal that lost rows does not know: the comparison
    # of what is missing with who is here is what keeps them.
    assert reading.complete is isinstance(rig, PortalRig)
