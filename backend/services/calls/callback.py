"""Call-backs a visitor asked for: by the virtual number's scenario, then the visitor (B6).

event ─► scenario rings employees ─► the first to pick up has claimed it ─► the customer is rung
"""

from __future__ import annotations

from backend.domain.call import Claimed, Leg
from backend.domain.phone_number import PhoneNumber, canonical, dialable
from backend.errors import BadRequest, NoDevice, NotFound, WrongState
from backend.services.calls.core import Core
from backend.services.calls.live import Live
from backend.services.calls.orders import PlaceCallBack
from backend.services.calls.ringing import Ringing
from protocol.vocabulary import AccountId, Direction, HangupCause, RefusalReason


class CallBacks:
    def __init__(self, core: Core, ringing: Ringing) -> None:
        self._core = core
        self._ringing = ringing

    def place(self, account_id: AccountId, order: PlaceCallBack) -> None:
        """Ring employees as the scenario of the virtual number `line` says; who picks up is
        connected with the customer (L605).

        Raises NotFound (no such line), BadRequest, WrongState, NoDevice.
        """
        core, call_id = self._core, order.call_id
        if call_id in core.calls or call_id in core.ended_ids:
            return
        account = core.routing.account(account_id)
        if account is None:
            raise NotFound(f"no account {account_id}")
        wanted = canonical(order.line, region=account.region)
        virtual = next((v for v in account.virtual_numbers if v.number == wanted), None)
        if virtual is None:
            raise NotFound("the line is no virtual number", reason=RefusalReason.NO_SCENARIO.value)
        parsed = dialable(order.number, region=account.region)
        if not isinstance(parsed, PhoneNumber):
            raise BadRequest("not a number to call back", reason=RefusalReason.BAD_NUMBER.value)
        if virtual.scenario is None:
            raise WrongState(
                "the virtual number rings nobody", reason=RefusalReason.NO_SCENARIO.value
            )
        if account.trunk is None:
            raise NoDevice(
                "the account has no line to call out", reason=RefusalReason.NO_TRUNK.value
            )
        live = core.new_call(
            account,
            call_id,
            Direction.OUTBOUND,
            number=parsed.e164,
            dialed=virtual.number,
            at=core.clock.now(),
            callback=True,
            caller_id=virtual.number,
            asked=order.asked,
        )
        live.virtual, live.scenario = virtual, virtual.scenario
        self._ringing.advance(live)
        self._ringing.settled(live)

    def claim(self, live: Live, first: Leg) -> None:
        """An employee picked up a call-back: it is his, the others stop ringing."""
        if first.employee_id is None:
            return
        core, at = self._core, first.answered_at or self._core.clock.now()
        core.record(live, Claimed(employee_id=first.employee_id, at=at))
        self._ringing.stop(live, winner=first.leg_id, cause=HangupCause.ANSWERED_ELSEWHERE)
        for leg in live.call.live_legs:
            if leg.leg_id != first.leg_id:
                core.end_leg(live, leg.leg_id, HangupCause.ANSWERED_ELSEWHERE)
