"""Transfers where something else happens in the same moment: nobody is left in silence."""

from __future__ import annotations

import asyncio

import pytest

from backend.errors import NotFound
from backend.services.ports import LiveCall, LiveLeg
from protocol.commands import Dial, HoldCall
from protocol.transfers import CancelTransfer, CompleteTransfer
from protocol.vocabulary import CallId, LegId, LegState
from tests.fakes import idle
from tests.unit.services.stage import ANNA, BORIS, CUSTOMER, VERA, Stage, playing, running
from tests.unit.services.test_calls_adoption import leg, live
from tests.unit.services.test_calls_rescue import office as browser_office
from tests.unit.services.test_calls_rescue import talking
from tests.unit.services.test_calls_transfers import (
    A1,
    B1,
    C1,
    MUSIC,
    RESUMED,
    anna_talks,
    ask,
    command_id,
    heard,
    office,
    passes,
)

pytestmark = [pytest.mark.feature("W6"), pytest.mark.feature("R8")]
A2, V1 = "agent-anna-2", "agent-vera-1"


@pytest.mark.parametrize("kind", ["blind", "attended"])
async def test_a_target_that_leaves_as_he_is_connected_gives_the_call_back(kind: str) -> None:
    async with playing(Stage(office())) as stage:
        await anna_talks(stage)
        if kind == "blind":
            await passes(stage)
            await stage.gone(A1)
            stage.switch.errors["connect"] = NotFound("gone")
            await stage.leg(B1, "up")
        else:
            await passes(stage, "attended")
            await stage.leg(B1, "up")
            stage.switch.errors["connect"] = NotFound("gone")
            await ask(stage, ANNA, CompleteTransfer(id=command_id(), call_id=C1))
        stage.switch.errors.clear()
        stage.switch.orders.clear()
        await stage.gone(B1)
        await stage.gone(A1)
        assert heard(stage) == [MUSIC]
        assert stage.switch.rung[-1].leg_id == A2
        card = stage.last(ANNA)
        assert (card["state"], card["transfer"]["reason"]) == ("ringing", "target_left")
        await stage.leg(A2, "up")
        assert heard(stage)[1:] == [("connect", C1, (CUSTOMER, A2)), RESUMED]
        await stage.gone(CUSTOMER)
        await stage.wait(3)
        kept = stage.journal.finished[C1]
        assert [(h.to, h.reason) for h in kept.handovers] == [(ANNA, "target_left")]


async def test_a_target_that_was_connected_ends_the_call_by_leaving() -> None:
    async with playing(Stage(office())) as stage:
        await anna_talks(stage)
        await passes(stage)
        await stage.gone(A1)
        await stage.leg(B1, "up")
        await stage.gone(B1)
        assert stage.last(BORIS)["state"] == "ended"


async def test_a_cancelled_transfer_does_not_take_its_sender_away_again() -> None:
    async with playing(Stage(office())) as stage:
        await anna_talks(stage)
        await passes(stage, "attended")
        await stage.leg(B1, "up")
        await ask(stage, ANNA, HoldCall(id=command_id(), call_id=C1, on=False))
        stage.switch.orders.clear()
        gate, hold = asyncio.Event(), stage.switch.hold

        async def slow(call_id: CallId, customer: LegId, *, on: bool) -> None:
            if on:
                await gate.wait()
            await hold(call_id, customer, on=on)

        stage.switch.hold = slow  # type: ignore[method-assign]
        back = ask(stage, ANNA, HoldCall(id=command_id(), call_id=C1, on=True))
        turning = asyncio.create_task(back)
        await idle()
        await ask(stage, ANNA, CancelTransfer(id=command_id(), call_id=C1))
        gate.set()
        await turning
        await idle()
        assert heard(stage) == [MUSIC, ("connect", C1, (CUSTOMER, A1)), RESUMED]
        assert stage.last(ANNA)["state"] == "talking"


async def test_a_colleague_who_waits_hears_the_target_under_a_new_owner() -> None:
    stage = Stage(office())
    async with playing(stage):
        await ask(stage, ANNA, Dial(id=command_id(), target="102"))
        call = CallId(stage.last(ANNA)["call_id"])
        await stage.leg(A1, "up", call)
        await stage.leg(B1, "up", call)
        await passes(stage, call=call, employee_id=VERA)
        await stage.gone(A1, call=call)
    stage.new_owner()
    async with running(stage):
        legs = tuple(
            LiveLeg(leg_id=LegId(name), state=state, number="", dialed="", at=stage.now())
            for name, state in ((B1, LegState.UP), (V1, LegState.RINGING))
        )
        await stage.connected(LiveCall(call_id=call, legs=legs, held=True, connected=()))
        await stage.leg(V1, "up", call)
        assert heard(stage) == [("connect", call, (V1, B1)), ("hold", call, B1, False)]


@pytest.mark.parametrize("rescue", [True, False])
async def test_a_transfer_whose_end_was_not_written_down_is_over(rescue: bool) -> None:
    """Who picked up stands in the journal; the last line, that the transfer is over, is lost."""
    stage = Stage(browser_office() if rescue else office())
    joined, who = (A2, ANNA) if rescue else (B1, BORIS)
    async with talking(stage) if rescue else playing(stage):
        if rescue:
            stage.ready.discard(ANNA)
            await stage.gone(A1)
            await stage.wait(1)
            stage.ready.add(ANNA)
            await stage.wait(1)
        else:
            await anna_talks(stage)
            await passes(stage)
            await stage.gone(A1)
        before = len(stage.journal.entries)
        await stage.leg(joined, "up")
        kinds = [entry.kind for entry in stage.journal.entries[before:]]
        end = before + kinds.index("leg.joined") + 1
        del stage.journal.entries[end:]
    stage.new_owner()
    async with running(stage):
        both = (leg("customer-0", "up"), leg(joined, "up"))
        await stage.connected(live(*both, held=True))
        assert ("connect", C1, (CUSTOMER, joined)) in heard(stage)
        assert heard(stage)[-1] in (RESUMED, ("connect", C1, (CUSTOMER, joined)))
        assert not stage.switch.said("consult")
        assert not stage.switch.rung
        (card,) = await stage.cards(who)
        assert (card["state"], card["rescue"]) == ("talking", None)
        assert "transfer_blind" in card["controls"]
