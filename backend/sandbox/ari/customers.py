"""Simulated customers: who calls in, and who is called through the trunk.

What a number does by default is read off its last three digits, so that a demo or an outside test
can choose a behaviour by choosing a number. When it calls in:

| ends in | behaviour |
|---|---|
| 910 | hangs up after waiting 8 s without a person |
| 911 | hangs up after talking 20 s |
| 912 | presses `1#` 3 s after it is answered |
| other | waits up to 180 s, talks until hung up by hand |

When it is called:

| ends in | behaviour |
|---|---|
| 900 | busy at once (486, cause 17) |
| 901 | rings and never answers |
| 902 | number does not exist (404, cause 1) |
| 903 | rings 3 s, then rejects (603, cause 21) |
| 904 | network congestion (503, cause 34) |
| 905 | answers at once, talks until hung up |
| 906 | answers after 3 s, hangs up after talking 10 s |
| 907 | answers after 2 s and presses `1#` 3 s later |
| 908 | the network announces something for 4 s before they answer (183) |
| 909 | the network says for 4 s that there is no such number (183), then 404 |
| other | answers after 5 s, talks until hung up |
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from backend.sandbox.ari import causes
from backend.sandbox.ari.errors import SandboxError
from backend.sandbox.ari.model import Channel, Json, stamp

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from backend.sandbox.ari.dialing import Dialing
    from backend.sandbox.ari.engine import Engine

Heard = Literal["silence", "ringing", "music", "announcement", "person", "unavailable"]


@dataclass(frozen=True, kw_only=True)
class Script:
    """What a simulated customer does. None = only by hand. All times are seconds."""

    patience_s: float | None = 180.0
    """Calling in: hangs up when no person has spoken to them by then."""
    talk_s: float | None = None
    """Hangs up this long after first hearing a person."""
    answer_after_s: float | None = 5.0
    """Being called: picks up after that much ringing; None never does."""
    refuse_with: int | None = None
    """Being called: this SIP answer instead of picking up."""
    refuse_after_s: float = 0.0
    announced: bool = False
    """Being called: the network speaks until they answer or refuse (183)."""
    digits: str = ""
    """Keys pressed `digits_after_s` after the call is answered."""
    digits_after_s: float = 3.0


_CALLING: dict[str, Script] = {
    "910": Script(patience_s=8),
    "911": Script(talk_s=20),
    "912": Script(digits="1#"),
}
_CALLED: dict[str, Script] = {
    "900": Script(refuse_with=486),
    "901": Script(answer_after_s=None),
    "902": Script(refuse_with=404),
    "903": Script(refuse_with=603, refuse_after_s=3),
    "904": Script(refuse_with=503),
    "905": Script(answer_after_s=0),
    "906": Script(answer_after_s=3, talk_s=10),
    "907": Script(answer_after_s=2, digits="1#"),
    "908": Script(answer_after_s=4, announced=True),
    "909": Script(refuse_with=404, refuse_after_s=4, announced=True),
}


def calling_script(number: str) -> Script:
    return _CALLING.get(number[-3:], Script())


def called_script(number: str) -> Script:
    return _CALLED.get(number[-3:], Script())


class Customer:
    """One person in one call."""

    def __init__(
        self, id_: str, number: str, name: str, script: Script, engine: Engine, dialing: Dialing
    ) -> None:
        self.id = id_
        self.number = number
        self.name = name
        self.script = script
        self.channel: Channel | None = None
        """Their leg while the call lasts."""
        self.dialled = ""
        """The virtual number they called; empty when they were called."""
        self.outcome = ""
        """Set at the end: `abandoned`, `talked`, `refused`, `missed` or `unavailable`."""
        self.ended_cause: int | None = None
        self.heard_person_at: str | None = None
        self.heard_keys = ""
        """Keys the switch sent down their line, pauses included."""
        self._engine = engine
        self._dialing = dialing
        self._timers: list[asyncio.Task[None]] = []
        self._patience: asyncio.Task[None] | None = None
        self._sent_digits = False
        self._hung_up = False

    @property
    def label(self) -> str:
        return self.name or self.number

    @property
    def speaks_hz(self) -> int:
        """Told by the last two digits, so that a test knows whom it hears."""
        return 400 + 8 * int(self.number[-2:]) if self.number[-2:].isdecimal() else 400

    # -- what the person does -----------------------------------------------------------------

    def hang_up(self) -> None:
        channel = self._live()
        self._hung_up = True
        if channel.dialled is not None and channel.state != "Up":
            self._dialing.refused(channel, 603)
        elif channel.state == "Up":
            self._engine.hang_up(channel, causes.NORMAL)
        else:  # their CANCEL: 487
            self._engine.hang_up(channel, causes.INTERWORKING, tech_cause=487)

    def announce(self) -> None:
        """Their network speaks before they answer."""
        channel = self._live()
        if channel.dialled is None or channel.state == "Up":
            raise SandboxError(f"customer {self.id} is not being called")
        self._dialing.progress(channel)

    def answer(self) -> None:
        """Pick up a call placed to them, whatever the script says."""
        self._dialing.answered(self._live())

    def dtmf(self, digits: str) -> None:
        self._engine.dtmf(self._live(), digits)

    def called_in(self, channel: Channel, dialled: str) -> None:
        """Their call reached the switch."""
        self.channel, self.dialled = channel, dialled
        if self.script.patience_s is not None:
            self._patience = self._later(self.script.patience_s, self.hang_up)

    # -- FarEnd -------------------------------------------------------------------------------

    def invited(self, channel: Channel) -> None:
        self.channel = channel
        script = self.script
        if script.refuse_with is not None:
            code = script.refuse_with
            if script.refuse_after_s <= 0:
                self._dialing.refused(channel, code)
                return
            self._begun(channel)
            self._later(script.refuse_after_s, lambda: self._dialing.refused(channel, code))
            return
        self._begun(channel)
        if script.answer_after_s is None:
            return
        if script.answer_after_s <= 0:
            self._dialing.answered(channel)
        else:
            self._later(script.answer_after_s, lambda: self._dialing.answered(channel))

    def _begun(self, channel: Channel) -> None:
        """183 with sound, or 180."""
        if self.script.announced:
            self._dialing.progress(channel)
        else:
            self._dialing.ringing(channel)

    def noticed(self, channel: Channel) -> None:
        self.heard_keys = channel.dtmf_sent
        if channel.state == "Up" and self.script.digits and not self._sent_digits:
            self._sent_digits = True
            digits = self.script.digits
            self._later(self.script.digits_after_s, lambda: self._engine.dtmf(channel, digits))
        if self.heard_person_at is None and self.hears() == "person":
            self.heard_person_at = stamp(self._engine.timers.clock.now())
            if self._patience is not None:
                self._patience.cancel()
            if self.script.talk_s is not None:
                self._later(self.script.talk_s, self.hang_up)

    def ended(self, channel: Channel) -> None:
        for timer in self._timers:
            timer.cancel()
        self.ended_cause = channel.hangup_cause
        if self.heard_person_at is not None:
            self.outcome = "talked"
        elif channel.hears_fallback:
            self.outcome = "unavailable"
        elif self.dialled:
            self.outcome = "abandoned" if self._hung_up else "refused"
        else:
            self.outcome = "refused" if channel.hangup_cause != causes.NO_ANSWER else "missed"
        self.channel = None

    # -- shown --------------------------------------------------------------------------------

    def hears(self) -> Heard:
        """What comes out of their receiver now."""
        channel = self.channel
        if channel is None:
            return "silence"
        if channel.hears_fallback:
            return "unavailable"
        bridge = self._engine.bridges.get(channel.bridge_id or "")
        if channel.playing or (bridge is not None and bridge.playing):
            return "announcement"
        if channel.moh is not None:
            return "music"
        if bridge is not None:
            if bridge.moh is not None:
                return "music"
            others = [self._engine.channels[m] for m in bridge.members if m != channel.id]
            if any(other.held_by_far_end for other in others):
                return "music"
            holding = bridge.json()["bridge_type"] == "holding"
            if not holding and any(
                other.state == "Up" and not other.muted & {"in", "both"} for other in others
            ):
                return "person" if channel.state == "Up" else "silence"
        return "ringing" if channel.ringing else "silence"

    def json(self) -> Json:
        channel = self.channel
        return {
            "id": self.id,
            "number": self.number,
            "name": self.name,
            "direction": "inbound" if self.dialled else "outbound",
            "dialled": self.dialled,
            "channel": channel.id if channel else None,
            "state": channel.state if channel else "Ended",
            "hears": self.hears(),
            "heard_keys": self.heard_keys,
            "since": stamp(channel.created_at) if channel else None,
            "talking_since": self.heard_person_at if channel else None,
            "outcome": self.outcome,
            "cause": self.ended_cause,
        }

    def _live(self) -> Channel:
        if self.channel is None:
            raise SandboxError(f"customer {self.id} is not in a call")
        return self.channel

    def _later(self, seconds: float, action: Callable[[], None]) -> asyncio.Task[None]:
        timer = self._engine.timers.after(seconds, action)
        self._timers.append(timer)
        return timer
