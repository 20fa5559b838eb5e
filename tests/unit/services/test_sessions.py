"""Tokens and tickets."""

from __future__ import annotations

from dataclasses import replace

import pytest

from backend.bus.memory import MemoryBus
from backend.errors import BadTicket, NotAllowed
from backend.kit.clock import ManualClock
from backend.services.sessions import REVOKED, Admission, Identity, Sessions
from protocol.vocabulary import AccountId, EmployeeId
from tests.integration.realtime.harness import MemorySessions

ANNA = Identity(
    account_id=AccountId("acme"),
    employee_id=EmployeeId("anna"),
    name="Anna",
    extension="101",
    origins=("https://portal.test",),
)
HOURS = 3600.0


class House:
    def __init__(self, ttl_s: float = 12 * HOURS) -> None:
        self.clock = ManualClock()
        self.bus = MemoryBus(self.clock)
        self.store = MemorySessions()
        self.sessions = Sessions(self.store, self.bus, self.clock, ttl_s=ttl_s)

    async def admit(self, ticket: str) -> Admission:
        admission, _ = await self.sessions.admit(ticket, {})
        return admission


async def test_a_ticket_opens_one_socket_of_its_session() -> None:
    h = House()
    issued = await h.sessions.open(ANNA)
    ticket = await h.sessions.ticket(issued.token)
    admission = await h.admit(ticket)
    assert (admission.session_id, admission.employee_id, admission.origins) == (
        issued.session_id,
        "anna",
        ("https://portal.test",),
    )
    with pytest.raises(BadTicket):
        await h.admit(ticket)


async def test_a_ticket_is_good_for_half_a_minute() -> None:
    h = House()
    ticket = await h.sessions.ticket((await h.sessions.open(ANNA)).token)
    await h.clock.advance(30)
    with pytest.raises(BadTicket):
        await h.admit(ticket)


async def test_an_invented_ticket_opens_nothing() -> None:
    with pytest.raises(BadTicket):
        await House().admit("x" * 32)


async def test_the_token_itself_is_not_kept() -> None:
    h = House()
    issued = await h.sessions.open(ANNA)
    assert issued.token not in repr(h.store.rows)
    assert len(issued.token) >= 43, "256 bits"


async def test_no_session_lasts_longer_than_twelve_hours() -> None:
    h = House(ttl_s=100 * HOURS)
    issued = await h.sessions.open(ANNA)
    await h.clock.advance(12 * HOURS)
    with pytest.raises(NotAllowed):
        await h.sessions.ticket(issued.token)
    with pytest.raises(NotAllowed):
        await h.sessions.renew(ANNA.account_id, issued.session_id)


async def test_a_ticket_does_not_outlive_its_session() -> None:
    h = House(ttl_s=10)
    ticket = await h.sessions.ticket((await h.sessions.open(ANNA)).token)
    await h.clock.advance(10)
    with pytest.raises(BadTicket):
        await h.admit(ticket)


async def test_renewing_replaces_the_token_and_begins_the_time_anew() -> None:
    h = House()
    first = await h.sessions.open(ANNA)
    await h.clock.advance(6 * HOURS)
    second = await h.sessions.renew(ANNA.account_id, first.session_id)
    with pytest.raises(NotAllowed):
        await h.sessions.check(first.token)
    await h.clock.advance(11 * HOURS)
    assert (await h.sessions.check(second.token)).session_id == first.session_id


async def test_a_session_of_another_account_is_none() -> None:
    h = House()
    issued = await h.sessions.open(ANNA)
    with pytest.raises(NotAllowed):
        await h.sessions.renew(AccountId("other"), issued.session_id)
    await h.sessions.revoke(AccountId("other"), issued.session_id)
    assert await h.sessions.check(issued.token)


async def test_revoking_stops_the_token_and_wakes_every_process() -> None:
    h = House()
    woken: list[bytes] = []
    one, two = await h.sessions.open(ANNA), await h.sessions.open(ANNA)
    three = await h.sessions.open(ANNA)
    async with h.bus.on_wake(REVOKED, woken.append):
        await h.sessions.revoke(ANNA.account_id, one.session_id)
        await h.sessions.revoke_employee(ANNA.account_id, ANNA.employee_id)
    assert woken == [s.session_id.encode() for s in (one, two, three)]
    for issued in (one, two, three):
        with pytest.raises(NotAllowed):
            await h.sessions.check(issued.token)
    assert set(await h.sessions.revoked_since(h.clock.now())) == {
        s.session_id for s in (one, two, three)
    }


async def test_a_second_window_outlives_the_renewals_of_the_page_that_opened_it() -> None:
    h = House()
    page = await h.sessions.open(ANNA)
    window = await h.sessions.beside(page.token)
    await h.sessions.renew(ANNA.account_id, page.session_id)
    assert (await h.sessions.check(window.token)).identity == ANNA
    again = await h.sessions.renew(ANNA.account_id, window.session_id)
    assert (await h.sessions.check(again.token)).session_id != page.session_id
    await h.sessions.revoke_employee(ANNA.account_id, ANNA.employee_id)
    with pytest.raises(NotAllowed):
        await h.sessions.check(again.token)


async def test_a_second_window_needs_a_live_session_of_somebody_who_phones() -> None:
    h = House()
    with pytest.raises(NotAllowed):
        await h.sessions.beside("x" * 32)
    silent = await h.sessions.open(replace(ANNA, no_phone="no_line"))
    with pytest.raises(NotAllowed):
        await h.sessions.beside(silent.token)
