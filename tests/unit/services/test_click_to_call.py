"""Calls a CRM asks for: placed once, refused once with a reason, told until somebody heard it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from backend.bus.memory import MemoryBus
from backend.connectors.crm.bitrix24 import clicks
from backend.domain.account_settings import AllSettings, CrmSettings
from backend.errors import (
    AppError,
    BadRequest,
    CrmUnavailable,
    Expired,
    NoDevice,
    SwitchUnavailable,
    WrongState,
)
from backend.kit.clock import ManualClock
from backend.services import refusals
from backend.services.calls.orders import Order, PlaceCallBack, PlaceClick
from backend.services.click_to_call import ClickToCall
from backend.services.crm_events import CrmEvent
from backend.services.ports.asked import AskedCall
from backend.services.refused_calls import RefusedCalls
from backend.services.routing import AccountRoute
from protocol.pushes import RecordRef
from protocol.vocabulary import AccountId, CallId, RecordKind, RefusalReason
from tests.unit.services.stage import ACC, ANNA, LINE, NUMBER, START, account


@dataclass
class Asked:
    """The table."""

    rows: dict[str, AskedCall] = field(default_factory=dict)
    told: list[tuple[str, RefusalReason]] = field(default_factory=list)

    async def put(self, call: AskedCall) -> AskedCall:
        return self.rows.setdefault(call.external_id, call)

    async def placed(self, call: AskedCall) -> None:
        self._settle(call, "placed", None)

    async def refused(self, call: AskedCall, reason: RefusalReason) -> None:
        if self._settle(call, "refused", reason):
            self.told.append((call.external_id, reason))

    def _settle(self, call: AskedCall, state: str, reason: RefusalReason | None) -> bool:
        if self.rows[call.external_id].state != "asked":
            return False
        said = None if reason is None else reason.value
        self.rows[call.external_id] = replace(call, state=state, reason=said)
        return True

    async def find(self, account_id: AccountId, crm: str, external_id: str) -> AskedCall | None:
        return self.rows.get(external_id)

    async def of_call(self, account_id: AccountId, call_id: CallId) -> AskedCall | None:
        return next((row for row in self.rows.values() if row.call_id == call_id), None)


@dataclass
class Orders:
    placed: list[Order] = field(default_factory=list)
    error: AppError | None = None

    async def place(self, account_id: AccountId, order: Order) -> None:
        if self.error is not None:
            raise self.error
        self.placed.append(order)


@dataclass
class Portal:
    said: list[tuple[str, ...]] = field(default_factory=list)
    down: bool = False

    async def notify(self, user_id: str, text: str, tag: str) -> None:
        if self.down:
            raise CrmUnavailable("down")
        self.said.append(("notify", user_id, text, tag))

    async def close_refused(
        self, crm_call_id: str, user_id: str, *, status: str, reason: str
    ) -> None:
        self.said.append(("finish", crm_call_id, user_id, status))

    async def fallback_user(self, number: str) -> str | None:
        return "1"


class World:
    def __init__(self) -> None:
        self.clock = ManualClock(START)
        self.asked, self.orders, self.portal = Asked(), Orders(), Portal()
        self.bound: list[tuple[CallId, str]] = []
        self.route: AccountRoute = account()
        self.clicks = ClickToCall(
            asked=self.asked,
            orders=self.orders,
            accounts=lambda _: self.route,
            employee=lambda _, user: ANNA if user == "7" else None,
            bind=self._bind,
            read_click=clicks.clicked,
            read_callback=clicks.callback_wanted,
            clock=self.clock,
        )
        self.refused = RefusedCalls(
            asked=self.asked,
            portals=lambda _: self.portal,
            accounts=lambda _: self.route,
            bus=MemoryBus(self.clock),
            clock=self.clock,
        )

    async def _bind(self, account_id: AccountId, call_id: CallId, crm_call_id: str) -> None:
        self.bound.append((call_id, crm_call_id))

    async def clicked(self, *, at: datetime = START, sent: str = "", **data: Any) -> None:
        fields = {"CALL_ID": "ext.1", "USER_ID": "7", "PHONE_NUMBER_INTERNATIONAL": NUMBER}
        told = event("ONEXTERNALCALLSTART", {**fields, **data}, at=at, sent=sent)
        await self.clicks.clicked(told)

    async def wanted(self, *, sent: str = "", **data: Any) -> None:
        fields = {"PHONE_NUMBER": NUMBER, "LINE_NUMBER": LINE}
        told = event("ONEXTERNALCALLBACKSTART", {**fields, **data}, sent=sent)
        await self.clicks.call_back_wanted(told)


def event(name: str, data: dict[str, Any], *, at: datetime = START, sent: str = "") -> CrmEvent:
    return CrmEvent(
        account_id=ACC,
        source="bitrix24",
        event=name,
        external_id="form-1",
        received_at=at,
        body={"data": data, "user_id": "7", "ts": sent},
    )


def _with_forms(route: AccountRoute, **crm: Any) -> AccountRoute:
    lines = tuple(replace(number, crm_line=True) for number in route.virtual_numbers)
    settings = AllSettings(crm=CrmSettings(callback_form=True, **crm))
    return replace(route, virtual_numbers=lines, settings=settings)


@pytest.mark.feature("B5")
@pytest.mark.parametrize(
    "entity, record",
    [
        (("CONTACT", "12"), RecordRef(kind=RecordKind.CONTACT, id="12")),
        (("LEAD", "3"), RecordRef(kind=RecordKind.LEAD, id="3")),
        (("COMPANY", "4"), RecordRef(kind=RecordKind.COMPANY, id="4")),
        (("DEAL", "5"), None),
        (("", "0"), None),
    ],
)
async def test_a_click_takes_over_the_portal_s_call_however_often_it_comes(
    entity: tuple[str, str], record: RecordRef | None
) -> None:
    w = World()
    for _ in range(3):
        await w.clicked(CRM_ENTITY_TYPE=entity[0], CRM_ENTITY_ID=entity[1], LINE_NUMBER=LINE)
    (order,) = w.orders.placed
    assert isinstance(order, PlaceClick)
    assert (order.employee_id, order.number, order.line) == (ANNA, NUMBER, LINE)
    assert order.asked.record == record
    assert w.bound == [(order.call_id, "ext.1")]
    assert w.asked.rows["ext.1"].state == "placed"


@pytest.mark.feature("B5")
@pytest.mark.parametrize("reason", list(RefusalReason))
async def test_every_refusal_is_closed_and_told_in_words_once(reason: RefusalReason) -> None:
    w = World()
    w.orders.error = NoDevice("no", reason=reason.value)
    for _ in range(2):
        await w.clicked()
    assert w.asked.told == [("ext.1", reason)]
    await w.refused.tell(ACC, "bitrix24", "ext.1")
    finish, notice = w.portal.said
    assert finish[:3] == ("finish", "ext.1", "7")
    assert notice[1] == "7"
    assert NUMBER in notice[2]
    assert notice[3].startswith("DOZVON|CALL|")
    english = refusals.text(reason, NUMBER, region="DE")
    assert english.isascii()
    assert english != notice[2]


@pytest.mark.feature("B5")
async def test_who_is_not_synchronised_cannot_and_is_told() -> None:
    w = World()
    await w.clicked(USER_ID="99")
    assert w.orders.placed == []
    await w.refused.tell(ACC, "bitrix24", "ext.1")
    assert "синхронизацию" in w.portal.said[-1][2]


async def test_an_old_click_rings_nobody() -> None:
    for age, placed in ((60, 1), (61, 0)):
        w = World()
        await w.clicked(at=START - timedelta(seconds=age))
        assert len(w.orders.placed) == placed


@pytest.mark.parametrize(
    "sent_ago_s, placed", [(0, 1), (180, 1), (181, 0), (-3600, 1), (None, 1), ("soon", 1)]
)
async def test_a_click_that_waited_on_its_way_rings_nobody(
    sent_ago_s: int | str | None, placed: int
) -> None:
    """Also one of a portal whose clock is ahead, or that says nothing of its time, is meant."""
    w = World()
    sent = "" if sent_ago_s is None else str(sent_ago_s)
    if isinstance(sent_ago_s, int):
        sent = str(int((START - timedelta(seconds=sent_ago_s)).timestamp()))
    await w.clicked(sent=sent)
    assert len(w.orders.placed) == placed
    assert [reason for _, reason in w.asked.told] == [RefusalReason.TOO_LATE] * (1 - placed)


@pytest.mark.feature("B6")
async def test_a_form_that_waited_on_its_way_is_told_of_instead() -> None:
    w = World()
    w.route = _with_forms(w.route)
    await w.wanted(sent=str(int((START - timedelta(minutes=11)).timestamp())))
    assert w.orders.placed == []
    assert w.asked.told == [("form-1", RefusalReason.TOO_LATE)]


@pytest.mark.feature("B5")
@pytest.mark.parametrize(
    "written, extension", [("214", "214"), (" доб. 2-14#", "214#"), ("", None), ("нет", None)]
)
async def test_the_extension_goes_with_the_call_and_the_list_is_kept(
    written: str, extension: str | None
) -> None:
    w = World()
    await w.clicked(EXTENSION=written, CALL_LIST_ID="17")
    (order,) = w.orders.placed
    assert (order.number, order.asked.extension) == (NUMBER, extension)
    assert w.asked.rows["ext.1"].call_list_id == "17"
    await w.clicked(CALL_ID="ext.2", CALL_LIST_ID="0")
    assert w.asked.rows["ext.2"].call_list_id is None


@pytest.mark.feature("B6")
async def test_what_a_visitor_wrote_goes_with_the_call_back_and_whose_card_it_is() -> None:
    w = World()
    w.route = _with_forms(w.route)
    await w.wanted(TEXT=" После обеда\n", CRM_ENTITY_TYPE="LEAD", CRM_ENTITY_ID="31")
    (order,) = w.orders.placed
    assert order.asked.message == "После обеда"
    assert order.asked.record == RecordRef(kind=RecordKind.LEAD, id="31")
    w = World()
    w.route = _with_forms(w.route)
    await w.wanted(TEXT="x" * 5_000)
    (order,) = w.orders.placed
    assert order.asked.message == "x" * clicks.MESSAGE


async def test_trouble_without_a_name_is_given_one() -> None:
    for error, reason in (
        (Expired("nobody"), RefusalReason.SWITCH_AWAY),
        (SwitchUnavailable("away"), RefusalReason.SWITCH_AWAY),
        (WrongState("busy"), RefusalReason.BUSY),
        (BadRequest("what", reason="of a newer release"), RefusalReason.BAD_NUMBER),
    ):
        assert refusals.reason_of(error) is reason


async def test_a_portal_that_is_down_hears_of_it_later() -> None:
    w = World()
    w.portal.down = True
    await w.clicked(USER_ID="99")
    with pytest.raises(CrmUnavailable):
        await w.refused.tell(ACC, "bitrix24", "ext.1")
    w.portal.down = False
    await w.refused.tell(ACC, "bitrix24", "ext.1")
    assert w.portal.said[-1][0] == "notify"


async def test_a_click_nobody_picked_up_for_is_told_too() -> None:
    w = World()
    await w.clicked()
    call_id = w.asked.rows["ext.1"].call_id
    await w.refused.not_picked_up(ACC, call_id, unreachable=False)
    await w.refused.not_picked_up(ACC, call_id, unreachable=True)
    await w.refused.not_picked_up(ACC, CallId("dialled in the tab"), unreachable=False)
    assert [said[0] for said in w.portal.said] == ["notify", "notify"]


async def test_a_click_that_cannot_be_meant_is_refused_in_sight() -> None:
    broken: tuple[dict[str, Any], ...] = ({"CALL_ID": ""}, {"USER_ID": "0"}, {"USER_ID": []})
    for data in broken:
        with pytest.raises(BadRequest):
            await World().clicked(**data)


@pytest.mark.feature("B6")
async def test_a_form_is_answered_once_where_forms_are_on() -> None:
    w = World()
    w.route = _with_forms(w.route)
    for _ in range(3):
        await w.wanted()
    (order,) = w.orders.placed
    assert isinstance(order, PlaceCallBack)
    assert (order.line, order.number) == (LINE, NUMBER)
    assert w.bound == []
    w = World()
    w.route = _with_forms(w.route)
    await w.wanted(CALL_ID="ext.9")
    assert [crm_id for _, crm_id in w.bound] == ["ext.9"]


@pytest.mark.feature("B6")
async def test_a_form_on_a_number_that_takes_none_is_told_to_who_looks_after_the_visitor() -> None:
    for route in (account(), _with_forms(account(), on=False)):
        w = World()
        w.route = route
        await w.wanted()
        assert w.orders.placed == []
        await w.refused.tell(ACC, "bitrix24", "form-1")
        (said,) = w.portal.said
        assert said[:2] == ("notify", "1")


@pytest.mark.feature("B6")
async def test_a_form_waits_for_a_switch_that_is_away_but_not_for_ever() -> None:
    w = World()
    w.route = _with_forms(w.route)
    w.orders.error = Expired("nobody owns it")
    with pytest.raises(SwitchUnavailable):
        await w.wanted()
    assert w.asked.rows["form-1"].state == "asked"
    await w.clock.advance(601)
    await w.wanted()
    assert w.asked.told == [("form-1", RefusalReason.TOO_LATE)]
