"""Who administers the CRM is asked beside the sign-on, rarely, and never stands in its way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from backend.bus.memory import MemoryBus
from backend.errors import CrmUnavailable
from backend.kit.clock import ManualClock
from backend.services import crm_admins
from backend.services.crm_admins import ASK_EVERY_S, AT_ONCE, PER_MINUTE, CrmAdmins
from protocol.vocabulary import AccountId, CrmKind

ACC = AccountId("acc")
KIND = CrmKind.BITRIX24


class Roles:
    def __init__(self) -> None:
        self.settled: list[tuple[str, bool]] = []
        self.broken = False

    async def settle(
        self, account_id: AccountId, kind: CrmKind, crm_user_id: str, *, is_admin: bool
    ) -> bool:
        if self.broken:
            raise OSError("away")
        self.settled.append((crm_user_id, is_admin))
        return is_admin


class Stage:
    def __init__(self) -> None:
        self.clock = ManualClock()
        self.roles = Roles()
        self.admins = CrmAdmins(self.roles, MemoryBus(self.clock))
        self.asked = 0
        self.answers = asyncio.Event()
        self.answers.set()
        self.down = False

    async def administers(self) -> bool:
        self.asked += 1
        await self.answers.wait()
        if self.down:
            raise CrmUnavailable("down")
        return True

    async def seen(self, user: str = "1", *, wait: bool = False) -> bool:
        changed = await self.admins.seen(ACC, KIND, user, self.administers, wait=wait)
        for _ in range(5):
            await asyncio.sleep(0)
        return changed


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    made = Stage()
    yield made
    await made.admins.aclose()


async def test_a_sign_on_does_not_wait_and_the_role_follows(stage: Stage) -> None:
    stage.answers.clear()
    assert not await stage.seen()
    assert (stage.asked, stage.roles.settled) == (1, [])
    stage.answers.set()
    for _ in range(5):
        await asyncio.sleep(0)
    assert stage.roles.settled == [("1", True)]


async def test_the_page_of_settings_hears_it_at_once(stage: Stage) -> None:
    assert await stage.seen(wait=True)


async def test_the_page_of_settings_waits_no_longer_than_a_moment(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crm_admins, "WAIT_S", 0.01)
    stage.answers.clear()
    assert not await stage.seen(wait=True)


async def test_nobody_is_asked_for_again_within_a_quarter_of_an_hour(stage: Stage) -> None:
    for _ in range(3):
        await stage.seen()
    assert stage.asked == 1
    await stage.clock.advance(ASK_EVERY_S + 1)
    await stage.seen()
    assert stage.asked == 2


async def test_an_office_that_comes_at_once_does_not_use_the_portal_up(stage: Stage) -> None:
    for user in range(PER_MINUTE + 20):
        await stage.seen(str(user))
    assert stage.asked == PER_MINUTE


async def test_a_portal_that_hangs_is_asked_by_a_few(stage: Stage) -> None:
    stage.answers.clear()
    for user in range(AT_ONCE + 5):
        await stage.seen(str(user), wait=False)
    assert stage.asked == AT_ONCE


@pytest.mark.parametrize("trouble", ["crm", "database"])
async def test_trouble_changes_nothing_and_is_nobodys_to_see(stage: Stage, trouble: str) -> None:
    stage.down, stage.roles.broken = trouble == "crm", trouble == "database"
    assert not await stage.seen(wait=True)
    assert stage.roles.settled == []
