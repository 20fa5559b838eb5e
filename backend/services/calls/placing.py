"""Calls placed by employees: the own device first, then the other party (W14, W15, B5)."""

from __future__ import annotations

import uuid

from backend.domain.call import Over
from backend.domain.leg_id import agent_leg, customer_leg
from backend.domain.phone_number import Extension, PhoneNumber, dialable
from backend.domain.scenario import Device, Scenario, Step
from backend.errors import AppError, BadRequest, NoDevice, NotFound, WrongState
from backend.services.calls.core import Core
from backend.services.calls.live import Live, Offer
from backend.services.calls.ringing import Ringing
from backend.services.routing import AccountRoute, EmployeeRoute
from protocol.vocabulary import (
    AccountId,
    CallId,
    CallState,
    CommandId,
    Direction,
    EmployeeId,
    HangupCause,
    LegId,
)

OWN_DEVICE_S = 25.0
"""How long one of the caller's own devices rings: he has just pressed the button beside it."""
OUTSIDE_S = 60.0
INTERNAL_S = 45
_CALLS = uuid.UUID("6f1f2f0e-51d7-4c5b-9a44-1f3a8a5b5a10")


def dialed_call_id(account_id: AccountId, employee_id: EmployeeId, command_id: CommandId) -> CallId:
    """The same command makes the same call, whoever handles it and however often (R3)."""
    return CallId(uuid.uuid5(_CALLS, f"{account_id}/{employee_id}/{command_id}").hex)


