"""Applications, their subscriptions, and the delivery of events to their sockets."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from backend.sandbox.ari.model import Json, stamp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from backend.sandbox.ari.faults import Faults
    from backend.sandbox.ari.timers import Timers

# Asterisk drops a client that reads too slowly; the figure is ours.
_QUEUE_SIZE = 10_000


class Connection:
    """One event socket. Its task drains `queue`; None in it means: close now."""

    def __init__(self, apps: Iterable[str]) -> None:
        self.queue: asyncio.Queue[Json | None] = asyncio.Queue(_QUEUE_SIZE)
        self.apps = set(apps)
        """Application names this socket still speaks for; a takeover removes one."""
        self.closed = False

    def put(self, message: Json) -> None:
        if self.closed:
            return
        if self.queue.qsize() >= _QUEUE_SIZE - 1:
            self.close()
            return
        self.queue.put_nowait(message)

    def close(self) -> None:
        if not self.closed:
            self.closed = True
            self.queue.put_nowait(None)


@dataclass
class Application:
    """A Stasis application, known from its first socket on."""

    name: str
    connection: Connection | None = None
    """None after its socket dropped: `Stasis()` fails then, REST goes on working."""
    subscribe_all: bool = False
    channels: set[str] = field(default_factory=set)
    bridges: set[str] = field(default_factory=set)
    endpoints: set[str] = field(default_factory=set)
    devices: set[str] = field(default_factory=set)
    allowed: list[Json] = field(default_factory=list)
    disallowed: list[Json] = field(default_factory=list)

    def wants(self, type_: str) -> bool:
        """Whether the event filter lets this type through; both lists empty means all."""
        if any(rule.get("type") == type_ for rule in self.disallowed):
            return False
        return not self.allowed or any(rule.get("type") == type_ for rule in self.allowed)


class EventHub:
    """Turns what happened into event messages for the applications subscribed to it."""

    def __init__(
        self, timers: Timers, faults: Faults, asterisk_id: str, changed: Callable[[], None]
    ) -> None:
        self.apps: dict[str, Application] = {}
        self.log: deque[Json] = deque(maxlen=500)
        """The last events that happened, delivered or not, oldest first."""
        self._timers = timers
        self._faults = faults
        self._asterisk_id = asterisk_id
        self._changed = changed

    def connect(self, names: Iterable[str], *, subscribe_all: bool) -> Connection:
        """A new socket for these applications; it takes over whoever held them before."""
        connection = Connection(names)
        for name in sorted(connection.apps):
            app = self.apps.setdefault(name, Application(name))
            previous = app.connection
            if previous is not None:
                self._replace(name, previous)
            app.connection = connection
            app.subscribe_all = subscribe_all
        self._changed()
        return connection

    def disconnect(self, connection: Connection, keeps: Callable[[str], bool]) -> None:
        """The socket is gone. An application `keeps` says no to is forgotten with it."""
        connection.closed = True
        for name in connection.apps:
            app = self.apps.get(name)
            if app is None or app.connection is not connection:
                continue
            app.connection = None
            if not keeps(name):
                del self.apps[name]
        self._changed()

    def active(self, name: str) -> bool:
        app = self.apps.get(name)
        return app is not None and app.connection is not None

    def cut(self, name: str | None = None) -> None:
        """Close the sockets of one application, or of all."""
        for app in self.apps.values():
            if app.connection is not None and name in (None, app.name):
                app.connection.close()

    def publish(
        self,
        type_: str,
        fields: Json,
        *,
        apps: Iterable[str] = (),
        channels: Iterable[str] = (),
        bridges: Iterable[str] = (),
        endpoint: str | None = None,
        device: str | None = None,
        all_topic_twice: bool = False,
    ) -> None:
        """Tell everyone subscribed.

        `apps` hear it as controllers or originators; the other arguments are matched with what
        applications subscribed to. `all_topic_twice` repeats the known flaw that `subscribeAll`
        clients get recording events once from the bridge's topic and once from the "all" topic.
        """
        self._remember(type_, fields)
        direct, channel_ids, bridge_ids = set(apps), set(channels), set(bridges)
        for app in tuple(self.apps.values()):
            hears = (
                app.subscribe_all
                or app.name in direct
                or bool(app.channels & channel_ids)
                or bool(app.bridges & bridge_ids)
                or endpoint in app.endpoints
                or device in app.devices
            )
            if hears:
                for _ in range(2 if all_topic_twice and app.subscribe_all else 1):
                    self._deliver(app, type_, fields)

    def send(self, name: str, type_: str, fields: Json) -> None:
        """Tell one application only: StasisStart, StasisEnd, user events."""
        self._remember(type_, fields)
        app = self.apps.get(name)
        if app is not None:
            self._deliver(app, type_, fields)

    def forget(self) -> None:
        """A restarted switch knows no application and holds no socket."""
        self.cut()
        self.apps.clear()

    def envelope(self, type_: str, application: str, fields: Json) -> Json:
        return {
            "type": type_,
            "application": application,
            "timestamp": stamp(self._timers.clock.now()),
            "asterisk_id": self._asterisk_id,
            **fields,
        }

    def _replace(self, name: str, previous: Connection) -> None:
        # Its socket stays open and hears nothing more of this application (seen with 22.10.1).
        previous.put(self.envelope("ApplicationReplaced", name, {}))
        previous.apps.discard(name)

    def _deliver(self, app: Application, type_: str, fields: Json) -> None:
        if not app.wants(type_) or app.connection is None:
            return  # nobody listens: the event is lost for good, there is no replay
        message = self.envelope(type_, app.name, fields)
        for delay_s in self._faults.deliveries(type_):
            if delay_s <= 0:
                app.connection.put(message)
            else:
                self._timers.after(delay_s, partial(app.connection.put, message))

    def _remember(self, type_: str, fields: Json) -> None:
        entry: dict[str, Any] = {
            "type": type_,
            "timestamp": stamp(self._timers.clock.now()),
            **fields,
        }
        self.log.append(entry)
        self._changed()
