"""One suite over every CRM: the cards of a dialer's list, by their ids."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from backend.connectors.crm.amocrm.listed_cards import AmoCrmListedCards
from backend.connectors.crm.bitrix24.listed_cards import Bitrix24ListedCards
from backend.domain.phone_number import PhoneNumber
from backend.errors import CrmUnavailable
from backend.services.dialer.crm_records import CrmRecords, ListedCards
from protocol.vocabulary import AccountId
from tests.connectors.rigs import RIGS, AmoRig, PortalRig

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from backend.services.dialer.reviewing import CardRecord, RecordKey

MOROZOVA = PhoneNumber("+79161234501")
ACCOUNT = AccountId("acme")


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


async def _read(
    rig: PortalRig | AmoRig, keys: Sequence[RecordKey]
) -> Mapping[RecordKey, CardRecord | None]:
    cards: ListedCards
    if isinstance(rig, AmoRig):
        cards = AmoCrmListedCards(rig.source)
    else:
        cards = Bitrix24ListedCards(rig.source)
    found: Mapping[RecordKey, CardRecord | None] = await _in_time(
        rig, CrmRecords(lambda _account: cards).read(ACCOUNT, keys)
    )
    return found


async def _morozova(rig: PortalRig | AmoRig) -> tuple[RecordKey, RecordKey]:
    """A contact and an open deal of hers, as the pop-up card finds them."""
    (match, *_) = await _in_time(rig, rig.source.find_by_phone(MOROZOVA))
    rig.reset()
    return ("contact", match.record.id), ("deal", match.deals[0].id)


async def _contacts(rig: PortalRig | AmoRig) -> list[str]:
    """Ids of everybody with a number."""

    async def walk() -> list[str]:
        phones = [phone async for phone in rig.source.walk_phones() if phone.kind == "contact"]
        return list(dict.fromkeys(phone.record_id for phone in phones))

    found: list[str] = await _in_time(rig, walk())
    return found


@pytest.mark.feature("D1")
async def test_a_contact_has_its_name_numbers_and_page(rig: PortalRig | AmoRig) -> None:
    contact, _ = await _morozova(rig)
    card = (await _read(rig, [contact]))[contact]
    assert card is not None
    assert MOROZOVA.e164 in {f"+{''.join(filter(str.isdigit, n))}" for n in card.numbers}
    assert "Морозова" in card.name
    assert card.person == f"contact:{contact[1]}"
    assert card.url is not None
    assert f"/{contact[1]}" in card.url
    assert rig.requests() == 1


@pytest.mark.feature("D1")
async def test_a_deal_is_dialled_through_its_main_contact(rig: PortalRig | AmoRig) -> None:
    contact, deal = await _morozova(rig)
    found = await _read(rig, [deal, contact])
    of_deal, own = found[deal], found[contact]
    assert of_deal is not None
    assert own is not None
    # The same person, whichever card named her; the card that opens is the deal's.
    assert of_deal.person == own.person
    assert of_deal.numbers == own.numbers
    assert of_deal.url != own.url


@pytest.mark.feature("D2")
async def test_what_is_gone_is_told_as_gone(rig: PortalRig | AmoRig) -> None:
    contact, _ = await _morozova(rig)
    gone: RecordKey = ("contact", "99999999")
    strange: RecordKey = ("contact", "1 OR 1=1")
    unknown: RecordKey = ("ticket", "7")
    found = await _read(rig, [gone, contact, strange, unknown])
    assert found[contact] is not None
    assert (found[gone], found[strange]) == (None, None)
    assert unknown not in found


async def test_a_long_list_takes_few_requests(rig: PortalRig | AmoRig) -> None:
    ids = (await _contacts(rig))[:120]
    rig.reset()
    found = await _read(rig, [("contact", one) for one in ids])
    assert len(found) == 120
    assert all(card is not None and card.numbers for card in found.values())
    assert rig.requests() <= 3


async def test_trouble_is_told_as_such(rig: PortalRig | AmoRig) -> None:
    rig.html()
    with pytest.raises(CrmUnavailable):
        await _read(rig, [("contact", "1")])


@pytest.mark.feature("D1")
@pytest.mark.parametrize("size", [3, 60])
async def test_an_account_that_paid_for_no_filters_is_read_all_the_same(size: int) -> None:
    async with RIGS["amocrm"](api_filter=False) as rig:
        ids = (await _contacts(rig))[-size:]
        found = await _read(rig, [("contact", one) for one in ids])
        assert all(card is not None and card.numbers for card in found.values())
