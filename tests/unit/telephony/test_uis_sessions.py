"""Hearing the cloud: nothing is promised of notifications, and nothing may depend on it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from backend.kit.clock import ManualClock
from backend.services.ports import Arrived, LegEnded, LegMoved, SwitchEvent
from backend.telephony.uis import names, wire
from backend.telephony.uis.naming import Naming
from backend.telephony.uis.questions import Questions
from backend.telephony.uis.session import Expected, Session
from backend.telephony.uis.sessions import Sessions
from protocol.vocabulary import CallId, EmployeeId, HangupCause, LegId, LegState

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SESSION, CONTACT, ANNA, BORIS = 60_001, 60_002, 60_003, 60_004
CALLER, DID = "79160000001", "74951234567"
PEOPLE = {11: EmployeeId("e1"), 12: EmployeeId("e2")}


def sessions() -> Sessions:
    return Sessions("test", PEOPLE.get, lambda number: number == DID)


def note(event: str, **more: Any) -> wire.Notification:
    body = {
        "event": event,
        "call_session_id": SESSION,
        "virtual_phone_number": DID,
        "contact_phone_number": CALLER,
        **more,
    }
    found = wire.notification(body)
    assert found is not None
    return found


def rows(*legs: tuple[int, int | None, str]) -> list[wire.SessionRow]:
    """(the cloud's leg, employee, caption) each."""
    return wire.sessions(
        [
            {
                "call_session_id": SESSION,
                "direction": "in",
                "virtual_phone_number": DID,
                "contact_phone_number": CALLER,
                "external_id": None,
                "legs": [
                    {
                        "leg_id": leg_id,
                        "calling_phone_number": CALLER,
                        "called_phone_number": DID if employee is None else f"07001{employee}",
                        "is_operator": employee is not None,
                        "employee_id": employee,
                        "state": caption,
                    }
                    for leg_id, employee, caption in legs
                ],
            }
        ]
    )


RINGING = rows((CONTACT, None, "На очереди"), (ANNA, 11, "Дозвон"), (BORIS, 12, "Дозвон"))
TALKING = rows((CONTACT, None, "Разговор"), (ANNA, 11, "Разговор"))
HEARD = (
    note("incoming"),
    note("ringing", leg_id=ANNA, employee_id=11),
    note("ringing", leg_id=BORIS, employee_id=12),
    note("talk_started", leg_ids=[CONTACT, ANNA], employee_id=11),
    RINGING,
    TALKING,
)


def play(told: list[object]) -> list[SwitchEvent]:
    hearing, events = sessions(), list[SwitchEvent]()
    for one in told:
        if isinstance(one, wire.Notification):
            events += hearing.heard(one, NOW)
        else:
            events += hearing.listed(one, NOW)  # type: ignore[arg-type]
    return events


@given(st.permutations(HEARD), st.lists(st.sampled_from(HEARD), max_size=4))
def test_swapped_and_doubled_reports_end_in_the_same_legs(
    order: list[object], doubled: list[object]
) -> None:
    events = play([*order, *doubled])
    assert [type(event) for event in events].count(Arrived) <= 1
    moves = [(e.leg_id, e.state) for e in events if isinstance(e, LegMoved)]
    assert len(moves) == len(set(moves))
    reached = {leg for leg, state in moves if state is LegState.UP}
    assert reached == {names.CONTACT_LEG, LegId(f"agent-e1-{ANNA}")}
    # Nobody goes back: a leg that was up is not told of as ringing.
    for leg in reached:
        states = [state for moved, state in moves if moved == leg]
        assert states.index(LegState.UP) == len(states) - 1


def test_ordered_legs_keep_their_names_whichever_report_comes_first() -> None:
    for first in (HEARD[1], RINGING):
        hearing = sessions()
        hearing.heard(HEARD[0], NOW)
        session = hearing.get(SESSION)
        assert session is not None
        wanted = Expected(leg_id=LegId("agent-e1-1"), target=names.Line(11, "0700111"))
        assert hearing.expect(session, wanted, NOW) == []
        told = (
            hearing.heard(first, NOW)
            if isinstance(first, wire.Notification)
            else hearing.listed(first, NOW)
        )
        assert ("agent-e1-1", LegState.RINGING) in [
            (e.leg_id, e.state) for e in told if isinstance(e, LegMoved)
        ]
        assert (SESSION, ANNA, "agent-e1-1") in hearing.newly_named()
        assert hearing.newly_named() == []


def test_the_contact_s_end_ends_everybody() -> None:
    hearing = sessions()
    hearing.heard(HEARD[0], NOW)
    hearing.listed(RINGING, NOW)
    session = hearing.get(SESSION)
    assert session is not None
    contact = session.contact
    assert contact is not None
    ended = hearing.end(session, contact, HangupCause.CANCELLED, NOW)
    assert {e.leg_id for e in ended if isinstance(e, LegEnded)} == {
        "customer-0",
        f"agent-e1-{ANNA}",
        f"agent-e2-{BORIS}",
    }
    assert hearing.get(SESSION) is None
    assert play([]) == []
    assert hearing.heard(HEARD[1], NOW) == hearing.listed(TALKING, NOW) == []


def test_only_legs_from_before_the_reading_can_be_missing_from_it() -> None:
    hearing = sessions()
    hearing.heard(HEARD[0], NOW)
    hearing.listed(RINGING, NOW)
    before = hearing.shown()
    assert hearing.missing(TALKING, before) == [(SESSION, BORIS)]
    assert hearing.missing([], []) == []
    assert set(hearing.missing([], before)) == set(before)


json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=12,
)
fields = st.sampled_from(
    ["event", "call_session_id", "leg_id", "leg_ids", "employee_id", "direction", "legs", "state"]
)


