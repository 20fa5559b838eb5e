"""The recording of a talk: one per call with an outside party, from the first answer to the end.

It belongs to the room both talk in, not to a leg: it goes on when somebody else takes the call
over, and what colleagues say among themselves elsewhere is no part of it. While the outside party
waits with music it goes on in silence, so that its length is the talk's.
"""

from __future__ import annotations

import re

import structlog

from backend.domain.recording_pause import under_way
from backend.errors import AppError
from backend.services.calls import records
from backend.services.calls.core import Core
from backend.services.calls.live import Live
from protocol.vocabulary import CallId, CallState, Direction

log = structlog.get_logger(__name__)

_UNSAFE = re.compile(r"[^A-Za-z0-9-]")


def recording_name(slug: str, call_id: str) -> str:
    """The same whoever asks, so that a new owner goes on with its forerunner's recording. A plain
    file name: switches take a slash for a folder."""
    return f"dozvon-{_UNSAFE.sub('_', slug)}-{_UNSAFE.sub('_', call_id)}"


def voicemail_name(slug: str, call_id: str) -> str:
    """Of what the caller says after the tone: a file of its own beside the talk's, because no
    switch records two things under one name."""
    return f"{recording_name(slug, call_id)}-message"


class Recording:
    def __init__(self, core: Core) -> None:
        self._core = core
        self._announcing: set[CallId] = set()

    def begin(self, live: Live) -> None:
        """Tell the switch, if the account records and it was not told. The name is in the journal
        first: an order that was carried out and not confirmed must not lose the file."""
        core, call = self._core, live.call
        if call.direction is Direction.INTERNAL or call.state is CallState.ENDED:
            return
        if live.recording is not None:
            core.spawn(self._begin(live, live.recording))
            return
        wanted = core.account(live).settings.recording
        if wanted.on and wanted.announce:
            core.spawn(self._announce(live))
        elif wanted.on:
            self._start(live)

    def _start(self, live: Live) -> None:
        core, call = self._core, live.call
        live.recording = recording_name(live.slug, call.call_id)
        core.journal.append(records.recorded(call, live.recording, core.clock.now()))
        core.show(live)
        core.spawn(self._begin(live, live.recording))

    async def _announce(self, live: Live) -> None:
        """Say it first. Who cannot be told is not recorded."""
        core, call_id = self._core, live.call.call_id
        if call_id in self._announcing:
            return
        self._announcing.add(call_id)
        try:
            await core.order(lambda: core.switch.announce_recording(call_id))
        except AppError as error:
            if live.call.state is not CallState.ENDED:
                log.error("not recorded: cannot be announced", call=call_id, error=repr(error))
            return
        finally:
            self._announcing.discard(call_id)
        if live.recording is None and live.call.state is not CallState.ENDED:
            self._start(live)

    async def _begin(self, live: Live, name: str) -> None:
        core = self._core
        try:
            await core.order(lambda: core.switch.record(live.call.call_id, name))
        except AppError as error:
            if live.call.state is not CallState.ENDED:
                log.error("cannot record", call=live.call.call_id, error=repr(error))
            return
        if live.call.state is CallState.ENDED:
            # The end came while the order was on its way, and found nothing to stop.
            await core.order(lambda: core.switch.stop_recording(name))
        elif live.inherited:
            # A pause, or a return from music, may have been the forerunner's last deed.
            self.hush(live)

    def hush(self, live: Live) -> None:
        """Nobody at our end expects to be recorded while the other side hears music. A pause that
        somebody asked for outlasts the music."""
        if live.recording is not None:
            self._core.spawn(self._hush(live, live.recording))

    async def _hush(self, live: Live, name: str) -> None:
        """Two of them may overtake each other on their way, so each sees to it that what the switch
        heard last is what is wanted now."""
        core, told = self._core, None

        def silent() -> bool:
            return live.call.is_held or under_way(live.pauses) is not None

        async def ask() -> None:
            nonlocal told
            told = silent()
            await core.switch.mute_recording(name, on=told)

        while told is not silent() and live.call.state is not CallState.ENDED:
            await core.order(ask)

    def end(self, live: Live) -> None:
        core, call = self._core, live.call
        external = call.direction is not Direction.INTERNAL
        if live.recording is None and live.inherited and external and call.answered_leg is not None:
            wanted = core.account(live).settings.recording.on
            # Perhaps it was begun: whoever fetches it finds out.
            live.recording = recording_name(live.slug, call.call_id) if wanted else None
        for name in (live.recording, live.voicemail):
            if name is not None:
                core.spawn(self._stop(name))

    async def _stop(self, name: str) -> None:
        await self._core.order(lambda: self._core.switch.stop_recording(name))
