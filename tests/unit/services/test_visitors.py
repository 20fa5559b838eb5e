"""Pages of users nobody here knows: the CRM is read at once, once, and the page waits a moment."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime

import pytest

from backend.bus.memory import MemoryBus
from backend.kit.clock import ManualClock
from backend.services import visitors
from backend.services.routing import ROUTING_TOPIC
from backend.services.seen_today import FRONT_S, SeenToday
from backend.services.visitors import Visitors
from protocol.vocabulary import AccountId, CrmKind, EmployeeId

ACC, OTHER = AccountId("acc"), AccountId("other")


class Days:
    """Who was seen; `broken` like a database that is away."""

    def __init__(self) -> None:
        self.seen: set[tuple[str, str]] = set()
        self.fronts: list[EmployeeId] = []
        self.broken = False

    async def note(
        self, account_id: AccountId, kind: CrmKind, crm_user_id: str, at: datetime
    ) -> None:
        if self.broken:
            raise OSError("away")
        self.seen.add((account_id, crm_user_id))

    async def note_employee(
        self, account_id: AccountId, employee_id: EmployeeId, at: datetime
    ) -> None:
        self.fronts.append(employee_id)

    async def was(self, account_id: AccountId, crm_user_id: str, at: datetime) -> bool:
        return (account_id, crm_user_id) in self.seen


class Stage:
    def __init__(self, *, wants: bool = True) -> None:
        self.clock = ManualClock()
        self.bus = MemoryBus(self.clock)
        self.days = Days()
        self.asked: list[AccountId] = []
        self.wants = wants
        self.looks = 0
        self.known_after = 1
        self.waking: asyncio.Task[None] | None = None
        self.on_ask: Callable[[], Awaitable[None]] | None = None
        self.visitors = Visitors(
            seen=SeenToday(self.days, self.clock),
            ask=self._ask,
            unread=self._unread,
            bus=self.bus,
        )

    async def _unread(self, _account_id: AccountId, _kind: CrmKind) -> bool:
        if self.days.broken:
            raise OSError("away")
        return True

    async def _ask(self, account_id: AccountId) -> bool:
        self.asked.append(account_id)
        if self.on_ask is not None:
            await self.on_ask()
        return self.wants

    async def unknown(self, user: str) -> None:
        await self.visitors.unknown(ACC, CrmKind.AMOCRM, user, self._is_known)

    async def _is_known(self) -> bool:
        """True once the account changed as often as it takes."""
        self.looks += 1
        return self.looks > self.known_after

    async def wake(self, account_id: AccountId = ACC) -> None:
        await self.bus.wake(ROUTING_TOPIC, account_id.encode())


async def test_the_page_goes_on_as_soon_as_the_account_changed() -> None:
    stage = Stage()
    stage.on_ask = stage.wake
    async with asyncio.timeout(visitors.WAIT_S / 2):
        await stage.unknown("7")
    assert stage.asked == [ACC]


async def test_what_else_changes_in_the_account_is_not_taken_for_it() -> None:
    stage = Stage()
    stage.known_after = 3

    async def often() -> None:
        async def wakes() -> None:
            while stage.looks <= stage.known_after:
                await stage.wake()
                await asyncio.sleep(0)

        stage.waking = asyncio.create_task(wakes())

    stage.on_ask = often
    async with asyncio.timeout(visitors.WAIT_S / 2):
        await stage.unknown("7")
    assert stage.looks == 4


async def test_another_accounts_news_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visitors, "WAIT_S", 0.05)
    stage = Stage()
    stage.on_ask = lambda: stage.wake(OTHER)
    began = asyncio.get_running_loop().time()
    await stage.unknown("7")
    assert asyncio.get_running_loop().time() - began >= 0.05


async def test_one_who_stays_unknown_has_the_crm_read_once_in_a_while() -> None:
    stage = Stage()
    stage.on_ask = stage.wake
    for _ in range(5):
        await stage.unknown("7")
    await stage.unknown("8")
    assert stage.asked == [ACC, ACC]
    await stage.clock.advance(visitors.ASK_EVERY_S + 1)
    await stage.unknown("7")
    assert len(stage.asked) == 3


async def test_an_account_that_wants_no_synchronisation_answers_at_once() -> None:
    stage = Stage(wants=False)
    async with asyncio.timeout(visitors.WAIT_S / 2):
        await stage.unknown("7")


async def test_a_database_that_is_away_keeps_nobody_from_signing_on() -> None:
    stage = Stage()
    stage.days.broken = True
    await stage.visitors.proven(ACC, CrmKind.AMOCRM, "7")

    async def away() -> None:
        raise OSError("away")

    stage.on_ask = away
    await stage.unknown("7")
    assert await stage.visitors.expected(ACC, CrmKind.AMOCRM) is False
    stage.days.broken = False
    await stage.visitors.proven(ACC, CrmKind.AMOCRM, "7")
    assert stage.days.seen == {(ACC, "7")}


async def test_a_tab_in_front_is_noted_now_and_then() -> None:
    stage = Stage()
    seen = SeenToday(stage.days, stage.clock)
    for _ in range(3):
        await seen.in_front(ACC, EmployeeId("anna"))
    await seen.in_front(ACC, EmployeeId("boris"))
    assert stage.days.fronts == ["anna", "boris"]
    await stage.clock.advance(FRONT_S)
    await seen.in_front(ACC, EmployeeId("anna"))
    assert stage.days.fronts == ["anna", "boris", "anna"]


async def test_an_amocrm_page_has_the_users_compared_now_and_then() -> None:
    stage = Stage()
    for user in ("1", "2", "1"):
        await stage.visitors.proven(ACC, CrmKind.AMOCRM, user)
    assert stage.asked == [ACC], "however many pages are opened"
    await stage.clock.advance(visitors.PAGE_EVERY_S)
    await stage.visitors.proven(ACC, CrmKind.AMOCRM, "1")
    assert stage.asked == [ACC, ACC]
    await stage.visitors.proven(OTHER, CrmKind.BITRIX24, "1")
    assert stage.asked == [ACC, ACC], "a portal's dismissals are seen by the roll"
