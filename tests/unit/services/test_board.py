"""The supervisors' board: what is told to whom, the day's figures, the past."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest

from backend.domain.board.scope import ALL, Scope, TeamPeople, scopes
from backend.domain.board.view import View, digest, fold
from backend.domain.scenario import Step
from backend.services.board.keeper import COMPARE_S, TELL_S, BoardKeeper
from backend.services.board.past import replayed
from backend.services.board.streams import board_stream
from backend.services.hands import Hands
from backend.services.ports import StreamRead
from backend.services.statuses import StatusService
from protocol.vocabulary import AgentStatus, StatusSource
from tests.contract.house_hour import StatusesOnDisk
from tests.fake_board import FakeBoardRows
from tests.unit.services.stage import ACC, ANNA, BORIS, NUMBER, VERA, Stage, account, playing

SALES = TeamPeople(team_id="sales", name="Sales", members=(ANNA,), heads=(VERA,))
CARE = TeamPeople(team_id="care", name="Care", members=(BORIS,), heads=(VERA, BORIS))


class Watched:
    """A stage with a board."""

    def __init__(self, *teams: TeamPeople) -> None:
        self.stage = Stage(account(Step(employees=(ANNA,), timeout_s=20)))
        self.rows = FakeBoardRows(self.stage.journal, teams)
        self.drifts: list[int] = []
        self.keeper = BoardKeeper(
            ACC,
            "switch-1",
            bus=self.stage.bus,
            rows=self.rows,
            routing=self.stage.routing,
            clock=self.stage.clock,
            named=lambda _, number: "Ivan" if number == NUMBER else None,
            live=lambda account_id: self.stage.owner.calls_of(account_id),
            modes=("listen",),
            drifted=lambda _, calls: self.drifts.append(calls),
        )
        self.stage.watch = self.keeper.call_changed
        self.hands = Hands(self.stage.bus, self.rows, self.stage.clock)

    async def view(self, scope: str = ALL) -> View:
        """The board as a page opened now would show it."""
        read: StreamRead = await self.stage.bus.read(board_stream(ACC, scope), None)
        return fold({}, [json.loads(delivery.frame) for delivery in read.deliveries])

    async def told(self) -> None:
        await self.stage.wait(TELL_S)

    async def call(self, call: str = "c1", *, answered: bool = True, talk_s: int = 30) -> None:
        """A whole call of Anna's."""
        await self.stage.arrives(call)
        await self.stage.wait(4)
        if answered:
            await self.stage.leg("agent-anna-1", "up", call)
            await self.stage.wait(talk_s)
        await self.stage.gone("customer-0", "normal", call)
        await self.stage.gone("agent-anna-1", "normal", call)
        await self.stage.wait(5)


@asynccontextmanager
async def watched(*teams: TeamPeople) -> AsyncIterator[Watched]:
    here = Watched(*teams)
    async with playing(here.stage):
        await here.keeper.start()
        await here.told()
        try:
            yield here
        finally:
            await here.keeper.aclose()


@pytest.mark.feature("S1")
async def test_a_call_is_on_the_board_from_its_first_ring_to_its_end() -> None:
    async with watched() as here:
        await here.stage.arrives()
        await here.told()
        call = (await here.view())["call:c1"]
        assert call["waits_since"] == call["started_at"]
        assert (call["name"], call["line"], call["ringing"]) == ("Ivan", "Main line", [ANNA])
        await here.stage.wait(3)
        await here.stage.leg("agent-anna-1", "up")
        await here.told()
        call = (await here.view())["call:c1"]
        assert (call["talking"], call["ringing"], call["waits_since"]) == ([ANNA], [], None)
        assert (await here.view())["person:anna"]["busy"] == "talking"
        await here.stage.gone("customer-0")
        await here.told()
        view = await here.view()
        assert "call:c1" not in view
        assert view["counts"]["answered"] == 1
        assert view["tally:anna"]["answered"] == 1


@pytest.mark.feature("S1")
async def test_what_happens_is_told_within_a_second() -> None:
    async with watched() as here:
        await here.stage.arrives()
        assert "call:c1" not in await here.view()
        await here.stage.wait(1)
        assert "call:c1" in await here.view()


@pytest.mark.feature("S1")
async def test_a_supervisor_sees_his_own_teams_and_nobody_else() -> None:
    async with watched(SALES, CARE) as here:
        found = scopes((SALES, CARE))
        care = next(s for s in found.values() if s.people == frozenset({BORIS, VERA}))
        await here.call()
        await here.told()
        everybody, of_care = await here.view(), await here.view(care.key)
        assert {"person:anna", "person:boris", "person:vera"} <= everybody.keys()
        assert everybody["counts"]["inbound"] == 1
        assert {e for e in of_care if e.startswith("person:")} == {"person:boris", "person:vera"}
        assert of_care["counts"]["inbound"] == 0
        assert "tally:anna" not in of_care
        assert [team["name"] for team in of_care["setup"]["teams"]] == ["Care"]


async def test_who_leaves_a_team_leaves_its_board() -> None:
    async with watched(SALES, CARE) as here:
        (key,) = (
            s.key for s in scopes((SALES, CARE)).values() if s.people == frozenset((BORIS, VERA))
        )
        assert "person:boris" in await here.view(key)
        here.rows.now_teams = (SALES, TeamPeople(
            team_id="care", name="Care", members=(ANNA,), heads=(BORIS,)
        ))  # fmt: skip
        await here.keeper.reload()
        await here.told()
        assert {e for e in await here.view(key) if e.startswith("person:")} == {
            "person:boris",
            "person:anna",
        }


