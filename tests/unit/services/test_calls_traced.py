"""The way that led a caller here comes onto the card by itself; nothing waits for it (W4)."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime

import msgspec
import pytest

from backend.domain.account_settings import AllSettings, CallTrackingSettings
from backend.domain.scenario import Step
from backend.domain.visits import Page, Source, Way
from backend.services.calls import records
from backend.services.calls.tracing import AGAIN_S
from backend.services.ports import LiveCall, LiveLeg
from backend.services.routing import AccountRoute
from backend.services.visit_ways import PAGES_SHOWN, shown
from protocol.vocabulary import AccountId, CallId, LegId, LegState
from tests.fakes import idle
from tests.unit.services.stage import (
    ACC,
    ANNA,
    BORIS,
    CUSTOMER,
    LINE,
    NUMBER,
    START,
    Stage,
    account,
    playing,
    running,
)

BILLBOARD = Way(site="svet.example", source=Source(source="billboard", campaign="Spring"))
WAY = Way(
    exact=True,
    site="svet.example",
    source=Source(source="yandex", medium="cpc", keyword="lamps"),
    landing="https://svet.example/catalog",
    pages=(Page(url="https://svet.example/catalog", title="Catalogue", at=START),),
    pages_total=1,
    visits=2,
    first_at=START,
    last_at=START,
)


class FakeWays:
    """Answers when let; `failures` come first."""

    def __init__(self, way: Way | None = WAY, failures: int = 0) -> None:
        self.way = way
        self.failures = failures
        self.gate = asyncio.Event()
        self.gate.set()
        self.asked: list[tuple[AccountId, str, datetime]] = []

    async def find(self, account_id: AccountId, number: str, at: datetime) -> Way | None:
        self.asked.append((account_id, number, at))
        if self.failures:
            self.failures -= 1
            raise OSError("the database is away")
        await self.gate.wait()
        return self.way


def tracked(*, on: bool = True, pool: bool = True, own: Way | None = None) -> AccountRoute:
    route = account(Step(employees=(ANNA, BORIS), timeout_s=20))
    (line,) = route.virtual_numbers
    return replace(
        route,
        virtual_numbers=(replace(line, pool=pool, way=own),),
        settings=AllSettings(call_tracking=CallTrackingSettings(visits=on)),
    )


@pytest.mark.feature("W4")
async def test_it_rings_first_and_the_way_follows() -> None:
    ways = FakeWays()
    ways.gate.clear()
    async with playing(Stage(tracked(), ways=ways)) as stage:
        await stage.arrives()
        assert len(stage.switch.said("ring")) == 2
        assert stage.last(ANNA)["visit"] is None
        assert ways.asked == [(ACC, LINE, START)]
        ways.gate.set()
        await idle()
        for who in (ANNA, BORIS):
            visit = stage.last(who)["visit"]
            assert visit["exact"] is True
            assert (visit["source"], visit["keyword"]) == ("yandex", "lamps")
            assert [page["title"] for page in visit["pages"]] == ["Catalogue"]
        await stage.leg("agent-anna-1", "up")
        assert stage.last(ANNA)["visit"]["site"] == "svet.example"
        await stage.gone("customer-0")
        for leg in ("agent-anna-1", "agent-boris-1"):
            await stage.gone(leg)
        assert stage.journal.finished[CallId("c1")].visit == WAY


@pytest.mark.feature("W4")
async def test_what_the_number_stands_for_is_on_the_first_card_without_a_look() -> None:
    ways = FakeWays()
    async with playing(Stage(tracked(pool=False, own=BILLBOARD), ways=ways)) as stage:
        await stage.arrives()
        first = next(p for p in stage.seen[ANNA] if p["type"] == "call.changed")
        assert first["visit"]["exact"] is False
        assert (first["visit"]["source"], first["visit"]["campaign"]) == ("billboard", "Spring")
        assert ways.asked == []


async def test_nobody_was_shown_the_number_so_its_own_source_stays() -> None:
    async with playing(Stage(tracked(own=BILLBOARD), ways=FakeWays(way=None))) as stage:
        await stage.arrives()
        assert stage.last(ANNA)["visit"]["source"] == "billboard"


async def test_switched_off_nothing_is_looked_for_and_nothing_shown() -> None:
    ways = FakeWays()
    async with playing(Stage(tracked(on=False, own=BILLBOARD), ways=ways)) as stage:
        await stage.arrives()
        assert stage.last(ANNA)["visit"] is None
        assert ways.asked == []


async def test_a_look_that_fails_is_repeated_and_the_call_does_not_care() -> None:
    ways = FakeWays(failures=1)
    async with playing(Stage(tracked(), ways=ways)) as stage:
        await stage.arrives()
        assert stage.last(ANNA)["state"] == "ringing"
        await stage.wait(AGAIN_S[0])
        assert stage.last(ANNA)["visit"]["exact"] is True
        assert len(ways.asked) == 2


async def test_a_database_that_stays_away_is_left_alone() -> None:
    ways = FakeWays(failures=99)
    async with playing(Stage(tracked(), ways=ways)) as stage:
        await stage.arrives()
        await stage.leg("agent-anna-1", "up")
        await stage.wait(sum(AGAIN_S) + 10)
        assert len(ways.asked) == len(AGAIN_S) + 1
        assert (stage.last(ANNA)["state"], stage.last(ANNA)["visit"]) == ("talking", None)


async def test_a_new_owner_knows_the_way_and_asks_nobody() -> None:
    stage = Stage(tracked(), ways=FakeWays())
    async with playing(stage):
        await stage.arrives()
        await stage.leg("agent-anna-1", "up")
    stage.ways = later = FakeWays(way=None)
    stage.new_owner()
    async with running(stage):
        legs = tuple(
            LiveLeg(
                leg_id=LegId(name),
                state=LegState.UP,
                number=NUMBER if name == CUSTOMER else "",
                dialed=LINE if name == CUSTOMER else "",
                at=START,
            )
            for name in (CUSTOMER, "agent-anna-1")
        )
        call = LiveCall(
            call_id=CallId("c1"), legs=legs, held=False, connected=(legs[0].leg_id, legs[1].leg_id)
        )
        await stage.connected(call)
        (card,) = await stage.cards(ANNA)
        assert card["visit"]["source"] == "yandex"
        assert later.asked == []


async def test_a_call_shorter_than_the_look_has_its_way_in_the_history() -> None:
    ways = FakeWays()
    ways.gate.clear()
    async with playing(Stage(tracked(), ways=ways)) as stage:
        await stage.arrives()
        await stage.gone("customer-0")
        for leg in ("agent-anna-1", "agent-boris-1"):
            await stage.gone(leg)
        assert stage.journal.finished == {}
        ways.gate.set()
        await idle()
        assert stage.journal.finished[CallId("c1")].visit == WAY
        # Its journal is cleared away with the end: nothing may be written there after it.
        assert [e.kind for e in stage.journal.entries if e.kind == records.TRACED] == []


def test_a_long_visit_is_shown_by_its_first_page_and_its_newest() -> None:
    pages = tuple(Page(url=f"https://svet.example/{n}", title=str(n), at=START) for n in range(40))
    found = shown(msgspec.structs.replace(WAY, pages=pages, pages_total=200))
    assert found is not None
    assert len(found.pages) == PAGES_SHOWN
    assert [found.pages[0].title, found.pages[1].title, found.pages[-1].title] == ["0", "21", "39"]
    assert found.pages_total == 200
