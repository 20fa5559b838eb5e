"""One tab is the phone: chosen, leased, proven; and the router knows whose is ready."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from backend.bus.memory import MemoryBus
from backend.domain.tab_phone import TabPhone
from backend.errors import NoDevice, SwitchRefused, SwitchUnavailable, WrongState
from backend.kit.clock import ManualClock
from backend.services.ice_servers import IceConfig
from backend.services.ports import Delivery, TabPresence, colleagues_stream, me_stream
from backend.services.presence import Presence, Seat
from backend.services.ready_lines import ReadyLines
from protocol.vocabulary import AccountId, EmployeeId, Microphone
from tests.fake_lines import WS_URL, FakeLines, InBrowsers, phones_of

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ACCOUNT, ANNA = AccountId("acme"), EmployeeId("anna")
READY = TabPhone(microphone=Microphone.GRANTED, connected=True, registered=True)


def seat(name: str, phone: TabPhone | None = READY, *, sound: bool = True, second: int = 0) -> Seat:
    since = AT + timedelta(seconds=second)
    tab = TabPresence(f"s-{name}", name, visible=True, sound=sound, since=since, phone=phone)
    return Seat(ACCOUNT, ANNA, tab)


class House:
    def __init__(self) -> None:
        self.clock = ManualClock(AT)
        self.bus = MemoryBus(self.clock)
        self.one = Presence(self.bus, self.clock)
        self.two = Presence(self.bus, self.clock)
        self.lines = FakeLines()
        self.phones = phones_of(self.bus, self.clock, self.lines)
        self.told: list[Delivery] = []

    def follow(self) -> Any:
        return self.bus.follow(me_stream(ACCOUNT, ANNA), self.told.append)

    def holders(self) -> list[tuple[str | None, list[str]]]:
        frames = [msgspec.json.decode(d.frame) for d in self.told if d.tag == "phone.changed"]
        return [(f["tab"], f["missing"]) for f in frames]


@pytest.mark.feature("W9")
async def test_the_next_tab_is_the_phone_as_soon_as_the_last_ones_socket_is_gone() -> None:
    h = House()
    first, next_one = seat("a"), seat("b", second=1)
    async with h.follow():
        await h.one.arrived(first)
        await h.two.arrived(next_one)
        await h.one.left(first)
        await h.two.left(next_one)
    assert h.holders() == [("a", []), ("b", []), (None, ["tab"])]


async def test_tabs_on_telephones_cost_no_word() -> None:
    h = House()
    async with h.follow():
        await h.one.arrived(seat("a", phone=None))
        await h.one.left(seat("a", phone=None))
    assert h.holders() == []


@pytest.mark.feature("W9")
async def test_the_audio_is_brought_to_a_tab_and_stays_there() -> None:
    h = House()
    a, b = seat("a"), seat("b", second=1)
    async with h.follow():
        await h.one.arrived(a)
        await h.one.arrived(b)
        with pytest.raises(WrongState):
            await h.phones.registering(b)
        taken = await h.phones.taking(b)
        await h.one.arrived(seat("b", taken, second=1))
        with pytest.raises(WrongState):
            await h.phones.registering(a)
        assert (await h.phones.registering(seat("b", taken, second=1))).taken > taken.taken
        await h.one.arrived(a)
    assert h.holders() == [("a", []), ("b", [])]
    with pytest.raises(WrongState):
        await h.phones.taking(seat("c", TabPhone(microphone=Microphone.DENIED)))


@pytest.mark.feature("W9")
async def test_a_tab_of_a_process_that_died_gives_the_phone_up() -> None:
    h = House()
    async with h.follow():
        await h.one.arrived(seat("a"))
        await h.two.arrived(seat("b", second=1))
        await h.clock.advance(30)
        await h.two.refresh([seat("b", second=1)])
        await h.clock.advance(20)
        await h.two.refresh([seat("b", second=1)])
        await h.clock.advance(46)
        await h.one.sweep(ACCOUNT)
    assert h.holders() == [("a", []), ("b", []), (None, ["tab"])]


@pytest.mark.feature("W10")
async def test_the_router_knows_what_colleagues_are_told_over_a_flush_too() -> None:
    h = House()
    ready = ReadyLines(h.bus)
    await h.one.arrived(seat("a"))
    await ready.follow(ACCOUNT)
    await ready.follow(ACCOUNT)
    assert ready.is_ready(ACCOUNT, ANNA)
    assert not ready.is_ready(ACCOUNT, EmployeeId("boris"))
    assert not ready.is_ready(AccountId("other"), ANNA)
    await h.one.arrived(seat("a", sound=False))
    assert not ready.is_ready(ACCOUNT, ANNA)
    await h.one.arrived(seat("a"))
    h.bus.flush()
    await h.one.refresh([seat("a")])
    await h.one.sweep(ACCOUNT)
    assert ready.is_ready(ACCOUNT, ANNA)
    await h.one.stopped_phoning(seat("a", phone=None))
    assert not ready.is_ready(ACCOUNT, ANNA)
    await ready.aclose()
    await h.one.arrived(seat("a"))
    assert not ready.is_ready(ACCOUNT, ANNA)


async def test_a_push_that_got_lost_is_said_again() -> None:
    h = House()
    await h.one.arrived(seat("a"))
    await h.bus.reset(colleagues_stream(ACCOUNT), forget=["presence:", "phone:"])
    ready = ReadyLines(h.bus)
    await ready.follow(ACCOUNT)
    await h.one.sweep(ACCOUNT)
    assert ready.is_ready(ACCOUNT, ANNA)
    await ready.aclose()


@pytest.mark.feature("W1")
async def test_each_registration_gets_a_password_of_its_own() -> None:
    h = House()
    ice = IceConfig(stun_urls=["stun:turn.example:3478"], turn_urls=["turn:t"], turn_secret="s")
    phones = phones_of(h.bus, h.clock, h.lines, ice=ice)
    one = await phones.issue(ACCOUNT, ANNA)
    two = await phones.issue(ACCOUNT, ANNA)
    assert one.password != two.password
    assert h.lines.passwords == {two.username: two.password}
    assert len(two.password) >= 32
    assert (two.ws_url, two.domain, two.codecs) == (WS_URL, "127.0.0.1", ["PCMU", "PCMA", "G722"])
    assert [(s.urls, s.username is None) for s in two.ice_servers] == [
        (["stun:turn.example:3478"], True),
        (["turn:t"], False),
    ]
    assert two.expires_at > h.clock.now()
    await phones.withdraw(ACCOUNT, ANNA)
    assert h.lines.passwords == {}


@pytest.mark.feature("W13")
async def test_whoever_talks_on_a_telephone_gets_no_line() -> None:
    h = House()
    phones = phones_of(h.bus, h.clock, h.lines, InBrowsers(not_these=(ANNA,)))
    with pytest.raises(WrongState):
        await phones.issue(ACCOUNT, ANNA)
    # What was issued while they still talked in the browser is taken back all the same.
    await phones.withdraw(ACCOUNT, ANNA)
    assert len(h.lines.withdrawn) == 1


async def test_a_switch_without_lines_says_so_and_one_that_is_away_is_asked_again() -> None:
    h = House()
    h.lines.error = SwitchRefused("sorcery.conf")
    with pytest.raises(NoDevice):
        await h.phones.issue(ACCOUNT, ANNA)
    h.lines.error = SwitchUnavailable("away")
    with pytest.raises(SwitchUnavailable):
        await h.phones.issue(ACCOUNT, ANNA)


@pytest.mark.feature("W1")
async def test_a_line_nobody_holds_any_more_is_taken_back_from_former_colleagues_too() -> None:
    h = House()
    phones = phones_of(h.bus, h.clock, h.lines, InBrowsers(gone=(ANNA,)))
    await h.one.arrived(seat("a"))
    await phones.withdraw_unheld(ACCOUNT, ANNA, "101")
    assert h.lines.withdrawn == []
    await h.one.left(seat("a"))
    await phones.withdraw_unheld(ACCOUNT, ANNA, "101")
    # By the name it had as well: whoever is dismissed has no extension any more.
    assert "acme-b101" in h.lines.withdrawn
    assert len(h.lines.withdrawn) == 2
