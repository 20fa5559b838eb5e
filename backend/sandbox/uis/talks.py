"""What becomes of a talk by command: hold, a third party, a coach, recording.

talk ──hold──► hold ──make.call──► dialing ──it answers──► operator_talk
  ▲             │  ▲                  │                         │
  └───unhold────┘  └── it fails ──────┤                         │
  └───────────────restore / transfer──┴─────────────────────────┘
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from backend.sandbox.uis.errors import CloudError
from backend.sandbox.uis.model import AMONG_US, ON_HOLD, TALKING, Leg, Session

if TYPE_CHECKING:
    from backend.sandbox.uis.cloud import Cloud


class Talks:
    """The talks of one cloud. Each command raises CloudError out of its states."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    def hold(self, session: Session) -> None:
        self._require(session, "talk")
        contact = session.contact_leg
        if contact is not None:
            contact.caption = ON_HOLD
        session.state = "hold"

    def unhold(self, session: Session) -> None:
        self._require(session, "hold")
        self._back(session)

    def make_call(self, session: Session, to: str) -> None:
        self._require(session, "hold")
        leg = self._cloud.ring(session, to)
        session.third, session.state, session.blind = leg, "dialing", False
        if self._cloud.owner(to) is None:
            self._cloud.by_script(session, leg)

    def transfer(self, session: Session) -> None:
        self._require(session, "dialing", "operator_talk")
        talker = session.talker()
        if session.state == "dialing":
            session.blind = True
        else:
            self._hand_over(session)
        if talker is not None:
            self._cloud.end(session, talker, "transfer_disconnects")

    def restore(self, session: Session) -> None:
        self._require(session, "dialing", "operator_talk")
        if session.third is not None:
            self._cloud.end(session, session.third, "scenario_disconnects")
        self._back(session)

    def record(self, session: Session, *, on: bool) -> None:
        self._require(session, "talk")
        if on == session.recording:
            raise CloudError("record_already_started" if on else "record_already_stopped")
        if not on and self.recorded_by_rule(session):
            raise CloudError("forbidden")
        if on:
            self.start_record(session)
        else:
            self.stop_record(session)

    def recorded_by_rule(self, session: Session) -> bool:
        """Whether the employee's card has this talk recorded, whoever asks for it."""
        talker = session.talker()
        if not self._cloud.config.records_all:
            return False
        if talker is None or talker.employee_id is None:
            return True
        return self._cloud.employee(talker.employee_id).recording in ("all", session.direction)

    def add_coach(self, session: Session, number: str) -> None:
        """He is rung, and heard by the employee only."""
        self._require(session, "talk")
        if any(leg.is_coach for leg in session.live):
            raise CloudError("invalid_state")
        leg = self._cloud.ring(session, number)
        leg.is_coach = True

    def third_up(self, session: Session, leg: Leg) -> None:
        leg.connected_at = self._cloud.clock.now()
        if session.blind:
            self._hand_over(session)
            return
        session.state = "operator_talk"
        leg.caption = AMONG_US
        talker = session.talker()
        if talker is not None:
            talker.caption = AMONG_US

    def _hand_over(self, session: Session) -> None:
        """The contact talks to the third party from now on."""
        session.third = None
        self._back(session)

    def _back(self, session: Session) -> None:
        session.third, session.state, session.blind = None, "talk", False
        for leg in session.live:
            if leg.connected_at is not None:
                leg.caption = TALKING

    def start_record(self, session: Session) -> None:
        session.recording, session.record_began = True, self._cloud.clock.now()

    def stop_record(self, session: Session) -> None:
        if session.recording and session.record_began is not None:
            seconds = (self._cloud.clock.now() - session.record_began).total_seconds()
            session.records.append((self._cloud.new_id(), seconds))
            session.recording, session.record_began = False, None
            self._cloud.notices.send("recorded", session, session.talker())

    def _require(self, session: Session, *states: str) -> None:
        if session.state not in states:
            raise CloudError("invalid_state")
