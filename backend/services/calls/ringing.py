"""The called side: steps of the scenario, offers to employees, their devices in turn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

import structlog

from backend.domain.call import Over
from backend.domain.leg_id import agent_leg
from backend.domain.scenario import (
    AnyStep,
    Device,
    EndStep,
    ExternalStep,
    ManagerStep,
    PeopleStep,
    Step,
    cause_of,
    may_ring,
    share_s,
)
from backend.errors import AppError
from backend.services.calls import browser, records
from backend.services.calls.core import Core
from backend.services.calls.hooks import Manager
from backend.services.calls.live import Live, Offer, RemovalReason
from backend.services.calls.page_return import PageReturn
from backend.services.calls.step_notes import not_forwarded, note
from backend.services.calls.steps import Steps
from backend.services.calls.views import other_party
from backend.services.ports import RESCUE_HEADER
from backend.services.routing import AccountRoute
from protocol.vocabulary import (
    AgentStatus,
    Direction,
    EmployeeId,
    HangupCause,
    LegId,
    StepReason,
)

log = structlog.get_logger(__name__)

ANSWERING_S = 12.0
"""How long a device told to pick up by itself may take before it is rung like any other."""


_CAUSES: Final[dict[RemovalReason, HangupCause]] = {
    "declined": HangupCause.REJECTED,
    "over": HangupCause.CANCELLED,
}


class Ringing:
    """Drives offers. Each offer ends by itself, so a step ends when its last offer is gone."""

    def __init__(self, core: Core, settled: Callable[[Live], None]) -> None:
        self._core = core
        self._steps = Steps(core, self.advance, settled)
        self._pages = PageReturn(core, self._ring_device, self._next_device, settled)
        self.spent: Callable[[Live], bool] = lambda _live: False
        """Asked when nobody is left to ring; true: somebody else saw to it."""
        self.settled = settled
        """Told after a change made by a timer or a failed order: the owner sees to the rest."""

    # ── the scenario ──

    def advance(self, live: Live) -> None:
        """Go on until somebody is offered the call, or nobody is left to ask."""
        while live.seeks and not _waits(live):
            if live.turn:
                self._offer_one(live, live.turn.pop(0))
                continue
            coming = self._step(live, after=1)
            if coming is None or (isinstance(coming, EndStep) and coming.appended):
                self._give_up(live, coming)
                return
            self._begin_step(live, live.step + 1)

    def resume(self, live: Live, step: int) -> None:
        """Take a ringing call over: whoever rings goes on ringing, in the step it was in."""
        live.step = step
        running = self._step(live)
        timeout_s = 30.0
        if isinstance(running, Step | ManagerStep | ExternalStep):
            timeout_s = float(running.timeout_s)
        talk = live.call.talkers
        for leg in live.call.live_legs:
            if leg.is_customer or leg in talk or leg.has_parted:
                continue
            if live.call.is_origin(leg) and live.transfer is None:
                continue
            if leg.employee_id is None:
                self._steps.resume_outside(live, leg.leg_id, timeout_s)
                continue
            route = self._core.account(live).employees.get(leg.employee_id)
            if route is None or leg.employee_id in live.offers:
                self._core.end_leg(live, leg.leg_id, HangupCause.CANCELLED)
                continue
            offer = Offer(route=route, waiting=[], until=self._core.clock.monotonic() + timeout_s)
            known = next((d for d in route.devices if d.label == leg.device), None)
            if known is not None:
                offer.ringing[leg.leg_id] = known
            live.offers[leg.employee_id] = offer
            self._time(live, offer, timeout_s)
        if isinstance(running, Step) and running.mode != "parallel":
            done = {leg.employee_id for leg in live.call.legs if leg.leg_id in live.tried}
            done.update(live.offers)
            live.turn = [who for who in self._people(live, running) if who not in done]
        elif not live.offers and live.outside is None and step >= 0:
            live.step = step - 1  # its attempts ended unheard: do it once more
        self.advance(live)

    def _begin_step(self, live: Live, index: int) -> None:
        core = self._core
        live.step = index
        core.journal.append(records.step(live.call, index, core.clock.now()))
        step = self._step(live)
        if step is None:
            return
        if isinstance(step, ManagerStep):
            live.asking = core.spawn(self._ask_manager(live, index, step))
            return
        if not isinstance(step, Step):
            self._steps.begin(live, step)
            return
        people = self._people(live, step)
        if step.mode != "parallel":
            live.turn = people
            return
        for employee_id in people:
            self._offer_one(live, employee_id)

    def _people(self, live: Live, step: Step) -> list[EmployeeId]:
        """Whom the step rings, in its order."""
        core = self._core
        people = list(step.people(core.account(live).groups))
        if step.mode == "longest_idle":
            people = core.idle.longest_first(live.call.account_id, people)
        return people

    async def _ask_manager(self, live: Live, index: int, step: ManagerStep) -> None:
        """Have the CRM name who is rung; the caller hears ringing meanwhile (L1006)."""
        core, call = self._core, live.call
        try:
            found = await core.managers.find(call.account_id, call.number, step)
        except Exception:
            log.exception("manager not found out", call=call.call_id)
            found = Manager(reason=StepReason.CRM_FAILED)
        live.asking = None
        if not live.seeks or live.step != index:
            return
        reason = found.reason
        if found.employee_id is not None:
            note(self._core, live, found.employee_id, reason)
            reason = reason or self._offer_one(live, found.employee_id)
        if reason is not None:
            note(self._core, live, found.employee_id, reason)
            self.advance(live)
        self.settled(live)

    def _step(self, live: Live, *, after: int = 0) -> AnyStep | None:
        """The running step, or the one so many after it."""
        steps, index = () if live.plan is None else live.plan.steps, live.step + after
        return steps[index] if 0 <= index < len(steps) else None

    def _give_up(self, live: Live, end: EndStep | None) -> None:
        """The steps are spent; `end` stands behind them."""
        if self.spent(live):
            return
        routes = self._core.switch.capabilities.routes
        if routes and live.call.direction is Direction.INBOUND and live.transfer is None:
            return  # the engine's own scenario goes on where ours ends
        cause = HangupCause.NO_ANSWER if live.plan is None else live.plan.final_cause
        if end is not None:
            cause = cause_of(end.final)
        self._core.record(live, Over(cause=cause, at=self._core.clock.now()))

    # ── one employee ──

    def _offer_one(self, live: Live, employee_id: EmployeeId) -> StepReason | None:
        """Offer the call, unless his status, his devices or his other call forbid it: then why."""
        core, step = self._core, self._step(live)
        account = core.account(live)
        route = account.employees.get(employee_id)
        if route is None or not isinstance(step, Step | ManagerStep):
            return StepReason.NOT_AN_EMPLOYEE
        if employee_id == live.call.placed_by and live.transfer is None:
            return StepReason.NOT_AN_EMPLOYEE
        if not route.devices:
            return StepReason.UNREACHABLE
        status = counts(route.status, step, account)
        if _brings_back(live, employee_id):
            status = AgentStatus.AVAILABLE  # whatever he chose meanwhile, this talk is his
        devices = may_ring(status, route.devices)
        if not devices:
            return StepReason.OFF_WORK
        talking = core.busy(live.call.account_id, employee_id) == "talking"
        if talking and not step.rings_busy:
            return StepReason.BUSY
        inbound = live.call.direction is Direction.INBOUND
        if inbound and route.on_list and not _brings_back(live, employee_id):
            return StepReason.BUSY
        devices = tuple(browser.worth_ringing(core, live, employee_id, devices))
        offer = Offer(
            route=replace(route, devices=devices),
            waiting=list(devices),
            until=core.clock.monotonic() + step.timeout_s,
        )
        live.offers[employee_id] = offer
        live.withdrawn.pop(employee_id, None)
        if step.devices == "all":
            while offer.waiting:
                self._ring_device(live, offer, offer.waiting.pop(0), step.timeout_s)
            self._time(live, offer, step.timeout_s)
        else:
            self._next_device(live, offer)
        if live.call.direction is not Direction.INTERNAL and live.call.number:
            core.look_up(live, [employee_id])
        return None

    def _next_device(self, live: Live, offer: Offer) -> None:
        """Ring the best device not tried yet, for its share of the time that is left."""
        left = offer.until - self._core.clock.monotonic()
        offer.answering = False
        if not offer.waiting or left < 1:
            self.withdraw(live, offer.route.employee_id, "timed_out")
            return
        share = left if len(offer.waiting) == 1 else min(left, share_s(left, len(offer.waiting)))
        self._ring_device(live, offer, offer.waiting.pop(0), share)
        self._time(live, offer, share)

    def _ring_device(self, live: Live, offer: Offer, device: Device, seconds: float) -> None:
        leg_id = self._plan(live, offer, device)
        self._core.spawn(self._ring(live, offer, leg_id, device, seconds))

    def _plan(self, live: Live, offer: Offer, device: Device) -> LegId:
        employee_id = offer.route.employee_id
        leg_id = agent_leg(employee_id, live.call.next_attempt(employee_id))
        offer.ringing[leg_id] = device
        self._core.plan(live, leg_id, device.endpoint, device)
        return leg_id

    async def _ring(
        self, live: Live, offer: Offer, leg_id: LegId, device: Device, seconds: float
    ) -> None:
        employee_id = offer.route.employee_id
        back = _brings_back(live, employee_id)
        auto = back and (device.auto_answer or device.kind == "browser")
        if await self._ask(live, offer, leg_id, device, seconds, auto_answer=auto) is not None:
            self.leg_gone(live, leg_id, HangupCause.UNREACHABLE)
            self.settled(live)
        elif back and device.kind == "browser":
            browser.ask_to_answer(self._core, live, employee_id, leg_id)

    async def _ask(
        self,
        live: Live,
        offer: Offer,
        leg_id: LegId,
        device: Device,
        seconds: float,
        *,
        auto_answer: bool,
    ) -> AppError | None:
        core = self._core
        number, name = other_party(live, offer.route.employee_id, core.account(live))
        label = name or (live.virtual.name if live.virtual is not None else None) or number
        return await core.ring(
            live,
            leg_id,
            device.endpoint,
            timeout_s=seconds,
            caller=(number, label),
            auto_answer=auto_answer,
            header=RESCUE_HEADER if _brings_back(live, offer.route.employee_id) else "",
        )

    def _time(self, live: Live, offer: Offer, seconds: float) -> None:
        if offer.timer is not None:
            offer.timer.cancel()
        offer.turn_ends = self._core.clock.monotonic() + seconds
        offer.timer = self._core.spawn(self._run_out(live, offer, seconds))

    async def _run_out(self, live: Live, offer: Offer, seconds: float) -> None:
        await self._core.clock.sleep(seconds)
        if live.offers.get(offer.route.employee_id) is not offer:
            return
        offer.timer = None
        self._stop_ringing(live, offer, HangupCause.NO_ANSWER)
        self._next_device(live, offer)
        self.settled(live)

    def _stop_ringing(self, live: Live, offer: Offer, cause: HangupCause) -> None:
        for leg_id in tuple(offer.ringing):
            self._core.end_leg(live, leg_id, cause)
        offer.ringing.clear()

    def leg_gone(self, live: Live, leg_id: LegId, cause: HangupCause) -> None:
        """An attempt ended. A person who rejects means it; anything else tries the next device."""
        self._steps.leg_gone(live, leg_id)
        for offer in tuple(live.offers.values()):
            if leg_id not in offer.ringing:
                continue
            device = offer.ringing.pop(leg_id)
            if cause is HangupCause.REJECTED:
                self.withdraw(live, offer.route.employee_id, "declined")
                continue
            self._pages.went(live, offer, leg_id, device, cause)
            if not offer.ringing and (offer.waiting or not offer.returning):
                self._next_device(live, offer)

    def withdraw(self, live: Live, employee_id: EmployeeId, reason: RemovalReason) -> None:
        """Stop offering the call here; the scenario goes on without this employee. `over`: it is
        not his to answer any more."""
        offer = live.offers.pop(employee_id, None)
        if offer is None:
            return
        live.withdrawn[employee_id] = reason
        not_forwarded(self._core, live, self._step(live), employee_id, reason)
        if offer.timer is not None:
            offer.timer.cancel()
        self._stop_ringing(live, offer, _CAUSES.get(reason, HangupCause.NO_ANSWER))
        self.advance(live)

    def stop(self, live: Live, *, winner: LegId | None, cause: HangupCause) -> None:
        """Nobody else rings any more."""
        self._steps.stop(live, winner=winner, cause=cause)
        for offer in live.offers.values():
            if offer.timer is not None:
                offer.timer.cancel()
            for leg_id in offer.ringing:
                if leg_id != winner:
                    self._core.end_leg(live, leg_id, cause)
        live.offers.clear()
        live.turn.clear()

    # ── answering in the tab ──

    async def answer(self, live: Live, offer: Offer, device: Device) -> None:
        """Ring `device` anew, told to pick up by itself; a desk phone cannot be lifted from here.

        Raises what the switch said; the offer then goes on as if nothing was pressed.
        """
        core = self._core
        self._stop_ringing(live, offer, HangupCause.CANCELLED)
        offer.answering = True
        offer.waiting = [device, *(d for d in offer.waiting if d != device)]
        offer.until = max(offer.until, core.clock.monotonic() + ANSWERING_S)
        leg_id = self._plan(live, offer, device)
        self._time(live, offer, ANSWERING_S)
        core.show(live)
        error = await self._ask(live, offer, leg_id, device, ANSWERING_S, auto_answer=True)
        if error is not None:
            self.leg_gone(live, leg_id, HangupCause.UNREACHABLE)
            self.settled(live)
            raise error


def _brings_back(live: Live, employee_id: EmployeeId) -> bool:
    """He was lost in the middle of this talk and is rung to have it back."""
    return live.transfer is not None and live.transfer.brings_back(employee_id)


def _waits(live: Live) -> bool:
    """The running step is not done yet."""
    return bool(live.offers) or live.asking is not None or live.outside is not None


def counts(status: AgentStatus, step: PeopleStep, account: AccountRoute) -> AgentStatus:
    """The status that decides what rings.

    A manager who was in the CRM today is rung whatever his status in the widget, off work
    included: with that check on, being in the CRM is what counts (L2060).
    """
    if not isinstance(step, ManagerStep):
        return status
    asked = step.check_status
    checked = account.settings.personal_manager.check_seen_today if asked is None else asked
    return AgentStatus.AVAILABLE if checked else status
