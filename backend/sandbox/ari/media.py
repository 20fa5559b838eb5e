"""Playbacks and recordings.

Among simulated people no sound is mixed: a recording says who was there (`sound`). Where a browser
takes part, the sound plane writes down what was really said.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from backend.sandbox.ari.errors import AriError, not_found
from backend.sandbox.ari.model import Bridge, Channel, Json
from backend.sandbox.ari.remote import RemoteSounds, address
from backend.sandbox.ari.sound import RATE, Part

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Sequence

    from backend.sandbox.ari.engine import Engine

# How long one sound lasts here; real lengths depend on files the sandbox does not have.
SOUND_S = 2.0
SOUNDS = (
    "hello",
    "beep",
    "tt-monkeys",
    "vm-goodbye",
    "pbx-invalid",
    "ss-noservice",
    "this-call-may-be-monitored-or-recorded",
    "unavailable",
    "hello-world",
    "queue-thankyou",
)
"""What its disk has: another name is taken, and fails when it begins."""
_FORMATS = {"wav", "ulaw", "alaw", "gsm", "sln", "wav49", "g722", "ogg"}

Target = Channel | Bridge


@dataclass
class Playback:
    id: str
    media: list[str]
    target: Target
    language: str
    state: Literal["queued", "playing", "paused", "done", "failed"] = "queued"
    at: int = 0
    """Index of the medium playing now."""
    timer: asyncio.Task[None] | None = None

    def json(self) -> Json:
        body: Json = {
            "id": self.id,
            "media_uri": self.media[min(self.at, len(self.media) - 1)],
            "target_uri": target_uri(self.target),
            "language": self.language,
            "state": self.state,
        }
        if self.at + 1 < len(self.media):
            body["next_media_uri"] = self.media[self.at + 1]
        return body


@dataclass
class Recording:
    name: str
    format: str
    target: Target
    since: float
    """Clock seconds (`monotonic`) when the part that is being recorded began."""
    state: str = "recording"
    parts: list[Part] = field(default_factory=list)
    timer: asyncio.Task[None] | None = None
    muted: bool = False
    hears: Part = field(default_factory=lambda: Part(0, "silence"))
    """What the part that is being recorded sounds like."""
    heard: bytearray = field(default_factory=bytearray)
    """16-bit samples of 8 kHz of the part that is being recorded, from the sound plane."""

    @property
    def seconds(self) -> float:
        return sum(part.seconds for part in self.parts)

    def json(self) -> Json:
        body: Json = {
            "name": self.name,
            "format": self.format,
            "state": self.state,
            "target_uri": target_uri(self.target),
        }
        if self.state == "done":
            body["duration"] = round(self.seconds)
        return body


@dataclass(frozen=True)
class Stored:
    name: str
    format: str
    parts: tuple[Part, ...]

    def json(self) -> Json:
        return {"name": self.name, "format": self.format}


def target_uri(target: Target) -> str:
    kind = "channel" if isinstance(target, Channel) else "bridge"
    return f"{kind}:{target.id}"


class Media:
    """What plays and what is recorded now, and what was recorded before."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.remote = RemoteSounds()
        self.playbacks: dict[str, Playback] = {}
        self.live: dict[str, Recording] = {}
        self.stored: dict[str, Stored] = {}
        engine.bridge_changed.append(self._bridge_changed)

    # -- playbacks ----------------------------------------------------------------------------

    def play(
        self, target: Target, media: Sequence[str], playback_id: str | None, language: str
    ) -> Playback:
        """Start playing. 400 without a known media URI. A used id plays once more."""
        kinds = ("sound:", "recording:", "number:", "digits:", "characters:", "tone:")
        if not media or any(not m.startswith(kinds) for m in media):
            raise AriError(400, "Media URI is invalid")
        playback = Playback(
            playback_id or self._engine.new_id(), list(media), target, language or "en"
        )
        self.playbacks[playback.id] = playback
        self._engine.timers.soon(lambda: self._start(playback))
        return playback

    def playback(self, playback_id: str) -> Playback:
        playback = self.playbacks.get(playback_id)
        if playback is None:
            raise not_found("Playback")
        return playback

    def control(self, playback: Playback, operation: str) -> None:
        """restart, pause, unpause; reverse and forward are taken and change nothing here."""
        if operation not in ("restart", "pause", "unpause", "reverse", "forward"):
            raise AriError(400, "Invalid operation")
        if playback.state not in ("playing", "paused"):
            raise AriError(409, "Playback not playing")
        if operation == "pause" and playback.timer is not None:
            playback.timer.cancel()
            playback.state = "paused"
        elif operation in ("unpause", "restart"):
            if playback.timer is not None:
                playback.timer.cancel()
            playback.state = "playing"
            self._arm(playback)

    def stop(self, playback: Playback) -> None:
        self._finish(playback, "done")

    # -- recordings ---------------------------------------------------------------------------

    def record(
        self,
        target: Target,
        name: str,
        format_: str,
        *,
        if_exists: str = "fail",
        max_s: float = 0,
    ) -> Recording:
        """Start recording. 400 bad name or mode, 409 name in use, 422 unknown format."""
        if not name or ".." in name or name.startswith("/"):
            raise AriError(400, "Invalid recording name")
        if if_exists not in ("fail", "overwrite", "append"):
            raise AriError(400, "ifExists invalid")
        if format_ not in _FORMATS:
            raise AriError(422, "specified format is unknown on this system")
        if name in self.live or (name in self.stored and if_exists == "fail"):
            raise AriError(409, f"Recording '{name}' already exists and can not be overwritten")
        recording = Recording(name, format_, target, self._engine.timers.clock.monotonic())
        if if_exists == "append" and name in self.stored:
            recording.parts = list(self.stored[name].parts)
        recording.hears = self._sound(target)
        self.live[name] = recording
        if max_s > 0:
            recording.timer = self._engine.timers.after(max_s, lambda: self.stop_recording(name))
        self._engine.timers.soon(lambda: self._recording_event(recording, "RecordingStarted"))
        return recording

    def recording(self, name: str) -> Recording:
        recording = self.live.get(name)
        if recording is None:
            raise not_found("Recording")
        return recording

    def is_recorded(self, channel: Channel) -> bool:
        return any(recording.target is channel for recording in self.live.values())

    def stop_recording(self, name: str, *, keep: bool = True) -> None:
        """End it; `keep=False` discards what was recorded."""
        recording = self.recording(name)
        self._cut(recording)
        if recording.timer is not None:
            recording.timer.cancel()
        recording.state = "done" if keep else "canceled"
        del self.live[name]
        if keep:
            self.stored[name] = Stored(name, recording.format, tuple(recording.parts))
        self._recording_event(recording, "RecordingFinished")

    def set_paused(self, recording: Recording, paused: bool) -> None:
        self._cut(recording)
        recording.state = "paused" if paused else "recording"

    def set_muted(self, recording: Recording, muted: bool) -> None:
        """Silence goes into the file, which grows all the same."""
        recording.muted = muted
        self._cut(recording)

    def stored_recording(self, name: str) -> Stored:
        stored = self.stored.get(name)
        if stored is None:
            raise not_found("Recording")
        return stored

    def _bridge_changed(self, bridge: Bridge) -> None:
        for recording in self.live.values():
            if recording.target is bridge:
                self._cut(recording)

    def _cut(self, recording: Recording) -> None:
        """What was recorded since the last cut becomes a part; what is heard now begins another."""
        now = self._engine.timers.clock.monotonic()
        seconds, recording.since = now - recording.since, now
        if recording.heard:
            samples = bytes(recording.heard)
            recording.heard.clear()
            recording.parts.append(Part(len(samples) / 2 / RATE, "heard", samples=samples))
        elif recording.state == "recording" and seconds > 0:
            recording.parts.append(replace(recording.hears, seconds=seconds))
        recording.hears = Part(0, "silence") if recording.muted else self._sound(recording.target)

    def _sound(self, target: Target) -> Part:
        if isinstance(target, Channel):
            return Part(0, "talk", voices=1)
        if target.moh is not None:
            return Part(0, "music")
        return Part(0, "talk", voices=len(target.members))

    # -- ends with their target ---------------------------------------------------------------

    def target_gone(self, target: Target) -> None:
        for playback in tuple(self.playbacks.values()):
            if playback.target is target:
                self._finish(playback, "failed")
        for recording in tuple(self.live.values()):
            if recording.target is target:
                self.stop_recording(recording.name)

    def forget(self) -> None:
        """A restart ends everything live silently; files stay on the disk."""
        self.playbacks.clear()
        self.live.clear()

    def _start(self, playback: Playback) -> None:
        if playback.id not in self.playbacks:
            return
        playback.state = "playing"
        playback.target.playing.add(playback.id)
        self._publish(playback.target, "PlaybackStarted", {"playback": playback.json()})
        own = [media for media in playback.media if address(media) is None]
        if any(m.startswith("sound:") and m[6:] not in SOUNDS for m in own):
            self._finish(playback, "failed")
            return
        if any(map(address, playback.media)):
            playback.timer = self._engine.timers.run(self._fetch(playback))
            return
        self._heard(playback.target)
        self._arm(playback)

    async def _fetch(self, playback: Playback) -> None:
        """It is said to play while it is still fetched, as Asterisk does."""
        urls = [url for media in playback.media if (url := address(media)) is not None]
        fetched = [await self.remote.fetch(url) for url in urls]
        playback.timer = None
        if playback.id not in self.playbacks:
            return
        if not all(fetched):
            self._finish(playback, "failed")
            return
        self._heard(playback.target)
        self._arm(playback)

    def _arm(self, playback: Playback) -> None:
        if playback.media[playback.at].startswith("tone:"):
            return  # a tone sounds until it is stopped
        seconds = self.remote.seconds(playback.media[playback.at]) or SOUND_S
        playback.timer = self._engine.timers.after(seconds, lambda: self._next(playback))

    def _next(self, playback: Playback) -> None:
        if playback.id not in self.playbacks:
            return
        playback.timer = None
        if playback.at + 1 >= len(playback.media):
            self._finish(playback, "done")
            return
        playback.at += 1
        self._publish(playback.target, "PlaybackContinuing", {"playback": playback.json()})
        self._arm(playback)

    def _finish(self, playback: Playback, state: Literal["done", "failed"]) -> None:
        if self.playbacks.pop(playback.id, None) is None:
            return
        if playback.timer is not None:
            playback.timer.cancel()
        playback.state = state
        playback.target.playing.discard(playback.id)
        self._publish(playback.target, "PlaybackFinished", {"playback": playback.json()})
        self._heard(playback.target)

    def _heard(self, target: Target) -> None:
        if isinstance(target, Channel):
            self._engine.touch(target)
        else:
            self._engine.notice(target)

    def _recording_event(self, recording: Recording, type_: str) -> None:
        self._publish(recording.target, type_, {"recording": recording.json()}, doubled=True)

    def _publish(self, target: Target, type_: str, body: Json, *, doubled: bool = False) -> None:
        if isinstance(target, Channel):
            self._engine.hub.publish(
                type_,
                body,
                apps=target.audience,
                channels=(target.id,),
                all_topic_twice=doubled,
            )
        else:
            self._engine.hub.publish(
                type_,
                body,
                apps=self._engine.bridge_audience(target),
                bridges=(target.id,),
                all_topic_twice=doubled,
            )