class Placing:
    def __init__(self, core: Core, ringing: Ringing) -> None:
        self._core = core
        self._ringing = ringing

    async def dial(
        self, account_id: AccountId, employee_id: EmployeeId, command_id: CommandId, target: str
    ) -> CallId:
        """Ring the employee's own device; returns once the switch accepted that.

        Raises BadRequest, NotFound (no such extension), NoDevice, WrongState, SwitchError.
        """
        core = self._core
        call_id = dialed_call_id(account_id, employee_id, command_id)
        if call_id in core.calls or call_id in core.ended_ids:
            return call_id
        account = core.routing.account(account_id)
        caller = core.routing.employee(account_id, employee_id)
        if account is None or caller is None:
            raise NotFound(f"no employee {employee_id}")
        parsed = dialable(target, region=account.region)
        if parsed is None:
            raise BadRequest("not a number that can be dialled")
        colleague = self._colleague(account, caller, parsed)
        if colleague is None and isinstance(parsed, PhoneNumber) and account.trunk is None:
            raise NoDevice("the account has no line to call out")
        if not caller.devices:
            raise NoDevice(f"{employee_id} has no device")
        if core.busy(account_id, employee_id) == "talking":
            raise WrongState("already on a call")
        direction = Direction.OUTBOUND if colleague is None else Direction.INTERNAL
        live = core.new_call(
            account,
            call_id,
            direction,
            number=str(parsed),
            dialed=target,
            at=core.clock.now(),
            placed_by=employee_id,
        )
        if colleague is not None:
            self.prepare_internal(live, account)
        devices = sorted(caller.devices, key=lambda device: (device.priority, device.endpoint))
        live.origin = Offer(route=caller, waiting=devices, until=0.0)
        leg_id, device = self._plan_own(live, live.origin)
        core.show(live)
        if direction is Direction.OUTBOUND:
            core.callers.look_up(account_id, call_id, live.call.number, [employee_id])
        error = await self._ring_own(live, live.origin, leg_id, device)
        if error is not None:
            raise error
        return call_id

    def _colleague(
        self, account: AccountRoute, caller: EmployeeRoute, target: PhoneNumber | Extension
    ) -> EmployeeRoute | None:
        if not isinstance(target, Extension):
            return None
        found = account.by_extension(target)
        if found is None:
            raise NotFound(f"no extension {target}")
        if found.employee_id == caller.employee_id:
            raise BadRequest("this is the caller's own extension")
        return found

    def prepare_internal(self, live: Live, account: AccountRoute) -> None:
        """The small scenario of an internal call: ring whoever has the extension."""
        found = account.by_extension(Extension(live.call.number))
        if found is not None:
            live.name = found.name
            step = Step(employees=(found.employee_id,), timeout_s=INTERNAL_S)
            live.scenario = Scenario(name="internal", steps=(step,))

    # ── the own side ──

    def resume_own(self, live: Live) -> None:
        """Take over a call whose caller's own device still rings."""
        ringing = [leg for leg in live.call.live_legs if live.call.is_origin(leg)]
        placed_by = live.call.placed_by
        route = self._core.account(live).employees.get(placed_by) if placed_by else None
        if not ringing or route is None:
            self._fail(live, HangupCause.LOST_CONTACT)
            return
        live.origin = Offer(route=route, waiting=[], until=0.0)
        for leg in ringing:
            device = next((d for d in route.devices if d.label == leg.device), route.devices[0])
            live.origin.ringing[leg.leg_id] = device
        self._time(live, live.origin, ringing[-1].leg_id)

    def _plan_own(self, live: Live, origin: Offer) -> tuple[LegId, Device]:
        device = origin.waiting.pop(0)
        employee_id = origin.route.employee_id
        leg_id = agent_leg(employee_id, live.call.next_attempt(employee_id))
        origin.ringing = {leg_id: device}
        self._core.plan(live, leg_id, device.endpoint, device)
        return leg_id, device

    async def _ring_own(
        self, live: Live, origin: Offer, leg_id: LegId, device: Device
    ) -> AppError | None:
        """Ring the devices one after another until the switch takes one."""
        while True:
            error = await self._core.ring(
                live,
                leg_id,
                device.endpoint,
                timeout_s=OWN_DEVICE_S,
                caller=(live.call.number, live.name or live.call.number),
                auto_answer=device.auto_answer,
            )
            if live.call.state is CallState.ENDED:
                return None
            if error is None:
                if leg_id in origin.ringing:
                    self._time(live, origin, leg_id)
                return None
            if not origin.waiting:
                self._fail(live, HangupCause.UNREACHABLE)
                return error
            leg_id, device = self._plan_own(live, origin)
            self._core.show(live)

    def _time(self, live: Live, origin: Offer, leg_id: LegId) -> None:
        if origin.timer is not None:
            origin.timer.cancel()
        origin.timer = self._core.spawn(self._run_out(live, origin, leg_id))

    async def _run_out(self, live: Live, origin: Offer, leg_id: LegId) -> None:
        await self._core.clock.sleep(OWN_DEVICE_S)
        origin.timer = None
        if leg_id in origin.ringing and live.call.origin_up is None:
            self._core.end_leg(live, leg_id, HangupCause.NO_ANSWER)
            self.own_leg_gone(live, leg_id, HangupCause.NO_ANSWER)

    def own_leg_gone(self, live: Live, leg_id: LegId, cause: HangupCause) -> None:
        """The caller's own device did not take it: try the next, unless he rejected it himself."""
        origin = live.origin
        if origin is None or leg_id not in origin.ringing or live.call.origin_up is not None:
            return
        origin.ringing.clear()
        if not origin.waiting or cause is HangupCause.REJECTED:
            self._fail(live, cause)
            return
        next_leg, device = self._plan_own(live, origin)
        self._core.show(live)
        self._core.spawn(self._again(live, origin, next_leg, device))

    async def _again(self, live: Live, origin: Offer, leg_id: LegId, device: Device) -> None:
        await self._ring_own(live, origin, leg_id, device)

    def _fail(self, live: Live, cause: HangupCause) -> None:
        self._core.record(live, Over(cause=cause, at=self._core.clock.now()))
        self._ringing.settled(live)

    # ── the other side ──

    def own_leg_up(self, live: Live) -> None:
        """The caller is at the phone: ring whom he wants, while he hears the ringing tone."""
        core, own = self._core, live.call.origin_up
        if live.called_out or own is None:
            return
        live.called_out = True
        if live.origin is not None and live.origin.timer is not None:
            live.origin.timer.cancel()
        core.spawn(self._ringback(live, own.leg_id))
        if live.call.direction is Direction.INTERNAL:
            self._ringing.advance(live)
        else:
            core.plan(live, customer_leg(), live.call.number, None)
            core.spawn(self._ring_outside(live))

    async def _ringback(self, live: Live, leg_id: LegId) -> None:
        await self._core.switch.indicate_ringing(live.call.call_id, leg_id)

    async def _ring_outside(self, live: Live) -> None:
        core, account = self._core, self._core.account(live)
        number = dialable(live.call.number, region=account.region)
        endpoint = account.outside(number) if isinstance(number, PhoneNumber) else None
        if endpoint is None:
            self._fail(live, HangupCause.INVALID_NUMBER)
            return
        error = await core.ring(
            live,
            customer_leg(),
            endpoint,
            timeout_s=OUTSIDE_S,
            caller=(account.caller_id, ""),
        )
        if error is not None and live.call.state is not CallState.ENDED:
            self._fail(live, HangupCause.UNREACHABLE)
