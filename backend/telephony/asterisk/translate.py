"""Asterisk's events to ours. Pure: no I/O; what is remembered is how far each leg has come.

| Asterisk | ours |
|---|---|
| StasisStart of a channel that is not ours by id | `Arrived` |
| StasisStart of a channel we rang, Up of one made before | `LegMoved` up: it takes commands |
| Dial PROGRESS of a channel made before it was dialled | `EarlySound` |
| Dial "", Dial RINGING, ChannelStateChange Ringing | `LegMoved` dialing, ringing |
| ChannelStateChange Up of an inbound channel | `LegMoved` up |
| ChannelDestroyed | `LegEnded`; the only news of a busy or unanswered leg |
| ChannelHangupRequest and then StasisEnd of an inbound channel | `LegEnded`; nothing follows |
| ChannelHold, ChannelUnhold of an agent's leg, ChannelVarset of our flag | `HoldReported` |
| PlaybackFinished, RecordingFinished, RecordingFailed of one channel | `SoundOver` |
| StasisEnd; Up of a channel we rang | `Doubt`: look at the switch if nothing follows |

Doubled and late events change nothing. Types nobody here knows are counted, not reported.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import msgspec

from backend.services.ports import (
    Arrived,
    EarlySound,
    HoldReported,
    LegEnded,
    LegMoved,
    LiveCall,
    SoundOver,
)
from backend.telephony.asterisk import names
from backend.telephony.asterisk.q850 import asked_cause, cause_of
from backend.telephony.asterisk.wire import (
    MEANINGLESS,
    Channel,
    Event,
    decode_event,
    in_stasis,
    parse_time,
)
from protocol.vocabulary import CallId, HangupCause, LegId, LegState

# Ended channels are remembered to recognise late events of theirs; a busy hour fits several times.
_ENDED_KEPT: Final = 10_000

_RANK: Final = {LegState.DIALING: 1, LegState.RINGING: 2, LegState.UP: 3}


@dataclass(frozen=True, slots=True)
class Doubt:
    """An event that another one should follow at once; if none does, one of them was lost."""

    channel_id: str


@dataclass(frozen=True, slots=True)
class Replaced:
    """Another socket speaks for our application now; this one hears nothing more."""


Translated = (
    Arrived | LegMoved | LegEnded | EarlySound | HoldReported | SoundOver | Doubt | Replaced
)


@dataclass(slots=True)
class _Leg:
    """One channel of ours. `rank` and `rang` are how far it has come."""

    call_id: CallId
    leg_id: LegId
    inbound: bool
    rank: int = 0
    rang: bool = False
    leaving: HangupCause | None = None
    """Why an inbound channel is about to leave, once somebody asked it to."""


class Translator:
    """The legs of one application, as its events tell of them."""

    def __init__(self, app: str, identity: str) -> None:
        self.ignored: Counter[str] = Counter()
        """Events nothing was made of, by type; `malformed` for what could not be read."""
        self.doubts: set[str] = set()
        """Channels of which one event came and the one that belongs to it has not, yet."""
        self._app = app
        self._identity = identity
        self._legs: dict[str, _Leg] = {}
        """By channel id; from the first event of a channel until its end."""
        self._inbound: dict[CallId, str] = {}
        """The customer's channel of each inbound call alive."""
        self._ended: OrderedDict[str, None] = OrderedDict()
        self._last_hold: dict[CallId, tuple[bool, datetime]] = {}
        """The newest hold report of each call, to drop its double."""

    def seed(self, live: Iterable[tuple[str, LiveCall]]) -> None:
        """Begin anew with what lives on the switch: pairs of channel id and the call it is in.

        Events that were queued while it was read are then recognised as already told.
        """
        self._legs, self._inbound, self._last_hold = {}, {}, {}
        self.doubts.clear()
        for channel_id, call in live:
            leg = self._leg_of_id(channel_id)
            state = next((it.state for it in call.legs if it.leg_id == leg.leg_id), None)
            leg.rank = _RANK.get(state, 0) if state is not None else 0
            leg.rang = state in (LegState.RINGING, LegState.UP)
            self._remember(channel_id, leg)

    def channel_of(self, call_id: CallId, leg_id: LegId) -> str:
        """The channel of a leg: Asterisk's own id for an inbound customer, else the one we gave."""
        if leg_id == names.INBOUND_LEG and call_id in self._inbound:
            return self._inbound[call_id]
        return names.channel_id(call_id, leg_id)

    def asked_to_end(self, channel_id: str, cause: HangupCause) -> None:
        """We are about to hang up. The events of an inbound channel would not say why."""
        leg = self._legs.get(channel_id)
        if leg is not None and leg.inbound:
            leg.leaving = cause

    @property
    def known(self) -> frozenset[str]:
        """Ids of the channels believed alive."""
        return frozenset(self._legs)

    def translate(self, frame: str | bytes, *, now: datetime) -> list[Translated]:
        """What one frame of the socket means. `now` stands in for a missing timestamp."""
        try:
            event = decode_event(frame)
        except msgspec.DecodeError:
            self.ignored["malformed"] += 1
            return []
        at = parse_time(event.timestamp, now)
        if event.type == "ApplicationReplaced":
            return [Replaced()] if event.application in ("", self._app) else []
        if event.type in ("PlaybackFinished", "RecordingFinished", "RecordingFailed"):
            return self._sounded(event, at)
        channel = event.peer if event.type == "Dial" else event.channel
        if channel is None or event.type in MEANINGLESS or names.is_watch(channel.id):
            return self._nothing(event)
        match event.type:
            case "StasisStart":
                return self._started(event, channel, at)
            case "ChannelStateChange":
                return self._changed(channel, at)
            case "Dial":
                return self._dialed(event, channel, at)
            case "ChannelDestroyed":
                return self._destroyed(event, channel, at)
            case "ChannelHold" | "ChannelUnhold":
                return self._phone_held(channel, at, on=event.type == "ChannelHold")
            case "ChannelVarset":
                return self._flagged(event, channel, at)
            case "ChannelHangupRequest":
                return self._leaving(event, channel)
            case "StasisEnd":
                return self._left(channel, at)
        return self._nothing(event)

    def audit(
        self,
        alive: Collection[Channel],
        ours: Collection[str],
        known: Collection[str],
        at: datetime,
    ) -> list[Translated]:
        """What the lists of the switch tell that no event did.

        `alive` are all channels, `ours` the ids our application is subscribed to, `known` the
        `known` ids from before the lists were asked for: a leg younger than that is no ghost.
        """
        told: list[Translated] = []
        by_id = {
            channel.id: channel
            for channel in alive
            if names.leg_of(channel.id) is not None
            or (channel.id in ours and in_stasis(channel) and not names.is_watch(channel.id))
        }
        for channel_id in known:
            leg = self._legs.get(channel_id)
            if leg is not None and channel_id not in by_id:
                told.append(self._end(channel_id, leg, HangupCause.LOST_CONTACT, at))
        for channel in by_id.values():
            if channel.id in self._ended:
                continue
            if channel.id not in self._legs:
                # A leg we rang without a word from it yet is none of this audit's business: it
                # may belong to another application of ours on the same switch.
                if names.leg_of(channel.id) is None:
                    told += self._arrived(channel, at)
                continue
            if channel.state == "Up":
                told += self._move(channel, LegState.UP, at)
            elif channel.state == "Ringing":
                told += self._move(channel, LegState.RINGING, at)
        return told

    # -- one event each -----------------------------------------------------------------------

    def _started(self, event: Event, channel: Channel, at: datetime) -> list[Translated]:
        if event.application not in ("", self._app) or channel.id in self._ended:
            return []
        if names.leg_of(channel.id) is not None:
            # One that is made first and dialled then is ours before it is up.
            return self._move(channel, LegState.UP, at) if channel.state == "Up" else []
        if event.replace_channel is not None:
            # A phone transferred by itself (SIP REFER): a new channel takes an old one's place.
            # There is no word for it in the port yet; the old leg's end is told by its own event.
            return self._nothing(event)
        return self._arrived(channel, at)

    def _changed(self, channel: Channel, at: datetime) -> list[Translated]:
        leg = self._known_leg(channel.id)
        if leg is None:
            return []
        if channel.state == "Ringing":
            return self._move(channel, LegState.RINGING, at)
        if channel.state != "Up" or leg.rank >= _RANK[LegState.UP]:
            return []
        # A channel we rang takes commands only from its StasisStart on.
        if leg.inbound or channel.dialplan.app_name == "Stasis":
            return self._move(channel, LegState.UP, at)
        return self._doubt(channel.id)

    def _dialed(self, event: Event, channel: Channel, at: datetime) -> list[Translated]:
        leg = self._known_leg(channel.id)
        if leg is None:
            return []
        if event.dialstatus == "PROGRESS" and channel.dialplan.app_name == "Stasis":
            return [EarlySound(call_id=leg.call_id, leg_id=leg.leg_id, at=at)]
        if event.dialstatus == "":
            return self._move(channel, LegState.DIALING, at)
        if event.dialstatus == "RINGING":
            return self._move(channel, LegState.RINGING, at)
        return []  # BUSY, NOANSWER and their like: ChannelDestroyed follows with the cause

    def _destroyed(self, event: Event, channel: Channel, at: datetime) -> list[Translated]:
        leg = self._known_leg(channel.id)
        if leg is None:
            return []
        cause = cause_of(
            event.cause or 0,
            event.tech_cause,
            up=leg.rank >= _RANK[LegState.UP] or channel.state == "Up",
            rang=leg.rang or channel.state == "Ringing",
            inbound=leg.inbound,
        )
        return [self._end(channel.id, leg, cause, at)]

    def _leaving(self, event: Event, channel: Channel) -> list[Translated]:
        """Remembered for an inbound channel; one we rang is told by its ChannelDestroyed."""
        leg = self._legs.get(channel.id)
        if leg is None or not leg.inbound:
            return []
        if event.soft and leg.leaving is not None:
            return []  # we asked for it ourselves, and know why
        up, rang = leg.rank >= _RANK[LegState.UP], leg.rang
        leg.leaving = (
            asked_cause(event.cause or 0)
            if event.soft
            else cause_of(event.cause or 0, event.tech_cause, up=up, rang=rang, inbound=True)
        )
        return []

    def _left(self, channel: Channel, at: datetime) -> list[Translated]:
        """Asterisk drops our interest in an inbound channel with its StasisEnd: of its
        ChannelDestroyed we never hear."""
        leg = self._legs.get(channel.id)
        if leg is None:
            return []
        if leg.leaving is not None:
            return [self._end(channel.id, leg, leg.leaving, at)]
        return self._doubt(channel.id)

    def _phone_held(self, channel: Channel, at: datetime, *, on: bool) -> list[Translated]:
        leg = self._known_leg(channel.id)
        # A customer whose own exchange holds us is still in the talk as far as we are concerned.
        if leg is None or not leg.leg_id.startswith("agent"):
            return []
        return self._hold(leg.call_id, at, on=on)

    def _flagged(self, event: Event, channel: Channel, at: datetime) -> list[Translated]:
        leg = self._known_leg(channel.id)
        if leg is None or event.variable != names.HELD_VARIABLE:
            return []
        return self._hold(leg.call_id, at, on=event.value == "1")

    def _sounded(self, event: Event, at: datetime) -> list[Translated]:
        sound = event.playback if event.type == "PlaybackFinished" else event.recording
        kind, _, channel_id = ("" if sound is None else sound.target_uri).partition(":")
        leg = self._known_leg(channel_id) if kind == "channel" else None
        if leg is None:
            return []  # of a bridge, or of a channel that is gone
        played = event.type == "PlaybackFinished"
        return [
            SoundOver(
                call_id=leg.call_id,
                leg_id=leg.leg_id,
                kind="played" if played else "recorded",
                at=at,
            )
        ]

    # -- what they have in common -------------------------------------------------------------

    def _arrived(self, channel: Channel, at: datetime) -> list[Translated]:
        if channel.id in self._legs:
            return []
        leg = self._leg_of_id(channel.id)
        self._remember(channel.id, leg)
        told: list[Translated] = [
            Arrived(
                call_id=leg.call_id,
                leg_id=leg.leg_id,
                number=channel.caller.number or "",
                dialed=channel.dialplan.exten or "",
                at=at,
            )
        ]
        if channel.state == "Up":  # the dialplan answered before it handed the call over
            told += self._move(channel, LegState.UP, at)
        return told

    def _move(self, channel: Channel, state: LegState, at: datetime) -> list[Translated]:
        leg = self._known_leg(channel.id)
        if leg is None:
            return []
        leg.rang = leg.rang or state is LegState.RINGING
        if _RANK[state] <= leg.rank:
            return []
        leg.rank = _RANK[state]
        if state is LegState.UP:
            self.doubts.discard(channel.id)
        return [LegMoved(call_id=leg.call_id, leg_id=leg.leg_id, state=state, at=at)]

    def _end(self, channel_id: str, leg: _Leg, cause: HangupCause, at: datetime) -> LegEnded:
        self._legs.pop(channel_id, None)
        self.doubts.discard(channel_id)
        if leg.inbound:
            self._inbound.pop(leg.call_id, None)
        self._ended[channel_id] = None
        while len(self._ended) > _ENDED_KEPT:
            self._ended.popitem(last=False)
        if all(other.call_id != leg.call_id for other in self._legs.values()):
            self._last_hold.pop(leg.call_id, None)
        return LegEnded(call_id=leg.call_id, leg_id=leg.leg_id, cause=cause, at=at)

    def _doubt(self, channel_id: str) -> list[Translated]:
        self.doubts.add(channel_id)
        return [Doubt(channel_id)]

    def _hold(self, call_id: CallId, at: datetime, *, on: bool) -> list[Translated]:
        if self._last_hold.get(call_id) == (on, at):
            return []
        self._last_hold[call_id] = (on, at)
        return [HoldReported(call_id=call_id, on=on, at=at)]

    def _known_leg(self, channel_id: str) -> _Leg | None:
        """The leg of a live channel; one we rang is known by its id from the first event on."""
        leg = self._legs.get(channel_id)
        if leg is not None or channel_id in self._ended or names.leg_of(channel_id) is None:
            return leg
        leg = self._leg_of_id(channel_id)
        self._remember(channel_id, leg)
        return leg

    def _remember(self, channel_id: str, leg: _Leg) -> None:
        self._legs[channel_id] = leg
        if leg.inbound:
            self._inbound[leg.call_id] = channel_id

    def _leg_of_id(self, channel_id: str) -> _Leg:
        ours = names.leg_of(channel_id)
        if ours is not None:
            return _Leg(*ours, inbound=False)
        call_id = names.inbound_call(self._identity, channel_id)
        return _Leg(call_id, names.INBOUND_LEG, inbound=True)

    def _nothing(self, event: Event) -> list[Translated]:
        if event.type not in MEANINGLESS:
            self.ignored[event.type] += 1
        return []
