"""The telephone switch: what it reports and what it is told."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

from protocol.board import WatchMode
from protocol.vocabulary import CallId, HangupCause, LegId, LegState


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """A customer's leg reached us and waits; it hears nothing until told to."""

    call_id: CallId
    leg_id: LegId
    number: str
    """As the switch reports it; empty when withheld."""
    dialed: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """Somebody called out from his telephone, past us: he is up, the other side is being rung."""

    call_id: CallId
    leg_id: LegId
    """His own."""
    number: str
    shown: str
    """What the other side sees."""
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LegMoved:
    """A leg is dialing, ringing or up. May come late, twice or out of order."""

    call_id: CallId
    leg_id: LegId
    state: LegState
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LegEnded:
    call_id: CallId
    leg_id: LegId
    cause: HangupCause
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlySound:
    """The network of a party rung with `RingOrder.early` speaks before the answer: ringback of its
    own, or an announcement. Whoever is connected with the leg hears it."""

    call_id: CallId
    leg_id: LegId
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldReported:
    """The switch confirmed, or a phone did it by itself."""

    call_id: CallId
    on: bool
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveLeg:
    leg_id: LegId
    state: LegState
    number: str
    dialed: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveCall:
    call_id: CallId
    legs: tuple[LiveLeg, ...]
    held: bool
    connected: tuple[LegId, ...]
    """Legs that hear each other."""
    consulting: tuple[LegId, ...] = ()
    """Legs that hear each other apart from these."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchConnected:
    """We hear the switch (again). `calls` is all that lives on it now: whatever a call's owner
    remembers beyond that is over, whatever it does not know is to be taken over (R7)."""

    calls: tuple[LiveCall, ...]
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchDisconnected:
    at: datetime
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundOver:
    """What was played to a leg alone, or what was recorded of it alone, is over."""

    call_id: CallId
    leg_id: LegId
    kind: Literal["played", "recorded"]
    at: datetime


SwitchEvent = (
    Arrived
    | Placed
    | LegMoved
    | LegEnded
    | EarlySound
    | HoldReported
    | SoundOver
    | SwitchConnected
    | SwitchDisconnected
)


TransferKind = Literal["blind", "attended", "conference"]
Sound = Literal["ringback", "music"]
"""What somebody hears who is alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What an engine can do beyond ringing and hanging up.

    Data rather than refusals: whatever is missing is greyed in the widget, with its reason, before
    anybody presses it.
    """

    answer: bool = True
    """Make a ringing device pick up by itself (`RingOrder.auto_answer`)."""
    hold: bool = True
    mute: bool = True
    dtmf: bool = True
    transfers: frozenset[TransferKind] = frozenset(("blind", "attended", "conference"))
    recording: bool = True
    """Begin, silence and end a recording by command; else the engine records by its own rules."""
    announcement: bool = True
    """Tell both sides that they are going to be recorded."""
    messages: bool = True
    """Play a sound to one leg and record one: messages of a scenario, a voicemail."""
    watch: frozenset[WatchMode] = frozenset()
    """Ways to let a supervisor into a talk; a switch that has any is a `Watches`."""
    routes: bool = False
    """Rings people by scenarios of its own where a number has none of ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Towards:
    """Whom somebody who is rung is going to talk to, in a call he places himself."""

    endpoint: str
    """In the switch's own words, as it is going to be rung."""
    shown: str
    """The number that party sees; empty for a colleague."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RingOrder:
    """Make a device or an outside number ring as a leg of a call.

    The switch-side id of the leg is derived from (call_id, leg_id): asking twice rings once.
    """

    account: str
    """The account's slug: names on the switch carry it."""
    call_id: CallId
    leg_id: LegId
    """`<kind>-<n>-<attempt>`: another attempt is another leg."""
    endpoint: str
    """In the switch's own words, as stored with the employee's number or the trunk."""
    caller_number: str
    caller_name: str
    timeout_s: int
    auto_answer: bool = False
    """Ask the device to pick up by itself (it was told to by its person)."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """SIP headers for a line's own INVITE, by name; a number behind a trunk never gets them."""
    early: bool = False
    """What the network says before the answer is wanted (`EarlySound`), where the engine can."""
    towards: Towards | None = None
    """For engines that ring both sides by one order; the other side is ordered all the same."""


