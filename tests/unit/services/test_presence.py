"""Who is online and which tab rings."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import permutations

import msgspec
import pytest

from backend.bus.memory import MemoryBus
from backend.kit.clock import ManualClock
from backend.services.ports import Delivery, TabPresence, colleagues_stream, me_stream
from backend.services.presence import Presence, Seat, ringer
from protocol.vocabulary import AccountId, EmployeeId

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ACCOUNT, ANNA = AccountId("acme"), EmployeeId("anna")


def tab(name: str, *, visible: bool, sound: bool, second: int = 0) -> TabPresence:
    since = AT + timedelta(seconds=second)
    return TabPresence(session=f"s-{name}", tab=name, visible=visible, sound=sound, since=since)


def seat(of: TabPresence, employee: EmployeeId = ANNA) -> Seat:
    return Seat(ACCOUNT, employee, of)


class House:
    def __init__(self) -> None:
        self.clock = ManualClock()
        self.bus = MemoryBus(self.clock)
        self.one = Presence(self.bus, self.clock)
        self.two = Presence(self.bus, self.clock)
        self.told: list[Delivery] = []

    def ringers(self) -> list[str | None]:
        frames = [msgspec.json.decode(d.frame) for d in self.told if d.tag == "ringer.changed"]
        return [f["tab"] for f in frames]

    def online(self) -> list[tuple[str, bool]]:
        frames = [
            msgspec.json.decode(d.frame) for d in self.told if d.tag == "colleague.presence_changed"
        ]
        return [(f["employee_id"], f["online"]) for f in frames]


@pytest.mark.feature("W9")
def test_the_ringer_is_the_tab_in_front_that_may_sound_and_everybody_picks_the_same() -> None:
    best = tab("best", visible=True, sound=True, second=9)
    audible = tab("audible", visible=False, sound=True, second=8)
    in_front = tab("in-front", visible=True, sound=False, second=7)
    oldest = tab("oldest", visible=False, sound=False, second=1)
    youngest = tab("youngest", visible=False, sound=False, second=2)
    order = [best, audible, in_front, oldest, youngest]
    while order:
        assert {ringer(tabs) for tabs in permutations(order)} == {order[0]}
        order.pop(0)
    assert ringer([]) is None


@pytest.mark.feature("W9")
async def test_the_ringer_is_told_only_when_it_changed() -> None:
    h = House()
    hidden, front = tab("a", visible=False, sound=True), tab("b", visible=True, sound=True)
    async with h.bus.follow(me_stream(ACCOUNT, ANNA), h.told.append):
        await h.one.arrived(seat(hidden))
        await h.one.arrived(seat(hidden))
        await h.two.arrived(seat(front))
        await h.one.refresh([seat(hidden)])
        await h.two.left(seat(front))
        await h.one.left(seat(hidden))
    assert h.ringers() == ["a", "b", "a", None]


async def test_a_reload_is_no_absence_and_leaving_is_told_after_the_grace() -> None:
    h = House()
    async with h.bus.follow(colleagues_stream(ACCOUNT), h.told.append):
        await h.one.arrived(seat(tab("a", visible=True, sound=True)))
        await h.one.left(seat(tab("a", visible=True, sound=True)))
        await h.clock.advance(10)
        await h.one.sweep(ACCOUNT)
        await h.two.arrived(seat(tab("b", visible=True, sound=True)))
        await h.clock.advance(15)
        assert await h.one.sweep(ACCOUNT) is True
        assert h.online() == [("anna", True)]
        await h.two.left(seat(tab("b", visible=True, sound=True)))
        await h.clock.advance(21)
        assert await h.one.sweep(ACCOUNT) is False
        assert await h.two.sweep(ACCOUNT) is False
    assert h.online() == [("anna", True), ("anna", False)]


async def test_tabs_of_a_process_that_died_go_offline_and_stop_ringing() -> None:
    h = House()
    async with (
        h.bus.follow(colleagues_stream(ACCOUNT), h.told.append),
        h.bus.follow(me_stream(ACCOUNT, ANNA), h.told.append),
    ):
        await h.one.arrived(seat(tab("a", visible=True, sound=True)))
        await h.clock.advance(46)
        await h.two.sweep(ACCOUNT)
    assert h.online() == [("anna", True), ("anna", False)]
    assert h.ringers() == ["a", None]


async def test_a_flushed_bus_learns_again_who_is_there() -> None:
    h = House()
    anna = seat(tab("a", visible=True, sound=True))
    await h.one.arrived(anna)
    h.bus.flush()
    async with h.bus.follow(colleagues_stream(ACCOUNT), h.told.append):
        await h.one.refresh([anna])
        await h.one.sweep(ACCOUNT)
    assert h.online() == [("anna", True)]


async def test_what_was_said_and_got_lost_is_said_again() -> None:
    h = House()
    await h.one.arrived(seat(tab("a", visible=True, sound=True)))
    await h.bus.reset(colleagues_stream(ACCOUNT), forget=["presence:"])
    async with h.bus.follow(colleagues_stream(ACCOUNT), h.told.append):
        await h.one.sweep(ACCOUNT)
        await h.one.sweep(ACCOUNT)
    assert h.online() == [("anna", True)]
