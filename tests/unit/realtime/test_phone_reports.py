"""What a tab says of its phone while the server still asks who has it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import cast

import msgspec
import pytest

from backend.domain.tab_phone import TabPhone
from backend.realtime.agent import Agent
from backend.realtime.handlers import phones
from backend.realtime.services import Services
from backend.services.ports import TabPresence
from backend.services.presence import Seat
from protocol.phone import ReportPhone, TakePhone
from protocol.vocabulary import AccountId, CommandId, EmployeeId, Microphone
from tests.fakes import idle

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


class Link:
    def __init__(self) -> None:
        tab = TabPresence("s1", "t1", visible=True, sound=True, since=AT)
        self.seat = Seat(AccountId("acme"), EmployeeId("anna"), tab)

    async def be_phone(self, phone: TabPhone | None) -> None:
        tab = msgspec.structs.replace(self.seat.tab, phone=phone)
        self.seat = msgspec.structs.replace(self.seat, tab=tab)


class SlowPhones:
    """Takes the phone once `told`."""

    def __init__(self) -> None:
        self.told = asyncio.Event()
        self.times = 0

    async def taking(self, seat: Seat) -> TabPhone:
        assert seat.tab.phone is not None
        self.times += 1
        await self.told.wait()
        return replace(seat.tab.phone, taken=7)


class Desk:
    def __init__(self) -> None:
        self.link, self.phones = Link(), SlowPhones()
        self.agent = cast(Agent, SimpleNamespace(link=self.link))
        self.services = cast(Services, SimpleNamespace(phones=self.phones))

    async def report(self, *, talking: bool, registered: bool = True) -> None:
        said = ReportPhone(
            id=CommandId("report-0001"),
            microphone=Microphone.GRANTED,
            connected=True,
            registered=registered,
            talking=talking,
        )
        await phones.report(said, self.agent, self.services)

    @property
    def phone(self) -> TabPhone:
        assert self.link.seat.tab.phone is not None
        return self.link.seat.tab.phone


@pytest.mark.feature("W9")
async def test_a_talk_that_ends_while_the_phone_is_taken_stays_ended() -> None:
    desk = Desk()
    begins = asyncio.create_task(desk.report(talking=True))
    await idle()
    assert desk.phone.talking
    await desk.report(talking=False)
    desk.phones.told.set()
    await begins
    assert (desk.phone.talking, desk.phone.taken) == (False, 7)


async def test_the_newest_report_of_a_talk_wins_and_takes_the_phone_once() -> None:
    desk = Desk()
    begins = asyncio.create_task(desk.report(talking=True))
    await idle()
    await desk.report(talking=True, registered=False)
    desk.phones.told.set()
    await begins
    assert (desk.phone.talking, desk.phone.registered, desk.phone.taken) == (True, False, 7)
    assert desk.phones.times == 1


async def test_what_is_reported_while_a_person_brings_the_audio_here_is_kept() -> None:
    desk = Desk()
    await desk.report(talking=False, registered=False)
    takes = asyncio.ensure_future(
        phones.take(TakePhone(id=CommandId("take-00001")), desk.agent, desk.services)
    )
    await idle()
    await desk.report(talking=False)
    desk.phones.told.set()
    await takes
    assert (desk.phone.registered, desk.phone.taken) == (True, 7)


async def test_a_tab_that_is_no_phone_any_more_does_not_become_one_again() -> None:
    desk = Desk()
    begins = asyncio.create_task(desk.report(talking=True))
    await idle()
    await desk.link.be_phone(None)
    desk.phones.told.set()
    await begins
    assert desk.link.seat.tab.phone is None