@given(st.dictionaries(fields, json), json)
def test_whatever_is_sent_is_read_or_left_out(body: dict[str, Any], data: Any) -> None:
    found = wire.notification(body)
    assert found is None or found.session_id == wire.whole(body["call_session_id"])
    for row in wire.sessions(data) + wire.sessions([body]):
        sessions().listed([row], NOW)


@given(st.text(max_size=30))
def test_only_what_is_written_as_an_endpoint_is_one(text: str) -> None:
    assert names.parse(f"PJSIP/{text}") is None
    found = names.parse(f"UIS/{text}")
    assert found is None or all(c.isascii() for c in text)


def test_ids_of_calls_lead_back_to_their_sessions() -> None:
    call_id = names.inbound_call("cloud", 12345)
    assert names.session_of(call_id) == names.session_of(f"dozvon-acme-{call_id}") == 12345
    assert names.session_of("dozvon-acme-c0ffee") is None
    ours = names.external_id("cloud", CallId("c1"))
    assert names.own_call("cloud", ours) == "c1"
    assert names.own_call("other", ours) is names.own_call("cloud", "crm-7") is None


def test_a_session_begun_while_the_list_was_on_its_way_lives() -> None:
    hearing = sessions()
    hearing.heard(HEARD[0], NOW)
    before = [one.session_id for one in hearing.all()]
    hearing.started(SESSION + 100, CallId("c1"), CALLER, NOW)
    hearing.drop(before, shown=[])
    assert [one.session_id for one in hearing.all()] == [SESSION + 100]


def test_names_of_a_session_that_is_over_are_forgotten() -> None:
    naming = Naming(PEOPLE.get)
    naming.know({(SESSION, ANNA): LegId("agent-e1-1"), (SESSION + 1, ANNA): LegId("agent-e1-2")})
    naming.forget(SESSION)
    fresh, other = (
        Session(session_id=one, call_id=CallId("c1"), inbound=False, number=CALLER, dialed="",
                began_at=NOW)
        for one in (SESSION, SESSION + 1)
    )  # fmt: skip
    assert naming.of(fresh, ANNA, 11, "") is None
    found = naming.of(other, ANNA, 11, "")
    assert found is not None
    assert found.leg_id == "agent-e1-2"


async def test_questions_of_sessions_that_are_over_are_forgotten() -> None:
    questions = Questions(ManualClock(), 3.0)
    for session_id in (SESSION, SESSION + 1):
        questions.offer(session_id, LegId("agent-e1-1"), "0700101")
    questions.keep({SESSION})
    assert not questions.withdraw(SESSION + 1, LegId("agent-e1-1"))
    assert questions.withdraw(SESSION, LegId("agent-e1-1"))
