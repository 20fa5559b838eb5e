"""The rules of one widget session, without a socket, a task or a clock of its own.

    greeting ──hello, welcome──► open ──► closed

Frames, deliveries and the time go in; what is to be done comes out as `Greet`, `Run`, `Send` and
`Close`. Whoever owns the socket carries it out, so another transport needs no other rules.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from typing import NamedTuple

import msgspec

from backend.realtime.limits import Bucket, Limits
from backend.services.ports import Delivery, StreamKey, StreamRead
from protocol import commands, frames, pushes
from protocol.close_codes import CloseCode
from protocol.frames import Command, Hello, Pong, Reply, ReplyError, StreamReset, StreamStart, You
from protocol.vocabulary import (
    PROTOCOL_VERSION,
    ErrorCode,
    Feature,
    SessionId,
    StreamName,
)


class Phase(Enum):
    GREETING = auto()
    OPEN = auto()
    CLOSED = auto()


@dataclass(frozen=True, slots=True)
class Greet:
    """The first frame is good; whose it is has to be looked up."""

    hello: Hello


@dataclass(frozen=True, slots=True)
class Run:
    """Do it within `timeout_s`; answer by `Session.finish`."""

    command: Command
    timeout_s: float


@dataclass(frozen=True, slots=True)
class Send:
    frame: bytes


@dataclass(frozen=True, slots=True)
class Close:
    code: CloseCode
    reason: str = ""


Action = Greet | Run | Send | Close


class _Kind(msgspec.Struct, frozen=True):
    """What can be read of any frame, known or not."""

    type: str
    id: str = ""


_kind = msgspec.json.Decoder(_Kind)
_hello = msgspec.json.Decoder(Hello)
_pong = msgspec.json.Decoder(Pong)
_encode = msgspec.json.Encoder().encode

_FEATURES: dict[str, Feature] = {f.value: f for f in Feature}
_NUL = "\\u0000"
"""As JSON writes it. PostgreSQL keeps no text with it, so it is refused at the door."""


class _Spoken(NamedTuple):
    """One combination of features. Ten thousand sessions share a handful."""

    features: frozenset[Feature]
    words: list[Feature]
    """As the welcome names them."""
    tags: frozenset[str]
    """Of the pushes that are sent: a text is looked up faster than a member of an enum."""


_SPOKEN: dict[frozenset[Feature], _Spoken] = {}
_STREAMS: dict[str, StreamName] = {name.value: name for name in StreamName}


def _negotiated(wanted: list[str]) -> _Spoken:
    known = frozenset(_FEATURES[word] for word in wanted if word in _FEATURES)
    shared = _SPOKEN.get(known)
    if shared is None:
        tags = frozenset(tag for tag, feature in pushes.FEATURE_OF.items() if feature in known)
        shared = _SPOKEN[known] = _Spoken(known, sorted(known), tags)
    return shared


def stream_name(key: StreamKey) -> StreamName:
    """`me`, `account` or `colleagues`: keys begin with the name the widget uses."""
    return _STREAMS[key.partition(":")[0]]


class Session:
    """One connection of one tab."""

    __slots__ = (
        "_asked",
        "_commands",
        "_frames",
        "_limits",
        "_ping",
        "_pinged_at",
        "_positions",
        "_refused",
        "_replies",
        "_tags",
        "expires_at",
        "features",
        "heard_at",
        "phase",
    )

    def __init__(self, limits: Limits, now: float) -> None:
        self._limits = limits
        self.phase = Phase.GREETING
        self.features: frozenset[Feature] = frozenset()
        """Negotiated in hello."""
        self._tags: frozenset[str] = frozenset()
        """Of the pushes those features bring."""
        self.expires_at: datetime | None = None
        """When the session token ends; set in welcome and by renewal."""
        self.heard_at = now
        """Monotonic second of the last frame of any kind."""
        self._pinged_at = now
        self._ping = 0
        self._positions: dict[StreamKey, tuple[str, int]] = {}
        """How far this session has been told, per stream."""
        self._asked: set[str] = set()
        """Commands that run."""
        # The rest appears with the first command: most sessions of a large account only listen.
        self._replies: OrderedDict[str, bytes] | None = None
        self._commands: Bucket | None = None
        self._frames: Bucket | None = None
        self._refused: int = 0

    # ── from the widget ──────────────────────────────────────────────────────────────────────

    def receive(self, frame: str | bytes, now: float) -> Action | None:
        """What to do about one frame. None: nothing."""
        if self.phase is Phase.CLOSED:
            return None
        # Characters first: no text is shorter in bytes, and most frames are small.
        size = len(frame)
        if size > self._limits.frame_bytes or (
            isinstance(frame, str)
            and size * 4 > self._limits.frame_bytes
            and len(frame.encode()) > self._limits.frame_bytes
        ):
            return self._close(CloseCode.BAD_FRAME, "frame too big")
        if self._frames is None:
            self._frames = Bucket(self._limits.frames_burst, now)
        if not self._frames.take(now, self._limits.frames_per_s, self._limits.frames_burst):
            return self._close(CloseCode.TOO_MANY_FRAMES, "too many frames")
        self.heard_at = now
        try:
            kind = _kind.decode(frame)
            if self.phase is Phase.GREETING:
                return self._greet(kind, frame)
            if kind.type == "pong":
                _pong.decode(frame)
                return None
        except (msgspec.DecodeError, UnicodeDecodeError):
            # ValidationError is a DecodeError: JSON of another shape is no frame of ours either.
            return self._close(CloseCode.BAD_FRAME, "not a frame of this protocol")
        if kind.type == "hello":
            return self._close(CloseCode.BAD_FRAME, "hello comes once")
        return self._command(kind, frame, now)

    def _greet(self, kind: _Kind, frame: str | bytes) -> Action:
        if kind.type != "hello":
            return self._close(CloseCode.BAD_FRAME, "hello comes first")
        hello = _hello.decode(frame)
        if hello.protocol != PROTOCOL_VERSION:
            return self._close(CloseCode.PROTOCOL, f"protocol {PROTOCOL_VERSION} is spoken here")
        return Greet(hello)

    def _command(self, kind: _Kind, frame: str | bytes, now: float) -> Action | None:
        if self._replies is not None and (known := self._replies.get(kind.id)) is not None:
            return Send(known)
        if kind.id in self._asked:
            return None
        if self._commands is None:
            self._commands = Bucket(self._limits.commands_burst, now)
        if (
            not self._commands.take(now, self._limits.commands_per_s, self._limits.commands_burst)
            or len(self._asked) >= self._limits.commands_running
        ):
            self._refused += 1
            if self._refused > self._limits.refusals:
                return self._close(CloseCode.TOO_MANY_FRAMES, "too many commands")
            # Not remembered: the same command may be asked again a moment later.
            return Send(refusal(kind.id, ErrorCode.TOO_MANY, "slow down"))
        self._refused = 0
        if kind.type not in commands.TAGS:
            return Send(
                self.finish(kind.id, refusal(kind.id, ErrorCode.UNKNOWN_COMMAND, kind.type[:64]))
            )
        try:
            if _NUL in (frame if isinstance(frame, str) else frame.decode()):
                raise msgspec.ValidationError("NUL is no character of any text")
            command = commands.decode(frame)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            return Send(
                self.finish(kind.id, refusal(kind.id, ErrorCode.BAD_REQUEST, str(error)[:200]))
            )
        self._asked.add(command.id)
        return Run(command, command.ttl_ms / 1000)

    def finish(self, command_id: str, reply: bytes) -> bytes:
        """Remember what a command was answered, for a repetition of it; the reply to send."""
        self._asked.discard(command_id)
        if self._replies is None:
            self._replies = OrderedDict()
        self._replies[command_id[:64]] = reply
        if len(self._replies) > self._limits.replies_kept:
            self._replies.popitem(last=False)
        return reply

    def answered(self, command_id: str) -> bool:
        return command_id not in self._asked

    # ── to the widget ────────────────────────────────────────────────────────────────────────

    def welcome(
        self,
        *,
        hello: Hello,
        session_id: SessionId,
        you: You,
        expires_at: datetime,
        server_time: datetime,
        reads: dict[StreamKey, StreamRead],
    ) -> bytes:
        self.phase = Phase.OPEN
        spoken = _negotiated(hello.features)
        self.features, self._tags = spoken.features, spoken.tags
        self.expires_at = expires_at
        return _encode(
            frames.Welcome(
                session=session_id,
                protocol=PROTOCOL_VERSION,
                features=spoken.words,
                you=you,
                server_time=server_time,
                session_expires_at=expires_at,
                ping_interval_s=self._limits.ping_interval_s,
                streams={stream_name(key): self.start(key, read) for key, read in reads.items()},
            )
        )

    def start(self, key: StreamKey, read: StreamRead) -> StreamStart:
        """Where the stream begins for this session; pushes up to there are not told again."""
        self._positions[key] = (read.epoch, read.seq)
        return StreamStart(
            epoch=read.epoch,
            seq=read.seq,
            recovered=read.recovered,
            pushes=[msgspec.Raw(d.frame) for d in read.deliveries if d.tag in self._tags],
        )

    def leave(self, key: StreamKey) -> None:
        self._positions.pop(key, None)

    def wants(self, delivery: Delivery) -> bool:
        """Whether this push is to be sent; moves the position on when it is the next one."""
        position = self._positions.get(delivery.key)
        if position is None or position[0] != delivery.epoch or position[1] >= delivery.seq:
            # Already told by the snapshot, or of a history this session is not in.
            return False
        self._positions[delivery.key] = (delivery.epoch, delivery.seq)
        return delivery.tag in self._tags

    def reset(self, key: StreamKey, read: StreamRead) -> bytes | None:
        """The frame that starts `key` over; None when this session is already beyond it."""
        position = self._positions.get(key)
        if position is None or (position[0] == read.epoch and position[1] >= read.seq):
            return None
        return _encode(StreamReset(stream=stream_name(key), start=self.start(key, read)))

    # ── time ─────────────────────────────────────────────────────────────────────────────────

    def tick(self, monotonic: float, now: datetime) -> Send | Close | None:
        """What the time asks for; called about once a second while the session is open."""
        if self.phase is not Phase.OPEN:
            return None
        if self.expires_at is not None and now >= self.expires_at:
            return self._close(CloseCode.SESSION_ENDED, "the session expired")
        if monotonic - self.heard_at >= self._limits.silence_s:
            return self._close(CloseCode.SILENT, "no pong in time")
        if monotonic - self._pinged_at < self._limits.ping_interval_s:
            return None
        self._pinged_at = monotonic
        self._ping += 1
        return Send(b'{"type":"ping","n":%d}' % self._ping)

    def _close(self, code: CloseCode, reason: str) -> Close:
        self.phase = Phase.CLOSED
        return Close(code, reason)


def reply(command_id: str, result: bytes | None = None) -> bytes:
    """`result` is encoded already, or None for commands that answer nothing."""
    raw = None if result is None else msgspec.Raw(result)
    return _encode(Reply(id=command_id, ok=True, result=raw))


def refusal(
    command_id: str, code: ErrorCode, message: str, data: dict[str, object] | None = None
) -> bytes:
    error = ReplyError(code=code, message=message, data=data or {})
    return _encode(Reply(id=command_id[:64], ok=False, error=error))


def restarting(in_ms: int) -> bytes:
    return _encode(frames.Restarting(in_ms=in_ms))
