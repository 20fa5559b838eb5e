"""Those who talk and are not in one room: whoever notices brings them together."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from backend.errors import NotFound, SwitchRefused, SwitchUnavailable
from backend.services.ports import LiveCall, LiveLeg
from protocol.commands import Dial, HoldCall
from protocol.transfers import MergeCall
from protocol.vocabulary import CallId, LegId, LegState
from tests.unit.services.stage import ANNA, BORIS, CUSTOMER, Stage, playing, running
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

pytestmark = pytest.mark.feature("R7")
AWAY = SwitchUnavailable("away")


async def _stuck(account: str, call_id: CallId, legs: Sequence[LegId]) -> None:
    await asyncio.Event().wait()


async def test_a_new_owner_connects_who_joined_and_was_not_connected() -> None:
    stage = Stage(office())
    async with playing(stage):
        await anna_talks(stage)
        await passes(stage)
        await stage.gone(A1)
        stage.switch.connect = _stuck  # type: ignore[method-assign]
        await stage.leg(B1, "up")
    stage.new_owner()
    async with running(stage):
        await stage.connected(live(leg("customer-0", "up"), leg(B1, "up"), held=True))
        assert heard(stage) == [("connect", C1, (CUSTOMER, B1)), RESUMED]
        (card,) = await stage.cards(BORIS)
        assert card["state"] == "talking"


async def test_a_new_owner_connects_the_operator_who_came_back() -> None:
    stage, again = Stage(browser_office()), "agent-anna-2"
    async with talking(stage):
        stage.ready.discard(ANNA)
        await stage.gone(A1)
        await stage.wait(1)
        stage.ready.add(ANNA)
        await stage.wait(1)
        stage.switch.connect = _stuck  # type: ignore[method-assign]
        await stage.leg(again, "up")
    stage.new_owner()
    async with running(stage):
        await stage.connected(live(leg("customer-0", "up"), leg(again, "up"), held=True))
        assert heard(stage) == [("connect", C1, (CUSTOMER, again)), RESUMED]


@pytest.mark.parametrize("holder", [A1, None])
async def test_a_customer_on_hold_stays_there_over_a_reconnection(holder: str | None) -> None:
    async with playing(Stage(office())) as stage:
        await anna_talks(stage)
        await ask(stage, ANNA, HoldCall(id=command_id(), call_id=C1, on=True))
        stage.switch.orders.clear()
        both = (leg("customer-0", "up"), leg(A1, "up"))
        room = () if holder is None else (holder,)
        await stage.connected(live(*both, held=True, connected=room))
        # Who holds is in the room: where he is not, they are apart and nobody meant it.
        assert heard(stage) == ([] if holder else [("connect", C1, (CUSTOMER, A1)), RESUMED])


async def test_a_colleague_on_hold_stays_there_under_a_new_owner() -> None:
    stage = Stage(office())
    async with playing(stage):
        await ask(stage, ANNA, Dial(id=command_id(), target="102"))
        call = CallId(stage.last(ANNA)["call_id"])
        await stage.leg(A1, "up", call)
        await stage.leg(B1, "up", call)
        await ask(stage, ANNA, HoldCall(id=command_id(), call_id=call, on=True))
    stage.new_owner()
    async with running(stage):
        await stage.connected(_internal(call, A1, B1, connected=(A1,)))
        assert heard(stage) == []
        await ask(stage, ANNA, HoldCall(id=command_id(), call_id=call, on=False))
        assert heard(stage) == [("hold", call, B1, False)]


def _internal(call: CallId, *legs: str, connected: tuple[str, ...] = ()) -> LiveCall:
    stage = Stage(office())
    return LiveCall(
        call_id=call,
        legs=tuple(
            LiveLeg(leg_id=LegId(name), state=LegState.UP, number="", dialed="", at=stage.now())
            for name in legs
        ),
        held=True,
        connected=tuple(LegId(name) for name in connected),
    )


async def test_who_could_not_be_connected_is_as_soon_as_the_switch_answers() -> None:
    async with playing(Stage(office())) as stage:
        await anna_talks(stage)
        await passes(stage)
        await stage.gone(A1)
        stage.switch.errors["connect"] = AWAY
        await stage.leg(B1, "up")
        await stage.wait(10)
        stage.switch.errors.clear()
        stage.switch.orders.clear()
        await stage.wait(6)
        assert heard(stage) == [("connect", C1, (CUSTOMER, B1)), RESUMED]
        stage.switch.orders.clear()
        await stage.wait(30)
        assert heard(stage) == []
        assert stage.last(BORIS)["state"] == "talking"


async def test_a_talk_of_three_goes_on_as_two_when_the_third_leaves_in_that_moment() -> None:
    async with playing(Stage(office())) as stage:
        await anna_talks(stage)
        await passes(stage, "attended")
        await stage.leg(B1, "up")
        stage.switch.errors["connect"] = NotFound("a leg is gone")
        await ask(stage, ANNA, MergeCall(id=command_id(), call_id=C1))
        stage.switch.errors.clear()
        stage.switch.orders.clear()
        await stage.gone(B1)
        assert heard(stage) == [("connect", C1, (CUSTOMER, A1)), RESUMED]
        assert stage.last(ANNA)["state"] == "talking"


async def test_returning_from_a_hold_brings_together_who_is_apart() -> None:
    async with playing(Stage(office())) as stage:
        await stage.arrives()
        await stage.leg(CUSTOMER, "up")
        stage.switch.errors["connect"] = AWAY
        await stage.leg(A1, "up")
        await stage.wait(3.6)
        stage.switch.errors.clear()
        stage.switch.orders.clear()
        await ask(stage, ANNA, HoldCall(id=command_id(), call_id=C1, on=True))
        assert heard(stage) == [("connect", C1, (CUSTOMER, A1)), MUSIC]
        await stage.wait(30)
        assert stage.last(ANNA)["state"] == "held"


async def test_a_hold_that_failed_half_way_puts_the_customer_back() -> None:
    async with playing(Stage(office())) as stage:
        await anna_talks(stage)
        stage.switch.errors["hold"] = SwitchUnavailable("no music")
        with pytest.raises(SwitchUnavailable):
            await ask(stage, ANNA, HoldCall(id=command_id(), call_id=C1, on=True))
        stage.switch.errors.clear()
        stage.switch.orders.clear()
        await stage.wait(6)
        assert heard(stage) == [("connect", C1, (CUSTOMER, A1)), RESUMED]
        assert stage.last(ANNA)["state"] == "talking"


async def test_a_switch_that_refuses_for_good_is_asked_less_and_less() -> None:
    async with playing(Stage(office())) as stage:
        await stage.arrives()
        await stage.leg(CUSTOMER, "up")
        stage.switch.errors["connect"] = SwitchRefused("no such room")
        await stage.leg(A1, "up")
        for _ in range(300):
            await stage.wait(1)
        assert 8 < len(stage.switch.said("connect")) < 20
        stage.switch.errors.clear()
        await stage.wait(30)
        stage.switch.orders.clear()
        await stage.wait(60)
        assert heard(stage) == []


async def test_whom_a_return_from_hold_brought_together_have_met() -> None:
    """So the target who hangs up then ends the call, as whoever talks does."""
    async with playing(Stage(office())) as stage:
        await anna_talks(stage)
        await passes(stage)
        await stage.gone(A1)
        stage.switch.errors["connect"] = SwitchRefused("not now")
        await stage.leg(B1, "up")
        stage.switch.errors.clear()
        await ask(stage, BORIS, HoldCall(id=command_id(), call_id=C1, on=False))
        assert heard(stage)[-2:] == [("connect", C1, (CUSTOMER, B1)), RESUMED]
        await stage.gone(B1)
        assert stage.last(BORIS)["state"] == "ended"
