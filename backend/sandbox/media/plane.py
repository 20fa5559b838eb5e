"""Who hears what: every 20 ms the sound of each channel, from what the engine says of it.

One clock drives all of it, and it runs only while a browser takes part: calls between simulated
people cost nothing. Time is the machine's even where the switch runs on a clock of the tests, since
browsers live in it.
"""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from backend.sandbox.media import tones
from backend.sandbox.media.g711 import FRAME, clipped, silence
from backend.sandbox.media.meter import WINDOW, Meter, Sound

if TYPE_CHECKING:
    from array import array
    from collections.abc import Callable

    from backend.sandbox.ari.engine import Engine
    from backend.sandbox.ari.media import Media
    from backend.sandbox.ari.model import Bridge, Channel

_log = logging.getLogger(__name__)

FRAME_S = 0.02
# A loop that was late by more begins anew instead of sending a burst nobody would play.
_LATEST_S = 0.2
_CHECK_EVERY = 50
REQUESTED_CHANNEL_UNAVAILABLE = 44
"""The cause Asterisk gives a channel whose `rtp_timeout` ran out."""
SOFT_HANGUP_DEVICE = 1
"""The flag its request to hang up shows meanwhile."""


class Wire(Protocol):
    """The real sound of one browser."""

    heard_at: float | None

    def take(self) -> array[int] | None: ...
    def send(self, samples: list[int]) -> None: ...


@dataclass
class _Leg:
    wire: Wire
    since: float
    patience_s: Callable[[], float]
    """After how much silence on the wire the channel ends; 0 is never."""
    said: Meter = field(default_factory=Meter)


