"""Pausing the recording for what must not be kept, by who talks; it never stays off by mistake.

The switch is told first and the fact written after: whoever reads "paused" may say his card's
digits, so it must be true by then. A limit ends each pause, also under a new owner of the call.
"""

from __future__ import annotations

from datetime import timedelta

import structlog

from backend.domain.recording_pause import begun, ended, under_way
from backend.errors import AppError, WrongState
from backend.services.calls import records
from backend.services.calls.core import Core
from backend.services.calls.live import Live
from protocol.vocabulary import CallState, EmployeeId

log = structlog.get_logger(__name__)

TALK = (CallState.TALKING, CallState.HELD)


class Pausing:
    def __init__(self, core: Core) -> None:
        self._core = core

    async def ask(self, live: Live, employee_id: EmployeeId, *, on: bool) -> None:
        """Begin or end a pause. Asking for the present state does nothing.

        Raises WrongState when he does not talk or nothing is recorded, SwitchError when the switch
        did not do it: then all is as before.
        """
        if live.call.state not in TALK or employee_id not in live.call.at_talk:
            raise WrongState("nobody talks here")
        if live.recording is None:
            raise WrongState("the talk is not recorded")
        if not live.can.recording:
            # It would say yes and record on: nobody may rely on such a pause.
            raise WrongState("the switch records by rules of its own")
        async with live.lock:
            if on:
                await self._begin(live, employee_id)
            else:
                await self._end(live)

    def resume(self, live: Live) -> None:
        """Taken over in the middle of a pause: see to its end."""
        pause = under_way(live.pauses)
        if pause is not None:
            left = (pause.until - self._core.clock.now()).total_seconds()
            self._core.spawn(self._run_out(live, max(0.0, left)))

    async def _begin(self, live: Live, employee_id: EmployeeId) -> None:
        core, name = self._core, live.recording
        if under_way(live.pauses) is not None or name is None:
            return
        await core.order(lambda: core.switch.mute_recording(name, on=True))
        at = core.clock.now()
        limit_s = core.account(live).settings.recording.pause_limit_s
        live.pauses = begun(live.pauses, employee_id, at, at + timedelta(seconds=limit_s))
        self._keep(live)
        core.spawn(self._run_out(live, float(limit_s)))

    async def _end(self, live: Live) -> None:
        core, name = self._core, live.recording
        if under_way(live.pauses) is None or name is None:
            return
        if not live.call.is_held:  # held, it stays silent until the talk goes on
            await core.order(lambda: core.switch.mute_recording(name, on=False))
        live.pauses = ended(live.pauses, core.clock.now())
        self._keep(live)

    async def _run_out(self, live: Live, seconds: float) -> None:
        pause = under_way(live.pauses)
        await self._core.clock.sleep(seconds)
        now = under_way(live.pauses)
        if pause is None or now is None or now.began_at != pause.began_at:
            return  # ended by hand meanwhile
        if live.call.state is CallState.ENDED:
            return
        try:
            async with live.lock:
                await self._end(live)
        except AppError as error:
            log.error("recording stays paused", call=live.call.call_id, error=repr(error))

    def _keep(self, live: Live) -> None:
        core = self._core
        core.journal.append(records.paused(live.call, live.pauses, core.clock.now()))
        core.show(live)
