"""Clicked numbers and call-back forms of a portal, from its event to what it shows in the end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from backend.domain.account_settings import CrmSettings, OutgoingSettings
from backend.sandbox.bitrix24.clicks import dial
from backend.services.crm_events import CrmEvent
from backend.services.routing import ROUTING_TOPIC
from backend.store.account_settings import AccountSettingsStore
from backend.store.employees import EmployeeStore
from backend.store.gateways import SqlHistory, SqlPortalCalls
from backend.store.routing import RoutingStore
from tests.integration.house.single import Single, single
from tests.integration.house.town import ILYA, SEVER, eventually

CUSTOMER = "+79161234501"
LINE = f"+{SEVER.virtual_number}"


async def _told(house: Single, event: str, data: Mapping[str, Any], external_id: str) -> bool:
    """What our door keeps of a portal's event."""
    return await house.web.inbox.receive(
        CrmEvent(
            account_id=SEVER.account_id,
            source="bitrix24",
            event=event,
            external_id=external_id,
            received_at=house.clock.now(),
            body={"data": {name: str(value) for name, value in data.items()}, "user_id": ""},
        )
    )


async def _click(house: Single, user_id: int, *, times: int = 1) -> str:
    """The portal's id of the call it registered."""
    portal = house.portal
    call = dial(portal, portal.users[user_id], CUSTOMER, kind="CONTACT", number=1)
    data = {
        "PHONE_NUMBER": CUSTOMER,
        "PHONE_NUMBER_INTERNATIONAL": CUSTOMER,
        "USER_ID": user_id,
        "CALL_LIST_ID": 0,
        "LINE_NUMBER": call.line,
        "IS_MOBILE": 0,
        "CALL_ID": call.call_id,
        "CRM_ENTITY_TYPE": call.entity_type,
        "CRM_ENTITY_ID": call.entity_id or 0,
        "EXTENSION": "21,4",
    }
    for delivery in range(times):
        await _told(house, "ONEXTERNALCALLSTART", data, f"{call.call_id}-{delivery}")
    return call.call_id


async def _answers(house: Single) -> None:
    """The customer is rung, and picks up."""

    def rung() -> bool:
        try:
            customer = house.switch.customer(CUSTOMER.removeprefix("+"))
            customer.answer()
        except Exception:
            return False
        return True

    await eventually(rung)


def _ended(house: Single, call_id: str) -> dict[str, Any] | None:
    return house.portal.telephony.statistic(call_id)


def _crm_user(house: Single) -> int:
    """Ilya's id over there."""
    return int(house.worker.accounts.crm_users[SEVER.account_id][ILYA])


async def _reread(house: Single) -> None:
    """Have the worker take in what was just saved."""
    known = house.worker.routing.account(SEVER.account_id)
    await house.base.bus.wake(ROUTING_TOPIC, SEVER.account_id.encode())
    await eventually(lambda: house.worker.routing.account(SEVER.account_id) != known)


@pytest.mark.slow
@pytest.mark.feature("B5")
async def test_a_clicked_number_rings_the_employee_then_the_customer_as_the_portal_s_call(
    database_url: str, tmp_path: Path
) -> None:
    async with single(database_url, tmp_path) as house:
        call_id = await _click(house, _crm_user(house), times=2)
        phone = house.switch.phone(ILYA)
        await eventually(lambda: phone.device_state() in ("RINGING", "INUSE"))
        assert list(house.portal.telephony.calls) == [call_id]
        if phone.device_state() == "RINGING":
            phone.pickup()
        await _answers(house)
        await eventually(lambda: len(house.switch.state()["bridges"]) == 1)
        # The extension the portal gave, after the answer, once though the event came twice.
        customer = house.switch.customer(CUSTOMER.removeprefix("+"))
        await eventually(lambda: customer.heard_keys == "ww21ww4")
        phone.hang_up()
        await eventually(lambda: _ended(house, call_id) is not None, within_s=15)
        assert house.portal.telephony.calls == {}
        ours = await SqlPortalCalls(house.base.database).our_id(SEVER.account_id, call_id)
        assert ours is not None
        await eventually(lambda: len(house.portal.telephony.statistics) == 1)


