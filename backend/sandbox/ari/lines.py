"""Lines in browsers: endpoints whose contacts register over a WebSocket and whose sound is real."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from backend.sandbox.ari.objects import Objects

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from backend.sandbox.ari.dialing import Dialing
    from backend.sandbox.ari.engine import Engine
    from backend.sandbox.ari.model import Channel, Json
    from backend.sandbox.ari.presence import Presence


class Session(Protocol):
    """One call on one contact."""

    def noticed(self) -> None:
        """The channel's state or what it hears changed."""

    def ended(self) -> None:
        """The channel is gone: tell the browser."""


class Contact(Protocol):
    """Where a line is registered at: one browser tab."""

    reachable: bool

    @property
    def uri(self) -> str: ...
    def ring(self, line: BrowserLine, channel: Channel) -> Session: ...


class BrowserLine:
    """One endpoint. Its newest contact alone is rung, as Asterisk rings one of several."""

    speaks_hz = 0

    def __init__(self, endpoint: str, fields: Mapping[str, str], dialing: Dialing) -> None:
        self.endpoint = endpoint
        self.fields = dict(fields)
        """The options of its PJSIP endpoint object."""
        self.contacts: list[Contact] = []
        self.calls: list[Channel] = []
        """Its channels, oldest first."""
        self._sessions: dict[str, Session] = {}
        self._dialing = dialing

    @property
    def username(self) -> str:
        return self.endpoint.partition("/")[2]

    @property
    def label(self) -> str:
        return self.fields.get("callerid", "").partition("<")[0].strip(' "') or self.username

    @property
    def registered(self) -> bool:
        return any(contact.reachable for contact in self.contacts)

    def begun(self, channel: Channel, session: Session) -> None:
        """A call of this line, whoever called."""
        self.calls.append(channel)
        self._sessions[channel.id] = session

    # -- FarEnd -------------------------------------------------------------------------------

    def invited(self, channel: Channel) -> None:
        there = [contact for contact in self.contacts if contact.reachable]
        if not there:
            self._dialing.refused(channel, 480)
            return
        self.begun(channel, there[-1].ring(self, channel))

    def noticed(self, channel: Channel) -> None:
        session = self._sessions.get(channel.id)
        if session is not None:
            session.noticed()

    def ended(self, channel: Channel) -> None:
        if channel in self.calls:
            self.calls.remove(channel)
        session = self._sessions.pop(channel.id, None)
        if session is not None:
            session.ended()

    # -- shown --------------------------------------------------------------------------------

    def device_state(self) -> str:
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
            "username": self.username,
            "name": self.label,
            "registered": self.registered,
            "contacts": [contact.uri for contact in self.contacts],
            "state": self.device_state(),
            "calls": [channel.id for channel in self.calls],
        }


class Lines:
    """All lines of a switch, by endpoint; they come and go with their `endpoint` objects."""

    def __init__(self, engine: Engine, dialing: Dialing) -> None:
        self.objects = Objects()
        self.by_endpoint: dict[str, BrowserLine] = {}
        self._engine = engine
        self._dialing = dialing
        self._presence: Presence | None = None
        self._changed: Callable[[], None] = lambda: None
        self.objects.changed.append(self._object_changed)

    def watch(self, presence: Presence, changed: Callable[[], None]) -> None:
        """Who is told of registrations. Presence knows the lines, so it comes after them."""
        self._presence, self._changed = presence, changed

    def fix(self, endpoint: str, password: str, name: str) -> None:
        """A line of the switch's own configuration."""
        username = endpoint.partition("/")[2]
        self.objects.fix("auth", username, {"username": username, "password": password})
        self.objects.fix("aor", username, {"max_contacts": "1", "remove_existing": "yes"})
        self.objects.fix(
            "endpoint",
            username,
            {
                "aors": username,
                "auth": username,
                "allow": "!all,ulaw,alaw",
                "webrtc": "yes",
                "context": "internal",
                "callerid": f'"{name}" <{username.rpartition("-")[2]}>' if name else "",
            },
        )
        self._object_changed("endpoint", username)

    def find(self, username: str) -> BrowserLine | None:
        return self.by_endpoint.get(f"PJSIP/{username}")

    def added(self, line: BrowserLine, contact: Contact) -> None:
        was = line.registered
        line.contacts.append(contact)
        self._tell(line, contact, "Created", toggled=not was)

    def removed(self, line: BrowserLine, contact: Contact) -> None:
        if contact not in line.contacts:
            return
        was = line.registered
        line.contacts.remove(contact)
        self._tell(line, contact, "Removed", toggled=was and not line.registered)

    def reached(self, line: BrowserLine, contact: Contact, reachable: bool) -> None:
        """The contact answered when it was asked whether it is there, or did not."""
        if contact.reachable == reachable:
            return
        was = line.registered
        contact.reachable = reachable
        status = "Reachable" if reachable else "Unreachable"
        self._tell(line, contact, status, toggled=was != line.registered)

    def forget(self) -> None:
        """A restart: contacts and objects in memory are gone without a word."""
        for line in self.by_endpoint.values():
            line.contacts.clear()
        self.objects.forget()

    def _object_changed(self, kind: str, name: str) -> None:
        if kind != "endpoint":
            return
        endpoint = f"PJSIP/{name}"
        fields = self.objects.find(kind, name)
        line = self.by_endpoint.get(endpoint)
        if fields is None:
            self.by_endpoint.pop(endpoint, None)
        elif line is not None:
            line.fields = fields
        else:
            self.by_endpoint[endpoint] = BrowserLine(endpoint, fields, self._dialing)
        self._changed()

    def _tell(self, line: BrowserLine, contact: Contact, status: str, *, toggled: bool) -> None:
        if self._presence is not None:
            self._presence.contact_changed(line.endpoint, contact.uri, status)
            if toggled:
                self._presence.state_changed(line)
        self._changed()
