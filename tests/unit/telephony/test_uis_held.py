"""What whoever connects is told of a call on hold in the cloud."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from backend.telephony.uis import names
from backend.telephony.uis.session import Leg, Session, live_call
from protocol.vocabulary import CallId, LegId, LegState

ANNA, BORIS = LegId("agent-e1-1"), LegId("agent-e2-1")


@pytest.mark.parametrize("held, together", [(False, {names.CONTACT_LEG, ANNA}), (True, {ANNA})])
def test_who_holds_is_in_the_talk_and_who_waits_or_is_consulted_is_not(
    held: bool, together: set[LegId]
) -> None:
    """As with other switches: so a talk on hold is told from one that nobody connected yet."""
    legs = [
        Leg(leg_id=names.CONTACT_LEG, state=LegState.UP),
        Leg(leg_id=ANNA, state=LegState.UP),
        Leg(leg_id=BORIS, state=LegState.UP, apart=True),
    ]
    session = Session(
        session_id=1,
        call_id=CallId("c1"),
        inbound=True,
        number="79160000001",
        dialed="74951234567",
        began_at=datetime(2026, 3, 2, 9, 0, tzinfo=UTC),
        legs={leg.leg_id: leg for leg in legs},
        held=held,
    )
    call = live_call(session)
    assert (set(call.connected), call.consulting) == (together, (BORIS,))