@pytest.mark.slow
@pytest.mark.feature("B5")
async def test_each_refusal_closes_the_portal_s_call_and_is_told_in_its_notifications(
    database_url: str, tmp_path: Path
) -> None:
    async with single(database_url, tmp_path) as house:
        ilya = _crm_user(house)

        async def refused(user_id: int, words: str) -> None:
            house.portal.notices.clear()
            call_id = await _click(house, user_id)
            await eventually(lambda: house.portal.notices, within_s=15)
            ((notice),) = house.portal.notices
            assert notice["user_id"] == user_id
            assert words in notice["message"]
            assert CUSTOMER in notice["message"]
            row = _ended(house, call_id)
            assert row is not None
            assert row["CALL_FAILED_CODE"] in ("403", "480")

        async with house.base.database.begin(SEVER.account_id) as tx:
            await AccountSettingsStore(tx).save(SEVER.account_id, OutgoingSettings(), by="test")
        await _reread(house)
        house.switch.phone(ILYA).set_registered(False)
        await refused(ilya, "Номер для звонка по клику")
        async with house.base.database.begin(SEVER.account_id) as tx:
            chosen = OutgoingSettings(default_caller_id=LINE)
            await AccountSettingsStore(tx).save(SEVER.account_id, chosen, by="test")
        await _reread(house)
        await refused(ilya, "нет зарегистрированной SIP-линии")
        async with house.base.database.begin(SEVER.account_id) as tx:
            people = EmployeeStore(tx)
            numbers = (await people.numbers(SEVER.account_id))[ILYA]
            off = [replace(number, active=False) for number in numbers]
            await people.replace_numbers(SEVER.account_id, ILYA, off)
        await _reread(house)
        await refused(ilya, "все ваши номера в Дозвоне выключены")
        async with house.base.database.begin(SEVER.account_id) as tx:
            people = EmployeeStore(tx)
            await people.replace_numbers(SEVER.account_id, ILYA, [])
            everyone = await people.all(SEVER.account_id)
            me = next(person for person in everyone if person.id == ILYA)
            await people.save(SEVER.account_id, [replace(me, device="phone")])
        await _reread(house)
        await refused(ilya, "у вас нет номеров")
        async with house.base.database.begin(SEVER.account_id) as tx:
            people = EmployeeStore(tx)
            everyone = await people.all(SEVER.account_id)
            me = next(person for person in everyone if person.id == ILYA)
            await people.save(SEVER.account_id, [replace(me, calls_enabled=False)])
        await _reread(house)
        await refused(ilya, "обработка звонков для вас отключена")
        known = {int(user) for user in house.worker.accounts.crm_users[SEVER.account_id].values()}
        users = house.portal.users.values()
        stranger = next(u.id for u in users if u.active and u.id not in known)
        await refused(stranger, "вас нет среди сотрудников")


@pytest.mark.slow
async def test_a_click_that_comes_too_late_rings_nobody(database_url: str, tmp_path: Path) -> None:
    async with single(database_url, tmp_path) as house:
        portal, user_id = house.portal, _crm_user(house)
        call = dial(portal, portal.users[user_id], CUSTOMER)
        data = {"CALL_ID": call.call_id, "USER_ID": user_id, "PHONE_NUMBER": CUSTOMER}
        house.clock.ahead_s = 61  # the inbox notes when it came by the database's clock
        await _told(house, "ONEXTERNALCALLSTART", data, "late")
        await eventually(lambda: portal.notices, within_s=15)
        assert "слишком поздно" in portal.notices[0]["message"]
        row = _ended(house, call.call_id)
        assert row is not None
        assert row["CALL_FAILED_CODE"] == "603-S"
        assert house.switch.phone(ILYA).device_state() == "NOT_INUSE"


@pytest.mark.slow
@pytest.mark.feature("B6")
async def test_a_form_s_call_back_rings_operators_then_the_visitor(
    database_url: str, tmp_path: Path
) -> None:
    async with single(database_url, tmp_path) as house:
        data = {"PHONE_NUMBER": CUSTOMER, "TEXT": "После обеда", "LINE_NUMBER": LINE}
        data |= {"CRM_ENTITY_TYPE": "CONTACT", "CRM_ENTITY_ID": "2"}
        await _told(house, "ONEXTERNALCALLBACKSTART", data, "form-0")
        await eventually(lambda: house.portal.notices, within_s=15)
        assert "Обратный звонок" in house.portal.notices[0]["message"]
        async with house.base.database.begin(SEVER.account_id) as tx:
            await AccountSettingsStore(tx).save(
                SEVER.account_id, CrmSettings(callback_form=True), by="test"
            )
            routing = await RoutingStore(tx).load(SEVER.account_id)
            assert routing is not None
            for number in routing.virtual_numbers:
                marked = replace(number, crm_line=True)
                await RoutingStore(tx).save_virtual_number(SEVER.account_id, marked)
        await _reread(house)
        for _ in range(2):
            await _told(house, "ONEXTERNALCALLBACKSTART", data, "form-1")
        phone = house.switch.phone(ILYA)
        await eventually(lambda: phone.device_state() == "RINGING")
        await eventually(lambda: house.portal.telephony.calls)
        (call,) = house.portal.telephony.calls.values()
        assert (call.type, call.phone, call.line) == (4, CUSTOMER, LINE)
        # The form's card, though another contact has the number.
        assert (call.entity_type, call.entity_id) == ("CONTACT", 2)
        phone.pickup()
        await _answers(house)
        await eventually(lambda: len(house.switch.state()["bridges"]) == 1)
        phone.hang_up()
        await eventually(lambda: _ended(house, call.call_id) is not None, within_s=15)
        # Kept in the transaction that queued what closed it over there.
        history = SqlHistory(house.base.database, house.base.secrets)
        page = await history.page(SEVER.account_id, ILYA, before=None, limit=5)
        (entry,) = [entry for entry in page.entries if entry.number == CUSTOMER]
        assert entry.message == "После обеда"
