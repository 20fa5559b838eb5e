"""Simulated desk phones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backend.sandbox.ari import causes
from backend.sandbox.ari.dialing import wants_auto_answer
from backend.sandbox.ari.errors import SandboxError
from backend.sandbox.ari.model import Channel, Json, Party

if TYPE_CHECKING:
    from collections.abc import Callable

    from backend.sandbox.ari.config import PhoneConfig
    from backend.sandbox.ari.dialing import Dialing
    from backend.sandbox.ari.engine import Engine


class Phone:
    """One registered (or not) device with a few lines.

    Rings until somebody calls `pickup` or `decline`. Refuses with 486 when all its lines are
    taken, with 480 when it lost its registration between dialling and the INVITE.
    """

    def __init__(
        self,
        config: PhoneConfig,
        engine: Engine,
        dialing: Dialing,
        registration_changed: Callable[[Phone], None],
    ) -> None:
        self.endpoint = config.endpoint
        self.name = config.name or config.endpoint.partition("/")[2]
        self.registered = config.registered
        self.auto_answer_supported = config.auto_answer_supported
        self.max_calls = config.max_calls
        self.calls: list[Channel] = []
        """Its channels, oldest first."""
        self._engine = engine
        self._dialing = dialing
        self._registration_changed = registration_changed

    @property
    def label(self) -> str:
        return self.name

    @property
    def speaks_hz(self) -> int:
        """Above all customers, by the number's last two digits."""
        return 1300 + 10 * int(self.number[-2:]) if self.number[-2:].isdecimal() else 1300

    @property
    def number(self) -> str:
        """What a person would dial: the part after the technology and any account slug."""
        return self.endpoint.partition("/")[2].rpartition("-")[2]

    # -- what the person at the phone does ----------------------------------------------------

    def pickup(self, channel_id: str | None = None) -> Channel:
        """Answer a ringing call; a talk going on is put on hold first, as desk phones do."""
        channel = self._call(channel_id, "Ringing")
        for other in self.calls:
            if other.state == "Up" and not other.held_by_far_end:
                self._engine.far_end_hold(other, True)
        self._dialing.answered(channel)
        return channel

    def decline(self, channel_id: str | None = None, *, sip_code: int = 603) -> None:
        """Refuse a ringing call: 603 is the decline key (cause 21), 486 says busy (cause 17)."""
        self._dialing.refused(self._call(channel_id, "Ringing"), sip_code)

    def hang_up(self, channel_id: str | None = None) -> None:
        self._engine.hang_up(self._call(channel_id, "Up", "Ring"), causes.NORMAL)

    def vanish(self, channel_id: str | None = None) -> None:
        """Its network or power is gone in the middle of a talk: nobody says goodbye. The switch
        ends the channel for want of media (pjsip.conf `rtp_timeout`), with cause 44."""
        call = self._call(channel_id, "Up", "Ring")
        self._engine.hang_up(call, causes.REQUESTED_UNAVAILABLE, soft=causes.SOFT_DEVICE)

    def hold(self, channel_id: str | None = None) -> None:
        self._engine.far_end_hold(self._call(channel_id, "Up"), True)

    def unhold(self, channel_id: str | None = None) -> None:
        self._engine.far_end_hold(self._call(channel_id, "Up", held=True), False)

    def dtmf(self, digits: str, channel_id: str | None = None) -> None:
        self._engine.dtmf(self._call(channel_id, "Up"), digits)

    def dial(self, number: str) -> Channel:
        """Call out from the phone: the dialplan hands it to the switch's internal application."""
        if not self.registered:
            raise SandboxError(f"{self.endpoint} is not registered")
        if len(self.calls) >= self.max_calls:
            raise SandboxError(f"{self.endpoint} has no free line")
        channel = self._engine.create(
            endpoint=self.endpoint,
            state="Ring",
            far_end=self,
            caller=Party(self.number, self.name),
            context="internal",
            exten=number,
        )
        self.calls.append(channel)
        self._engine.touch(channel)
        app = self._engine.config.internal_app
        self._engine.timers.soon(
            lambda: self._engine.run_dialplan(channel, app, ("internal", number))
        )
        return channel

    def set_registered(self, registered: bool) -> None:
        """Come or go. Calls in progress go on: their media does not need the registration."""
        if registered != self.registered:
            self.registered = registered
            self._registration_changed(self)

    # -- FarEnd -------------------------------------------------------------------------------

    def invited(self, channel: Channel) -> None:
        if not self.registered:
            self._dialing.refused(channel, 480)
            return
        if len(self.calls) >= self.max_calls:
            self._dialing.refused(channel, 486)
            return
        self.calls.append(channel)
        self._dialing.ringing(channel)
        headers = self._dialing.headers.get(channel.id, {})
        if self.auto_answer_supported and wants_auto_answer(headers):
            self._dialing.answered(channel)

    def noticed(self, channel: Channel) -> None:
        """A desk phone only lets its user hear; nothing follows from that by itself."""

    def ended(self, channel: Channel) -> None:
        if channel in self.calls:
            self.calls.remove(channel)

    # -- shown --------------------------------------------------------------------------------

    def device_state(self) -> str:
        """The state `deviceStates` and DeviceStateChanged report for the endpoint."""
        if not self.registered and not self.calls:
            return "UNAVAILABLE"
        ringing = any(c.state == "Ringing" for c in self.calls)
        talking = [c for c in self.calls if c.state in ("Up", "Ring")]
        if ringing:
            return "RINGINUSE" if talking else "RINGING"
        if talking:
            return "ONHOLD" if all(c.on_hold for c in talking) else "INUSE"
        return "NOT_INUSE" if self.registered else "UNAVAILABLE"

    def json(self) -> Json:
        return {
            "endpoint": self.endpoint,
            "number": self.number,
            "name": self.name,
            "registered": self.registered,
            "auto_answer_supported": self.auto_answer_supported,
            "max_calls": self.max_calls,
            "state": self.device_state(),
            "calls": [channel.id for channel in self.calls],
        }

    def _call(self, channel_id: str | None, *states: str, held: bool | None = None) -> Channel:
        wanted = [
            c
            for c in self.calls
            if c.state in states
            and (channel_id is None or c.id == channel_id)
            and (held is None or c.held_by_far_end == held)
        ]
        if not wanted:
            raise SandboxError(f"{self.endpoint} has no such call ({' or '.join(states)})")
        # A held call is the second choice: keys act on the talk in the foreground.
        return min(wanted, key=lambda c: c.held_by_far_end and held is None)
