"""A supervisor beside a talk: his telephone in a room of its own with a snoop channel.

The snoop hears both directions of the watched channel; what it whispers goes to that channel's
listener (`out`), or into both directions (reference/telephony.md section 8). The talk's own bridge
is left alone: a watcher that comes or goes makes no sound there.
"""

from __future__ import annotations

import uuid
from typing import Final

from backend.services.ports.watching import WatchOrder, WatchState
from backend.telephony.asterisk import names, q850
from backend.telephony.asterisk.client import AriClient
from backend.telephony.asterisk.translate import Translator
from protocol.board import WatchMode
from protocol.vocabulary import HangupCause

_WHISPER: Final[dict[WatchMode, str]] = {"listen": "none", "whisper": "out", "barge": "both"}
"""Directions of the watched channel: `out` is what its telephone hears."""


class WatchRooms:
    """`services.ports.watching.Watches` for one Asterisk."""

    def __init__(self, app: str, client: AriClient, translator: Translator) -> None:
        self._app = app
        self._client = client
        self._translator = translator

    async def ring_watcher(self, order: WatchOrder) -> None:
        body = {
            "endpoint": order.endpoint,
            "app": self._app,
            "appArgs": "watch",
            "callerId": names.caller_id(order.shown, ""),
            "timeout": order.timeout_s,
        }
        await self._client.originate(names.watch_id(order.watch_id), body)

    async def watch_state(self, watch_id: str) -> WatchState:
        wanted = names.watch_id(watch_id)
        for channel in await self._client.channels():
            if channel.id == wanted:
                return "up" if channel.state == "Up" else "ringing"
        return "gone"

    async def let_in(self, order: WatchOrder) -> None:
        room = names.watch_id(order.watch_id)
        bridge = await self._client.ensure_bridge(room, f"dozvon-watch-{order.watch_id}")
        # An id of its own for each: the next one may be there before the last one is gone.
        fresh = f"{room}.{uuid.uuid4().hex[:12]}"
        watched = self._translator.channel_of(order.call_id, order.leg_id)
        await self._client.snoop(watched, fresh, self._app, whisper=_WHISPER[order.mode])
        await self._client.add_channels(room, [fresh])
        if room not in bridge.channels:
            await self._client.add_channels(room, [room])
        for old in bridge.channels:
            if old != room:
                await self._hang_up(old)

    async def end_watch(self, watch_id: str) -> None:
        room = names.watch_id(watch_id)
        for channel in await self._client.channels():
            if channel.id == room or channel.id.startswith(f"{room}."):
                await self._hang_up(channel.id)
        await self._client.delete_bridge(room)

    async def end_watches(self) -> None:
        for channel in await self._client.channels():
            if names.is_watch(channel.id):
                await self._hang_up(channel.id)
        for bridge in await self._client.bridges():
            if names.is_watch(bridge.id):
                await self._client.delete_bridge(bridge.id)

    async def _hang_up(self, channel_id: str) -> None:
        await self._client.hang_up(channel_id, q850.reason_for(HangupCause.NORMAL))