async def test_statuses_and_presence_come_as_colleagues_hear_them() -> None:
    async with watched() as here:
        statuses = StatusService(StatusesOnDisk(), here.stage.bus, here.stage.clock)
        await statuses.set(ACC, BORIS, AgentStatus.BREAK, StatusSource.PERSON)
        await here.told()
        person = (await here.view())["person:boris"]
        assert (person["status"], person["online"]) == ("break", False)
        assert person["status_since"] is not None


@pytest.mark.feature("S1")
async def test_a_raised_hand_is_on_the_board_and_its_answer_at_the_operator() -> None:
    async with watched() as here:
        await here.hands.up(ACC, ANNA, "a discount?", None)
        await here.told()
        assert (await here.view())["person:anna"]["hand"]["reason"] == "a discount?"
        await here.hands.answer(ACC, ANNA, VERA, "Vera", done=False)
        await here.told()
        own = [push for push in here.stage.seen[ANNA] if push["type"] == "hand.changed"][-1]
        assert (own["raised"], own["answered_by"]) == (True, "Vera")
        await here.hands.answer(ACC, ANNA, VERA, "Vera", done=True)
        await here.told()
        assert (await here.view())["person:anna"]["hand"] is None
        assert [deed.what for deed in here.rows.noted] == [
            "hand_raised",
            "hand_answered",
            "hand_lowered",
        ]


@pytest.mark.feature("S1")
async def test_the_figures_equal_the_history_after_every_minute() -> None:
    async with watched() as here:
        for number in range(12):
            await here.call(f"c{number}", answered=number % 3 != 0, talk_s=7 + number)
        await here.stage.wait(2 * COMPARE_S)
        counts = (await here.view())["counts"]
        assert (counts["inbound"], counts["answered"], counts["lost"]) == (12, 8, 4)
        assert counts["drift"] == 0
        assert here.drifts[-1] == 0
        del here.stage.journal.finished[next(iter(here.stage.journal.finished))]
        await here.stage.wait(COMPARE_S + 1)
        assert here.drifts[-1] == 1
        assert (await here.view())["counts"]["drift"] == 1


async def test_another_keeper_goes_on_from_the_history() -> None:
    async with watched() as here:
        await here.call()
        await here.keeper.aclose()
        before = (await here.view())["counts"]
        second = Watched()
        second.stage, second.rows = here.stage, here.rows
        keeper = BoardKeeper(
            ACC, "switch-1", bus=here.stage.bus, rows=here.rows, routing=here.stage.routing,
            clock=here.stage.clock,
        )  # fmt: skip
        await keeper.start()
        await here.told()
        after = (await here.view())["counts"]
        await keeper.aclose()
        assert {**after, "version": 0, "seq": 0} == {**before, "version": 0, "seq": 0}


@pytest.mark.feature("S1")
async def test_the_past_played_again_is_what_was_shown() -> None:
    async with watched(SALES, CARE) as here:
        began = here.stage.clock.now()
        digests: list[tuple[Any, dict[str, str]]] = []
        of: dict[str, Scope] = scopes((SALES, CARE))
        for number in range(40):
            if number == 20:
                # Long enough for another whole view in between.
                await here.stage.wait(400)
            await here.stage.arrives(f"c{number}")
            await here.stage.wait(3)
            await here.stage.leg("agent-anna-1", "up", f"c{number}")
            await here.stage.wait(2)
            await here.hands.up(ACC, ANNA, f"hand {number}", None)
            await here.told()
            shown = {key: digest(await here.view(key)) for key in of}
            digests.append((here.stage.clock.now(), shown))
            await here.stage.gone("customer-0", call=f"c{number}")
            await here.stage.gone("agent-anna-1", call=f"c{number}")
            await here.stage.wait(4)
        await here.stage.wait(5)
        assert sum(row.kind == "whole" for row in here.rows.log) > 1
        for at, shown in digests:
            rows = await here.rows.past(ACC, at, at)
            for key, scope in of.items():
                assert replayed(rows, scope, at, at).digest == shown[key], (at, key)
        rows = await here.rows.past(ACC, began, here.stage.clock.now())
        whole = replayed(rows, of[ALL], began, here.stage.clock.now())
        again = fold({push["entity"]: push for push in whole.start}, [p for _, p in whole.events])
        assert digest(again) == whole.digest == digest(await here.view())
        assert len(whole.events) > 100


async def test_a_past_that_could_not_be_written_is_written_later() -> None:
    async with watched() as here:
        here.rows.away = True
        await here.call()
        kept = len(here.rows.log)
        here.rows.away = False
        await here.stage.wait(5)
        assert len(here.rows.log) > kept
        now = here.stage.clock.now()
        rows = await here.rows.past(ACC, now, now)
        (scope,) = scopes(()).values()
        assert replayed(rows, scope, now, now).digest == digest(await here.view())


async def test_a_flushed_bus_is_told_everything_anew() -> None:
    async with watched() as here:
        await here.stage.arrives()
        await here.told()
        here.stage.bus.flush()
        await here.stage.wait(1)
        here.stage.owner.republish()
        here.keeper.republish()
        await here.told()
        view = await here.view()
        assert set(view) >= {"setup", "counts", "person:anna", "call:c1"}


async def test_a_new_day_begins_with_nothing() -> None:
    async with watched() as here:
        await here.call()
        await here.told()
        assert (await here.view())["counts"]["inbound"] == 1
        midnight = timedelta(hours=13)  # the account's clock is three hours ahead of 09:00 UTC
        await here.stage.wait(midnight.total_seconds())
        counts = (await here.view())["counts"]
        assert counts["inbound"] == 0
        assert (await here.view())["tally:anna"]["answered"] == 0
