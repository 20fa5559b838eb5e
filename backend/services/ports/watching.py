"""Letting a supervisor into a talk: what a switch has to be able to do for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from protocol.board import WatchMode
from protocol.vocabulary import CallId, LegId

WatchState = Literal["ringing", "up", "gone"]


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchOrder:
    """Ring `endpoint`, the supervisor's telephone, and connect it beside the leg of a talk.

    `watch_id` names both on the switch: asking twice rings once.
    """

    watch_id: str
    call_id: CallId
    leg_id: LegId
    """Who is listened to; a whisper is heard by this leg alone."""
    endpoint: str
    mode: WatchMode
    shown: str
    """What the telephone shows."""
    timeout_s: int


class Watches(Protocol):
    """A switch whose capabilities name ways to watch. The talk and its call never notice: nothing
    of a watch is told as an event. Raises SwitchError; NoDevice where nothing can be rung, NotFound
    for a leg that is gone."""

    async def ring_watcher(self, order: WatchOrder) -> None: ...

    async def watch_state(self, watch_id: str) -> WatchState:
        """How the supervisor's telephone is."""

    async def let_in(self, order: WatchOrder) -> None:
        """He picked up: he hears the talk, and is heard as the mode says. Asked again with another
        mode, that one holds from now on."""

    async def end_watch(self, watch_id: str) -> None:
        """One that is over counts as done."""

    async def end_watches(self) -> None:
        """Those an owner that is gone has left: nobody would know of them."""
