"""amoCRM's own pop-up: for who is rung without a panel of ours, once, and nothing waits for it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import pytest

from backend.bus.memory import MemoryBus
from backend.connectors.crm.amocrm.notify import AmoCrmNotices
from backend.errors import CrmUnavailable
from backend.services.host_notices import HostNotices
from backend.services.ports import TabPresence
from protocol.vocabulary import AccountId, CallId, CallState, Direction, EmployeeId
from tests.connectors.rigs import amo_rig

ACC, CALL = AccountId("acc"), CallId("c1")
ANNA, BORIS = EmployeeId("1"), EmployeeId("2")
NUMBER = "+79161234501"


@dataclass(frozen=True)
class Shape:
    """What a notice reads of a call."""

    state: CallState = CallState.RINGING
    people: frozenset[EmployeeId] = frozenset({ANNA})
    direction: Direction = Direction.INBOUND
    account_id: AccountId = ACC
    call_id: CallId = CALL
    number: str = NUMBER

    def concerned(self) -> frozenset[EmployeeId]:
        return self.people


class Stage:
    def __init__(self) -> None:
        self.told: list[tuple[str, tuple[str, ...]]] = []
        self.broken = False
        self.bus = MemoryBus()
        self.notices = HostNotices(
            hosts=lambda account: self if account == ACC else None,
            crm_user=lambda _account, employee: f"9{employee}",
            bus=self.bus,
        )

    async def announce(self, number: str, user_ids: Sequence[str]) -> None:
        if self.broken:
            raise CrmUnavailable("away")
        self.told.append((number, tuple(user_ids)))

    async def sees(self, call: Any) -> None:
        self.notices.call_changed(call)
        for _ in range(5):
            await asyncio.sleep(0)


@pytest.mark.feature("A3")
async def test_everybody_rung_is_told_once_and_who_joins_later_too() -> None:
    stage = Stage()
    await stage.sees(Shape())
    await stage.sees(Shape())
    await stage.sees(Shape(people=frozenset({ANNA, BORIS})))
    await stage.sees(Shape(state=CallState.TALKING))
    assert stage.told == [(NUMBER, ("91",)), (NUMBER, ("92",))]


@pytest.mark.feature("A3")
async def test_a_panel_that_is_open_is_the_notice() -> None:
    stage = Stage()
    tab = TabPresence("s1", "t1", True, True, datetime(2026, 3, 2, tzinfo=UTC))
    await stage.bus.mark_present(ACC, ANNA, tab, ttl_s=45)
    await stage.sees(Shape(people=frozenset({ANNA, BORIS})))
    assert stage.told == [(NUMBER, ("92",))]


async def test_calls_that_concern_no_crm_are_not_announced() -> None:
    stage = Stage()
    call = Shape()
    await stage.sees(replace(call, direction=Direction.INTERNAL))
    await stage.sees(replace(call, direction=Direction.OUTBOUND))
    await stage.sees(replace(call, number=""))
    await stage.sees(replace(call, account_id=AccountId("other")))
    assert stage.told == []


async def test_a_crm_that_is_away_costs_the_notice_and_nothing_else() -> None:
    stage = Stage()
    stage.broken = True
    await stage.sees(Shape())
    stage.broken = False
    await stage.sees(Shape(call_id=CallId("c2")))
    assert stage.told == [(NUMBER, ("91",))]
    await stage.notices.aclose()


@pytest.mark.feature("A3")
async def test_the_pages_of_those_users_show_who_calls() -> None:
    async with amo_rig() as rig:
        await AmoCrmNotices(rig.source.client).announce(NUMBER, ["2", "3"])
        users, popup = rig.amo.live.sent[-1]
        assert users == frozenset({2, 3})
        assert "Морозова" in str(popup)