class Plane:
    """The switch's sound. `attach` a browser's wire to its channel when it answers."""

    def __init__(self, engine: Engine, media: Media) -> None:
        self._engine = engine
        self._media = media
        self._legs: dict[str, _Leg] = {}
        self._meters: dict[str, Meter] = {}
        """By channel id: what those heard whom a browser can hear or be heard by."""
        self._snoops: dict[str, list[Channel]] = {}
        """By the channel they listen to, as of this frame."""
        self._frame = 0
        self._said: dict[str, array[int]] = {}
        """This frame's sound from each browser, taken once."""
        self._began: dict[tuple[str, int], int] = {}
        """By playback and place in its list: the frame it began at."""
        self._spying: set[str] = set()
        """Listening channels being heard just now: one that hears itself would never end."""
        self._clock: asyncio.Task[None] | None = None

    @property
    def running(self) -> bool:
        return self._clock is not None and not self._clock.done()

    def attach(self, channel: Channel, wire: Wire, patience_s: Callable[[], float]) -> None:
        self._legs[channel.id] = _Leg(wire, time.monotonic(), patience_s)
        if not self.running:
            self._clock = asyncio.get_running_loop().create_task(self._run())

    def detach(self, channel_id: str) -> None:
        """The clock stops by itself with the last one."""
        self._legs.pop(channel_id, None)

    async def close(self) -> None:
        self._legs.clear()
        if self._clock is not None:
            self._clock.cancel()
            await asyncio.gather(self._clock, return_exceptions=True)

    # -- measured -----------------------------------------------------------------------------

    def heard(self, channel: Channel) -> Sound:
        """What comes out of that end's receiver now."""
        meter = self._meters.get(channel.id) if self.running else None
        if meter is None:
            meter = Meter()
            self._look()
            for frame in range(self._frame, self._frame + WINDOW):
                meter.add(clipped(self._out(channel, frame)))
        return meter.read()

    def said(self, channel: Channel) -> Sound:
        """What that end says into its microphone now."""
        leg = self._legs.get(channel.id)
        if leg is not None:
            return leg.said.read()
        meter = Meter()
        for frame in range(self._frame, self._frame + WINDOW):
            meter.add(self._voice(channel, frame) or silence())
        return meter.read()

    # -- the clock ----------------------------------------------------------------------------

    async def _run(self) -> None:
        began, done = time.monotonic(), 0
        while self._legs:
            try:
                self._tick()
            except Exception:
                _log.exception("a frame of the sandbox switch's sound failed")
            self._frame += 1
            done += 1
            wait = began + done * FRAME_S - time.monotonic()
            if wait < -_LATEST_S:
                began, done = time.monotonic(), 0
            await asyncio.sleep(max(0.0, wait))
        self._meters.clear()
        self._began.clear()

    def _tick(self) -> None:
        frame = self._frame
        self._said = {}
        for channel_id, leg in self._legs.items():
            sound = leg.wire.take()
            leg.said.add(sound or silence())
            if sound is not None:
                self._said[channel_id] = sound
        self._look()
        before, self._meters = self._meters, {}
        for channel in self._near():
            out = self._out(channel, frame)
            if channel.id in self._legs:
                self._legs[channel.id].wire.send(out)
            meter = self._meters[channel.id] = before.get(channel.id) or Meter()
            meter.add(clipped(out))
        self._record(frame)
        if frame % _CHECK_EVERY == 0:
            self._tidy()

    def _look(self) -> None:
        """Who listens to whom."""
        self._snoops = {}
        for channel in self._engine.channels.values():
            if channel.spied_id is not None:
                self._snoops.setdefault(channel.spied_id, []).append(channel)

    def _near(self) -> list[Channel]:
        """Browsers and whoever shares a bridge with one, also by way of a listener. A thousand
        simulated talks beside them are left alone: what they hear is made up when it is asked."""
        found: dict[str, Channel] = {}
        for channel_id in self._legs:
            self._gather(channel_id, found)
        return list(found.values())

    def _gather(self, channel_id: str, found: dict[str, Channel]) -> None:
        channel = self._engine.channels.get(channel_id)
        if channel is None or channel_id in found:
            return
        found[channel_id] = channel
        bridge = self._engine.bridges.get(channel.bridge_id or "")
        for member in bridge.members if bridge is not None else ():
            self._gather(member, found)
        for snoop in self._snoops.get(channel_id, ()):
            self._gather(snoop.id, found)

    def _record(self, frame: int) -> None:
        """The mix of a recorded bridge goes into its file, where a browser is in it."""
        for recording in self._media.live.values():
            bridge = self._engine.bridges.get(recording.target.id)
            if bridge is None or recording.target is not bridge or recording.state != "recording":
                continue
            if any(member in self._legs for member in bridge.members):
                mix = [] if recording.muted else self._sum(bridge, frame, None)
                recording.heard.extend((clipped(mix) if mix else silence()).tobytes())

    def _tidy(self) -> None:
        """Forget what is gone, and end channels whose browser fell silent."""
        live = self._engine.channels
        self._began = {
            key: at for key, at in self._began.items() if key[0] in self._media.playbacks
        }
        now = time.monotonic()
        for channel_id, leg in tuple(self._legs.items()):
            patience_s, heard = leg.patience_s(), leg.wire.heard_at or leg.since
            if channel_id in live and patience_s > 0 and now - heard > patience_s:
                self._engine.hang_up(
                    live[channel_id], REQUESTED_CHANNEL_UNAVAILABLE, soft=SOFT_HANGUP_DEVICE
                )

    # -- one frame ----------------------------------------------------------------------------

    def _out(self, channel: Channel, frame: int) -> list[int]:
        """What the switch sends down a channel."""
        if channel.muted & {"out", "both"}:
            return [0] * FRAME
        return self._whispered(channel, "out", self._meant(channel, frame), frame)

    def _meant(self, channel: Channel, frame: int) -> list[int]:
        """The same without what is whispered into it."""
        own = self._own(channel, frame)
        if own is not None:
            return own.tolist()
        bridge = self._engine.bridges.get(channel.bridge_id or "")
        if bridge is None:
            return [0] * FRAME
        return self._sum(bridge, frame, channel)

    def _whispered(self, channel: Channel, way: str, sound: list[int], frame: int) -> list[int]:
        """With what listening channels say into it that way."""
        for snoop in self._snoops.get(channel.id, ()):
            if snoop.whispers in (way, "both"):
                said = self._meant(snoop, frame)
                sound = [a + b for a, b in zip(sound, said, strict=True)]
        return sound

    def _own(self, channel: Channel, frame: int) -> array[int] | None:
        """What is meant for this channel alone and covers all else."""
        if channel.hears_fallback:
            return tones.unavailable(frame)
        for playback_id in channel.playing:
            return self._played(playback_id, frame)
        if channel.moh is not None:
            return tones.music(frame)
        if channel.ringing:
            return tones.ring(frame)
        return None

    def _sum(self, bridge: Bridge, frame: int, listener: Channel | None) -> list[int]:
        """The bridge as one of it hears it, or as its recording does (None)."""
        total = [0] * FRAME
        sounds: list[array[int]] = [self._played(id_, frame) for id_ in bridge.playing]
        if bridge.moh is not None:
            sounds.append(tones.music(frame))
        if bridge.json()["bridge_type"] != "holding":
            others = [
                self._engine.channels[member]
                for member in bridge.members
                if member in self._engine.channels and (listener is None or member != listener.id)
            ]
            if listener is not None and any(other.held_by_far_end for other in others):
                sounds.append(tones.music(frame))
            sounds.extend(
                voice for other in others if (voice := self._in(other, frame)) is not None
            )
        for sound in sounds:
            total = [a + b for a, b in zip(total, sound, strict=True)]
        return total

    def _in(self, channel: Channel, frame: int) -> array[int] | None:
        """What the others hear of a channel; None is nothing."""
        if channel.early and channel.state != "Up":
            return tones.notice(frame)
        if channel.state != "Up" or channel.held_by_far_end or channel.muted & {"in", "both"}:
            return None
        if channel.spied_id is not None:
            return self._spied(channel, frame)
        voice = self._voice(channel, frame)
        if channel.id not in self._snoops:
            return voice
        said = voice.tolist() if voice is not None else [0] * FRAME
        return clipped(self._whispered(channel, "in", said, frame))

    def _voice(self, channel: Channel, frame: int) -> array[int] | None:
        if channel.id in self._legs:
            return self._said.get(channel.id)
        hz = channel.far_end.speaks_hz if channel.far_end is not None else 0
        return tones.voice(hz, frame) if hz and channel.state == "Up" else None

    def _spied(self, snoop: Channel, frame: int) -> array[int] | None:
        """A listening channel says what goes in and out of the one it listens to."""
        target = self._engine.channels.get(snoop.spied_id or "")
        if target is None or snoop.id in self._spying:
            return None
        self._spying.add(snoop.id)
        total = [0] * FRAME
        if snoop.spies in ("in", "both") and (said := self._voice(target, frame)) is not None:
            total = said.tolist()
        if snoop.spies in ("out", "both"):
            total = [a + b for a, b in zip(total, self._meant(target, frame), strict=True)]
        self._spying.discard(snoop.id)
        return clipped(total)

    def _played(self, playback_id: str, frame: int) -> array[int]:
        playback = self._media.playbacks.get(playback_id)
        if playback is None:
            return silence()
        began = self._began.setdefault((playback_id, playback.at), frame)
        media, at = playback.media[playback.at], frame - began
        fetched = self._media.remote.samples(media, at * FRAME, FRAME)
        return tones.played(media, at) if fetched is None else fetched
