"""A line whose web process died before it could take it back."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from backend.bus.memory import MemoryBus
from backend.domain.tab_phone import TabPhone
from backend.errors import SwitchUnavailable
from backend.kit.clock import ManualClock
from backend.services.left_lines import COMES_BACK_S, LeftLines
from backend.services.ports import TabPresence
from protocol.vocabulary import AccountId, EmployeeId, Microphone
from tests.fake_lines import FakeIssued, FakeLines, phones_of

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ACME, ANNA = AccountId("acme"), EmployeeId("anna")
TAB = TabPresence(
    "s", "t", visible=True, sound=True, since=AT, phone=TabPhone(microphone=Microphone.GRANTED)
)
LIVES_S = 30.0


class House:
    """A web process that issued Anna's line and was killed; a worker that looks."""

    def __init__(self) -> None:
        self.clock = ManualClock(AT)
        self.bus = MemoryBus(self.clock)
        self.lines, self.issued = FakeLines(), FakeIssued()
        self.phones = phones_of(self.bus, self.clock, self.lines, issued=self.issued)
        self.left = LeftLines(self.issued, self.bus, self.phones, self.clock)

    async def begin(self) -> None:
        await self.phones.issue(ACME, ANNA)
        await self.seen()

    async def seen(self) -> None:
        await self.bus.mark_present(ACME, ANNA, TAB, ttl_s=LIVES_S)

    async def after(self, seconds: float) -> list[str]:
        await self.clock.advance(seconds)
        await self.left.look(ACME)
        return self.lines.withdrawn


@pytest.fixture
async def house() -> House:
    made = House()
    await made.begin()
    return made


@pytest.mark.feature("W1")
async def test_it_is_taken_back_a_minute_after_nobody_was_seen_to_hold_it(house: House) -> None:
    assert await house.after(1) == []
    assert await house.after(LIVES_S) == [], "the first time nobody is there"
    assert await house.after(COMES_BACK_S - 1) == []
    assert len(await house.after(1)) == 1
    assert house.issued.rows == {}
    assert len(await house.after(600)) == 1


async def test_a_tab_that_found_another_process_keeps_it(house: House) -> None:
    assert await house.after(LIVES_S) == []
    await house.seen()
    assert await house.after(1) == []
    await house.clock.advance(LIVES_S)
    assert await house.after(0) == []
    assert await house.after(COMES_BACK_S - 1) == [], "its time begins anew"


async def test_a_switch_that_is_away_is_asked_again(house: House) -> None:
    assert await house.after(LIVES_S) == []
    house.lines.error = SwitchUnavailable("away")
    assert await house.after(COMES_BACK_S) == []
    house.lines.error = None
    assert len(await house.after(20)) == 1


async def test_a_line_given_back_is_looked_at_no_more(house: House) -> None:
    await house.phones.withdraw(ACME, ANNA)
    assert house.issued.rows == {}
