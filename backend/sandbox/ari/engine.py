"""Channels and Stasis: creation, state, control by an application, hanging up.

The order of events is that measured on Asterisk 22.10.1. All methods are plain functions:
what happens in one call of them happens at one instant, events included.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from backend.sandbox.ari import causes
from backend.sandbox.ari.errors import AriError, not_found
from backend.sandbox.ari.model import Bridge, Channel, FarEnd, Json, Party

if TYPE_CHECKING:
    from collections.abc import Callable

    from backend.sandbox.ari.config import SwitchConfig
    from backend.sandbox.ari.events import EventHub
    from backend.sandbox.ari.timers import Timers

# How long the dialplan's "unavailable" announcement lasts before it hangs up.
FALLBACK_S = 3.0


class Engine:
    """The live channels and bridges of one switch."""

    def __init__(self, config: SwitchConfig, hub: EventHub, timers: Timers) -> None:
        self.config = config
        self.hub = hub
        self.timers = timers
        self.channels: dict[str, Channel] = {}
        self.bridges: dict[str, Bridge] = {}
        self.before_channel_gone: list[Callable[[Channel], object]] = []
        """Called when a channel is about to leave: its playbacks and recordings end first."""
        self.hang_up_requested: list[Callable[[Channel], None]] = []
        """Called after ChannelHangupRequest: a dial under way tells how it went."""
        self.bridge_changed: list[Callable[[Bridge], None]] = []
        """Called when a bridge sounds different: somebody came or left, music began or ended."""
        self.devices_may_have_changed: list[Callable[[str], None]] = []
        """Called with the endpoint of every channel that came, changed or went."""
        self._serial = itertools.count(1)
        self._epoch = int(timers.clock.now().timestamp())

    # -- looking up ---------------------------------------------------------------------------

    def channel(self, channel_id: str) -> Channel:
        """The channel by id or by name, as every ARI path takes both. 404 when there is none."""
        found = self.find(channel_id)
        if found is None:
            raise not_found("Channel")
        return found

    def find(self, id_or_name: str) -> Channel | None:
        channel = self.channels.get(id_or_name)
        if channel is not None:
            return channel
        return next((c for c in self.channels.values() if c.name == id_or_name), None)

    def controlled(self, channel_id: str) -> Channel:
        """The channel if an application controls it; 404 and 409 otherwise."""
        channel = self.channel(channel_id)
        if channel.app is None:
            raise AriError(409, "Channel not in Stasis application")
        return channel

    def json(self, channel: Channel) -> Json:
        return channel.json(self.config.channelvars)

    def new_id(self) -> str:
        """A unique id in Asterisk's own form: start time, dot, serial number."""
        return f"{self._epoch}.{next(self._serial)}"

    # -- life of a channel --------------------------------------------------------------------

    def create(
        self,
        *,
        endpoint: str,
        state: str,
        far_end: FarEnd | None,
        channel_id: str | None = None,
        caller: Party | None = None,
        connected: Party | None = None,
        context: str = "default",
        exten: str = "",
        variables: dict[str, str] | None = None,
    ) -> Channel:
        """A new channel and its ChannelCreated. A `channel_id` in use is refused with 409."""
        if channel_id and self.find(channel_id) is not None:
            raise AriError(409, "Channel with given unique ID already exists")
        serial = next(self._serial)
        channel = Channel(
            id=channel_id or f"{self._epoch}.{serial}",
            name=f"{endpoint}-{serial:08x}",
            endpoint=endpoint,
            state=state,
            caller=caller or Party(),
            connected=connected or Party(),
            created_at=self.timers.clock.now(),
            far_end=far_end,
            context=context,
            exten=exten,
            protocol_id=f"{serial:08x}-{self._epoch:x}@sandbox",
        )
        self.channels[channel.id] = channel
        # Functions such as PJSIP_HEADER(…) are no variables; leading underscores only ask for
        # inheritance and are no part of the name.
        plain = {k.lstrip("_"): v for k, v in (variables or {}).items() if "(" not in k}
        channel.variables.update(plain)
        self._publish(channel, "ChannelCreated")
        for name, value in plain.items():
            self._varset(channel, name, value)
        self._touch(channel)
        return channel

    def set_state(self, channel: Channel, state: str) -> None:
        if channel.state == state:
            return
        channel.state = state
        if state == "Up":
            channel.answered_at = self.timers.clock.now()
            channel.ringing = False
        self._publish(channel, "ChannelStateChange")
        self._touch(channel)

    def set_variable(self, channel: Channel, name: str, value: str) -> None:
        if value:
            channel.variables[name] = value
        else:
            channel.variables.pop(name, None)
        self._varset(channel, name, value)

    def hang_up(
        self,
        channel: Channel,
        cause: int = causes.NORMAL,
        *,
        requested: bool = True,
        soft: int = 0,
        tech_cause: int | None = None,
    ) -> None:
        """End the channel.

        `requested` puts ChannelHangupRequest first (a party or a REST client hung up); a dial
        that times out ends without one. `soft` is the flag of who hung up on the switch's side
        (`causes.SOFT_…`), which the request shows in place of the cause.
        """
        if channel.destroyed:
            return
        channel.destroyed = True
        channel.hangup_cause = cause
        if channel.dialled is not None and channel.dialled.timer is not None:
            channel.dialled.timer.cancel()
        if requested:
            extra: Json = {"cause": soft or cause}
            if soft:
                extra["soft"] = True
            elif tech_cause is not None:
                extra["tech_cause"] = tech_cause
            self._publish(channel, "ChannelHangupRequest", extra)
            for tell in self.hang_up_requested:
                tell(channel)
        for hook in self.before_channel_gone:
            hook(channel)
        self.leave_bridge(channel)
        if channel.app is not None:
            app, channel.app = channel.app, None
            self.hub.send(app, "StasisEnd", {"channel": self.json(channel)})
            if channel.dialled is None:
                # Only what it dialled keeps an application's interest beyond Stasis.
                channel.audience.discard(app)
        body: Json = {"cause": cause, "cause_txt": causes.text(cause)}
        if tech_cause is not None:
            body["tech_cause"] = tech_cause
        del self.channels[channel.id]
        self._publish(channel, "ChannelDestroyed", body)
        for listener in tuple(self.channels.values()):
            if listener.spied_id == channel.id:  # with nobody to listen to it ends too
                self.hang_up(listener, requested=False)
        if channel.far_end is not None:
            channel.far_end.ended(channel)
        self._touch(channel)

    # -- Stasis -------------------------------------------------------------------------------

    def enter_stasis(self, channel: Channel, app: str, args: tuple[str, ...]) -> bool:
        """Hand the channel to an application. False when that application is not connected."""
        if not self.hub.active(app):
            self.set_variable(channel, "STASISSTATUS", "FAILED")
            return False
        channel.app = app
        channel.audience.add(app)
        channel.app_name = "Stasis"
        channel.app_data = ",".join((app, *args))
        body = {"args": list(args), "channel": self.json(channel)}
        self.hub.send(app, "StasisStart", body)
        self._touch(channel)
        return True

    def run_dialplan(self, channel: Channel, app: str | None, args: tuple[str, ...]) -> None:
        """`Stasis(app,args…)`, and on the next line an announcement and a hang-up.

        Without a connected application Stasis fails at once and the caller gets the second line.
        """
        if channel.destroyed or (app is not None and self.enter_stasis(channel, app, args)):
            return
        self.fall_back(channel)

    def fall_back(self, channel: Channel) -> None:
        channel.priority = 2
        channel.app_name, channel.app_data = "Playback", "unavailable"
        channel.hears_fallback = True
        self._touch(channel)
        self.timers.after(FALLBACK_S, lambda: self.hang_up(channel, requested=False))

    def leave_stasis(self, channel: Channel, *, forget: bool = True) -> None:
        """Take the channel from its application; `forget` ends its subscription too."""
        app = channel.app
        if app is None:
            return
        for hook in self.before_channel_gone:
            hook(channel)
        self.leave_bridge(channel)
        channel.app = None
        channel.moh, channel.ringing, channel.silence = None, False, False
        self.hub.send(app, "StasisEnd", {"channel": self.json(channel)})
        if forget:
            channel.audience.discard(app)

    def move(self, channel: Channel, app: str, args: tuple[str, ...]) -> None:
        """From one application to another, or ApplicationMoveFailed to the present one."""
        if not self.hub.active(app):
            body = {"destination": app, "args": list(args), "channel": self.json(channel)}
            self.hub.send(channel.app or "", "ApplicationMoveFailed", body)
            return
        self.leave_stasis(channel)
        self.enter_stasis(channel, app, args)

    # -- bridges ------------------------------------------------------------------------------

    def enter_bridge(self, channel: Channel, bridge: Bridge) -> None:
        if channel.bridge_id == bridge.id:
            return
        self.leave_bridge(channel)
        channel.bridge_id = bridge.id
        bridge.members.append(channel.id)
        self._publish_bridge(bridge, "ChannelEnteredBridge", channel)
        self.notice(bridge)

    def leave_bridge(self, channel: Channel) -> None:
        bridge = self.bridges.get(channel.bridge_id or "")
        if bridge is None:
            return
        channel.bridge_id = None
        bridge.members.remove(channel.id)
        self._publish_bridge(bridge, "ChannelLeftBridge", channel)
        self.notice(bridge)
        if not channel.destroyed:
            self._touch(channel)

    def bridge_audience(self, bridge: Bridge) -> set[str]:
        """Applications that control a channel in the bridge are subscribed to it."""
        members = (self.channels[member] for member in bridge.members if member in self.channels)
        return {member.app for member in members if member.app is not None}

    def notice(self, bridge: Bridge) -> None:
        """Let everyone in the bridge hear what it now sounds like."""
        for hook in self.bridge_changed:
            hook(bridge)
        for member in tuple(bridge.members):
            channel = self.channels.get(member)
            if channel is not None and channel.far_end is not None:
                channel.far_end.noticed(channel)

    # -- the far end speaks -------------------------------------------------------------------

    def dtmf(self, channel: Channel, digits: str) -> None:
        """The far end presses keys."""
        for digit in digits:
            channel.dtmf_received += digit
            self._publish(channel, "ChannelDtmfReceived", {"digit": digit, "duration_ms": 100})

    def far_end_hold(self, channel: Channel, held: bool) -> None:
        """The phone itself holds by re-INVITE: an event, but no change of its device state."""
        if channel.held_by_far_end == held:
            return
        channel.held_by_far_end = held
        if held:
            self._publish(channel, "ChannelHold", {"musicclass": "default"})
        else:
            self._publish(channel, "ChannelUnhold")
        if channel.bridge_id is not None:
            self.notice(self.bridges[channel.bridge_id])

    def touch(self, channel: Channel) -> None:
        """Something about the channel changed that no event tells (music, ring tone, hold)."""
        self._touch(channel)
        if channel.bridge_id is not None:
            self.notice(self.bridges[channel.bridge_id])

    def _publish(self, channel: Channel, type_: str, extra: Json | None = None) -> None:
        body: Json = {"channel": self.json(channel), **(extra or {})}
        self.hub.publish(
            type_,
            body,
            apps=channel.audience,
            channels=(channel.id,),
            endpoint=channel.endpoint,
        )

    def _publish_bridge(self, bridge: Bridge, type_: str, channel: Channel) -> None:
        self.hub.publish(
            type_,
            {"bridge": bridge.json(), "channel": self.json(channel)},
            apps=self.bridge_audience(bridge) | channel.audience,
            channels=(channel.id,),
            bridges=(bridge.id,),
            endpoint=channel.endpoint,
        )

    def _varset(self, channel: Channel, name: str, value: str) -> None:
        self._publish(channel, "ChannelVarset", {"variable": name, "value": value})

    def _touch(self, channel: Channel) -> None:
        for hook in self.devices_may_have_changed:
            hook(channel.endpoint)
        if channel.far_end is not None and not channel.destroyed:
            channel.far_end.noticed(channel)
