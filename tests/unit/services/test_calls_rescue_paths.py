"""Whatever happens after an operator was lost: the customer ends with a person or is called back.

One long property instead of a table: the ladder has too many ways to list them by hand.
"""

from __future__ import annotations

import asyncio
from typing import Any, Literal

from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from backend.services.ports import LiveCall, LiveLeg
from protocol.vocabulary import CallbackReason, CallState, LegState
from tests.fakes import idle
from tests.unit.services.stage import ANNA, CUSTOMER, START, Stage
from tests.unit.services.test_calls_rescue import A1, C1, office, talking

Deed = Literal["wait", "back", "away", "nobody", "declines", "answers", "breaks", "takeover"]
deeds = st.lists(st.sampled_from(Deed.__args__), max_size=8)  # type: ignore[attr-defined]


def rung(stage: Stage) -> list[str]:
    """Legs that ring, oldest order first."""
    call = stage.owner._core.calls[C1].call
    return [leg.leg_id for leg in call.live_legs if leg.state is not LegState.UP]


def alive(stage: Stage) -> LiveCall:
    """The call as the switch would list it."""
    call = stage.owner._core.calls[C1].call
    legs = tuple(
        LiveLeg(leg_id=leg.leg_id, state=leg.state, number="", dialed="", at=START)
        for leg in call.live_legs
        if leg.state in (LegState.UP, LegState.RINGING)
    )
    talk = tuple(leg.leg_id for leg in call.talkers) if call.vacant is None else ()
    return LiveCall(call_id=C1, legs=legs, held=False, connected=talk)


async def do(stage: Stage, deed: Deed) -> None:
    ringing = rung(stage)
    match deed:
        case "wait":
            await stage.wait(5)
        case "back":
            stage.ready.add(ANNA)
            await stage.wait(0.5)
        case "away":
            stage.ready.discard(ANNA)
        case "nobody" if ringing:
            await stage.gone(ringing[0], "no_answer")
        case "declines" if ringing:
            await stage.gone(ringing[0], "rejected")
        case "answers" if ringing:
            await stage.leg(ringing[0], "up")
        case "breaks":
            talkers = stage.owner._core.calls[C1].call.talkers
            for leg in talkers:
                if leg.employee_id is not None:
                    await stage.gone(leg.leg_id, "lost_contact")


async def play(todo: list[Deed]) -> Any:
    """The customer's end: `talking`, or what was kept of the call."""
    stage = Stage(office())
    async with talking(stage):
        stage.ready.discard(ANNA)
        await stage.gone(A1, "normal")
        for deed in todo:
            live = stage.owner._core.calls.get(C1)
            if live is None or live.call.state is CallState.ENDED:
                break
            await do(stage, deed)
            if deed == "takeover":
                listed = alive(stage)
                await stage.connected(listed)
            live = stage.owner._core.calls.get(C1)
            if live is not None and live.call.vacant is not None:
                # Somebody is looked for, and something is heard meanwhile.
                assert live.transfer is not None
                assert live.asking is not None or live.offers
                await idle()
                assert (C1, CUSTOMER, True) in stage.switch.said("hold")
        live = stage.owner._core.calls.get(C1)
        if live is not None and live.call.state is CallState.TALKING:
            talk = [leg.leg_id for leg in live.call.talkers]
            assert any(set(talk) == set(order[1]) for order in stage.switch.said("connect"))  # type: ignore[call-overload]
            return "talking"
        await stage.wait(200)
        await stage.gone(CUSTOMER)
        await stage.wait(3)
        return stage.journal.finished[C1]


@settings(max_examples=60, deadline=None)
@given(deeds)
def test_no_path_of_a_rescue_ends_in_silence(todo: list[Deed]) -> None:
    with capture_logs():
        kept = asyncio.run(play(todo))
    if kept != "talking":
        assert kept.wanted is not None
        assert kept.wanted.reason is CallbackReason.LOST
        assert kept.wanted_by
