"""What ARI sends, in Asterisk's own names. Only the members we read; the rest is skipped.

Everything but ids has a default, because older and newer versions leave members out.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

import msgspec

MEANINGLESS: Final = frozenset(
    {
        "ApplicationRegistered",
        "ApplicationUnregistered",
        "BridgeCreated",
        "BridgeDestroyed",
        "BridgeMerged",
        "ChannelCallerId",
        "ChannelConnectedLine",
        "ChannelCreated",
        "ChannelDialplan",
        "ChannelDtmfReceived",
        "ChannelEnteredBridge",
        "ChannelLeftBridge",
        "ChannelTalkingFinished",
        "ChannelTalkingStarted",
        "ChannelUserevent",
        "ContactStatusChange",
        "DeviceStateChanged",
        "EndpointStateChange",
        "PeerStatusChange",
        "PlaybackFinished",
        "PlaybackStarted",
        "RecordingFailed",
        "RecordingFinished",
        "RecordingStarted",
    }
)
"""Events known to say nothing the port has a word for."""


class Party(msgspec.Struct, frozen=True):
    name: str | None = ""
    number: str | None = ""


class Dialplan(msgspec.Struct, frozen=True):
    exten: str | None = ""
    app_name: str | None = ""


class Channel(msgspec.Struct, frozen=True):
    id: str
    state: str = ""
    """Down, Ring (it calls us), Ringing (we call it), Up, …"""
    caller: Party = msgspec.field(default_factory=Party)
    connected: Party = msgspec.field(default_factory=Party)
    dialplan: Dialplan = msgspec.field(default_factory=Dialplan)
    creationtime: str = ""
    channelvars: dict[str, Any] | None = None
    """Only the names listed under `channelvars` in ari.conf; None when there are none."""


class Bridge(msgspec.Struct, frozen=True):
    id: str
    name: str = ""
    channels: list[str] = msgspec.field(default_factory=list)


class Application(msgspec.Struct, frozen=True):
    name: str
    channel_ids: list[str] = msgspec.field(default_factory=list)
    """Channels the application is subscribed to: those in Stasis and those it is ringing."""


class Endpoint(msgspec.Struct, frozen=True):
    state: str = "unknown"


class Attribute(msgspec.Struct, frozen=True):
    """One field of a configuration object."""

    attribute: str
    value: str = ""


class Variable(msgspec.Struct, frozen=True):
    value: str | None = ""


class Sound(msgspec.Struct, frozen=True):
    """A playback or a recording."""

    target_uri: str = ""
    """`channel:<id>` or `bridge:<id>`."""


class Event(msgspec.Struct, frozen=True):
    """Any event; which members are set depends on `type`."""

    type: str
    application: str = ""
    timestamp: str = ""
    channel: Channel | None = None
    peer: Channel | None = None
    """Dial: the leg being rung."""
    replace_channel: Channel | None = None
    """StasisStart: the channel whose place this one takes after a transfer."""
    dialstatus: str | None = ""
    cause: int | None = None
    tech_cause: int | None = None
    soft: bool = False
    """ChannelHangupRequest: asked for on this side; `cause` is a flag of Asterisk's then."""
    variable: str = ""
    value: str | None = ""
    playback: Sound | None = None
    recording: Sound | None = None


decode_event = msgspec.json.Decoder(Event).decode


def parse_time(text: str, otherwise: datetime) -> datetime:
    """Asterisk's `2026-03-02T09:00:00.123+0000` as aware UTC; `otherwise` when it is none."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return otherwise
    return at.astimezone(UTC) if at.tzinfo is not None else at.replace(tzinfo=UTC)


def in_stasis(channel: Channel) -> bool:
    """Whether an inbound channel waits for us, rather than walking on through the dialplan."""
    return (channel.dialplan.app_name or "Stasis").lower() == "stasis"
