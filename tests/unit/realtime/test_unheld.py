"""When a line in a browser is taken back."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from backend.bus.memory import MemoryBus
from backend.domain.tab_phone import TabPhone
from backend.errors import SwitchUnavailable
from backend.kit.clock import ManualClock
from backend.realtime.unheld import UnheldLines
from backend.services.left_lines import COMES_BACK_S
from backend.services.ports import TabPresence
from backend.services.presence import Seat
from protocol.vocabulary import AccountId, EmployeeId, Microphone
from tests.fake_lines import FakeLines, phones_of

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
PHONE = TabPhone(microphone=Microphone.GRANTED)


def seat(phone: TabPhone | None = PHONE) -> Seat:
    tab = TabPresence("s", "t", visible=True, sound=True, since=AT, phone=phone)
    return Seat(AccountId("acme"), EmployeeId("anna"), tab)


class House:
    def __init__(self) -> None:
        self.clock = ManualClock(AT)
        self.bus = MemoryBus(self.clock)
        self.lines = FakeLines()
        self.unheld = UnheldLines(phones_of(self.bus, self.clock, self.lines), self.clock)

    async def after(self, seconds: float) -> list[str]:
        await self.clock.advance(seconds)
        await self.unheld.look()
        return self.lines.withdrawn


@pytest.mark.feature("W1")
async def test_a_line_is_taken_back_a_minute_after_the_last_tab() -> None:
    h = House()
    h.unheld.left(seat(), None, signed_out=False)
    assert await h.after(COMES_BACK_S - 1) == []
    assert len(await h.after(1)) == 1
    assert len(await h.after(600)) == 1


async def test_a_tab_that_came_back_keeps_its_line() -> None:
    h = House()
    h.unheld.left(seat(), None, signed_out=False)
    here = seat()
    await h.bus.mark_present(here.account_id, here.employee_id, here.tab, ttl_s=3600)
    assert await h.after(COMES_BACK_S) == []


async def test_whoever_is_signed_out_loses_it_at_once_and_a_tab_without_a_phone_costs_nothing() -> (
    None
):
    h = House()
    h.unheld.left(seat(None), None, signed_out=True)
    assert await h.after(0) == []
    h.unheld.left(seat(), None, signed_out=True)
    assert len(await h.after(0)) == 1


async def test_a_switch_that_is_away_is_asked_again() -> None:
    h = House()
    h.lines.error = SwitchUnavailable("away")
    h.unheld.left(seat(), None, signed_out=True)
    assert await h.after(0) == []
    h.lines.error = None
    assert len(await h.after(30)) == 1
