"""One suite over every CRM: who is calling, what it costs, and what trouble looks like."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar

import httpx
import pytest

from backend.domain import phone_number
from backend.domain.phone_number import PhoneNumber
from backend.errors import CrmAuthExpired, CrmUnavailable
from protocol.vocabulary import RecordKind
from tests.connectors.rigs import RIGS, UNKNOWN, AmoRig, PortalRig

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Coroutine

    from backend.services.ports import IndexedPhone
    from protocol.pushes import ContactMatch

T = TypeVar("T")
MOROZOVA = PhoneNumber("+79161234501")
SHARED = PhoneNumber("+79161234503")
COMPANY_ONLY = PhoneNumber("+74951234504")


@pytest.fixture(params=sorted(RIGS))
async def rig(request: pytest.FixtureRequest) -> AsyncIterator[PortalRig | AmoRig]:
    async with RIGS[request.param]() as made:
        yield made


async def _patiently(rig: PortalRig | AmoRig, asked: Coroutine[Any, Any, T]) -> T:
    """The answer, letting the clock run while the budget makes us wait."""
    task = asyncio.create_task(asked)
    for _ in range(600):
        if task.done():
            break
        await rig.clock.advance(0.5)
    assert task.done(), "no answer in five minutes of the clock"
    return await task


async def _find(rig: PortalRig | AmoRig, number: PhoneNumber) -> list[ContactMatch]:
    return await _patiently(rig, rig.source.find_by_phone(number))


async def _read(rig: PortalRig | AmoRig) -> list[IndexedPhone]:
    async def gather() -> list[IndexedPhone]:
        return [phone async for phone in rig.source.walk_phones()]

    return await _patiently(rig, gather())


async def _warm(rig: PortalRig | AmoRig) -> None:
    """What a running server has read long ago: the phone index and the dictionary."""
    for phone in await _read(rig):
        if isinstance(rig, AmoRig):
            rig.index.setdefault(phone.e164, RecordKind(phone.kind))
    await rig.clock.advance(60)
    await _find(rig, PhoneNumber(UNKNOWN))
    await rig.clock.advance(60)
    rig.reset()


async def _found(rig: PortalRig | AmoRig, number: PhoneNumber) -> ContactMatch:
    (match,) = await _find(rig, number)
    return match


@pytest.mark.feature("W2")
async def test_a_known_caller_has_a_name_deals_with_stages_work_and_links(
    rig: PortalRig | AmoRig,
) -> None:
    await _warm(rig)
    match = await _found(rig, MOROZOVA)
    assert "Морозова" in match.name
    assert match.company == "ООО Северный свет"
    assert match.responsible is not None
    assert "Соколов" in match.responsible
    assert match.url.startswith("http")
    assert match.record.id in match.url
    deals = {deal.title: deal for deal in match.deals}
    assert set(deals) == {"Поставка: стеллажи для склада", "Обслуживание вентиляции"}
    supply = deals["Поставка: стеллажи для склада"]
    assert supply.funnel == "Продажи"
    assert supply.stage == "Подготовка предложения"
    assert supply.stage_color
    assert supply.amount == "480\u00a0000\u00a0₽"
    assert supply.id in supply.url
    (work,) = match.activities
    assert work.due_at is not None
    assert work.due_at.utcoffset() is not None
    assert not work.overdue
    assert work.url.startswith("http")


@pytest.mark.feature("W2")
async def test_a_known_caller_costs_at_most_two_requests(rig: PortalRig | AmoRig) -> None:
    await _warm(rig)
    for number in (MOROZOVA, SHARED, COMPANY_ONLY, PhoneNumber("+79161234502")):
        rig.reset()
        assert await _find(rig, number)
        assert 1 <= rig.requests() <= 2, number


async def test_every_way_to_write_a_number_finds_the_same_person(rig: PortalRig | AmoRig) -> None:
    await _find(rig, MOROZOVA)
    for text in (
        "+79161234502",
        "79161234502",
        "89161234502",
        "8 916 123-45-02",
        "+7 (916) 123 45 02",
        "9161234502",
    ):
        number = phone_number.parse(text)
        assert number is not None
        assert "Дёмин" in (await _found(rig, number)).name, text


async def test_all_who_share_a_number_are_offered(rig: PortalRig | AmoRig) -> None:
    names = " ".join(match.name for match in await _find(rig, SHARED))
    assert "Орлова" in names
    assert "Игорь" in names


async def test_a_number_only_a_company_has_finds_the_company(rig: PortalRig | AmoRig) -> None:
    match = await _found(rig, COMPANY_ONLY)
    assert match.record.kind is RecordKind.COMPANY
    assert match.name == "АО Вектор"


@pytest.mark.feature("W4")
async def test_a_stranger_is_nobody_and_can_be_created(rig: PortalRig | AmoRig) -> None:
    number = PhoneNumber(UNKNOWN)
    assert await _find(rig, number) == []
    address = rig.source.create_url(number)
    assert address is not None
    assert UNKNOWN.lstrip("+") in address


async def test_closed_deals_are_not_shown(rig: PortalRig | AmoRig) -> None:
    await _warm(rig)
    match = await _found(rig, PhoneNumber("+79161234502"))
    assert match.deals == []


@pytest.mark.feature("W3")
async def test_a_crm_that_is_down_is_unavailable_not_empty(rig: PortalRig | AmoRig) -> None:
    rig.down()
    with pytest.raises(CrmUnavailable):
        await _find(rig, MOROZOVA)


@pytest.mark.feature("W3")
async def test_a_page_of_html_is_unavailable(rig: PortalRig | AmoRig) -> None:
    rig.html()
    with pytest.raises(CrmUnavailable):
        await _find(rig, MOROZOVA)


@pytest.mark.feature("W3")
async def test_a_throttled_look_up_says_so_and_the_next_one_waits_its_turn(
    rig: PortalRig | AmoRig,
) -> None:
    rig.throttle()
    with pytest.raises(CrmUnavailable) as caught:
        await _find(rig, MOROZOVA)
    assert caught.value.retry_after_s
    rig.reset()
    later = asyncio.create_task(rig.source.find_by_phone(MOROZOVA))
    await rig.clock.advance(0.1)
    assert rig.requests() == 0
    await rig.clock.advance(10)
    assert later.done()
    assert await later


async def test_an_old_token_is_refreshed_once_and_nobody_notices(rig: PortalRig | AmoRig) -> None:
    await _warm(rig)
    rig.expire()
    assert await _find(rig, MOROZOVA)
    assert rig.grants.refreshes == 1


async def test_a_revoked_grant_asks_for_an_administrator(rig: PortalRig | AmoRig) -> None:
    rig.revoke()
    with pytest.raises(CrmAuthExpired):
        await _find(rig, MOROZOVA)


async def test_every_phone_is_read_for_the_index(rig: PortalRig | AmoRig) -> None:
    rows = await _read(rig)
    by_number = {row.e164: row for row in rows}
    assert len(by_number) > 250
    assert by_number[COMPANY_ONLY.e164].kind == "company"
    assert "Морозова" in by_number[MOROZOVA.e164].name
    assert UNKNOWN not in by_number
    keys = [(row.e164, row.kind, row.record_id) for row in rows]
    assert len(keys) == len(set(keys))


async def test_no_connection_and_bad_certificates_are_unavailable(
    rig: PortalRig | AmoRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_: object, **__: object) -> httpx.Response:
        raise httpx.ConnectError("certificate verify failed")

    monkeypatch.setattr(rig.http, "send", refuse)
    with pytest.raises(CrmUnavailable) as caught:
        await _find(rig, MOROZOVA)
    assert rig.grants.grant.access_token not in str(caught.value)
