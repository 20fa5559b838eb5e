"""The frames everything travels in.

Client to server: `Hello` first, then `Command`s and `Pong`s. Server to client: `Welcome` first,
then `Reply`s (each answers one command id), `Push`es (numbered per stream), `Ping`s and, before a
planned restart, `Restarting`. JSON text, one frame per WebSocket message, at most 64 KiB from the
client.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from protocol.vocabulary import (
    AccountId,
    CommandId,
    EmployeeId,
    ErrorCode,
    Feature,
    SessionId,
    StreamName,
)

MAX_CLIENT_FRAME_BYTES = 65_536
HELLO_TIMEOUT_S = 10.0

Position = tuple[str, int]
"""(epoch, seq): where a reader is in a stream. Another epoch means another history."""


class Hello(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="hello"):
    """The first frame of a client: the one-time ticket, what it understands, where it stopped."""

    ticket: Annotated[str, Meta(min_length=16, max_length=256)]
    protocol: int
    features: list[str] = []
    """Known features (see `Feature`); unknown words are ignored."""
    streams: dict[str, Position] = {}
    """Positions by stream name; empty at first start."""
    tab: Annotated[str, Meta(max_length=64)] = ""
    """A random id of the tab, stable over reconnections."""
    visible: bool = True
    sound: bool = False
    """Whether this tab may play a ring tone right now (unlocked by a gesture)."""
    locale: Annotated[str, Meta(max_length=8)] = "ru"


class Command(msgspec.Struct, frozen=True, kw_only=True, tag_field="type"):
    """What the widget asks. `id` is chosen by the asker; a repeated id has no second effect (R3).

    `ttl_ms` is the deadline, counted from when the server reads the frame: relative, because the
    clocks of two machines differ.
    """

    id: Annotated[CommandId, Meta(min_length=8, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]
    ttl_ms: Annotated[int, Meta(ge=100, le=60_000)] = 10_000


class Pong(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="pong"):
    """Answers a `Ping`. The server measures presence by these, never by client timers (R10)."""

    n: int


class Push(msgspec.Struct, frozen=True, kw_only=True, tag_field="type"):
    """What the server tells: the whole newest version of one entity (`entity` is its key).

    Because a push carries the entity whole, a snapshot is the last push of each entity, in the
    order of `seq`, and folding it gives the same view as folding everything (R1).

    On the wire it also has `seq`, its number in the stream. The bus gives that number while it
    stores the push, so the struct is encoded without it (see `numbered`).
    """

    stream: StreamName
    entity: str
    version: int
    """Grows with every change of the entity; an older one is never applied."""


class Numbered(msgspec.Struct, frozen=True):
    """Only the number of a wire push."""

    seq: int


class StreamStart(msgspec.Struct, frozen=True, kw_only=True):
    """Where a stream begins for this session.

    `recovered`: `pushes` are exactly those missed since the position sent. Otherwise they are the
    snapshot: forget the stream's entities and apply these.
    """

    epoch: str
    seq: int
    recovered: bool
    pushes: list[msgspec.Raw] = []


class You(msgspec.Struct, frozen=True, kw_only=True):
    account_id: AccountId
    employee_id: EmployeeId
    name: str
    extension: str | None
    is_supervisor: bool = False


class Welcome(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="welcome"):
    session: SessionId
    protocol: int
    features: list[Feature]
    you: You
    server_time: datetime
    session_expires_at: datetime
    ping_interval_s: float
    streams: dict[str, StreamStart]


class ReplyError(msgspec.Struct, frozen=True, kw_only=True):
    code: ErrorCode
    message: str
    """For logs and developers; the widget shows its own sentence for `code`."""
    data: dict[str, Any] = {}


class Reply(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="reply"):
    """Answers one command. `result` only for questions (`history.list`, `stream.subscribe`)."""

    id: str
    ok: bool
    result: msgspec.Raw | None = None
    error: ReplyError | None = None


class Ping(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="ping"):
    n: int


class StreamReset(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="stream.reset"):
    """The stream has another history now (its epoch changed): start it over from `start`."""

    stream: StreamName
    start: StreamStart


class Restarting(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="restarting"):
    """The server will close in a moment on purpose; come back after `in_ms` plus jitter."""

    in_ms: int


def numbered(body: bytes, seq: int) -> bytes:
    """The wire form of an encoded push: `body` (a JSON object) with its number put first."""
    return b'{"seq":%d,%s' % (seq, body[1:])
