"""The side a placed call comes from: the employee's own devices, in turn or all together (B5)."""

from __future__ import annotations

from collections.abc import Callable

from backend.domain.call import Over
from backend.domain.leg_id import agent_leg
from backend.domain.phone_number import Extension, PhoneNumber, dialable
from backend.domain.scenario import Device
from backend.errors import AppError
from backend.services.calls.core import Core
from backend.services.calls.live import Live, Offer
from backend.services.ports import Towards
from backend.services.routing import EmployeeRoute
from protocol.vocabulary import CallState, Direction, HangupCause, LegId


class OwnSide:
    """Rings until one picks up. Says by `failed` when nobody does."""

    def __init__(self, core: Core, settled: Callable[[Live], None]) -> None:
        self._core = core
        self._settled = settled

    def plan(self, live: Live, route: EmployeeRoute, devices: list[Device]) -> None:
        """Whom to ring, best first; nothing rings before `ring`."""
        live.origin = origin = Offer(route=route, waiting=devices, until=0.0)
        if self._core.account(live).settings.outgoing.ring_order == "all":
            while origin.waiting:
                self._plan_next(live, origin)
        else:
            self._plan_next(live, origin)

    async def ring(self, live: Live) -> AppError | None:
        """Ring what was planned, the next device where the switch takes none; what went wrong
        when none is left."""
        origin = live.origin
        if origin is None:
            return None
        error: AppError | None = None
        for leg_id in tuple(origin.ringing):
            error = await self._ring_one(live, origin, leg_id)
        # A phone that answers by itself may be quicker than the switch's word that it rings.
        while not origin.ringing and live.call.origin_up is None and live.call.ended_at is None:
            if not origin.waiting:
                self.fail(live, HangupCause.UNREACHABLE)
                return error
            leg_id = self._plan_next(live, origin)
            self._core.show(live)
            error = await self._ring_one(live, origin, leg_id)
        return None

    def resume(self, live: Live) -> None:
        """Take over a call whose caller's own device still rings."""
        ringing = [leg for leg in live.call.live_legs if live.call.is_origin(leg)]
        placed_by = live.call.placed_by
        route = self._core.account(live).employees.get(placed_by) if placed_by else None
        if not ringing or route is None or not route.devices:
            self.fail(live, HangupCause.LOST_CONTACT)
            return
        live.origin = Offer(route=route, waiting=[], until=0.0)
        for leg in ringing:
            device = next((d for d in route.devices if d.label == leg.device), route.devices[0])
            live.origin.ringing[leg.leg_id] = device
        self._time(live, live.origin)

    def leg_gone(self, live: Live, leg_id: LegId, cause: HangupCause) -> None:
        """A device did not take it: try the next, unless its person rejected the call."""
        origin = live.origin
        if origin is None or leg_id not in origin.ringing or live.call.origin_up is not None:
            return
        del origin.ringing[leg_id]
        if cause is HangupCause.REJECTED:
            self._stop(live, origin)
            self.fail(live, cause)
            return
        if origin.ringing:
            return
        if not origin.waiting:
            self.fail(live, cause)
            return
        self._plan_next(live, origin)
        self._core.show(live)
        self._core.spawn(self._again(live))

    def up(self, live: Live, leg_id: LegId) -> None:
        """One of them picked up: the others fall silent."""
        origin = live.origin
        if origin is None:
            return
        if origin.timer is not None:
            origin.timer.cancel()
            origin.timer = None
        origin.ringing.pop(leg_id, None)
        self._stop(live, origin)

    def left(self, live: Live) -> None:
        """Nobody is to be rung here any more."""
        origin = live.origin
        if origin is None or live.call.origin_up is not None or live.call.state is CallState.ENDED:
            return
        if origin.timer is not None:
            origin.timer.cancel()
        self._stop(live, origin)
        self.fail(live, HangupCause.CANCELLED)

    def fail(self, live: Live, cause: HangupCause) -> None:
        self._core.record(live, Over(cause=cause, at=self._core.clock.now()))
        self._settled(live)

    # ── inside ──

    def _plan_next(self, live: Live, origin: Offer) -> LegId:
        device = origin.waiting.pop(0)
        employee_id = origin.route.employee_id
        leg_id = agent_leg(employee_id, live.call.next_attempt(employee_id))
        origin.ringing[leg_id] = device
        self._core.plan(live, leg_id, device.endpoint, device)
        return leg_id

    async def _ring_one(self, live: Live, origin: Offer, leg_id: LegId) -> AppError | None:
        device = origin.ringing.get(leg_id)
        if device is None:
            return None
        seconds = self._core.account(live).settings.outgoing.ring_s
        error = await self._core.ring(
            live,
            leg_id,
            device.endpoint,
            timeout_s=float(seconds),
            caller=(live.call.number, live.name or live.call.number),
            auto_answer=device.auto_answer,
            towards=self._towards(live),
        )
        if error is not None:
            origin.ringing.pop(leg_id, None)
        elif leg_id in origin.ringing and live.call.state is not CallState.ENDED:
            self._time(live, origin)
        return error

    def _towards(self, live: Live) -> Towards | None:
        """Whom he is going to talk to, for engines that ring both sides by one order."""
        call, account = live.call, self._core.account(live)
        if call.direction is Direction.INTERNAL:
            found = account.by_extension(Extension(call.number))
            best = None if found is None else min(found.devices, key=_priority, default=None)
            return (
                None if best is None else Towards(endpoint=best.endpoint, shown=account.caller_id)
            )
        number = dialable(call.number, region=account.region)
        endpoint = account.outside(number) if isinstance(number, PhoneNumber) else None
        shown = account.caller_id if live.caller_id is None else live.caller_id
        return None if endpoint is None else Towards(endpoint=endpoint, shown=shown)

    async def _again(self, live: Live) -> None:
        await self.ring(live)

    def _time(self, live: Live, origin: Offer) -> None:
        if origin.timer is not None:
            origin.timer.cancel()
        origin.timer = self._core.spawn(self._run_out(live, origin, tuple(origin.ringing)))

    async def _run_out(self, live: Live, origin: Offer, legs: tuple[LegId, ...]) -> None:
        await self._core.clock.sleep(float(self._core.account(live).settings.outgoing.ring_s))
        origin.timer = None
        if live.call.origin_up is not None:
            return
        for leg_id in legs:
            if leg_id in origin.ringing:
                self._core.end_leg(live, leg_id, HangupCause.NO_ANSWER)
                self.leg_gone(live, leg_id, HangupCause.NO_ANSWER)

    def _stop(self, live: Live, origin: Offer) -> None:
        for leg_id in tuple(origin.ringing):
            self._core.end_leg(live, leg_id, HangupCause.CANCELLED)
        origin.ringing.clear()
        origin.waiting.clear()


def _priority(device: Device) -> tuple[int, str]:
    return device.priority, device.endpoint
