"""Reports mixed, doubled and lost: whatever comes, the views keep the rules (R2, P09, P11)."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from backend.domain.scenario import Step
from backend.errors import AppError
from backend.services.ports import Arrived, HoldReported, LegEnded, LegMoved, SwitchEvent
from protocol.commands import AnswerCall, AnyCommand, DeclineCall, HangUpCall, HoldCall
from protocol.transfers import (
    CancelTransfer,
    CompleteTransfer,
    LeaveCall,
    MergeCall,
    MuteCall,
    TransferCall,
)
from protocol.vocabulary import CallId, CommandId, HangupCause, LegId, LegState
from tests.fakes import idle
from tests.unit.services.stage import (
    ACC,
    ANNA,
    BORIS,
    CUSTOMER,
    NUMBER,
    START,
    VERA,
    Stage,
    account,
    at,
    playing,
)

C1 = CallId("c1")
LEGS = [
    LegId(name)
    for name in ("agent-anna-1", "agent-boris-1", "agent-anna-2", "agent-vera-1", "guest-1")
]
STEPS = (Step(employees=(ANNA, BORIS), timeout_s=20), Step(employees=(VERA,), timeout_s=10))
ARRIVAL = Arrived(call_id=C1, leg_id=CUSTOMER, number=NUMBER, dialed="74951112233", at=START)

moments = st.integers(0, 60).map(at)
legs = st.sampled_from([CUSTOMER, *LEGS])
reports = st.one_of(
    st.builds(
        LegMoved,
        call_id=st.just(C1),
        leg_id=st.sampled_from(LEGS),
        state=st.sampled_from([LegState.RINGING, LegState.UP]),
        at=moments,
    ),
    st.builds(
        LegEnded,
        call_id=st.just(C1),
        leg_id=legs,
        cause=st.sampled_from(HangupCause),
        at=moments,
    ),
    st.builds(HoldReported, call_id=st.just(C1), on=st.booleans(), at=moments),
)
asked = st.tuples(
    st.sampled_from([ANNA, BORIS]),
    st.sampled_from(
        [
            AnswerCall(id=CommandId("answer-01"), call_id=C1),
            DeclineCall(id=CommandId("decline-01"), call_id=C1),
            HangUpCall(id=CommandId("hangup-001"), call_id=C1),
            HoldCall(id=CommandId("hold-0001"), call_id=C1, on=True),
            HoldCall(id=CommandId("hold-0002"), call_id=C1, on=False),
            TransferCall(id=CommandId("pass-0001"), call_id=C1, kind="blind", employee_id=VERA),
            TransferCall(id=CommandId("pass-0002"), call_id=C1, kind="attended", employee_id=BORIS),
            TransferCall(
                id=CommandId("pass-0003"), call_id=C1, kind="attended", number="+79160000077"
            ),
            CompleteTransfer(id=CommandId("complete-1"), call_id=C1),
            CancelTransfer(id=CommandId("cancel-001"), call_id=C1),
            MergeCall(id=CommandId("merge-0001"), call_id=C1),
            LeaveCall(id=CommandId("leave-0001"), call_id=C1),
            MuteCall(id=CommandId("mute-00001"), call_id=C1, on=True),
        ]
    ),
)
happenings = st.lists(st.one_of(reports, asked, st.integers(1, 25)), max_size=14)


people = st.sampled_from([ANNA, ANNA, ANNA, BORIS, VERA])
passing = st.sampled_from(
    [
        {"type": TransferCall, "kind": "blind", "employee_id": VERA},
        {"type": TransferCall, "kind": "attended", "employee_id": BORIS},
        {"type": TransferCall, "kind": "attended", "number": "+79160000077"},
        {"type": CompleteTransfer},
        {"type": CancelTransfer},
        {"type": MergeCall},
        {"type": LeaveCall},
        {"type": HangUpCall},
        {"type": DeclineCall},
        {"type": AnswerCall},
        {"type": HoldCall, "on": True},
        {"type": HoldCall, "on": False},
    ]
)
acts = st.one_of(
    st.tuples(st.just("ask"), people, passing),
    st.tuples(st.just("ask"), people, passing),
    st.tuples(st.just("up"), st.integers(0, 3), st.none()),
    st.tuples(st.just("up"), st.integers(0, 3), st.none()),
    st.tuples(st.just("gone"), st.integers(0, 5), st.sampled_from(HangupCause)),
    st.tuples(st.just("wait"), st.integers(1, 25), st.none()),
)


@settings(max_examples=120, deadline=None)
@given(st.lists(acts, min_size=3, max_size=16))
def test_a_talk_is_passed_on_through_anything_and_nobody_is_left_in_silence(
    happened: list[tuple[str, Any, Any]],
) -> None:
    with capture_logs() as logs:
        asyncio.run(_pass_on(happened))
    assert [entry for entry in logs if entry["event"].endswith("broke")] == []


async def _pass_on(happened: list[tuple[str, Any, Any]]) -> None:
    """Anna talks; then people press what they can, and legs that live pick up and leave."""
    stage = Stage(account(*STEPS))
    async with playing(stage):
        await stage.arrives()
        await stage.leg("customer-0", "up")
        await stage.leg("agent-anna-1", "up")
        for number, (what, who, more) in enumerate(happened):
            live = stage.owner._core.calls.get(C1)
            legs = () if live is None else live.call.live_legs
            if what == "ask":
                kind = dict(more)
                command = kind.pop("type")(id=CommandId(f"asked-{number:03d}"), call_id=C1, **kind)
                with contextlib.suppress(AppError):
                    await stage.owner.handle(ACC, who, command)
                await idle(30)
            elif what == "wait":
                await stage.wait(who)
            elif who < len(legs):
                # The newest first: those who came with a transfer.
                leg = sorted(legs, key=lambda one: (one.started_at or START, one.leg_id))[-1 - who]
                if what == "up":
                    await stage.leg(leg.leg_id, "up")
                else:
                    await stage.gone(leg.leg_id, more.value)
            _somebody_is_sought_for_a_customer_alone(stage)
            for leg_id in {order[1] for order in stage.switch.orders if order[0] == "hang_up"}:
                await stage.gone(str(leg_id))
        await stage.connected()
        await stage.wait(3)
        await stage.wait(70)
        for who, seen in stage.seen.items():
            assert await stage.cards(who) == []
            _check(seen)
        assert set(dict(stage.busy()).values()) <= {"free"}
        assert stage.journal.finished[C1].outcome == "answered"


@settings(max_examples=150, deadline=None)
@given(happenings, st.integers(0, 2))
def test_views_keep_the_rules_whatever_is_reported(happened: list[Any], late: int) -> None:
    with capture_logs() as logs:
        asyncio.run(_play([*happened[:late], ARRIVAL, *happened[late:]]))
    assert [entry for entry in logs if entry["event"].endswith("broke")] == []


async def _play(happened: list[Any]) -> None:
    stage = Stage(account(*STEPS))
    async with playing(stage):
        for thing in happened:
            await _happen(stage, thing)
            await _nobody_rings_after_an_answer(stage)
            _somebody_is_sought_for_a_customer_alone(stage)
        await stage.connected()  # the switch knows of no call any more
        await stage.wait(3)
        await stage.wait(70)
        for who, seen in stage.seen.items():
            assert await stage.cards(who) == []
            _check(seen)
        free = dict(stage.busy())
        assert set(free.values()) <= {"free"}
        assert set(stage.journal.finished) == {C1}


async def _happen(stage: Stage, thing: SwitchEvent | tuple[Any, AnyCommand] | int) -> None:
    if isinstance(thing, int):
        await stage.wait(thing)
    elif isinstance(thing, tuple):
        with contextlib.suppress(AppError):  # refusals are fine here, bugs are not
            await stage.owner.handle(ACC, *thing)
    else:
        stage.switch.emit(thing)
    await idle(30)


def _somebody_is_sought_for_a_customer_alone(stage: Stage) -> None:
    for live in stage.owner._core.calls.values():
        if live.call.vacant is not None:
            assert live.transfer is not None
            assert live.offers or live.outside is not None or live.asking is not None


async def _nobody_rings_after_an_answer(stage: Stage) -> None:
    for who in (ANNA, BORIS, VERA):
        for card in await stage.cards(who):
            if card["answered_by"] is not None:
                assert card["answered_by"]["employee_id"] == who


def _check(seen: list[dict[str, Any]]) -> None:
    told = [p for p in seen if p["type"].startswith("call.")]
    versions = [p["version"] for p in told]
    assert versions == sorted(set(versions))
    ended, answered = False, False
    for push in told:
        if push["type"] == "call.changed":
            assert not ended or push["state"] == "ended"
            assert not answered or push["outcome"] in (None, "answered")
            ended = ended or push["state"] == "ended"
            answered = answered or push["outcome"] == "answered"
