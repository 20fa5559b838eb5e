"""Channels and bridges as plain state, and the JSON Asterisk shows of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Iterable
    from datetime import datetime

Json = dict[str, Any]


class FarEnd(Protocol):
    """Whoever holds the other end of a channel: a desk phone or a simulated customer."""

    @property
    def label(self) -> str: ...
    @property
    def speaks_hz(self) -> int:
        """The tone this simulated person speaks in; 0 where the sound is real."""

    def invited(self, channel: Channel) -> None:
        """The switch dials this end; it answers through `Dialing` (ringing, answered, refused)."""

    def noticed(self, channel: Channel) -> None:
        """What this end hears may have changed: answer, music, bridge."""

    def ended(self, channel: Channel) -> None:
        """The channel is gone."""


@dataclass(frozen=True)
class Party:
    number: str = ""
    name: str = ""

    def json(self) -> Json:
        return {"name": self.name, "number": self.number}


@dataclass
class Dialled:
    """What an originate asked for and how far it got."""

    app: str | None
    args: tuple[str, ...]
    timeout_s: float
    dialstring: str
    caller_id: str | None = None
    """The dialling channel named in `dial?caller=`, shown in Dial events."""
    timer: asyncio.Task[None] | None = None
    started: bool = False
    status: str = "NOANSWER"
    """What the last Dial event says if it comes to nothing."""
    extension: tuple[str, str, int] | None = None
    """Context, extension, priority when the originate named a dialplan place instead of an app."""


@dataclass
class Channel:
    """One leg. `state` is Asterisk's word: Down, Ring, Ringing, Up."""

    id: str
    name: str
    endpoint: str
    state: str
    caller: Party
    connected: Party
    created_at: datetime
    far_end: FarEnd | None
    context: str = "default"
    exten: str = ""
    priority: int = 1
    app_name: str = ""
    app_data: str = ""
    language: str = "ru"
    protocol_id: str = ""
    variables: dict[str, str] = field(default_factory=dict)
    app: str | None = None
    """The Stasis application in control now; None while dialling or in the dialplan."""
    audience: set[str] = field(default_factory=set)
    """Applications subscribed by being in control of the channel or having originated it."""
    dialled: Dialled | None = None
    bridge_id: str | None = None
    answered_at: datetime | None = None
    hangup_cause: int = 0
    destroyed: bool = False
    ringing: bool = False
    """`ring` was asked for: an inbound caller hears the ring tone."""
    silence: bool = False
    early: bool = False
    """Its network speaks before the answer (183)."""
    on_hold: bool = False
    """`POST /channels/{id}/hold` was asked for; shows in the device state only."""
    held_by_far_end: bool = False
    moh: str | None = None
    muted: set[str] = field(default_factory=set)
    playing: set[str] = field(default_factory=set)
    """Ids of the playbacks it hears now."""
    dtmf_sent: str = ""
    dtmf_received: str = ""
    hears_fallback: bool = False
    spied_id: str | None = None
    spies: str = "none"
    """What of the channel it listens to: `in` is what that one says, `out` what it hears."""
    whispers: str = "none"
    """Into what of that channel it speaks: `out` is for its ear alone, `in` for the others."""

    @property
    def technology(self) -> str:
        return self.endpoint.partition("/")[0]

    def json(self, shown_variables: Iterable[str] = ()) -> Json:
        body: Json = {
            "id": self.id,
            "name": self.name,
            "state": self.state,
            "protocol_id": self.protocol_id,
            "caller": self.caller.json(),
            "connected": self.connected.json(),
            "accountcode": "",
            "dialplan": {
                "context": self.context,
                "exten": self.exten,
                "priority": self.priority,
                "app_name": self.app_name,
                "app_data": self.app_data,
            },
            "creationtime": stamp(self.created_at),
            "language": self.language,
        }
        shown = tuple(shown_variables)
        if shown:
            # Asterisk lists every configured name; one that is not set shows as empty.
            body["channelvars"] = {name: self.variables.get(name, "") for name in shown}
        return body


@dataclass
class Bridge:
    """Channels that hear each other (`mixing`) or wait together (`holding`)."""

    id: str
    name: str
    type: str
    created_at: datetime
    members: list[str] = field(default_factory=list)
    """Channel ids in the order they came in."""
    moh: str | None = None
    playing: set[str] = field(default_factory=set)
    """Ids of the playbacks everyone in it hears now."""

    def json(self) -> Json:
        kind = "holding" if "holding" in self.type.split(",") else "mixing"
        technology = "holding_bridge" if kind == "holding" else "simple_bridge"
        return {
            "id": self.id,
            "technology": technology,
            "bridge_type": kind,
            "bridge_class": "stasis",
            "creator": "Stasis",
            "name": self.name,
            "channels": list(self.members),
            "creationtime": stamp(self.created_at),
            "video_mode": "none",
        }


def stamp(at: datetime) -> str:
    """Asterisk's time format: ISO with milliseconds and a zone without colon."""
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}" + at.strftime("%z")
