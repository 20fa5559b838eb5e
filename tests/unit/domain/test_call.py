"""A call is the sum of its reports, in whatever order, number and completeness they come."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.domain.call import (
    Call,
    Ended,
    Fact,
    Held,
    Joined,
    Moved,
    Muted,
    Over,
    Parted,
    Planned,
    Sought,
    Taken,
    apply,
    raised,
)
from backend.domain.leg_id import agent_leg, customer_leg, guest_leg, leg_name
from protocol.vocabulary import (
    AccountId,
    CallId,
    CallState,
    Direction,
    EmployeeId,
    HangupCause,
    LegId,
    LegState,
    Outcome,
)

T0 = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ANNA, BORIS, VERA = EmployeeId("anna"), EmployeeId("boris-0b-2"), EmployeeId("vera")
PEOPLE = (ANNA, BORIS, VERA)


def at(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


def newborn(direction: Direction = Direction.INBOUND, by: EmployeeId | None = None) -> Call:
    return Call(
        call_id=CallId("c"),
        account_id=AccountId("a"),
        direction=direction,
        number="+79161234567",
        dialed="+74951112233",
        started_at=T0,
        placed_by=by,
    )


def grown(facts: list[Fact], call: Call | None = None) -> Call:
    for fact in facts:
        call = apply(call or newborn(), fact)
    return call or newborn()


def seen(call: Call) -> tuple[object, ...]:
    """Everything anybody is shown, without the count of changes."""
    return (
        replace(call, version=0),
        call.state,
        call.outcome,
        call.cause,
        call.answered_by,
        call.answered_at,
        call.ended_at,
        call.talk_s,
        call.rung,
        call.concerned(),
        call.talkers,
        call.talked,
        call.last_talker,
        call.vacant,
    )


@st.composite
def histories(draw: st.DrawFn) -> list[Fact]:
    """What a switch and the owner report of one inbound call that rings up to three people."""
    rung = draw(st.lists(st.sampled_from(PEOPLE), unique=True, min_size=1))
    facts: list[Fact] = [Moved(leg_id=customer_leg(), state=LegState.RINGING, at=T0)]
    picked_up = draw(st.sampled_from([None, *rung]))
    answer_s = draw(st.integers(5, 40))
    for number, who in enumerate(rung):
        leg = agent_leg(who, 1)
        facts.append(Planned(leg_id=leg, number=who, device="Desk", at=at(number)))
        facts.append(Moved(leg_id=leg, state=LegState.RINGING, at=at(number + 1)))
        if who == picked_up:
            facts.append(Moved(leg_id=leg, state=LegState.UP, at=at(answer_s)))
            facts.append(Taken(leg_id=leg, at=at(answer_s)))
        else:
            cause = draw(
                st.sampled_from(
                    [HangupCause.BUSY, HangupCause.ANSWERED_ELSEWHERE, HangupCause.CANCELLED]
                )
            )
            facts.append(Ended(leg_id=leg, cause=cause, at=at(answer_s + number + 1)))
    end_s = answer_s + draw(st.integers(5, 600))
    if picked_up is not None:
        moments = draw(st.lists(st.integers(answer_s, end_s), max_size=3, unique=True))
        facts += [Held(on=draw(st.booleans()), at=at(moment)) for moment in moments]
        facts.append(
            Ended(leg_id=agent_leg(picked_up, 1), cause=HangupCause.NORMAL, at=at(end_s + 1))
        )
    elif draw(st.booleans()):
        facts.append(Over(cause=HangupCause.NO_ANSWER, at=at(end_s)))
    facts.append(Ended(leg_id=customer_leg(), cause=HangupCause.NORMAL, at=at(end_s)))
    return facts


@given(histories(), st.data())
def test_order_and_repetition_of_reports_do_not_matter(
    facts: list[Fact], data: st.DataObject
) -> None:
    doubled = facts + data.draw(st.lists(st.sampled_from(facts), max_size=6))
    assert seen(grown(data.draw(st.permutations(doubled)))) == seen(grown(facts))


@given(histories(), st.data())
def test_the_outcome_only_grows_and_the_end_is_final(
    facts: list[Fact], data: st.DataObject
) -> None:
    """The missed leg that overwrote an answered call, whatever is lost and however it is mixed."""
    kept = [fact for fact in facts if data.draw(st.booleans())]
    call, strength = newborn(), [None, *Outcome]
    for fact in data.draw(st.permutations(kept)):
        after = apply(call, fact)
        assert after.version == call.version + (after is not call)
        if call.state is CallState.ENDED:
            assert after.state is CallState.ENDED
        if call.outcome is Outcome.ANSWERED:
            assert strength.index(after.outcome) >= strength.index(call.outcome)
        call = after
    if any(isinstance(f, Moved) and f.state is LegState.UP for f in kept):
        assert call.outcome in (None, Outcome.ANSWERED)


@given(histories(), st.data())
def test_no_card_lives_elsewhere_after_an_answer_though_cancels_are_lost(
    facts: list[Fact], data: st.DataObject
) -> None:
    """The card that hung on at the second member of the queue: lost reports of rung legs."""
    kept = [f for f in facts if not isinstance(f, Ended) or data.draw(st.booleans())]
    call = grown(data.draw(st.permutations(kept)))
    if call.answered_by is not None:
        assert call.concerned() == {call.answered_by}
    elif call.state is CallState.ENDED:
        assert call.concerned() == frozenset()


def test_the_state_is_read_off_the_facts() -> None:
    leg = agent_leg(ANNA, 1)
    call = grown([Moved(leg_id=leg, state=LegState.RINGING, at=at(1))])
    assert call.state is CallState.RINGING
    call = grown(
        [Moved(leg_id=leg, state=LegState.UP, at=at(4)), Taken(leg_id=leg, at=at(4))], call
    )
    assert call.state is CallState.TALKING
    call = apply(call, Held(on=True, at=at(6)))
    assert call.state is CallState.HELD
    assert apply(call, Held(on=False, at=at(5))) is call  # older than what we know
    call = apply(call, Ended(leg_id=leg, cause=HangupCause.NORMAL, at=at(70)))
    assert (call.state, call.talk_s, call.outcome) == (CallState.ENDED, 66, Outcome.ANSWERED)


def test_the_first_verdict_about_who_talks_stands() -> None:
    """Two pick up at once and the report of the earlier one is late: the talk goes on."""
    anna, boris = agent_leg(ANNA, 1), agent_leg(BORIS, 1)
    call = grown(
        [
            Moved(leg_id=boris, state=LegState.UP, at=at(5)),
            Taken(leg_id=boris, at=at(5)),
            Moved(leg_id=anna, state=LegState.UP, at=at(4)),
            Ended(leg_id=anna, cause=HangupCause.ANSWERED_ELSEWHERE, at=at(6)),
        ]
    )
    assert call.answered_by == BORIS
    assert call.state is CallState.TALKING


def test_a_verdict_alone_makes_it_answered() -> None:
    call = apply(newborn(), Taken(leg_id=agent_leg(ANNA, 1), at=at(5)))
    assert (call.state, call.answered_at, call.answered_by) == (CallState.TALKING, at(5), ANNA)


@pytest.mark.parametrize(
    "cause, outcome",
    [
        (HangupCause.BUSY, Outcome.LOST),
        (HangupCause.NO_ANSWER, Outcome.LOST),
        (HangupCause.INVALID_NUMBER, Outcome.FAILED),
        (HangupCause.CONGESTION, Outcome.FAILED),
    ],
)
def test_an_outbound_call_that_reaches_nobody(cause: HangupCause, outcome: Outcome) -> None:
    own = agent_leg(ANNA, 1)
    call = grown(
        [
            Moved(leg_id=own, state=LegState.UP, at=at(2)),
            Moved(leg_id=customer_leg(), state=LegState.RINGING, at=at(3)),
            Ended(leg_id=customer_leg(), cause=cause, at=at(9)),
        ],
        newborn(Direction.OUTBOUND, ANNA),
    )
    assert (call.state, call.outcome, call.cause) == (CallState.ENDED, outcome, cause)
    assert call.answered_by is None
    assert call.concerned() == {ANNA}


def test_an_outbound_call_is_answered_by_the_customer() -> None:
    own = agent_leg(ANNA, 2)
    call = grown(
        [
            Ended(leg_id=agent_leg(ANNA, 1), cause=HangupCause.UNREACHABLE, at=at(1)),
            Moved(leg_id=own, state=LegState.UP, at=at(2)),
            Moved(leg_id=customer_leg(), state=LegState.UP, at=at(8)),
            Taken(leg_id=customer_leg(), at=at(8)),
        ],
        newborn(Direction.OUTBOUND, ANNA),
    )
    assert (call.state, call.answered_at) == (CallState.TALKING, at(8))
    call = apply(call, Ended(leg_id=own, cause=HangupCause.NORMAL, at=at(20)))
    assert (call.state, call.talk_s) == (CallState.ENDED, 12)


def test_an_internal_call_knows_both_sides() -> None:
    call = grown(
        [
            Moved(leg_id=agent_leg(ANNA, 1), state=LegState.UP, at=at(1)),
            Moved(leg_id=agent_leg(VERA, 1), state=LegState.RINGING, at=at(2)),
        ],
        newborn(Direction.INTERNAL, ANNA),
    )
    assert (call.state, call.rung, call.concerned()) == (
        CallState.RINGING,
        (VERA,),
        frozenset({ANNA, VERA}),
    )
    call = apply(call, Taken(leg_id=agent_leg(VERA, 1), at=at(5)))
    assert (call.answered_by, call.state) == (VERA, CallState.TALKING)


def test_leg_ids_say_whose_they_are() -> None:
    assert leg_name(agent_leg(BORIS, 12)) == ("agent", BORIS, 12)
    assert leg_name(customer_leg()) == ("customer", None, 0)
    assert leg_name(guest_leg(2)) == ("guest", None, 2)
    for foreign in ("", "agent-", "robot-x-1", "agent-x", "customer-x"):
        with pytest.raises(ValueError):
            leg_name(LegId(foreign))


def test_the_stronger_cause_stays() -> None:
    leg = agent_leg(ANNA, 1)
    call = grown(
        [
            Ended(leg_id=leg, cause=HangupCause.LOST_CONTACT, at=at(9)),
            Ended(leg_id=leg, cause=HangupCause.BUSY, at=at(5)),
            Ended(leg_id=leg, cause=HangupCause.NORMAL, at=at(6)),
        ]
    )
    (found,) = call.legs
    assert (found.cause, found.ended_at) == (HangupCause.BUSY, at(5))


def test_a_version_is_never_lowered() -> None:
    call = raised(newborn(), 100)
    assert call.version == 100
    assert raised(call, 7) is call


# ── the talk passes on ──


@st.composite
def relays(draw: st.DrawFn) -> list[Fact]:
    """A talk that passes from one to the next, with thirds joining and gaps with nobody there."""
    first = agent_leg(ANNA, 1)
    facts: list[Fact] = [
        Sought(on=draw(st.booleans()), at=at(draw(st.integers(5, 40)))),
        Moved(leg_id=customer_leg(), state=LegState.RINGING, at=T0),
        Moved(leg_id=first, state=LegState.UP, at=at(5)),
        Taken(leg_id=first, at=at(5)),
    ]
    inside, now = [first], 5
    for number in range(draw(st.integers(1, 4))):
        now += draw(st.integers(1, 30))
        leg = draw(
            st.sampled_from(
                [agent_leg(draw(st.sampled_from(PEOPLE)), number + 2), guest_leg(number)]
            )
        )
        match draw(st.sampled_from(["passed", "merged", "lost", "left"])):
            case "passed":
                facts += [Parted(leg_id=old, at=at(now)) for old in inside]
                facts += [
                    Ended(leg_id=old, cause=HangupCause.NORMAL, at=at(now + 1)) for old in inside
                ]
                facts.append(Joined(leg_id=leg, side="callee", at=at(now)))
                inside = [leg]
            case "merged":
                facts.append(Joined(leg_id=leg, side="callee", at=at(now)))
                inside.append(leg)
            case "lost":
                facts += [Parted(leg_id=old, at=at(now)) for old in inside]
                facts += [
                    Ended(leg_id=old, cause=HangupCause.FAILURE, at=at(now)) for old in inside
                ]
                now += draw(st.integers(1, 9))
                facts.append(Joined(leg_id=leg, side="callee", at=at(now)))
                inside = [leg]
            case _ if len(inside) > 1:
                old = inside.pop(0)
                facts.append(Ended(leg_id=old, cause=HangupCause.NORMAL, at=at(now)))
    if draw(st.booleans()):
        facts.append(Ended(leg_id=customer_leg(), cause=HangupCause.NORMAL, at=at(now + 60)))
    return facts


@given(relays(), st.data())
def test_the_talk_passes_on_in_whatever_order_it_is_reported(
    facts: list[Fact], data: st.DataObject
) -> None:
    doubled = facts + data.draw(st.lists(st.sampled_from(facts), max_size=6))
    assert seen(grown(data.draw(st.permutations(doubled)))) == seen(grown(facts))


@given(relays())
def test_a_call_outlives_everybody_who_parted(facts: list[Fact]) -> None:
    """Told in order, it ends with the customer and with nothing that happened before."""
    call = newborn()
    for fact in facts:
        before, call = call, apply(call, fact)
        customer_left = isinstance(fact, Ended) and fact.leg_id == customer_leg()
        assert (call.state is CallState.ENDED) is customer_left
        assert before.outcome is None
    assert call.answered_by == ANNA


def test_a_side_everybody_parted_from_is_vacant_until_somebody_joins() -> None:
    anna, boris = agent_leg(ANNA, 1), agent_leg(BORIS, 1)
    call = grown(
        [
            Moved(leg_id=customer_leg(), state=LegState.UP, at=at(4)),
            Taken(leg_id=anna, at=at(4)),
            Parted(leg_id=anna, at=at(20)),
            Ended(leg_id=anna, cause=HangupCause.NORMAL, at=at(21)),
        ]
    )
    assert (call.state, call.vacant, call.concerned()) == (CallState.HELD, "callee", frozenset())
    call = apply(call, Joined(leg_id=boris, side="callee", at=at(30)))
    assert (call.state, call.vacant) == (CallState.TALKING, None)
    assert [leg.leg_id for leg in call.talkers] == [customer_leg(), boris]
    assert (call.answered_by, call.last_talker, call.talked) == (ANNA, BORIS, (ANNA, BORIS))
    assert call.concerned() == {BORIS}
    call = apply(call, Ended(leg_id=boris, cause=HangupCause.NORMAL, at=at(64)))
    assert (call.state, call.talk_s, call.cause) == (CallState.ENDED, 60, HangupCause.NORMAL)
    assert call.concerned() == {BORIS}


def test_of_three_the_call_lives_until_the_last_of_a_side_left() -> None:
    anna, guest = agent_leg(ANNA, 1), guest_leg(1)
    call = grown(
        [
            Taken(leg_id=anna, at=at(4)),
            Joined(leg_id=guest, side="callee", at=at(9)),
            Ended(leg_id=anna, cause=HangupCause.NORMAL, at=at(20)),
        ]
    )
    assert (call.state, call.concerned(), call.vacant) == (CallState.TALKING, frozenset(), None)
    call = apply(call, Ended(leg_id=guest, cause=HangupCause.NORMAL, at=at(30)))
    assert (call.state, call.answered_by, call.talk_s) == (CallState.ENDED, ANNA, 26)


def test_parting_after_the_end_saves_nothing() -> None:
    anna = agent_leg(ANNA, 1)
    call = grown(
        [
            Taken(leg_id=anna, at=at(4)),
            Ended(leg_id=anna, cause=HangupCause.NORMAL, at=at(20)),
            Parted(leg_id=anna, at=at(21)),
        ]
    )
    assert call.state is CallState.ENDED


def test_either_side_of_an_internal_call_can_be_passed_on() -> None:
    anna, vera, boris = agent_leg(ANNA, 1), agent_leg(VERA, 1), agent_leg(BORIS, 1)
    call = grown(
        [
            Moved(leg_id=anna, state=LegState.UP, at=at(1)),
            Taken(leg_id=vera, at=at(5)),
            Joined(leg_id=boris, side="caller", at=at(9)),
            Parted(leg_id=anna, at=at(9)),
            Ended(leg_id=anna, cause=HangupCause.NORMAL, at=at(9)),
        ],
        newborn(Direction.INTERNAL, ANNA),
    )
    assert call.state is CallState.TALKING
    assert call.concerned() == {BORIS, VERA}
    assert [leg.leg_id for leg in call.talkers] == [boris, vera]


def test_who_is_rung_for_a_talk_under_way_is_concerned_until_it_is_over() -> None:
    anna, vera, boris = agent_leg(ANNA, 1), agent_leg(VERA, 1), agent_leg(BORIS, 1)
    call = grown(
        [
            Planned(leg_id=vera, number="3", device=None, at=at(1)),  # its end was never reported
            Taken(leg_id=anna, at=at(4)),
            Sought(on=True, at=at(20)),
            Planned(leg_id=boris, number="2", device=None, at=at(20)),
            Moved(leg_id=boris, state=LegState.RINGING, at=at(21)),
        ]
    )
    assert call.concerned() == {ANNA, BORIS}
    call = apply(call, Sought(on=False, at=at(30)))
    assert call.concerned() == {ANNA}
    assert apply(call, Sought(on=True, at=at(20))) is call


def test_muted_is_the_newest_word_on_it() -> None:
    anna = agent_leg(ANNA, 1)
    call = grown([Muted(leg_id=anna, on=True, at=at(5)), Muted(leg_id=anna, on=False, at=at(3))])
    assert call.legs[0].is_muted
    assert not apply(call, Muted(leg_id=anna, on=False, at=at(6))).legs[0].is_muted
