"""What `/bridges` does: make, fill, empty and delete bridges."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backend.sandbox.ari.errors import AriError, not_found
from backend.sandbox.ari.model import Bridge, Channel, Json

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from backend.sandbox.ari.engine import Engine

_TYPES = {
    "mixing",
    "holding",
    "dtmf_events",
    "proxy_media",
    "video_sfu",
    "video_single",
    "sdp_label",
}


class Bridges:
    """Bridge operations over one engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.before_bridge_gone: list[Callable[[Bridge], None]] = []
        """Called first when a bridge is deleted: its playbacks and recordings end."""

    def get(self, bridge_id: str) -> Bridge:
        bridge = self._engine.bridges.get(bridge_id)
        if bridge is None:
            raise not_found("Bridge")
        return bridge

    def create(self, bridge_id: str | None, type_: str, name: str) -> Bridge:
        """A new bridge and its BridgeCreated. 409 for a used id, 400 for an unknown type."""
        if bridge_id and bridge_id in self._engine.bridges:
            raise AriError(409, f"Bridge with id '{bridge_id}' already exists")
        if unknown := set(type_.split(",")) - _TYPES:
            raise AriError(400, f"Unknown bridge type: {sorted(unknown)[0]}")
        bridge = Bridge(
            id=bridge_id or self._engine.new_id(),
            name=name,
            type=type_,
            created_at=self._engine.timers.clock.now(),
        )
        self._engine.bridges[bridge.id] = bridge
        self._publish(bridge, "BridgeCreated", set())
        return bridge

    def destroy(self, bridge: Bridge) -> None:
        """Everyone leaves (and stays in Stasis), then BridgeDestroyed."""
        audience = self._engine.bridge_audience(bridge)
        for hook in self.before_bridge_gone:
            hook(bridge)
        for member in tuple(bridge.members):
            self._engine.leave_bridge(self._engine.channels[member])
        del self._engine.bridges[bridge.id]
        self._publish(bridge, "BridgeDestroyed", audience)

    def add(
        self, bridge: Bridge, channel_ids: Sequence[str], *, busy: Callable[[Channel], bool]
    ) -> None:
        """Move channels in. The list is checked first: one bad id refuses it all.

        400 when any is unknown, 422 when any is not in Stasis, 409 when any is being recorded.
        """
        channels = self._all(channel_ids)
        for channel in channels:
            if channel.app is None:
                raise AriError(422, "Channel not in Stasis application")
        for channel in channels:
            if busy(channel):
                raise AriError(409, f"Channel {channel.id} currently recording")
        for channel in channels:
            self._engine.enter_bridge(channel, bridge)
            self._engine.touch(channel)

    def remove(self, bridge: Bridge, channel_ids: Sequence[str]) -> None:
        """Move channels out. 400 when any is unknown, 422 when any is not in this bridge."""
        channels = self._all(channel_ids)
        for channel in channels:
            if channel.bridge_id != bridge.id:
                raise AriError(422, "Channel not in this bridge")
        for channel in channels:
            self._engine.leave_bridge(channel)

    def start_moh(self, bridge: Bridge, moh_class: str) -> None:
        bridge.moh = moh_class or "default"
        self._engine.notice(bridge)

    def stop_moh(self, bridge: Bridge) -> None:
        if bridge.moh is None:
            raise AriError(409, "Bridge not playing music on hold")
        bridge.moh = None
        self._engine.notice(bridge)

    def _all(self, channel_ids: Sequence[str]) -> list[Channel]:
        if not channel_ids:
            raise AriError(400, "Channel parameter is required")
        found = []
        for channel_id in channel_ids:
            channel = self._engine.find(channel_id)
            if channel is None:
                raise AriError(400, "Channel not found")
            found.append(channel)
        return found

    def _publish(self, bridge: Bridge, type_: str, audience: set[str]) -> None:
        body: Json = {"bridge": bridge.json()}
        self._engine.hub.publish(type_, body, apps=audience, bridges=(bridge.id,))
