"""Calls read off the lists of the switch."""

from __future__ import annotations

from datetime import UTC, datetime

from backend.telephony.asterisk import adopt, names
from backend.telephony.asterisk.wire import Bridge, Channel, Dialplan, Party
from protocol.vocabulary import CallId, LegId, LegState

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
CUSTOMER = Channel(
    id="1772442000.17",
    state="Up",
    caller=Party("", "79160000001"),
    dialplan=Dialplan("74951234567", "Stasis"),
    creationtime="2026-03-02T08:59:00.000+0000",
)
CALL = names.inbound_call("here", CUSTOMER.id)
AGENT = Channel(
    id=names.channel_id(CALL, LegId("agent-e1-1")),
    state="Up",
    creationtime="2026-03-02T08:59:10.000+0000",
)


def test_a_talk_is_one_call_with_its_legs_oldest_first() -> None:
    bridge = Bridge(id=names.bridge_id(CALL), channels=[AGENT.id, CUSTOMER.id])
    ((call, ids),) = adopt.live_calls([AGENT, CUSTOMER], [bridge], (), identity="here", now=NOW)
    assert call.call_id == CALL
    assert [leg.leg_id for leg in call.legs] == ["customer-0", "agent-e1-1"]
    assert (call.legs[0].number, call.legs[0].dialed) == ("79160000001", "74951234567")
    assert call.connected == ("customer-0", "agent-e1-1")
    assert ids == (CUSTOMER.id, AGENT.id)


def test_a_held_customer_is_asked_for_unless_the_list_shows_it() -> None:
    bridge = Bridge(id=names.bridge_id(CALL), channels=[AGENT.id])
    assert adopt.may_be_held([CUSTOMER, AGENT], [bridge]) == [CUSTOMER.id]
    shown = Channel(id=CUSTOMER.id, state="Up", channelvars={"DOZVON_HELD": "1"})
    assert adopt.may_be_held([shown, AGENT], [bridge]) == []
    for channels, held in (([shown, AGENT], ()), ([CUSTOMER, AGENT], (CUSTOMER.id,))):
        ((call, _),) = adopt.live_calls(channels, [bridge], held, identity="here", now=NOW)
        assert call.held
        assert call.connected == ("agent-e1-1",)


def test_only_channels_of_our_application_and_still_in_it_count() -> None:
    passing = Channel(id="1772442000.20", state="Up", dialplan=Dialplan("100", "Dial"))
    stranger = Channel(id="1772442000.21", state="Up", dialplan=Dialplan("100", "Stasis"))
    found = adopt.our_channels([CUSTOMER, passing, stranger, AGENT], {CUSTOMER.id, passing.id})
    assert found == [CUSTOMER]


def test_states_before_the_answer() -> None:
    call = CallId("c9")
    legs = {
        "Down": LegState.DIALING,
        "Ringing": LegState.RINGING,
        "Ring": LegState.RINGING,
        "Busy": LegState.DIALING,
    }
    for state, expected in legs.items():
        channel = Channel(id=names.channel_id(call, LegId("agent-e1-1")), state=state)
        ((live, _),) = adopt.live_calls([channel], [], (), identity="here", now=NOW)
        assert live.legs[0].state is expected
        assert live.legs[0].at == NOW
