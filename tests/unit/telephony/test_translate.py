"""Samples in the shape ARI documents, and what is made of them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from itertools import permutations
from typing import Any

import pytest

from backend.services.ports import (
    Arrived,
    EarlySound,
    HoldReported,
    LegEnded,
    LegMoved,
    LiveCall,
    LiveLeg,
    SoundOver,
)
from backend.telephony.asterisk import names
from backend.telephony.asterisk.translate import Doubt, Replaced, Translated, Translator
from backend.telephony.asterisk.wire import Channel, Dialplan, parse_time
from protocol.vocabulary import CallId, HangupCause, LegId, LegState

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
CALL, LEG = CallId("c1"), LegId("agent-e1-1")
RUNG = names.channel_id(CALL, LEG)
INBOUND = "1772442000.17"
INBOUND_CALL = names.inbound_call("here", INBOUND)


def channel(id_: str = RUNG, state: str = "Down", **members: Any) -> dict[str, Any]:
    return {
        "id": id_,
        "name": "PJSIP/101-00000011",
        "state": state,
        "protocol_id": "ab12@10.0.0.1",
        "caller": {"name": "", "number": "79160000001"},
        "connected": {"name": "", "number": ""},
        "accountcode": "",
        "dialplan": {
            "context": "from-trunk",
            "exten": "74951234567",
            "priority": 1,
            # What is rung is with Dial() until it is answered.
            "app_name": "AppDial2" if id_ == RUNG else "Stasis",
            "app_data": "dozvon",
        },
        "creationtime": "2026-03-02T11:59:58.120+0300",
        "language": "ru",
    } | members


def frame(type_: str, at: str = "2026-03-02T12:00:00.250+0300", **members: Any) -> str:
    return json.dumps(
        {
            "type": type_,
            "application": "dozvon",
            "timestamp": at,
            "asterisk_id": "02:42:ac:11:00:02",
            **members,
        }
    )


@pytest.fixture
def translator() -> Translator:
    return Translator("dozvon", "here")


def told(translator: Translator, *frames: str) -> list[Translated]:
    return [item for text in frames for item in translator.translate(text, now=NOW)]


def test_an_inbound_start_is_an_arrival_at_the_switchs_time(translator: Translator) -> None:
    (event,) = told(translator, frame("StasisStart", args=[], channel=channel(INBOUND, "Ring")))
    assert event == Arrived(
        call_id=INBOUND_CALL,
        leg_id=LegId("customer-0"),
        number="79160000001",
        dialed="74951234567",
        at=datetime(2026, 3, 2, 9, 0, 0, 250_000, tzinfo=UTC),
    )


def test_a_withheld_number_is_empty(translator: Translator) -> None:
    anonymous = channel(INBOUND, "Ring", caller={"name": None, "number": None})
    (event,) = told(translator, frame("StasisStart", channel=anonymous))
    assert isinstance(event, Arrived)
    assert event.number == ""


def test_the_answered_order_of_events_moves_the_leg_once_each(translator: Translator) -> None:
    events = told(
        translator,
        frame("Dial", peer=channel(), dialstatus="", dialstring="101"),
        frame("ChannelStateChange", channel=channel(state="Ringing")),
        frame("Dial", peer=channel(state="Ringing"), dialstatus="RINGING"),
        frame("ChannelStateChange", channel=channel(state="Up")),
        frame("Dial", peer=channel(state="Up"), dialstatus="ANSWER"),
        frame("StasisStart", args=["outbound"], channel=channel(state="Up")),
    )
    moves = [event for event in events if isinstance(event, LegMoved)]
    assert [move.state for move in moves] == [LegState.DIALING, LegState.RINGING, LegState.UP]
    assert {(move.call_id, move.leg_id) for move in moves} == {(CALL, LEG)}
    assert [event for event in events if not isinstance(event, LegMoved)] == [Doubt(RUNG)]
    assert translator.doubts == set()


def test_picking_up_is_no_answer_before_the_channel_takes_commands(
    translator: Translator,
) -> None:
    assert told(translator, frame("ChannelStateChange", channel=channel(state="Up"))) == [
        Doubt(RUNG)
    ]


def test_our_answer_puts_an_inbound_leg_up(translator: Translator) -> None:
    told(translator, frame("StasisStart", channel=channel(INBOUND, "Ring")))
    up = frame("ChannelStateChange", channel=channel(INBOUND, "Up"))
    (event,) = told(translator, up, up)
    assert isinstance(event, LegMoved)
    assert event.state is LegState.UP


def test_a_leg_made_before_it_rings_is_heard_early_and_up_by_its_state(
    translator: Translator,
) -> None:
    """Orders as 22.10.1 gave them: StasisStart while Down, and no second one after the answer."""
    ours = {"exten": "s", "app_name": "Stasis"}
    down, up = channel(dialplan=ours), channel(state="Up", dialplan=ours)
    begun = told(
        translator,
        frame("StasisStart", args=["outbound"], channel=down),
        frame("Dial", peer=down, dialstatus="", dialstring="x", forward=""),
        frame("Dial", peer=down, dialstatus="PROGRESS", dialstring="", forward=""),
    )
    assert [type(item) for item in begun] == [LegMoved, EarlySound]
    (moved,) = told(translator, frame("ChannelStateChange", channel=up))
    assert isinstance(moved, LegMoved)
    assert moved.state is LegState.UP
    assert translator.doubts == set()


def test_a_leg_that_is_not_ours_yet_is_not_heard_early(translator: Translator) -> None:
    progress = frame("Dial", peer=channel(), dialstatus="PROGRESS", dialstring="x", forward="")
    assert told(translator, progress) == []


def test_busy_comes_without_a_start(translator: Translator) -> None:
    events = told(
        translator,
        frame("Dial", peer=channel(), dialstatus=""),
        frame("Dial", peer=channel(), dialstatus="BUSY"),
        frame("ChannelDestroyed", channel=channel(), cause=17, tech_cause=486, cause_txt="busy"),
    )
    assert [type(event) for event in events] == [LegMoved, LegEnded]
    assert isinstance(events[-1], LegEnded)
    assert events[-1].cause is HangupCause.BUSY


@pytest.mark.parametrize(
    ("state", "cause"),
    [("Ringing", HangupCause.NO_ANSWER), ("Down", HangupCause.UNREACHABLE)],
)
def test_a_time_out_is_told_by_the_last_state(
    translator: Translator, state: str, cause: HangupCause
) -> None:
    gone = frame("ChannelDestroyed", channel=channel(state=state), cause=19, tech_cause=480)
    (event,) = told(translator, gone)
    assert isinstance(event, LegEnded)
    assert event.cause is cause


@pytest.mark.parametrize(
    ("state", "said", "cause"),
    [
        ("Ring", {"cause": 127, "tech_cause": 487}, HangupCause.NORMAL),
        ("Up", {"cause": 16}, HangupCause.NORMAL),
        ("Up", {"cause": 1, "soft": True}, HangupCause.LOST_CONTACT),
        ("Up", {"cause": 32, "soft": True}, HangupCause.NORMAL),
    ],
)
def test_an_inbound_leg_ends_with_its_stasis_because_no_more_is_told(
    translator: Translator, state: str, said: dict[str, Any], cause: HangupCause
) -> None:
    told(translator, frame("StasisStart", args=[], channel=channel(INBOUND, state)))
    (ended,) = told(
        translator,
        frame("ChannelHangupRequest", channel=channel(INBOUND, state), **said),
        frame("StasisEnd", channel=channel(INBOUND, state)),
        # Only who is subscribed to the channel itself hears this one.
        frame("ChannelDestroyed", channel=channel(INBOUND, state), cause=16),
    )
    assert ended == LegEnded(
        call_id=INBOUND_CALL,
        leg_id=names.INBOUND_LEG,
        cause=cause,
        at=datetime(2026, 3, 2, 9, 0, 0, 250_000, tzinfo=UTC),
    )
    assert translator.doubts == set()


def test_an_inbound_leg_we_refuse_ends_with_our_cause(translator: Translator) -> None:
    told(translator, frame("StasisStart", args=[], channel=channel(INBOUND, "Ring")))
    translator.asked_to_end(INBOUND, HangupCause.BUSY)
    request = frame("ChannelHangupRequest", channel=channel(INBOUND, "Ring"), cause=32, soft=True)
    (ended,) = told(translator, request, frame("StasisEnd", channel=channel(INBOUND, "Ring")))
    assert isinstance(ended, LegEnded)
    assert ended.cause is HangupCause.BUSY


def test_leaving_stasis_without_a_hang_up_is_looked_into(translator: Translator) -> None:
    told(translator, frame("StasisStart", args=[], channel=channel(INBOUND, "Ring")))
    left = frame("StasisEnd", channel=channel(INBOUND, "Ring"))
    assert told(translator, left) == [Doubt(INBOUND)]


def test_whatever_the_order_an_ended_leg_stays_ended(translator: Translator) -> None:
    frames = [
        frame("StasisStart", channel=channel(state="Up")),
        frame("ChannelDestroyed", channel=channel(state="Up"), cause=16),
        frame("ChannelStateChange", channel=channel(state="Ringing")),
        frame("Dial", peer=channel(), dialstatus="RINGING"),
    ]
    for order in permutations(frames):
        fresh = Translator("dozvon", "here")
        events = told(fresh, *order, *order)
        ends = [place for place, event in enumerate(events) if isinstance(event, LegEnded)]
        assert ends == [len(events) - 1]


def test_channels_of_others_are_none_of_our_business(translator: Translator) -> None:
    other = channel("1772442000.99", "Up")
    assert (
        told(
            translator,
            frame("ChannelStateChange", channel=other),
            frame("Dial", peer=other, dialstatus="RINGING"),
            frame("ChannelHold", channel=other),
            frame("ChannelVarset", channel=other, variable="DOZVON_HELD", value="1"),
            frame("StasisEnd", channel=other),
            frame("ChannelDestroyed", channel=other, cause=16),
            frame("StasisStart", application="elsewhere", channel=other).replace(
                '"application": "dozvon"', '"application": "elsewhere"'
            ),
        )
        == []
    )


def test_a_phone_that_holds_and_our_own_flag_are_both_reports(translator: Translator) -> None:
    told(translator, frame("StasisStart", channel=channel(state="Up")))
    hold = frame("ChannelHold", channel=channel(state="Up"), musicclass="default")
    flag = frame(
        "ChannelVarset",
        at="2026-03-02T09:00:05.000+0000",
        channel=channel(state="Up"),
        variable="DOZVON_HELD",
        value="0",
    )
    events = told(translator, hold, hold, flag, flag)
    assert [event.on for event in events if isinstance(event, HoldReported)] == [True, False]


def test_a_customers_own_hold_is_no_hold_of_ours(translator: Translator) -> None:
    told(translator, frame("StasisStart", channel=channel(INBOUND, "Up")))
    assert told(translator, frame("ChannelHold", channel=channel(INBOUND, "Up"))) == []


@pytest.mark.parametrize("how", ["RecordingFinished", "RecordingFailed"])
def test_a_message_that_failed_is_over_as_one_that_ended_is(
    translator: Translator, how: str
) -> None:
    told(translator, frame("StasisStart", channel=channel(INBOUND, "Up")))
    sound = {"name": "m", "format": "wav", "target_uri": f"channel:{INBOUND}", "cause": "no space"}
    [over] = told(translator, frame(how, recording=sound))
    assert isinstance(over, SoundOver)
    assert (over.call_id, over.leg_id, over.kind) == (INBOUND_CALL, names.INBOUND_LEG, "recorded")
    assert told(translator, frame(how, recording=sound | {"target_uri": "bridge:b1"})) == []


def test_being_replaced_counts_for_our_application_only(translator: Translator) -> None:
    assert told(translator, frame("ApplicationReplaced")) == [Replaced()]
    other = frame("ApplicationReplaced").replace('"dozvon"', '"elsewhere"')
    assert told(translator, other) == []


def test_unknown_and_broken_frames_are_counted_and_dropped(translator: Translator) -> None:
    assert told(translator, frame("SomethingNew"), "{", '"text"', "[]", "{}") == []
    assert translator.ignored == {"SomethingNew": 1, "malformed": 4}
    assert told(translator, frame("ChannelDialplan", channel=channel())) == []
    assert "ChannelDialplan" not in translator.ignored


def test_a_transfer_by_the_phone_itself_makes_no_new_call(translator: Translator) -> None:
    start = frame(
        "StasisStart", channel=channel("1772442000.30", "Up"), replace_channel=channel(INBOUND)
    )
    assert told(translator, start) == []
    assert translator.ignored == {"StasisStart": 1}


def test_what_was_read_after_a_gap_is_not_told_again(translator: Translator) -> None:
    leg = LiveLeg(leg_id=LEG, state=LegState.UP, number="", dialed="", at=NOW)
    waiting = LiveLeg(
        leg_id=names.INBOUND_LEG, state=LegState.RINGING, number="", dialed="", at=NOW
    )
    call = LiveCall(call_id=CALL, legs=(leg,), held=False, connected=())
    other = LiveCall(call_id=INBOUND_CALL, legs=(waiting,), held=False, connected=())
    translator.seed([(RUNG, call), (INBOUND, other)])
    events = told(
        translator,
        frame("StasisStart", channel=channel(state="Up")),
        frame("StasisStart", channel=channel(INBOUND, "Ring")),
    )
    assert events == []
    assert translator.channel_of(INBOUND_CALL, names.INBOUND_LEG) == INBOUND
    assert translator.channel_of(CALL, LEG) == RUNG


def test_the_audit_finds_ghosts_and_strangers_but_not_the_newborn(
    translator: Translator,
) -> None:
    told(translator, frame("StasisStart", channel=channel(INBOUND, "Ring")))
    known = translator.known
    told(translator, frame("Dial", peer=channel(), dialstatus=""))
    stranger = Channel(id="1772442000.50", state="Ring", dialplan=Dialplan("100", "Stasis"))
    passing = Channel(id="1772442000.51", state="Up", dialplan=Dialplan("100", "Playback"))
    events = translator.audit([stranger, passing], {stranger.id, passing.id}, known, NOW)
    assert [type(event) for event in events] == [LegEnded, Arrived]
    assert isinstance(events[0], LegEnded)
    assert events[0].call_id == INBOUND_CALL
    assert events[0].cause is HangupCause.LOST_CONTACT
    assert RUNG in translator.known


def test_asterisks_times_are_read_whatever_their_zone() -> None:
    moscow = parse_time("2026-03-02T12:00:00.250+0300", NOW)
    assert moscow == datetime(2026, 3, 2, 9, 0, 0, 250_000, tzinfo=UTC)
    assert parse_time("", NOW) is NOW
    assert parse_time("yesterday", NOW) is NOW
