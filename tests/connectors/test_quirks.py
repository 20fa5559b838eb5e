"""What only one of the CRMs does to us."""

from __future__ import annotations

import asyncio

import pytest

from backend.connectors.crm.amocrm import mapping
from backend.domain.phone_number import PhoneNumber
from backend.errors import CrmUnavailable
from backend.sandbox.amocrm import Fault
from protocol.vocabulary import RecordKind
from tests.connectors.rigs import amo_rig, portal_rig

MOROZOVA = PhoneNumber("+79161234501")


@pytest.mark.feature("W2")
async def test_a_number_only_a_lead_has_finds_the_lead() -> None:
    async with portal_rig() as rig:
        (match,) = await rig.source.find_by_phone(PhoneNumber("+79161234505"))
        assert match.record.kind is RecordKind.LEAD
        assert match.url.endswith(f"/crm/lead/details/{match.record.id}/")


async def test_a_portal_comparing_texts_is_asked_in_every_spelling() -> None:
    async with portal_rig(phones_by_digits=False) as rig:
        (match,) = await rig.source.find_by_phone(MOROZOVA)
        assert "Морозова" in match.name


async def test_a_blocked_method_is_left_alone_and_then_asked_again() -> None:
    async with portal_rig() as rig:
        rig.portal.faults.blocked_methods = {"crm.duplicate.findbycomm"}
        for _ in range(3):
            with pytest.raises(CrmUnavailable) as caught:
                await rig.source.find_by_phone(MOROZOVA)
            assert caught.value.retry_after_s
        assert rig.requests() == 1
        rig.portal.faults.clear()
        await rig.clock.advance(600)
        assert await rig.source.find_by_phone(MOROZOVA)


async def test_a_part_that_fails_costs_that_part_only() -> None:
    async with portal_rig() as rig:
        rig.portal.faults.blocked_methods = {"user.get", "crm.deal.list"}
        (match,) = await rig.source.find_by_phone(MOROZOVA)
        assert "Морозова" in match.name
        assert match.company == "ООО Северный свет"


async def test_a_proxys_page_with_a_good_status_is_no_answer() -> None:
    async with amo_rig() as rig:
        rig.amo.faults.add(Fault("html", path="/api/v4/contacts", status=200))
        with pytest.raises(CrmUnavailable):
            await rig.source.find_by_phone(MOROZOVA)


async def test_a_blocked_address_fails_at_once_instead_of_waiting() -> None:
    async with amo_rig() as rig:
        rig.amo.faults.add(Fault("html", path="/api/v4/contacts", status=403))
        with pytest.raises(CrmUnavailable):
            await rig.source.find_by_phone(MOROZOVA)
        rig.reset()
        with pytest.raises(CrmUnavailable) as caught:
            await rig.source.find_by_phone(MOROZOVA)
        assert rig.requests() == 0
        assert (caught.value.retry_after_s or 0) > 60


async def test_without_the_paid_filter_deals_are_found_and_strangers_are_not_shown() -> None:
    async with amo_rig(api_filter=False) as rig:
        asked = asyncio.create_task(rig.source.find_by_phone(MOROZOVA))
        for _ in range(20):
            await rig.clock.advance(0.5)
        assert asked.done()
        (match,) = await asked
        titles = {deal.title for deal in match.deals}
        assert titles == {"Поставка: стеллажи для склада", "Обслуживание вентиляции"}


def _contact(*phones: str) -> dict[str, object]:
    values = [{"value": phone} for phone in phones]
    return {"custom_fields_values": [{"field_code": "PHONE", "values": values}]}


@pytest.mark.parametrize(
    "typed, same",
    [
        ("8 (916) 123-45-01", True),
        ("9161234501", True),
        ("+7 916 123 45 01 доб. 12", True),
        ("+1 916 123 4501", False),
        ("+7 916 123 45 02", False),
        ("", False),
    ],
)
def test_only_a_phone_that_reads_as_the_number_is_a_match(typed: str, same: bool) -> None:
    assert mapping.has_number(_contact(typed), MOROZOVA, "RU") is same
