"""Steps of a scenario that ring nobody of ours: the clock, a message, a number outside, a tone to
speak after, a promise to call back, an end.

Those that take time run as `live.asking`, which the end of the call cancels; a step that fails is
logged and passed over, because the caller waits and the next one may help him.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import structlog

from backend.domain.call import Over
from backend.domain.leg_id import guest_leg, leg_name
from backend.domain.phone_number import PhoneNumber
from backend.domain.scenario import (
    AnyStep,
    CallbackStep,
    EndStep,
    ExternalStep,
    HoursStep,
    MessageStep,
    VoicemailStep,
    cause_of,
)
from backend.errors import AppError
from backend.kit.clock import Clock
from backend.services.calls import records
from backend.services.calls.core import Core
from backend.services.calls.live import Live
from backend.services.calls.recording import voicemail_name
from backend.services.ports import CallbackWanted
from protocol.vocabulary import CallbackReason, Direction, HangupCause, LegId

log = structlog.get_logger(__name__)

MESSAGE_S = 120.0
"""A message whose end was never reported is over after this long."""
TAIL_S = 5.0
"""The report of a recording's end may come this much after its time."""


class Steps:
    def __init__(
        self, core: Core, advance: Callable[[Live], None], settled: Callable[[Live], None]
    ) -> None:
        """`advance` goes on with the scenario, `settled` is told after a timer changed the call."""
        self._core = core
        self._advance = advance
        self._settled = settled

    def begin(self, live: Live, step: AnyStep) -> None:
        """Do it, or have it done beside: then `live.asking` or `live.outside` is set."""
        match step:
            case HoursStep():
                self._hours(live, step)
            case EndStep(final=final):
                self.end(live, cause_of(final))
            case CallbackStep(group=group):
                self._want(live, CallbackWanted(reason=CallbackReason.ASKED, group=group))
            case MessageStep() | VoicemailStep() if self._caller(live) is None:
                log.info("nobody to listen", call=live.call.call_id)
            case MessageStep(sound=sound):
                self._run(live, self._play(live, sound))
            case VoicemailStep():
                self._run(live, self._take_message(live, step))
            case ExternalStep():
                self._ring_outside(live, step)

    def end(self, live: Live, cause: HangupCause) -> None:
        self._core.record(live, Over(cause=cause, at=self._core.clock.now()))

    def stop(self, live: Live, *, winner: LegId | None, cause: HangupCause) -> None:
        """Somebody answered, or the call ended."""
        if live.asking is not None:
            live.asking.cancel()
            live.asking = None
        outside, live.outside = live.outside, None
        if live.outside_timer is not None:
            live.outside_timer.cancel()
            live.outside_timer = None
        if outside is not None and outside != winner:
            self._core.end_leg(live, outside, cause)

    # ── the clock ──

    def _hours(self, live: Live, step: HoursStep) -> None:
        if self._core.account(live).open_at(step.hours, self._core.clock.now()):
            return
        if step.closed_at is None:
            cause = HangupCause.NO_ANSWER if live.scenario is None else live.scenario.final_cause
            self.end(live, cause)
            return
        live.step = step.closed_at - 1

    # ── what the caller hears and says ──

    def _caller(self, live: Live) -> LegId | None:
        """Who listens: the customer of an inbound call, while he is there."""
        customer = live.call.customer
        if live.call.direction is not Direction.INBOUND or customer is None:
            return None
        return customer.leg_id

    def _run(self, live: Live, work: Coroutine[Any, Any, None]) -> None:
        live.asking = self._core.spawn(self._then_go_on(live, live.step, work))

    async def _then_go_on(self, live: Live, index: int, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except AppError as error:
            log.warning("step passed over", call=live.call.call_id, step=index, error=repr(error))
        live.asking = None
        if live.seeks and live.step == index:
            self._advance(live)
            self._ring_back(live)
        self._settled(live)

    async def _play(self, live: Live, sound: str) -> None:
        core, call_id, leg_id = self._core, live.call.call_id, self._caller(live)
        if leg_id is None:
            return
        await core.order(lambda: core.switch.answer(call_id, leg_id))
        live.sound_over.clear()
        heard = core.account(live).heard(sound)
        await core.order(lambda: core.switch.play(call_id, leg_id, heard))
        await either(live.sound_over, core.clock, MESSAGE_S)

    async def _take_message(self, live: Live, step: VoicemailStep) -> None:
        core, call, leg_id = self._core, live.call, self._caller(live)
        if leg_id is None:
            return
        await core.order(lambda: core.switch.answer(call.call_id, leg_id))
        # The name is in the journal first: a file nobody knows of is a message nobody hears.
        name = live.voicemail = voicemail_name(live.slug, call.call_id)
        core.journal.append(records.voicemail(call, name, core.clock.now()))
        self._want(live, CallbackWanted(reason=CallbackReason.VOICEMAIL, group=step.group))
        live.sound_over.clear()
        await core.order(
            lambda: core.switch.take_message(call.call_id, leg_id, name, max_s=step.max_s)
        )
        await either(live.sound_over, core.clock, step.max_s + TAIL_S)

    def _ring_back(self, live: Live) -> None:
        """After a message the caller's line is silent: let him hear that it rings again."""
        leg_id = self._caller(live)
        if leg_id is None or not (live.offers or live.outside is not None):
            return
        call_id = live.call.call_id
        self._core.spawn(self._core.switch.indicate_ringing(call_id, leg_id))

    def _want(self, live: Live, wanted: CallbackWanted) -> None:
        core = self._core
        live.wanted = wanted
        core.journal.append(records.wanted(live.call, wanted, core.clock.now()))

    # ── a number outside ──

    def _ring_outside(self, live: Live, step: ExternalStep) -> None:
        account = self._core.account(live)
        endpoint = account.outside(PhoneNumber(step.number))
        if endpoint is None or step.number == live.call.number:
            log.warning("nothing to ring outside", call=live.call.call_id, step=live.step)
            return
        leg_id = live.outside = guest_leg(_next_guest(live))
        self._core.plan(live, leg_id, step.number, None)
        self._core.spawn(self._ring(live, leg_id, endpoint, step.timeout_s))
        live.outside_timer = self._core.spawn(self._run_out(live, leg_id, step.timeout_s))

    async def _ring(self, live: Live, leg_id: LegId, endpoint: str, timeout_s: int) -> None:
        core = self._core
        # The account's own number: the trunk refuses to carry a stranger's.
        shown = core.account(live).caller_id if live.caller_id is None else live.caller_id
        if live.call.direction is Direction.INBOUND:
            shown = live.call.dialed or shown
        error = await core.ring(
            live, leg_id, endpoint, timeout_s=float(timeout_s), caller=(shown, live.name or "")
        )
        if error is not None:
            self.leg_gone(live, leg_id)
            self._settled(live)

    async def _run_out(self, live: Live, leg_id: LegId, timeout_s: int) -> None:
        await self._core.clock.sleep(float(timeout_s))
        if live.outside != leg_id:
            return
        live.outside_timer = None
        self._core.end_leg(live, leg_id, HangupCause.NO_ANSWER)
        self.leg_gone(live, leg_id)
        self._settled(live)

    def leg_gone(self, live: Live, leg_id: LegId) -> None:
        """The number outside did not take it: the scenario goes on."""
        if live.outside != leg_id:
            return
        live.outside = None
        if live.outside_timer is not None:
            live.outside_timer.cancel()
            live.outside_timer = None
        self._advance(live)

    def resume_outside(self, live: Live, leg_id: LegId, timeout_s: float) -> None:
        """Take over a call whose number outside rings."""
        live.outside = leg_id
        live.outside_timer = self._core.spawn(self._run_out(live, leg_id, round(timeout_s)))


def _next_guest(live: Live) -> int:
    """A number no leg outside has had."""
    guests = [leg for leg in live.call.legs if leg.employee_id is None and not leg.is_customer]
    return 1 + max((leg_name(leg.leg_id).attempt for leg in guests), default=0)


async def either(event: asyncio.Event, clock: Clock, seconds: float) -> bool:
    """Wait for `event`, `seconds` at most. Whether it came."""
    came = asyncio.ensure_future(event.wait())
    late = asyncio.ensure_future(clock.sleep(seconds))
    try:
        await asyncio.wait((came, late), return_when=asyncio.FIRST_COMPLETED)
    finally:
        came.cancel()
        late.cancel()
    return event.is_set()