class Switch(Protocol):
    """One switch connection. Commands return when the switch accepted them; what becomes of it is
    told by events. Raises SwitchUnavailable, SwitchRefused (NoDevice), NotFound for a gone leg."""

    @property
    def capabilities(self) -> Capabilities: ...
    def events(self) -> AsyncIterator[SwitchEvent]:
        """Connects, reconnects with backoff, begins with SwitchConnected. Ends when closed or,
        raising SwitchRefused, when another holder took the connection over."""

    async def ring(self, order: RingOrder) -> None: ...

    async def registered(self, endpoints: Sequence[str]) -> dict[str, bool]:
        """Whether each of these is connected to the switch now. Those it cannot tell of, numbers
        behind a trunk above all, are missing."""

    async def indicate_ringing(self, call_id: CallId, leg_id: LegId) -> None:
        """Let a waiting customer hear ringback."""

    async def answer(self, call_id: CallId, leg_id: LegId) -> None: ...

    async def connect(self, account: str, call_id: CallId, legs: Sequence[LegId]) -> None:
        """Let these legs hear each other; others of the call leave the bridge."""

    async def hold(self, call_id: CallId, customer: LegId, *, on: bool) -> None:
        """Music for the customer and back; kept on the switch too, for the next owner."""

    async def consult(self, account: str, call_id: CallId, legs: Sequence[LegId]) -> None:
        """Let these legs of the call hear each other apart from its talk and its recording. They
        come back, or go over, by `connect`."""

    async def set_aside(self, call_id: CallId, leg_id: LegId, sound: Sound) -> None:
        """Take an operator's leg out of its room: it hears this sound until it is connected or
        consults. Asked again, the newest sound is heard."""

    async def mute(self, call_id: CallId, leg_id: LegId, *, on: bool) -> None:
        """Nobody hears what this leg says, or everybody again."""

    async def send_digits(self, call_id: CallId, leg_id: LegId, digits: str) -> None:
        """Let whoever is on this leg hear these keys, `0-9 * #`, one after another; a comma waits
        a second. Accepted at once, heard later; never tried twice by the adapter, because keys
        heard twice are other keys."""

    async def play(self, call_id: CallId, leg_id: LegId, sound: str) -> None:
        """Play a sound of the switch's to this leg alone; its end is told by `SoundOver`.
        SwitchRefused when the switch has no such sound."""

    async def take_message(self, call_id: CallId, leg_id: LegId, name: str, *, max_s: int) -> None:
        """Record what this leg alone says after a tone, until it presses #, hangs up or `max_s` are
        over, which `SoundOver` tells. The file is found as that of `record`."""

    async def announce_recording(self, call_id: CallId) -> None:
        """Tell the connected legs that they are going to be recorded. SwitchRefused when the
        switch has no such announcement."""

    async def record(self, call_id: CallId, name: str) -> None:
        """Record what the connected legs say, from now until `stop_recording`, in a file that
        `SwitchRecordings` gives by this name. Asked again, the one under way goes on."""

    async def mute_recording(self, name: str, *, on: bool) -> None:
        """Silence in the recording, which keeps its length. One that is over is left alone."""

    async def stop_recording(self, name: str) -> None:
        """One that is over counts as done."""

    async def hang_up(self, call_id: CallId, leg_id: LegId, cause: HangupCause) -> None:
        """A leg that is already gone counts as done."""

    async def release(self, call_id: CallId) -> None:
        """Forget the bridge of a call that is over."""

    async def aclose(self) -> None: ...
