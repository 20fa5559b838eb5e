"""The mark that a talk is recorded, and its pauses for what must not be kept: a card's digits.

`commands` and `pushes` name these structs among their own.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from protocol.frames import Command
from protocol.vocabulary import CallId


class PauseRecording(Command, frozen=True, kw_only=True, tag="call.pause_recording"):
    """Silence in the recording (`on`), or no more of it. The recording keeps its length.

    Asking for the present state does nothing. Errors: not_found, wrong_state (nobody records, or
    the agent does not talk), switch_unavailable: then it is recorded as before.
    """

    call_id: CallId
    on: bool


class RecordingMark(msgspec.Struct, frozen=True, kw_only=True):
    """The talk is being recorded; silence while `paused_at` is set."""

    paused_at: datetime | None = None
    paused_until: datetime | None = None
    """When the pause ends by itself."""
    can_pause: bool = True
    """False: the telephone switch records by rules of its own."""


class RecordingPause(msgspec.Struct, frozen=True, kw_only=True):
    """When a recording was silent, and who asked; an empty name: somebody who has left."""

    began_at: datetime
    ended_at: datetime
    by: str
